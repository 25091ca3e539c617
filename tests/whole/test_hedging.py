"""A second attempt beside a slow one: who answers, who is called off, and what follows when something goes wrong."""

import asyncio

from tests.process.running import until
from tests.whole.hedged import (
    AFTER,
    ALICE,
    BOTH,
    BUDGET,
    SLOW,
    hedges,
    hedging,
    late,
    logged,
    nothing_is_left,
    prompt,
    purse,
    said,
    tried,
)
from tests.whole.provider import ROLE, SSE, chunked, fails, hangs, ok, piece, streams, words

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
        assert [("a/one", ""), ("b/two", "cancelled")] == tried(line)
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
        assert [("a/one", ""), ("b/two", "broken")] == tried(line)
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
        assert [("a/one", "broken"), ("b/two", "overloaded"), ("c/three", "")] == tried(line)
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


async def test_an_answer_that_breaks_off_after_its_race_is_continued_without_another(start, tmp_path):
    """The second attempt wins and breaks off; whoever goes on with it has all the time that it needs."""
    broken = streams([ROLE, piece({"content": "Once upon a time there was a fox. "})], whole=False)
    rest = streams(words("Once upon a time there was a fox. ", "It slept."), first=2 * AFTER)
    chain = "[a/one, b/two, c/three]"
    async with hedging(start, hangs(), broken, rest, chain=chain, more="", on_break="continue") as gateway:
        reply = await gateway.chat(stream=True)

        assert "Once upon a time there was a fox. It slept." == reply.text
        assert "[DONE]" == reply.events[-1]
        (line,) = await logged(tmp_path)
        assert [("a/one", "cancelled"), ("b/two", "broken"), ("c/three", "")] == tried(line)
        assert "won" == line["hedged"]
        await nothing_is_left(gateway)


async def test_a_target_that_is_full_is_no_place_for_a_second_attempt(start):
    async with hedging(start, late("a", SLOW, stream=False), hangs(), busy="concurrency: 1, ") as gateway:
        filling = asyncio.create_task(gateway.chat("b/two"))
        await until(lambda: gateway.b.requests, 5)

        assert "a" == said(await gateway.chat())

        assert 1 == len(gateway.b.requests)
        filling.cancel()
