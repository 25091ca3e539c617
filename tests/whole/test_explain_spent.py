"""Whether a call could be paid is foretold as it will be, and nothing is taken for the answer."""

import asyncio
import os
from contextlib import asynccontextmanager

import pytest

from tests.process.running import until
from tests.whole.conftest import gateway as gateway_in
from tests.whole.provider import Provider, hangs, ok

ADMIN = {"authorization": "Bearer the-operators"}
CONFIG = """
admin: {{key: the-operators}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  q: {{dialect: openai, base_url: "{url}", api_key: k, budget: 0.5/month}}
  slow: {{dialect: openai, base_url: "{slow}", api_key: k}}
models:
  p/one: &dear {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
  q/one: *dear
  slow/one: *dear
  p/free: {{price: {{input: 0, output: 0}}}}
defaults: {{retry: {{attempts: 1}}}}
routes:
  m: p/one
  either: {{chain: [{{targets: [q/one, p/one], strategy: order}}]}}
  free: p/free
  slow: slow/one
  flies: {{chain: p/free, canary: {{target: p/one, stages: [100%]}}}}
teams: {{small: {{budget: 1/day}}}}
keys:
  alice: {{key: of-alice, budget: 2.5/month}}
  bob: {{key: of-bob, budget: {{usd: 2.5, per: month, when_spent: free}}}}
  carol: {{key: of-carol, team: small}}
  dave: {{key: of-dave, limits: {{requests: 3/min, tokens: 5k/min}}}}
  erin: {{key: of-erin, budget: 2.5/month, max_cost: 0.01}}
  frank: {{key: of-frank, budget: 100/month, limits: {{concurrent: 1}}}}
"""


@asynccontextmanager
async def served(start):
    async with Provider(ok()) as provider, Provider(hangs()) as slow:
        text = CONFIG.format(url=provider.url, slow=slow.url)
        async with start(text) as gateway:
            gateway.slow = slow
            yield gateway


def key(who: str) -> dict[str, str]:
    return {"authorization": f"Bearer of-{who}"}


def body(model: str, **fields: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 5, **fields}


async def foretold(gateway, who: str, model: str = "m", **fields: object):
    return (await gateway.request("POST", "/api/v1/explain", body(model, **fields), **key(who))).body["verdict"]


async def both(gateway, who: str, model: str = "m", **fields: object):
    """What was foretold of a call, and what came of it; they are the same."""
    said = await foretold(gateway, who, model, **fields)
    real = await gateway.request("POST", "/v1/chat/completions", body(model, **fields), **key(who))
    if real.status == 200:
        assert said["first"] == real.headers["x-switchyard-target"]
        assert said.get("degraded") == real.headers.get("x-switchyard-degraded")
        assert said.get("route", model) == real.headers["x-switchyard-route"]
    else:
        assert (None, real.status, real.body["error"]) == (said["first"], said["status"], said["error"])
        assert said["retry_after"] == (None if "retry-after" not in real.headers else int(real.headers["retry-after"]))
    return said, real


async def test_a_call_that_another_route_answered_says_which_and_because_of_whom(start):
    async with served(start) as gateway:
        said, first = await both(gateway, "bob")
        while "degraded" not in said:
            said, last = await both(gateway, "bob")
        before, after = [
            (await gateway.get(f"/api/v1/calls/{one.headers['x-request-id']}", **key("bob"))).body
            for one in (first, last)
        ]

    assert (None, "p/one") == (before["degraded"], before["target"])
    assert ({"scope": "key/bob", "route": "free"}, "p/free") == (after["degraded"], after["target"])
    assert [] == before["decisions"] == after["decisions"]


async def test_a_budget_is_empty_when_it_was_said_to_be(start):
    async with served(start) as gateway:
        said = [(await both(gateway, "alice"))[0] for _ in range(12)]
        while said[-1]["first"]:
            said.append((await both(gateway, "alice"))[0])

    quota = said[-1]["error"]["quota"]
    assert 12 < len(said)
    assert ("key/alice", "budget", "month", 2.5) == tuple(quota[it] for it in ("scope", "kind", "per", "limit_usd"))
    assert quota["resets_at"].endswith("-01T00:00:00Z")


