"""A gateway in a process of its own, as one starts it from the command line, and clients that ask it."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import openai
import pytest

from tests.whole.conftest import start

__all__ = ["start"]  # a fixture

HOME = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch):
    """Clients read their settings from the environment, and would go through a proxy that it names."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_LOG"):
        monkeypatch.delenv(name, raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with direct.open(f"{url}/health/ready", timeout=PATIENCE):
                return
        except urllib.error.URLError:
            time.sleep(0.02)
    pytest.fail(f"the gateway did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address of `python proxy.py` with the configuration that comes with it and an empty environment."""
    path = tmp_path_factory.mktemp("served")
    port = free_port()
    environment = {"HOST": "127.0.0.1", "PORT": f"{port}", "SWITCHYARD_STATE": f"{path}"}
    command = [sys.executable, "proxy.py", "--config", "config.yaml"]
    with (path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(process, url, path / "log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def client(served):
    """The synchronous client. It does not retry, so that whatever goes wrong is seen."""
    with openai.OpenAI(base_url=f"{served}/v1", api_key="any", max_retries=0, timeout=PATIENCE) as made:
        yield made


@pytest.fixture
def asking():
    """The asynchronous client of a gateway in this process; use it with `async with`."""

    def begin(gateway, **settings):
        given = {"api_key": "any", "max_retries": 0, "timeout": PATIENCE, **settings}
        return openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", **given)

    return begin
