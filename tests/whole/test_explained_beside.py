"""Explain equals what happened, where more than one attempt has a part in an answer: spare attempts beside slow ones,
streams that others go on with, a canary, and copies to a shadow.
"""

import asyncio
from contextlib import asynccontextmanager
from random import Random

import orjson

from routing.share import drawn
from tests.process.running import until
from tests.whole import authors
from tests.whole.provider import Provider, fails, ok
from tests.whole.test_explained_load import ADMIN, agrees, order

SLOW = 0.09
SHADOW = "r/shadow"
CANARY = "p/z"
CONFIG = """
admin: {{key: the-key-of-the-operator}}
log: {{level: info}}
providers:
  p: {{dialect: openai, base_url: "{0}", api_key: k}}
  q: {{dialect: openai, base_url: "{1}", api_key: [k, l]}}
  r: {{dialect: vllm, base_url: "{2}", api_key: k}}
defaults:
  retry: {{attempts: 2, backoff: 0.001}}
  breaker: {{failures: 6, cooldown: 60s}}
routes:
  hedged:
    chain: [{{targets: [p/a, q/b, r/c], strategy: random}}]
    hedge: &soon {{after: 25ms, at_most: 100%}}
  in-turn:
    chain: [{{targets: [p/a, q/b], strategy: round_robin}}, {{targets: [r/c, p/e], strategy: order}}]
    hedge: *soon
  goes-on: {{chain: [{{targets: [p/a, q/b, r/c], strategy: latency}}], on_break: continue}}
  both:
    chain: [{{targets: [p/a, q/b], strategy: weighted}}, {{targets: [r/c, p/e], strategy: random}}]
    hedge: *soon
    on_break: continue
  flies:
    chain: [{{targets: [p/a, q/b, r/c], strategy: random}}]
    hedge: *soon
    on_break: continue
    canary: {{target: p/z, stages: [40%], every: 1h, minimum: 100000,
              guard: {{errors: off, first_content: off, cost: off, validity: off}}}}
    shadow: {{target: r/shadow, share: 50%, budget: 50/day}}
models:
  r/shadow: {{price: {{input: 1, output: 1}}, max_output: 4000}}
"""
NAMES = ("hedged", "in-turn", "goes-on", "both", "flies", "flies")


