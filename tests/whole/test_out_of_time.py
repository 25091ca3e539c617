"""An attempt that its call's own time cuts short is its target's fault only if it had nearly all of it."""

import asyncio

import orjson
import pytest

from tests.whole.provider import ROLE, SSE, STOP, Provider, chunked, hangs, ok, piece, streams, words

TWO = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
defaults:
  strategy: order
  retry: {{attempts: 1}}
  breaker: {{failures: 2}}
  timeouts: {{first_content: 300ms, attempt: 300ms, idle: 300ms, total: 400ms}}
routes:
  m: [a/one, b/two]
  alone: {{chain: b/two, timeouts: {{total: {total}}}}}
models:
  a/one: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
  b/two: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
keys: {{alice: {{key: the-key-of-alice, budget: {{usd: 1000, per: month}}}}}}
"""
KEY = {"authorization": "Bearer the-key-of-alice"}
OPEN = 2


def slow(seconds: float):
    """Good answers of either kind, each after so many *seconds*."""

    async def play(request, writer):
        await asyncio.sleep(seconds)
        await (streams(words("hi")) if request.body.get("stream") else ok("hi"))(request, writer)

    return play


def speaks(pace: float):
    return streams([ROLE, *(piece({"content": "x"}) for _ in range(200))], pace=pace)


def served(start, a: Provider, b: Provider, total: str = "400ms"):
    return start(TWO.format(a=a.url, b=b.url, total=total))


async def breakers(gateway) -> list[float]:
    return [await gateway.metric(f'switchyard_breaker_state{{target="{target}"}}') for target in ("a/one", "b/two")]


@pytest.mark.parametrize("stream", [False, True])
async def test_who_was_asked_when_little_time_was_left_is_not_blamed(start, stream):
    async with Provider(hangs()) as a, Provider(slow(0.15)) as b, served(start, a, b) as gateway:
        refused = await asyncio.gather(*(gateway.chat(headers=KEY, stream=stream) for _ in range(4)))
        states = await breakers(gateway)
        alone = await gateway.chat("alone", headers=KEY, stream=stream)

    error = refused[0].body["error"]
    assert {(504, "upstream_timeout")} == {(one.status, one.body["error"]["code"]) for one in refused}
    assert ["timeout", "out_of_time"] == [one["fault"] for one in error["attempts"]]
    assert "that the call had left" in error["attempts"][1]["message"]
    assert [OPEN, 0] == states
    assert 200 == alone.status


async def test_the_message_tells_the_time_that_an_answer_really_had(start):
    async with Provider(hangs()) as a, Provider(hangs()) as b, served(start, a, b) as gateway:
        refused = await gateway.chat(headers=KEY)

    first, second = (one["message"] for one in refused.body["error"]["attempts"])
    assert "no answer within 0.3 s" == first
    assert 0 < float(second.removeprefix("no answer within the ").partition(" ")[0]) <= 0.1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("own", ["1s", "2s", "1m"])
async def test_who_had_all_of_the_calls_time_is_blamed(start, own, stream):
    limits = f"1s, first_content: {own}, attempt: {own}"
    async with Provider(ok()) as a, Provider(hangs()) as b, served(start, a, b, limits) as gateway:
        refused = await asyncio.gather(*(gateway.chat("alone", headers=KEY, stream=stream) for _ in range(2)))
        states = await breakers(gateway)

    assert ["timeout"] * 2 == [one.body["error"]["attempts"][0]["fault"] for one in refused]
    assert [0, OPEN] == states


async def test_a_stream_that_still_speaks_when_the_time_is_over_is_not_blamed(start, tmp_path):
    async with Provider(ok()) as a, Provider(speaks(0.02)) as b, served(start, a, b) as gateway:
        cut = [await gateway.chat("alone", headers=KEY, stream=True) for _ in range(3)]
        states = await breakers(gateway)
        spent = (await gateway.get("/api/v1/usage", **KEY)).body["budgets"][0]["spent_usd"]
    calls = [
        line for line in map(orjson.loads, (tmp_path / "log").read_text().splitlines()) if line["message"] == "call"
    ]

    assert {("upstream_timeout", "the whole call took too long")} == {
        (one.events[-1]["error"]["code"], one.events[-1]["error"]["message"]) for one in cut
    }
    assert [("out_of_time", 504)] * 3 == [(line["fault"], line["status"]) for line in calls]
    assert [0, 0] == states
    assert spent > 0  # for what was said


async def test_a_stream_that_falls_silent_before_the_time_is_over_is_blamed(start):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "half"})))
    async with Provider(ok()) as a, Provider(play) as b, served(start, a, b, "5s") as gateway:
        cut = [await gateway.chat("alone", headers=KEY, stream=True) for _ in range(2)]
        states = await breakers(gateway)

    assert {"nothing came for 0.3 s"} == {one.events[-1]["error"]["message"] for one in cut}
    assert [0, OPEN] == states


@pytest.mark.parametrize("limits", ["5s", "400ms, idle: 1m"], ids=["idle", "total"])
async def test_a_stream_that_falls_silent_after_its_finish_is_whole(start, limits):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "all"})) + chunked(STOP))
    async with Provider(ok()) as a, Provider(play) as b, served(start, a, b, limits) as gateway:
        whole = [await gateway.chat("alone", headers=KEY, stream=True) for _ in range(2)]
        states = await breakers(gateway)

    assert {("stop", "[DONE]")} == {(one.events[-2]["choices"][0]["finish_reason"], one.events[-1]) for one in whole}
    assert [0, 0] == states


async def test_a_stream_that_hangs_where_it_may_be_silent_for_longer_than_the_call_lasts_is_blamed(start):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "half"})))
    async with Provider(ok()) as a, Provider(play) as b, served(start, a, b, "400ms, idle: 1m") as gateway:
        cut = [await gateway.chat("alone", headers=KEY, stream=True) for _ in range(2)]
        states = await breakers(gateway)

    assert all(one.events[-1]["error"]["message"].startswith("nothing came for the last 0.") for one in cut)
    assert [0, OPEN] == states


async def test_a_stream_whose_pauses_are_within_what_it_may_is_not_blamed_for_the_last(start):
    play = streams([ROLE, *(piece({"content": "x"}) for _ in range(200))], pace=0.15)
    async with Provider(ok()) as a, Provider(play) as b, served(start, a, b, "400ms, idle: 1m") as gateway:
        cut = [await gateway.chat("alone", headers=KEY, stream=True) for _ in range(2)]
        states = await breakers(gateway)

    assert {"the whole call took too long"} == {one.events[-1]["error"]["message"] for one in cut}
    assert [0, 0] == states


async def test_an_attempt_that_was_cut_short_is_paid_like_any_that_nobody_waited_for(start):
    async with Provider(hangs()) as a, Provider(hangs()) as b, served(start, a, b) as gateway:
        await gateway.chat("alone", headers=KEY, max_tokens=100)
        one = (await gateway.get("/api/v1/usage", **KEY)).body["budgets"][0]["spent_usd"]
        await gateway.chat(headers=KEY, max_tokens=100)
        three = (await gateway.get("/api/v1/usage", **KEY)).body["budgets"][0]["spent_usd"]

    assert one > 0.1
    assert 3 * one == pytest.approx(three)
