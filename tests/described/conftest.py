"""A gateway as a process of its own, with keys in its store and calls in its ledger."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.process.running import ADMIN, running, until

ALICE = "the-key-of-alice-0123456789"
BOB = "the-key-of-bob-0123456789"
CONFIG = f"""
server: {{port: 0, drain: 0s, metrics_key: of-the-metrics-0123456789}}
state: {{directory: state}}
admin: {{key: {ADMIN}}}
providers:
  demo: {{dialect: demo}}
  rival: {{dialect: demo}}
  away: {{dialect: openai, api_key: k, base_url: "http://127.0.0.1:9/v1"}}
defaults: {{timeouts: {{connect: 1s, first_content: 2s, idle: 2s, attempt: 2s, total: 3s}}, retry: {{attempts: 1}}}}
models:
  demo/echo: {{price: {{input: 1, output: 2}}, context: 100000, max_output: 1000}}
teams: {{research: {{budget: 100/month}}, rivals: {{budget: 100/month}}}}
tags: {{nightly: {{}}}}
routes:
  smart: [demo/echo, away/some]
  embed: demo/echo
  tried: {{chain: [demo/echo], canary: {{target: demo/fast, stages: [50%]}}}}
  covert: rival/echo
  lost: away/some
  spare: [demo/echo, demo/limited]
keys:
  alice:
    key: {ALICE}
    team: research
    tags: [nightly]
    models: [smart, tried, lost, embed]
    budget: [1000/month, 900/day]
    per_model: {{"smart*": {{budget: 800/day}}}}
  bob: {{key: {BOB}, team: rivals, models: [covert]}}
"""
HI = [{"role": "user", "content": "hi"}]


@asynccontextmanager
async def opened(folder):
    """With a call of alice's that was answered (`call-1`), one that failed, and one of bob's (`call-2`)."""
    async with running(folder, CONFIG) as gateway:

        async def call(model, key, id, **fields):
            headers = {"authorization": f"Bearer {key}", "x-request-id": id}
            body = {"model": model, "messages": HI, **fields}
            await gateway.request("POST", "/v1/chat/completions", body, **headers)

        admin = {"authorization": f"Bearer {ADMIN}"}
        await call("smart", ALICE, "call-1", max_tokens=20)
        await call("lost", ALICE, "call-3", max_tokens=20)
        await call("covert", BOB, "call-2", max_tokens=20)
        for name in ("carol", "gone"):
            await gateway.request("POST", "/api/v1/keys", {"name": name, "budget": "3/month"}, **admin)
        await gateway.request("POST", "/api/v1/feedback", {"id": "call-1", "score": "up"}, **admin)

        async def kept():
            return len((await gateway.get("/api/v1/calls", **admin)).body["data"]) == 3

        await until(kept)
        yield gateway


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """The address."""
    with asyncio.Runner() as runner:
        entered = opened(tmp_path_factory.mktemp("described") / "run")
        gateway = runner.run(entered.__aenter__())
        yield gateway.url
        runner.run(entered.__aexit__(None, None, None))
