"""Explain equals what happened, for every call of a recorded load: all strategies, with faults, wishes and a canary."""

import asyncio
from contextlib import asynccontextmanager
from random import Random

from routing.strategies import STRATEGIES
from tests.process.running import until
from tests.whole.provider import Provider, fails, ok, streams, words

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
WHO = ({"authorization": "Bearer the-key-of-alice"}, {"authorization": "Bearer the-key-of-bob"})
MANY = 40  # targets of `auto`
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{p}", api_key: k}}
  q: {{dialect: openai, base_url: "{q}", api_key: k}}
defaults: {{retry: {{attempts: 2, backoff: 0.001}}, breaker: {{failures: 4, cooldown: {cooldown}}}}}
routes:
{routes}
  flies:
    chain: [{{targets: [p/a, q/c], strategy: random}}]
    # Nothing that is watched rolls it back between question and call.
    canary: {{target: p/z, stages: [70%], guard: {{errors: off, first_content: off, cost: off, validity: off}}}}
models:
{models}
keys:
  alice: {{key: the-key-of-alice, budget: 50/month}}
  bob: {{key: the-key-of-bob}}
auto: {{targets: [{auto}]}}
"""
ROUTE = """\
  {0}:
  - {{targets: [p/a, p/b, q/c, {{target: q/d, weight: 3}}], strategy: {0}}}
  - {{targets: [p/e, q/f], strategy: {0}}}
"""
MODEL = "  {id}: {{price: {{input: {price}, output: {price}}}, quality: {quality}, max_output: 4000}}"
NAMES = (*STRATEGIES, "flies", "auto")


def text(p: Provider, q: Provider, cooldown: str) -> str:
    auto = [f"{'pq'[number % 2]}/t{number}" for number in range(MANY)]
    ids = ["p/a", "p/b", "q/c", "q/d", "p/e", "q/f", "p/z", *auto]
    models = [
        MODEL.format(id=id, price=1 + number % 9, quality=round(0.3 + number % 11 * 0.06, 2))
        for number, id in enumerate(ids)
    ]
    routes = [ROUTE.format(name) for name in STRATEGIES]
    return CONFIG.format(
        cooldown=cooldown, p=p.url, q=q.url, routes="".join(routes), models="\n".join(models), auto=", ".join(auto)
    )


def moody(rng: Random, *statuses: int):
    """A provider that answers mostly, and else fails with one of *statuses*."""

    async def play(request, writer):
        if rng.random() < 0.35:
            await fails(rng.choice(statuses), headers={"retry-after": "0"})(request, writer)
        elif request.body.get("stream"):
            await streams(words("so", " be", " it"))(request, writer)
        else:
            await ok()(request, writer)

    return play


@asynccontextmanager
async def moody_gateway(start, rng, *statuses, cooldown):
    async with (
        Provider(moody(rng, 500, 503, 404)) as p,
        Provider(moody(rng, 500, 502, *statuses)) as q,
        start(text(p, q, cooldown)) as gateway,
    ):
        yield gateway


def asked(rng: Random, number: int) -> dict[str, object]:
    """The *number*-th call."""
    wishes = {
        "prefer": [rng.choice(["q", "p/b", "q/f"])],
        "avoid": [rng.choice(["p/a", "q/d", "p/t*"])],
        "strategy": rng.choice(list(STRATEGIES)),
        "session": f"s{rng.randrange(9)}",
        "task": rng.choice(["coding", "reasoning"]),
        "max_latency_ms": 5000,
        "fallback": False,
    }
    routing = {name: wish for name, wish in wishes.items() if rng.random() < 0.15} | {"seed": rng.getrandbits(40)}
    messages = [{"role": "user", "content": "hi " * rng.randrange(1, 50)}]
    return {"model": NAMES[number % len(NAMES)], "messages": messages, "stream": rng.random() < 0.3, "routing": routing}


async def recorded(gateway, ids):
    """The calls as the operator is told of them."""

    async def whole():
        rows = (await gateway.get("/api/v1/calls?most=1000", **ADMIN)).body["data"]
        return len(rows) == len(ids)

    await until(whole)
    return [(await gateway.get(f"/api/v1/calls/{id}", **ADMIN)).body for id in ids]


def order(decision):
    return [each["target"] for each in decision["candidates"] if each["place"] is not None]


def agrees(call, *, quiet):
    """Attempts went where the decisions, made again from what was kept, lead; returns whether in their order, too.

    *quiet*: no other call was under way, so that nobody could be skipped meanwhile but for a rate limit. Else a target
    whose breaker opened meanwhile is passed over, and may be pardoned when more than half of its stage is away.
    """
    in_order = True
    tried = list(dict.fromkeys(each["target"] for each in call["attempts"]))
    limited = any(each["fault"] == "rate_limited" for each in call["attempts"])
    known = {each["target"] for decision in call["decisions"] for each in decision["candidates"]}
    assert set(tried) - known <= {"p/z"}
    for decision in call["decisions"]:
        able = order(decision)
        mine = [target for target in tried if target in able]
        in_order &= mine == [target for target in able if target in mine]
        assert in_order or not quiet
        assert not able or mine[:1] == able[:1]
        if quiet and not limited:
            assert mine == able[: len(mine)]
    return in_order


async def test_a_call_with_a_seed_goes_where_a_quiet_gateway_has_said(start):
    rng = Random(11)
    foretold, ids = [], []
    # Nothing that has to rest comes back between question and call.
    async with moody_gateway(start, rng, cooldown="60s") as gateway:
        for number in range(220):
            who, body = WHO[number % 2], asked(rng, number)
            foretold.append((await gateway.request("POST", "/api/v1/explain", body, **who)).body)
            answer = await gateway.request("POST", "/v1/chat/completions", body, **who)
            ids.append(answer.headers["x-request-id"])
        calls = await recorded(gateway, ids)

    for said, call in zip(foretold, calls, strict=True):
        agrees(call, quiet=True)
        assert said["verdict"]["first"] == next((each["target"] for each in call["attempts"]), None)
        if said["verdict"].get("canary") is False:
            for stage, decision in zip(said["stages"], call["decisions"][:1], strict=False):
                assert order(decision) == order(stage)[: len(order(decision))]
                assert stage["seed"] == decision["seed"]
    assert {"p/z"} < {each["target"] for call in calls for each in call["attempts"]}
    assert {24} == {len(order(one)) for call in calls for one in call["decisions"] if one.get("among") == MANY}


async def test_every_call_of_many_at_once_went_as_its_decisions_say(start):
    rng = Random(12)
    async with moody_gateway(start, rng, 429, cooldown="100ms") as gateway:

        async def ask(number):
            body = asked(rng, number)
            if number % 3:
                del body["routing"]["seed"]
            answer = await gateway.request("POST", "/v1/chat/completions", body, **WHO[number % 2])
            return answer.headers["x-request-id"]

        ids = []
        for wave in range(10):
            ids += await asyncio.gather(*(ask(wave * 40 + number) for number in range(40)))
        calls = await recorded(gateway, ids)

    assert [agrees(call, quiet=False) for call in calls].count(False) <= len(calls) // 50
    assert sum(len(call["decisions"]) for call in calls) > 300
    assert any(len(call["attempts"]) > 2 for call in calls)
