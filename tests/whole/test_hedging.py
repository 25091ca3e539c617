"""A second attempt beside a slow one: who answers, who is called off, what both cost, and how often it happens."""

import asyncio
import time
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import (
    SSE,
    Provider,
    answer,
    chunked,
    completion,
    fails,
    hangs,
    ok,
    piece,
    says,
    streams,
    usage_event,
    words,
)

AFTER = 0.05
SLOW = 0.2
PRICE = "{price: {input: 1000, output: 1000}, context: 100000, max_output: 1000}"  # a tenth of a cent for each token
CONFIG = """
providers:
  a: {{dialect: openai, base_url: "{a.url}", api_key: {keys}}}
  b: {{dialect: openai, base_url: "{b.url}", api_key: k}}
  c: {{dialect: openai, base_url: "{c.url}", api_key: k}}
defaults:
  retry: {{attempts: 1}}
  breaker: {breaker}
routes:
  m: {{chain: {chain}, hedge: {hedge}}}
models:
  a/one: {price}
  b/two: {price}
{more}
"""
ALICE = {"authorization": "Bearer the-key-of-alice"}
BUDGET = "keys: {{alice: {{key: the-key-of-alice, budget: {{usd: {usd}, per: month}}}}}}"


@asynccontextmanager
async def hedging(
    start, *plays, hedge="{after: 50ms, at_most: 100%}", chain="[a/one, b/two]", keys="k", more="", breaker="{}"
):
    """A gateway before the providers a, b and c, which play *plays*: each a play, or a list of them."""
    lists = [play if isinstance(play, list) else [play] for play in (*plays, *[ok()] * (3 - len(plays)))]
    a, b, c = (Provider(*each) for each in lists)
    async with a, b, c:
        config = CONFIG.format(
            a=a, b=b, c=c, hedge=hedge, chain=chain, keys=keys, price=PRICE, more=more, breaker=breaker
        )
        async with start(config) as gateway:
            gateway.a, gateway.b, gateway.c = a, b, c
            yield gateway


def late(text: str, seconds: float, *, stream: bool):
    if stream:
        return streams(words(text), first=seconds)

    async def play(request, writer) -> None:
        await asyncio.sleep(seconds)
        await ok(text)(request, writer)

    return play


def prompt(text: str, *, stream: bool):
    return late(text, 0.0, stream=stream)


def said(reply) -> str:
    event_stream = reply.headers["content-type"].startswith("text/event-stream")
    return reply.text if event_stream else reply.body["choices"][0]["message"]["content"]


async def logged(tmp_path, count: int = 1):
    def lines():
        every = map(orjson.loads, (tmp_path / "log").read_bytes().splitlines())
        calls = [line for line in every if line["message"] == "call"]
        return calls if len(calls) >= count else []

    async def ready():
        return lines()

    return await until(ready, 5)


def tried(line) -> list[tuple[str, str]]:
    return [(target, fault) for target, fault, _ in line["tried"]]


async def nothing_is_left(gateway) -> None:
    async def quiet() -> bool:
        gauges = ('in_flight{route="m"}', 'target_in_flight{target="a/one"}', 'target_in_flight{target="b/two"}')
        return [0, 0, 0] == [await gateway.metric(f"switchyard_{line}") for line in gauges]

    await until(quiet, 5)


async def hedges(gateway) -> dict[str, float]:
    outcomes = ("won", "lost", "failed")
    counts = {it: await gateway.metric(f'switchyard_hedges_total{{outcome="{it}",route="m"}}') for it in outcomes}
    return {it: count for it, count in counts.items() if count}


async def purse(gateway) -> tuple[float, float]:
    """What alice's budget has spent, and what it holds."""
    seen = (await gateway.get("/api/v1/usage", **ALICE)).body["budgets"][0]
    return seen["spent_usd"], seen["held_usd"]


BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


# Who answers


@BOTH
async def test_the_second_attempt_answers_for_a_first_one_that_hangs(start, tmp_path, stream):
    async with hedging(start, hangs(), prompt("b", stream=stream)) as gateway:
        reply = await gateway.chat(stream=stream)

        assert (200, "b") == (reply.status, said(reply))
        assert ("b/two", "2") == tuple(reply.headers[f"x-switchyard-{it}"] for it in ("target", "attempts"))
        (line,) = await logged(tmp_path)
        assert [("a/one", "cancelled"), ("b/two", "")] == tried(line)
        assert ("won", 2, "b/two", "") == (line["hedged"], line["attempts"], line["target"], line["fault"])
        await asyncio.wait_for(gateway.a.requests[0].gone.wait(), 5)
        assert {"won": 1} == await hedges(gateway)
        await nothing_is_left(gateway)


