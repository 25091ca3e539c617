"""What would happen to a call, and what led to calls that are over: through the product."""

from contextlib import asynccontextmanager

import pytest

from tests.process.running import until
from tests.whole.provider import Provider, fails, ok

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k, limits: {{requests: 100/min}}}}
  away: {{dialect: openai}}
defaults: {{retry: {{attempts: 1}}, strategy: order}}
routes:
  m: [{{targets: [p/a, p/b, away/c]}}, {{target: p/d, on: [context_length]}}]
  chance: [{{targets: [p/a, p/b, p/d], strategy: random}}]
  turns: [{{targets: [p/a, p/b, p/d], strategy: round_robin}}]
  nobody: away/c
  blind: p/blind
  tried: {{chain: [p/a], canary: {{target: p/b, stages: [50%]}}}}
  copied: {{chain: [p/a], shadow: {{target: p/b, share: 25%, budget: 5/day}}, on_break: continue}}
models:
  p/a: {{price: {{input: 1, output: 2}}, max_output: 1000, concurrency: 4}}
  p/b: {{price: {{input: 1, output: 2}}, capabilities: [tools, vision], max_output: 4000}}
  p/blind: {{capabilities: [tools]}}
keys:
  alice: {{key: the-key-of-alice, budget: 5/month, max_cost: 0.5, priority: low}}
  bob: {{key: the-key-of-bob}}
