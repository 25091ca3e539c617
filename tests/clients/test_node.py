"""The official Node client: node/clients.mjs has the checks, which run here in one process."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from tests.whole.provider import SSE, Provider, chunked, fails, hangs, piece, streams

NODE = Path(__file__).parent / "node"
CONFIG = """
server: {{keepalive: 50ms}}
providers:
  demo: {{}}
  fails: {{dialect: openai, api_key: k, base_url: "{fails}"}}
  breaks: {{dialect: openai, api_key: k, base_url: "{breaks}"}}
  slow: {{dialect: openai, api_key: k, base_url: "{slow}"}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{demo: demo/echo, fails: fails/m, breaks: breaks/m, slow: slow/m}}
keys: {{alice: {{key: sk-alice-0123456789}}}}
"""


@pytest.fixture
def node():
    """Where node is; without it, or without the client, there is nothing to test, which must not look like success."""
    found = shutil.which("node")
    if found is None:
        pytest.fail("Node is not installed: install it (`make setup-dev` may do so), then run `make node`.")
    if not (NODE / "node_modules" / "openai").is_dir():
        pytest.fail("The official Node client is not installed: run `make node`.")
    return found


async def checked(node, url):
    """The exit code and the output of the checks."""
    environment = {**os.environ, "BASE_URL": f"{url}/v1", "KEY": "sk-alice-0123456789"}
    process = await asyncio.create_subprocess_exec(
        node,
        "--test-reporter=tap",
        "clients.mjs",
        cwd=NODE,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, output.decode()


async def test_the_node_client_finds_everything_as_it_expects(start, node):
    one = piece({"role": "assistant", "content": "one"})
    half = piece({"role": "assistant", "content": "half"})
    async with (
        Provider(fails(503, "no", {"retry-after": "0.01"})) as failing,
        Provider(streams([half], whole=False)) as breaking,
        Provider(hangs(SSE + chunked(one))) as slow,
        start(CONFIG.format(fails=failing.url, breaks=breaking.url, slow=slow.url)) as gateway,
    ):
        code, output = await checked(node, gateway.url)
        async with asyncio.timeout(1.0):
            for request in slow.requests:
                await request.gone.wait()

    assert code == 0, output
    assert (len(failing.requests), len(breaking.requests), len(slow.requests)) == (1, 1, 2)