@BOTH
async def test_the_first_attempt_answers_if_it_is_quicker_after_all(start, tmp_path, stream):
    async with hedging(start, late("a", 2 * AFTER, stream=stream), hangs()) as gateway:
        reply = await gateway.chat(stream=stream)

        assert (200, "a") == (reply.status, said(reply))
        assert ("a/one", "2") == tuple(reply.headers[f"x-switchyard-{it}"] for it in ("target", "attempts"))
        (line,) = await logged(tmp_path)
        assert [("b/two", "cancelled"), ("a/one", "")] == tried(line)
        assert "lost" == line["hedged"]
        await asyncio.wait_for(gateway.b.requests[0].gone.wait(), 5)
        assert {"lost": 1} == await hedges(gateway)
        await nothing_is_left(gateway)


@BOTH
async def test_a_quick_answer_is_not_hedged(start, tmp_path, stream):
    async with hedging(start, prompt("a", stream=stream)) as gateway:
        reply = await gateway.chat(stream=stream)
        await asyncio.sleep(1.5 * AFTER)

        assert ("a", "1") == (said(reply), reply.headers["x-switchyard-attempts"])
        assert [] == gateway.b.requests
        assert "" == (await logged(tmp_path))[0]["hedged"]


async def test_a_stream_that_has_begun_is_not_hedged_however_slow_it_goes_on(start):
    async with hedging(start, streams(words("a", "b")[1:], pace=1.5 * AFTER)) as gateway:
        reply = await gateway.chat(stream=True)

        assert "ab" == reply.text
        assert [] == gateway.b.requests


async def test_signs_of_life_are_no_content(start):
    async with hedging(start, hangs(SSE + chunked(b": alive\n\n")), streams(words("b"))) as gateway:
        assert "b" == (await gateway.chat(stream=True)).text


@BOTH
async def test_the_quicker_of_two_streams_is_told_alone_to_its_end(start, stream):
    slow = streams(words(*"aaaa"), first=1.2 * AFTER, pace=0.02) if stream else late("a", 2 * AFTER, stream=False)
    other = streams(words(*"bbbb"), first=0.03, pace=0.02) if stream else late("b", AFTER / 4, stream=False)
    async with hedging(start, slow, other) as gateway:
        replies = await asyncio.gather(*(gateway.chat(stream=stream) for _ in range(10)))

        assert all(len(set(said(reply))) == 1 for reply in replies)
        assert not stream or all(reply.events[-1] == "[DONE]" for reply in replies)
        await nothing_is_left(gateway)


# When something goes wrong


@BOTH
async def test_a_first_attempt_that_fails_leaves_the_answer_to_the_second(start, tmp_path, stream):
    async def breaks(request, writer) -> None:
        await asyncio.sleep(1.5 * AFTER)
        await fails(500)(request, writer)

    async with hedging(start, breaks, late("b", SLOW, stream=stream)) as gateway:
        reply = await gateway.chat(stream=stream)

        assert (200, "b") == (reply.status, said(reply))
        (line,) = await logged(tmp_path)
        assert [("a/one", "broken"), ("b/two", "")] == tried(line)
        assert "won" == line["hedged"]


@BOTH
async def test_a_second_attempt_that_fails_leaves_the_answer_to_the_first(start, tmp_path, stream):
    async with hedging(start, late("a", SLOW, stream=stream), fails(500)) as gateway:
        reply = await gateway.chat(stream=stream)

        assert (200, "a") == (reply.status, said(reply))
        (line,) = await logged(tmp_path)
        assert [("b/two", "broken"), ("a/one", "")] == tried(line)
        assert "failed" == line["hedged"]
        assert {"failed": 1} == await hedges(gateway)
        assert 1 == len(gateway.b.requests)


@BOTH
async def test_if_both_fail_the_chain_goes_on(start, tmp_path, stream):
    async def breaks(request, writer) -> None:
        await asyncio.sleep(1.5 * AFTER)
        await fails(500)(request, writer)

    chain = "[a/one, b/two, c/three]"
    async with hedging(start, breaks, fails(503), late("c", SLOW, stream=stream), chain=chain) as gateway:
        reply = await gateway.chat(stream=stream)

        assert (200, "c") == (reply.status, said(reply))
        (line,) = await logged(tmp_path)
        assert [("b/two", "overloaded"), ("a/one", "broken"), ("c/three", "")] == tried(line)
        assert "failed" == line["hedged"]


@BOTH
async def test_if_all_fail_the_client_reads_of_each_of_them_once(start, stream):
    async def breaks(request, writer) -> None:
        await asyncio.sleep(1.5 * AFTER)
        await fails(500)(request, writer)

    async with hedging(start, breaks, fails(503)) as gateway:
        reply = await gateway.chat(stream=stream)

        assert 503 == reply.status
        told = [(each["target"], each["fault"]) for each in reply.body["error"]["attempts"]]
        assert [("b/two", "overloaded"), ("a/one", "broken")] == told
        for target, fault in told:
            assert 1 == await gateway.metric(f'switchyard_attempts_total{{fault="{fault}",target="{target}"}}')