auto: {{targets: [p/a, p/b], strategy: order}}
{more}
"""
HI = [{"role": "user", "content": "hi"}]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
SEE = [{"role": "user", "content": [{"type": "text", "text": "?"}, IMAGE]}]


@asynccontextmanager
async def served(start, *plays, more=""):
    async with Provider(*plays or (ok(),)) as provider, start(CONFIG.format(url=provider.url, more=more)) as gateway:
        gateway.provider = provider
        yield gateway


async def explained(gateway, model="m", headers=ALICE, query="", **fields):
    body = {"model": model, "messages": HI, **fields}
    return await gateway.request("POST", f"/api/v1/explain{query}", body, **headers)


async def test_every_target_is_told_with_what_is_known_of_it(start):
    async with served(start) as gateway:
        found = (await explained(gateway, routing={"seed": 7, "prefer": ["p/b"]})).body
        sent = len(gateway.provider.requests)

    first, second, third = found["stages"][0]["candidates"]
    assert 0 == sent
    assert ("explanation", "m", "m", "alice", "chat", "chat") == tuple(
        found[name] for name in ("object", "model", "route", "key", "endpoint", "task")
    )
    assert {"prompt_tokens": 23, "output_tokens": 300} == found["predicted"]
    assert ["p/b", "p/a", "away/c"] == [each["target"] for each in (first, second, third)]
    assert {
        "target": "p/a",
        "place": 2,
        "verdict": "then",
        "credential": "p#1",
        "breaker": "closed",
        "in_flight": 0,
        "limit": 4,
        "waiting": 0,
        "rate_limit_left": 1.0,
        "predicted_ms": None,
        "predicted_cost_usd": 0.000623,
        "hold": second["hold"],
        "accounts": second["accounts"],
        "dropped": [],
        "refused": None,
    } == second | {"limit": second["limit"] or 4}
    assert [True, None] == [each.get("preferred") for each in (first, second)]
    assert second["hold"]["cost_usd"] > 0.002
    assert ["alice", "provider/p"] == [
        next(name for name in ("alice", "provider/p") if name in account) for account in second["accounts"]
    ]
    assert {
        "target": "away/c",
        "place": None,
        "verdict": "skipped",
        "reason": "provider away is not configured",
    } == third
    assert ["context_length"] == found["stages"][1]["on"]
    assert {"first": "p/b", "canary": False, "stage": 0, "queued": False} == found["verdict"]


async def test_what_holds_for_the_whole_call_is_told(start):
    async with served(start) as gateway:
        policy = (await explained(gateway, routing={"fallback": False})).body["policy"]
        broken = (await explained(gateway, "copied")).body["policy"]["on_break"]

    assert {
        "fallback": False,
        "attempts": 2,
        "timeouts": policy["timeouts"],
        "retry": {"attempts": 1, "backoff": 0.5, "max_backoff": 8.0},
        "queue": {"most": 100, "wait": 10.0, "priority": "low"},
        "hedge": None,
        "on_break": "error",
        "params": "drop",
        "max_cost_usd": 0.5,
    } == policy
    assert {"connect", "first_content", "idle", "attempt", "total"} == policy["timeouts"].keys()
    assert "continue" == broken


@pytest.mark.parametrize(
    ("model", "fields", "status", "code"),
    [
        ("nobody", {}, 503, "no_target_available"),
        ("blind", {"messages": SEE}, 400, "unsupported_by_model"),
        ("auto", {"routing": {"capability": "audio"}}, 400, "unsupported_by_model"),
    ],
)
async def test_the_verdict_on_what_no_target_can_take_is_what_the_client_would_get(start, model, fields, status, code):
    async with served(start) as gateway:
        foretold = await explained(gateway, model, **fields)
        real = await gateway.chat(model, headers=ALICE, **fields)

    verdict = foretold.body["verdict"]
    assert (200, None, status, code) == (
        foretold.status,
        verdict["first"],
        verdict["status"],
        verdict["error"]["code"],
    )
    assert (status, real.body["error"]) == (real.status, verdict["error"])


async def test_models_that_could_are_named(start):
    async with served(start) as gateway:
        found = (await explained(gateway, "blind", messages=SEE)).body

    assert {"m", "chance", "turns"} <= set(found["verdict"]["error"]["could"])


async def test_auto_tells_whom_it_passes_over(start):
    async with served(start) as gateway:
        sees = (await explained(gateway, "auto", messages=SEE)).body
        writes = (await explained(gateway, "auto", max_tokens=2000)).body
        embeds = await explained(gateway, "auto", query="?endpoint=embeddings", input="hi", messages=None)

    assert ["p/b"] == [each["target"] for each in sees["stages"][0]["candidates"]]
    assert [{"target": "p/a", "reason": "the model lacks vision"}] == sees["passed_over"]
    assert [{"target": "p/a", "reason": "it writes 1000 tokens at most, and 2000 are wanted"}] == writes["passed_over"]
    assert [] == embeds.body["passed_over"]
    assert "embeddings" in embeds.body["verdict"]["error"]["message"]


async def test_a_canary_is_told_with_whether_this_call_tries_it(start):
    async with served(start) as gateway:
        tried, seen = {}, {}
        for session in map(str, range(12)):
            routing = {"session": session}
            found = (await explained(gateway, "tried", routing=routing)).body
            tried[session] = found["canary"]["tried"]
            real = await gateway.chat("tried", headers=ALICE, routing=routing)
            seen[session] = real.headers["x-switchyard-target"]
            assert seen[session] == found["verdict"]["first"]
        own = (await explained(gateway, "tried", models=["p/b"])).body["canary"]
        nobodys = (await explained(gateway, "tried", ADMIN)).body["canary"]

    assert {True, False} == set(tried.values())
    assert {session: "p/b" if one else "p/a" for session, one in tried.items()} == seen
    assert {"targets": ["p/b"], "status": "running", "share": 0.5, "tried": False} == own
    assert nobodys["tried"] is None


@pytest.mark.parametrize(("routing", "share"), [({}, 0.25), ({"avoid": ["p/b"]}, 0.0)])
async def test_a_shadow_is_told_with_its_share(start, routing, share):
    async with served(start) as gateway:
        found = (await explained(gateway, "copied", routing=routing)).body

    assert {"target": "p/b", "share": share} == found["shadow"]


@pytest.mark.parametrize("model", ["chance", "turns"])
@pytest.mark.parametrize("who", [ALICE, BOB])
async def test_a_quiet_gateway_does_what_it_has_just_foretold(start, model, who):
    async with served(start) as gateway:
        for _ in range(8):
            for _ in range(2):
                found = (await explained(gateway, model, who)).body
            tried = [each["target"] for each in found["stages"][0]["candidates"] if each["refused"] is None]
            assert tried[0] == found["verdict"]["first"]
            assert tried[0] == (await gateway.chat(model, headers=who)).headers["x-switchyard-target"]


async def test_where_nothing_would_be_sent_for_want_of_a_price_or_an_end_it_is_said(start):
    async with served(start) as gateway:
        unpriced, priced = [(await explained(gateway, "p/d", who)).body for who in (ALICE, BOB)]
        dear = (await explained(gateway, "p/b", max_tokens=4000, n=100)).body
        real = await gateway.chat("p/b", headers=ALICE, max_tokens=4000, n=100)

    (candidate,) = unpriced["stages"][0]["candidates"]
    assert "so that nobody can say what this call may cost" in candidate["refused"]
    assert ("cost_unknown", "p/d") == (unpriced["verdict"]["error"]["code"], priced["verdict"]["first"])
    assert "max_cost_exceeded" == dear["verdict"]["error"]["code"]
    assert real.body["error"] == dear["verdict"]["error"]


@pytest.mark.parametrize(
    ("headers", "query", "fields", "status", "code"),
    [
        ({}, "", {}, 401, None),
        (ALICE, "?endpoint=poems", {}, 400, "unknown_endpoint"),
        (ALICE, "", {"model": "unheard"}, 404, "model_not_found"),
        (ALICE, "", {"messages": 7}, 400, "invalid_type"),
        (ALICE, "", {"routing": {"strategy": "luck"}}, 400, "unknown_strategy"),
        (ALICE, "", {"routing": {"wish": 1}}, 400, "unknown_parameter"),
        (ADMIN, "?key=nobody", {}, 404, "key_not_found"),
    ],
)
async def test_what_is_no_question_is_refused(start, headers, query, fields, status, code):
    async with served(start) as gateway:
        answer = await gateway.request(
            "POST", f"/api/v1/explain{query}", {"model": "m", "messages": HI, **fields}, **headers
        )

    assert (status, code) == (answer.status, answer.body["error"]["code"])


async def test_the_operator_may_ask_for_anybody(start):
    async with served(start) as gateway:
        found = (await explained(gateway, headers=ADMIN, query="?key=alice")).body

    assert "alice" == found["key"]


# Calls that are over


async def recalled(gateway, id, headers=ALICE):
    async def there():
        answer = await gateway.get(f"/api/v1/calls/{id}", **headers)
        return answer if answer.status == 200 else None

    return (await until(there)).body


async def test_a_call_that_is_over_is_told_with_its_decisions_and_attempts(start):
    async with served(start, fails(500), ok()) as gateway:
        answer = await gateway.chat(headers=ALICE, routing={"seed": 3, "task": "coding"})
        id = answer.headers["x-request-id"]
        mine = await recalled(gateway, id)
        whole = await recalled(gateway, id, ADMIN)

    (decision,) = mine["decisions"]
    assert mine == whole
    assert (id, "m", "p/b", "code_generation", 200) == tuple(
        mine[name] for name in ("id", "route", "target", "task", "status")
    )
    assert [("p/a", 1), ("p/b", 1), ("away/c", 0)] == [
        (each["target"], each["attempts"]) for each in decision["candidates"]
    ]
    assert 3 == decision["seed"]
    assert [("p/a", "broken"), ("p/b", None)] == [(each["target"], each["fault"]) for each in mine["attempts"]]
    assert mine["charges_usd"]


async def test_a_key_sees_its_own_calls_only(start):
    async with served(start) as gateway:
        id = (await gateway.chat(headers=ALICE)).headers["x-request-id"]
        await recalled(gateway, id)
        bobs = await gateway.get(f"/api/v1/calls/{id}", **BOB)
        lists = await gateway.get("/api/v1/calls", **ALICE)

    assert (404, "call_not_found", 401) == (bobs.status, bobs.body["error"]["code"], lists.status)


async def test_the_newest_calls_are_listed(start):
    async with served(start) as gateway:
        ids = [
            (await gateway.chat(model, headers=who)).headers["x-request-id"]
            for model, who in (("m", ALICE), ("chance", ALICE), ("m", BOB))
        ]
        for id in ids:
            await recalled(gateway, id, ADMIN)
        lists = [
            [each["id"] for each in (await gateway.get(f"/api/v1/calls{query}", **ADMIN)).body["data"]]
            for query in ("", "?key=alice", "?route=m", "?key=alice&route=m", "?most=1", "?since=2099-01-01")
        ]

    one, two, three = ids
    assert [[three, two, one], [two, one], [three, one], [one], [three], []] == lists


@pytest.mark.parametrize(("query", "param"), [("?most=0", "most"), ("?most=x", "most"), ("?since=soon", "since")])
async def test_a_list_that_cannot_be_is_refused(start, query, param):
    async with served(start) as gateway:
        answer = await gateway.get(f"/api/v1/calls{query}", **ADMIN)

    assert (400, param) == (answer.status, answer.body["error"]["param"])


@pytest.mark.parametrize("path", ["", "/req-1"])
async def test_without_a_ledger_no_call_is_remembered(start, path):
    async with served(start, more="ledger: off") as gateway:
        answer = await gateway.get(f"/api/v1/calls{path}", **ADMIN)

    assert (404, "no_ledger") == (answer.status, answer.body["error"]["code"])