def moody(rng: Random):
    """Quick or slow, tells its text or breaks off, or fails before it has begun; but to the shadow it is kind."""
    breaks, goes_on = authors.breaks_off(cut=lambda one, length: one.randrange(length // 2, length)), authors.goes_on()

    async def play(request, writer):
        mood = 0.0 if SHADOW.endswith(request.body["model"]) else rng.random()
        if 0.0 < mood < 0.1:
            await fails(rng.choice((500, 503)), headers={"retry-after": "0"})(request, writer)
            return
        if 0.0 < mood < 0.4:
            await asyncio.sleep(SLOW)
        if not request.body.get("stream"):
            await ok()(request, writer)
        elif mood > 0.6 and authors.asked(request.body)[1] == "":
            await breaks(request, writer)
        else:
            await goes_on(request, writer)

    return play


@asynccontextmanager
async def moody_gateway(start, seed: int):
    p, q, r = (Provider(moody(Random(seed + number))) for number in range(3))
    async with p, q, r, start(CONFIG.format(p.url, q.url, r.url)) as gateway:
        yield gateway


def asked(rng: Random, number: int) -> dict[str, object]:
    """The *number*-th call."""
    routing = {"seed": rng.getrandbits(40)}
    if number % 7 == 0:
        routing["avoid"] = ["r/*"]
    if number % 4:
        routing["session"] = f"s{rng.randrange(12)}"
    messages = [{"role": "user", "content": str(number)}]
    return {"model": NAMES[number % len(NAMES)], "messages": messages, "stream": rng.random() < 0.7, "routing": routing}


class Told:
    """What the ledger and the log know of one call, and of its copy, if there is one."""

    def __init__(self, call, line, copy) -> None:
        self.call, self.line, self.copy = call, line, copy
        self.first = next((each["target"] for each in call["attempts"]), None)


async def told(gateway, tmp_path, ids, shares=None):
    """As soon as every call has been written down, and every copy that is due for it (*shares*: how many are)."""

    def lines():
        every = map(orjson.loads, (tmp_path / "log").read_bytes().splitlines())
        return {line["id"]: line for line in every if line["message"] == "call"}

    async def all_there():
        rows = (await gateway.get("/api/v1/calls?most=1000", **ADMIN)).body["data"]
        log = lines()
        if len(rows) != len(log) or not set(ids) <= log.keys():
            return False
        return all(f"{id}-shadow" in log for id in ids if copied(log[id], (shares or {}).get(id, 0.0)))

    await until(all_there, 5)
    log = lines()
    whole = {id: (await gateway.get(f"/api/v1/calls/{id}", **ADMIN)).body for id in log}
    return [Told(whole[id], log[id], whole.get(f"{id}-shadow")) for id in ids]


def copied(line, share: float) -> bool:
    """Whether a call is among those that are copied."""
    return line["status"] == 200 and not line["fault"] and drawn(line["id"], "shadow:flies", share)


def share(said) -> float:
    return said["shadow"]["share"] if said["shadow"] else 0.0


def copied_as_foretold(one: Told, said) -> None:
    assert copied(one.line, share(said)) == (one.copy is not None)
    assert one.copy is None or [SHADOW] == [each["target"] for each in one.copy["attempts"]]


def chose_as_foretold(one: Told, said) -> None:
    """Nobody can say beforehand whether a call without a session will try the canary."""
    unsaid = said["canary"] is not None and said["canary"]["tried"] is None
    assert one.first in {said["verdict"]["first"], CANARY if unsaid else ""}
    if one.first == CANARY:
        return
    stage, decision = said["stages"][0], one.call["decisions"][0]
    assert (order(stage), stage["seed"], stage["turn"]) == (order(decision), decision["seed"], decision["turn"])


def costs_add_up(one: Told) -> None:
    """Every attempt that cost something is there with what it cost."""
    assert round(sum(each["cost_usd"] for each in one.call["attempts"]), 9) == round(one.call["cost_usd"], 9)
    assert [each["target"] for each in one.call["attempts"]] == [target for target, _, _ in one.line["tried"]]


def tells_who_helped(one: Told) -> None:
    """Which attempt was beside another one, what became of it, and whether a canary was tried."""
    call, attempts = one.call, one.call["attempts"]
    hedges = [each for each in attempts if each["hedge"]]
    assert ((call["hedged"] or ""), bool(call["hedged"])) == (one.line["hedged"], bool(hedges))
    if call["hedged"] == "won" and not one.line["continued"]:
        assert [(call["target"], call["fault"])] == [(each["target"], each["fault"]) for each in hedges]
    others = {each["target"] for each in attempts} - {CANARY}
    assert call["canary"] == (None if one.first != CANARY else "passed" if others else "asked")


async def test_a_quiet_gateway_does_what_it_has_said_whoever_else_helps(start, tmp_path):
    rng = Random(5)
    foretold, ids = [], []
    async with moody_gateway(start, 31) as gateway:
        for number in range(150):
            body = asked(rng, number)
            foretold.append((await gateway.request("POST", "/api/v1/explain", body)).body)
            answer = await gateway.request("POST", "/v1/chat/completions", body)
            ids.append(answer.headers["x-request-id"])
        calls = await told(gateway, tmp_path, ids, dict(zip(ids, map(share, foretold), strict=True)))

    for said, one in zip(foretold, calls, strict=True):
        agrees(one.call, quiet=True)
        chose_as_foretold(one, said)
        copied_as_foretold(one, said)
        costs_add_up(one)
        tells_who_helped(one)
    assert {"won", "lost"} <= {one.line["hedged"] for one in calls}
    assert sum(bool(one.line["continued"]) for one in calls) > 10
    assert any(one.line["continued"] and one.line["hedged"] for one in calls)
    assert 5 < sum(one.first == CANARY for one in calls) < 40
    assert 5 < sum(one.copy is not None for one in calls) < 40


async def test_every_call_of_many_at_once_went_as_its_decisions_say_whoever_else_helped(start, tmp_path):
    rng = Random(6)
    async with moody_gateway(start, 41) as gateway:

        async def ask(number):
            body = asked(rng, number)
            if number % 2:
                del body["routing"]["seed"]
            return (await gateway.request("POST", "/v1/chat/completions", body)).headers["x-request-id"]

        ids = []
        for wave in range(6):
            ids += await asyncio.gather(*(ask(wave * 40 + number) for number in range(40)))
        calls = await told(gateway, tmp_path, ids)

    assert [agrees(one.call, quiet=False) for one in calls].count(False) <= len(calls) // 50
    for one in calls:
        costs_add_up(one)
        tells_who_helped(one)
    assert sum(bool(one.line["hedged"]) for one in calls) > 20
    assert sum(bool(one.line["continued"]) for one in calls) > 10
    assert sum(len(one.call["decisions"]) for one in calls) > 200