async def test_a_refusal_of_the_call_itself_ends_it_whoever_says_it(start):
    async def breaks(request, writer) -> None:
        await asyncio.sleep(1.5 * AFTER)
        await fails(500)(request, writer)

    async with hedging(start, breaks, fails(400, "no such field"), chain="[a/one, b/two, c/three]") as gateway:
        reply = await gateway.chat()

        assert (400, "no such field") == (reply.status, reply.body["error"]["message"])
        assert [] == gateway.c.requests


async def test_a_stream_that_breaks_after_it_has_won_ends_with_an_error(start, tmp_path):
    async with hedging(start, hangs(), streams([piece({"content": "b"})], whole=False)) as gateway:
        reply = await gateway.chat(stream=True)

        assert "b" == reply.text
        assert "error" in reply.events[-1]
        (line,) = await logged(tmp_path)
        assert [("a/one", "cancelled"), ("b/two", "broken")] == tried(line)
        assert "won" == line["hedged"]


@BOTH
async def test_a_client_that_leaves_calls_off_both(start, tmp_path, stream):
    async with hedging(start, hangs(), hangs(), more=BUDGET.format(usd=10)) as gateway:
        call = asyncio.create_task(gateway.chat(headers=ALICE, stream=stream, max_tokens=10))

        async def both_asked() -> bool:
            return bool(gateway.a.requests and gateway.b.requests)

        await until(both_asked, 5)
        call.cancel()

        for provider in (gateway.a, gateway.b):
            await asyncio.wait_for(provider.requests[0].gone.wait(), 5)
        (line,) = await logged(tmp_path)
        assert [("a/one", "cancelled"), ("b/two", "cancelled")] == sorted(tried(line))
        assert (499, True, "lost") == (line["status"], line["client_gone"], line["hedged"])
        await nothing_is_left(gateway)
        assert 0 == (await purse(gateway))[1]


async def test_who_loses_is_blamed_for_nothing(start):
    async with hedging(start, hangs(), ok("b")) as gateway:
        for _ in range(6):
            await gateway.chat()

        assert 0 == await gateway.metric('switchyard_breaker_state{target="a/one"}')
        assert 6 == await gateway.metric('switchyard_attempts_total{fault="cancelled",target="a/one"}')
        assert 6 == len(gateway.a.requests)


async def test_a_breakers_probe_is_waited_for(start):
    plays = [fails(500), late("a", SLOW, stream=False)]
    async with hedging(start, plays, ok("b"), breaker="{failures: 1, cooldown: 50ms}") as gateway:
        assert "b" == said(await gateway.chat())
        await asyncio.sleep(0.1)

        reply = await gateway.chat()

        assert ("a", "1") == (said(reply), reply.headers["x-switchyard-attempts"])


# Where it goes


async def test_a_lone_target_is_asked_again_with_another_key(start):
    async with hedging(start, [hangs(), ok("again")], chain="a/one", keys="[k1, k2]") as gateway:
        reply = await gateway.chat()

        assert "again" == said(reply)
        assert 2 == len({request.headers["authorization"] for request in gateway.a.requests})


async def test_a_lone_target_with_one_key_is_never_asked_twice(start):
    async with hedging(start, late("a", SLOW, stream=False), chain="a/one") as gateway:
        await gateway.chat()

        assert 1 == len(gateway.a.requests)


# How often


async def test_never_more_than_the_share_of_calls_is_hedged(start):
    async with hedging(start, hangs(), ok("b"), hedge="{after: 10ms, at_most: 20%}") as gateway:
        gateway.a.plays[:] = [late("a", 0.03, stream=False)]
        for number in range(1, 16):
            await gateway.chat()

            assert number // 5 == len(gateway.b.requests)
        assert {"won": 3} == await hedges(gateway)


async def test_what_is_slow_is_learnt_from_the_target_itself(start):
    async with hedging(start, [*[ok("a")] * 20, hangs()], ok("b"), hedge="{after: p95, at_most: 100%}") as gateway:
        for _ in range(20):
            assert "a" == said(await gateway.chat())
        began = time.monotonic()

        reply = await gateway.chat()

        assert "b" == said(reply)
        assert time.monotonic() - began < 1


async def test_before_enough_is_known_nothing_is_hedged(start):
    plays = [*[ok("a")] * 19, late("a", SLOW, stream=False)]
    async with hedging(start, plays, ok("b"), hedge="{after: p95, at_most: 100%}") as gateway:
        for _ in range(20):
            assert "a" == said(await gateway.chat())

        assert [] == gateway.b.requests