async def test_who_goes_elsewhere_when_it_is_spent_is_told_where(start):
    async with served(start) as gateway:
        said = (await both(gateway, "bob"))[0]
        while "degraded" not in said:
            said = (await both(gateway, "bob"))[0]

    assert {"first": "p/free", "canary": False, "stage": 0, "queued": False, "route": "free"} == {
        name: it for name, it in said.items() if name != "degraded"
    }
    assert "key/bob" == said["degraded"]


@pytest.mark.parametrize(
    ("who", "fields", "status", "code", "scope"),
    [
        ("carol", {"max_completion_tokens": 900}, 429, "insufficient_quota", "team/small"),
        ("dave", {"max_completion_tokens": 6000}, 429, "rate_limit_exceeded", "key/dave"),
        ("erin", {}, 400, "max_cost_exceeded", None),
    ],
)
async def test_what_can_never_be_paid_is_said(start, who, fields, status, code, scope):
    async with served(start) as gateway:
        said, _ = await both(gateway, who, **fields)

    assert (status, code, scope) == (said["status"], said["error"]["code"], said["error"].get("quota", {}).get("scope"))


async def test_where_a_provider_has_nothing_left_the_next_one_is_first(start):
    async with served(start) as gateway:
        said, _ = await both(gateway, "alice", "either")
        page = (await gateway.request("POST", "/api/v1/explain", body("either"), **key("alice"))).body

    assert ("p/one", 0) == (said["first"], said["stage"])
    assert "The budget of provider q" in page["stages"][0]["candidates"][0]["refused"]
    assert page["stages"][0]["candidates"][1]["refused"] is None


async def test_a_canary_that_cannot_be_paid_is_not_first(start):
    async with served(start) as gateway:
        told = [(await both(gateway, "alice", "flies", max_completion_tokens=most))[0] for most in (5, 900)]

    assert [("p/one", True), ("p/free", False)] == [(one["first"], one["canary"]) for one in told]


async def test_what_a_limit_has_just_refused_is_refused_until_it_says_otherwise(start):
    async with served(start) as gateway:
        codes = [(await gateway.chat(headers=key("dave"), max_completion_tokens=5)).status for _ in range(4)]
        said = await foretold(gateway, "dave")

    assert [200, 200, 200, 429] == codes
    assert ("rate_limit_exceeded", "key/dave") == (said["error"]["code"], said["error"]["quota"]["scope"])
    assert 1 <= said["retry_after"] <= 65


async def test_what_calls_under_way_hold_is_not_there_for_others(start):
    async with served(start) as gateway:
        calls = [asyncio.create_task(gateway.chat("slow", headers=key("frank"))) for _ in range(1)]
        calls.append(asyncio.create_task(gateway.chat("slow", headers=key("alice"), max_completion_tokens=50)))
        await until(lambda: len(gateway.slow.requests) == 2)
        full, _ = await both(gateway, "frank")
        held, _ = await both(gateway, "alice")
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    assert ("concurrent", "key/frank") == (full["error"]["quota"]["kind"], full["error"]["quota"]["scope"])
    assert held["error"]["quota"]["held_usd"] > 2


async def test_what_another_process_has_spent_is_known(start, tmp_path):
    async with served(start) as gateway:
        while (await gateway.chat(headers=key("alice"), max_completion_tokens=5)).status == 200:
            pass
        await asyncio.sleep(1)  # a process tells what it has spent, and gives back what it doesn't need
        log = os.open(os.devnull, os.O_WRONLY)
        (tmp_path / "second").mkdir()
        async with gateway_in(gateway.config.read_text(), tmp_path / "second", log) as second:
            said, _ = await both(second, "alice")
        os.close(log)

    assert "key/alice" == said["error"]["quota"]["scope"]


async def test_asking_takes_nothing_and_the_operator_may_ask_for_anybody(start):
    async with served(start) as gateway:
        for _ in range(5):
            await foretold(gateway, "alice")
        asked = await gateway.request(
            "POST", "/api/v1/explain?key=carol", body("m", max_completion_tokens=900), **ADMIN
        )
        nobody = await gateway.request("POST", "/api/v1/explain", body("m"), **ADMIN)
        usage = (await gateway.get("/api/v1/usage", **key("alice"))).body

    assert "team/small" == asked.body["verdict"]["error"]["quota"]["scope"]
    assert "p/one" == nobody.body["verdict"]["first"]
    assert (0, 0) == tuple(usage["budgets"][0][it] for it in ("spent_usd", "held_usd"))
