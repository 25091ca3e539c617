"""A real Portkey gateway between Switchyard and a provider: official client -> Switchyard -> Portkey -> provider.

Its packages are pinned in portkey/. Those that 1.15.2 would take by itself make it answer 500 to every stream, hence
the older versions of its server that portkey/package.json insists on.
"""

import contextlib
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import openai
import pytest

from adapters import ADAPTERS
from tests.clients.conftest import free_port
from tests.clients.relayed import CHECKS
from tests.whole.provider import Provider, fails, ok, streams, words

SERVER = Path(__file__).parent / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
PATIENCE = 30.0
# What it is told in headers; the key is the provider's, which it hands on.
CONFIG = """
providers:
  portkey:
    dialect: {dialect}
    local: true
    api_key: sk-of-the-provider
    base_url: "{portkey}/v1"
    headers: {{x-portkey-provider: openai, x-portkey-custom-host: "{provider}"}}
  lost: {{dialect: {dialect}, local: true, api_key: k, base_url: "{portkey}/v1"}}
  other: {{dialect: openai, api_key: k, base_url: "{other}"}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{m: portkey/gpt-4o, lost: lost/gpt-4o, safe: [portkey/gpt-4o, other/x]}}
"""


@pytest.fixture(scope="module")
def portkey(tmp_path_factory):
    """Its address."""
    node = shutil.which("node")
    if node is None or not SERVER.is_file():
        pytest.fail("Portkey's gateway is not installed: run `make node`.")
    port = free_port()
    path = tmp_path_factory.mktemp("portkey")
    environment = {"PATH": os.environ["PATH"], "NODE_ENV": "production", "PORT": f"{port}"}
    with (path / "log").open("wb") as log:
        command = [node, str(SERVER), "--headless", f"--port={port}"]
        process = subprocess.Popen(command, cwd=path, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        assert hears(url, process), (path / "log").read_text()
        yield url
    finally:
        process.kill()
        process.wait()


def hears(url, process):
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError), direct.open(url, timeout=PATIENCE) as page:
            return page.read() == b"AI Gateway says hey!"
        time.sleep(0.05)
    return False


@pytest.fixture(params=[name for name in ("openai", "portkey") if name in ADAPTERS])
def relayed(request, start, portkey):
    """Switchyard in front of Portkey, for a provider and one that stands in."""

    def begin(provider, other=None):
        nobody = "http://127.0.0.1:9/v1"
        return start(
            CONFIG.format(
                dialect=request.param, portkey=portkey, provider=provider.url, other=other.url if other else nobody
            )
        )

    return begin


@pytest.mark.parametrize("check", CHECKS)
async def test_a_provider_behind_portkey_is_as_good_as_any(relayed, asking, check):
    async with Provider(ok()) as provider, relayed(provider) as gateway, asking(gateway) as client:
        await check(client, provider)

    (request, *_) = provider.requests
    assert ("/v1/chat/completions", "Bearer sk-of-the-provider", "gpt-4o") == (
        request.path,
        request.headers["authorization"],
        request.body["model"],
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_another_target_answers_where_its_provider_fails(relayed, stream):
    good = streams(words("from the other")) if stream else ok("from the other")
    async with Provider(fails(503)) as provider, Provider(good) as other, relayed(provider, other) as gateway:
        answer = await gateway.chat("safe", stream=stream)

    assert (200, "other/x", "2") == (
        answer.status,
        answer.headers["x-switchyard-target"],
        answer.headers["x-switchyard-attempts"],
    )
    assert b"from the other" in answer.raw
    assert 1 == len(provider.requests)


async def test_what_portkey_itself_refuses_is_an_error_in_openais_words(relayed, asking):
    async with Provider(ok()) as provider, relayed(provider) as gateway, asking(gateway) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(model="lost", messages=[{"role": "user", "content": "hi"}])

    assert caught.value.status_code in {400, 502}
    assert {"message", "type", "param", "code"} <= caught.value.response.json()["error"].keys()
    assert [] == provider.requests