async def test_the_tail_is_cut(start):
    """One answer of twenty takes long; of 200 calls, hardly any waits for it."""
    count = iter(range(10_000))

    async def mostly(request, writer) -> None:
        await asyncio.sleep(SLOW if next(count) % 20 == 19 else 0.002)
        await streams(words("a"))(request, writer)

    times = []
    async with hedging(start, mostly, streams(words("b")), hedge="{after: p90, at_most: 20%}") as gateway:
        for _ in range(200):
            began = time.monotonic()
            assert 200 == (await gateway.chat(stream=True)).status
            times.append(time.monotonic() - began)

        after_learning = sorted(times[40:])
        assert after_learning[int(len(after_learning) * 0.99) - 1] < SLOW / 2
        assert len(gateway.b.requests) <= 0.2 * 200


# What it costs


async def test_both_are_paid_to_the_nano_dollar_by_what_their_providers_counted(start, tmp_path):
    """The one that loses had told its usage before it was called off."""
    first = hangs(SSE + chunked(usage_event(7, 2)))
    async with hedging(start, first, streams(words("b", "b", "b")), more=BUDGET.format(usd=10)) as gateway:
        reply = await gateway.chat(headers=ALICE, stream=True, max_tokens=100)

        assert "bbb" == reply.text
        (line,) = await logged(tmp_path)
        assert ((7 + 2) + (9 + 3)) / 1000 == line["cost_usd"]
        assert (0.021, 0) == await purse(gateway)
        assert (9, 3) == (line["usage"]["input"], line["usage"]["output"])


async def test_an_attempt_that_nobody_waited_for_is_paid_at_its_worst(start, tmp_path):
    """Nobody will ever know what it said, and its provider goes on to the end."""
    async with hedging(start, hangs(), late("b", SLOW, stream=False), more=BUDGET.format(usd=10)) as gateway:
        call = asyncio.create_task(gateway.chat(headers=ALICE, max_tokens=100))

        async def both_held() -> bool:
            return len(gateway.b.requests) == 1

        await until(both_held, 5)
        spent, held = await purse(gateway)
        await call

        assert 0 == spent
        assert (round(held / 2 + 0.021, 9), 0) == await purse(gateway)
        (line,) = await logged(tmp_path)
        assert line["estimated"]


async def test_two_answers_in_the_same_moment_are_both_paid_as_they_are(start):
    first = asyncio.Future()

    async def waits(_request, writer) -> None:
        first.set_result(writer)
        await asyncio.Event().wait()

    async def answers_for_both(_request, writer) -> None:
        both = answer(200, orjson.dumps(completion("same")))
        (await first).write(both)
        writer.write(both)

    async with hedging(start, waits, answers_for_both, more=BUDGET.format(usd=10)) as gateway:
        reply = await gateway.chat(headers=ALICE, max_tokens=100)

        assert (200, "same") == (reply.status, said(reply))
        assert "0.042000000" == reply.headers["x-switchyard-cost-usd"]
        assert (0.042, 0) == await purse(gateway)


async def test_the_ledgers_row_has_both_attempts_with_what_each_of_them_cost(start):
    first = hangs(SSE + chunked(usage_event(7, 2)))
    async with hedging(start, first, streams(words("b")), more=BUDGET.format(usd=10)) as gateway:
        await gateway.chat(headers=ALICE, stream=True, max_tokens=100)

        async def row():
            seen = (await gateway.get("/api/v1/usage", **ALICE)).body
            return seen if seen["requests"] else None

        seen = await until(row, 5)
        assert 0.019 == seen["cost_usd"]


@BOTH
async def test_where_a_second_attempt_cannot_be_paid_the_first_goes_on_alone(start, tmp_path, stream):
    async with hedging(start, late("a", SLOW, stream=stream), ok("b"), more=BUDGET.format(usd=3)) as gateway:
        reply = await gateway.chat(headers=ALICE, stream=stream, max_tokens=100)

        assert (200, "a") == (reply.status, said(reply))
        assert [] == gateway.b.requests
        (line,) = await logged(tmp_path)
        assert "a/one" == line["target"]
        assert 0 == (await purse(gateway))[1]


async def test_a_second_attempt_that_is_still_waiting_for_its_money_is_called_off(start, tmp_path):
    limits = BUDGET.format(usd=10).replace("budget:", "limits: {concurrent: 1}, budget:")
    async with hedging(start, late("a", SLOW, stream=True), streams(words("b")), more=limits) as gateway:
        reply = await gateway.chat(headers=ALICE, stream=True, max_tokens=100)

        assert (200, "a") == (reply.status, reply.text)
        assert [] == gateway.b.requests
        await nothing_is_left(gateway)
        assert 0 == (await purse(gateway))[1]


async def test_an_answer_that_is_no_answer_does_not_win(start):
    async with hedging(start, late("a", SLOW, stream=False), says(200, b"<html>")) as gateway:
        assert "a" == said(await gateway.chat())
