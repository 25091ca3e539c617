"""A second attempt beside a slow one: how often it happens, what that is good for, and what it costs."""

import asyncio
import time

import orjson

from tests.process.running import until
from tests.whole.hedged import ALICE, BOTH, BUDGET, SLOW, hedges, hedging, late, logged, nothing_is_left, purse, said
from tests.whole.provider import SSE, answer, chunked, completion, hangs, ok, says, streams, usage_event, words

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
        assert (7 + 9, 2 + 3) == (line["usage"]["input"], line["usage"]["output"])


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
    limits = BUDGET.format(usd=10).replace("budget:", "limits: {tokens: 2000/s}, budget:")
    async with hedging(start, late("a", SLOW, stream=True), streams(words("b")), more=limits) as gateway:
        reply = await gateway.chat(headers=ALICE, stream=True, max_tokens=100)

        assert (200, "a") == (reply.status, reply.text)
        assert [] == gateway.b.requests
        await nothing_is_left(gateway)
        assert 0 == (await purse(gateway))[1]


async def test_an_answer_that_is_no_answer_does_not_win(start):
    async with hedging(start, late("a", SLOW, stream=False), says(200, b"<html>")) as gateway:
        assert "a" == said(await gateway.chat())
