"""What a start leaves unread, and that nobody is trusted for it."""

import json
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
ASK = """
import json, ssl, sys
import proxy
from aiohttp import connector
from upstream.dial import trust
contexts = {
    "aiohttp's own": connector._SSL_CONTEXT_VERIFIED, "ours": trust(verify=True), "new": ssl.create_default_context()
}
print(json.dumps({
    name: [one.cert_store_stats()["x509_ca"], one.verify_mode == ssl.CERT_REQUIRED, one.check_hostname]
    for name, one in contexts.items()
}))
"""


def test_aiohttps_own_context_trusts_nobody_and_ours_whom_the_system_trusts():
    run = subprocess.run([sys.executable, "-c", ASK], cwd=HOME, capture_output=True, check=True)
    found = json.loads(run.stdout)

    assert found["aiohttp's own"] == [0, True, True]
    assert found["ours"] == found["new"]
    assert found["ours"][0] > 0
    assert found["ours"][1:] == [True, True]
