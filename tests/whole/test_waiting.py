"""A stream that keeps its client waiting says that it is alive, and whatever it says then is still one good stream."""

import asyncio

import orjson
import pytest

from tests.whole.provider import (
    DONE,
    ROLE,
    SSE,
    STOP,
    Provider,
    Request,
    chunked,
    completion,
    fails,
    hangs,
    ok,
    piece,
    streams,
    words,
)

CONFIG = """
server: {{keepalive: 50ms}}
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
defaults:
  retry: {{attempts: 1}}
  timeouts: {{first_content: 400ms, idle: 400ms, attempt: 10s, total: 20s}}
routes:
  m: {{chain: [a/one, b/two]}}
  alone: a/one
  patient: {{chain: [a/one], timeouts: {{first_content: 10s, idle: 10s}}}}
"""
COMMENT = b": keepalive\n\n"


def config(a: Provider, b: Provider | None = None) -> str:
    return CONFIG.format(a=a.url, b=(b or a).url)


def shown(events: list[bytes]) -> bytes:
    """What a client sees that didn't ask for usage."""
    return b"".join(event for event in events if b'"usage"' not in event)


async def test_comments_fill_the_wait_for_the_first_word(start):
    events = words("one ", "two")
    async with Provider(streams(events, first=0.5)) as a, start(config(a)) as gateway:
        answer = await gateway.chat("patient", stream=True)

    assert answer.raw.startswith(COMMENT * 2)
    assert shown(events) == answer.raw.replace(COMMENT, b"")
    assert (200, "patient") == (answer.status, answer.headers["x-switchyard-route"])
    assert "text/event-stream; charset=utf-8" == answer.headers["content-type"]
    assert "x-switchyard-target" not in answer.headers  # nobody knows yet


async def test_comments_fill_pauses(start):
    events = words("one ", "two")
    async with Provider(streams(events, pace=0.2)) as a, start(config(a)) as gateway:
        answer = await gateway.chat("patient", stream=True)

    first, _, rest = answer.raw.partition(b"one ")
    assert COMMENT in rest
    assert shown(events) == answer.raw.replace(COMMENT, b"")
    assert first + b"one " + rest == answer.raw


async def test_a_comment_never_falls_into_an_event(start):
    """The provider rests in the middle of each."""
    whole = b"".join(words("one ", "two"))
    halves = [whole[at : at + 150] for at in range(0, len(whole), 150)]
    async with Provider(streams(halves, pace=0.12)) as a, start(config(a)) as gateway:
        answer = await gateway.chat("patient", stream=True)

    blocks = answer.raw.split(b"\n\n")
    assert b": keepalive" in blocks
    assert "one two" == answer.text
    assert all(block in (b"", b": keepalive") or block.startswith(b"data: ") for block in blocks)


async def test_who_needs_not_wait_hears_no_comment(start):
    async with Provider(streams(words("one"))) as a, start(config(a)) as gateway:
        answers = [await gateway.chat("patient", stream=True) for _ in range(5)]

    assert shown(words("one")) in [answer.raw for answer in answers]


async def test_whole_answers_have_no_comments(start):
    async def late(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await ok()(request, writer)

    async with Provider(late) as a, start(config(a)) as gateway:
        answer = await gateway.chat("patient")

    assert (200, orjson.dumps(completion())) == (answer.status, answer.raw)


@pytest.mark.parametrize(
    "play",
    [hangs(), hangs(SSE + chunked(ROLE)), hangs(SSE + chunked(b": alive\n\n"))],
    ids=["nothing", "role", "comment"],
)
async def test_an_error_after_a_comment_is_an_event(start, play):
    async with Provider(play) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", stream=True)
        counted = await gateway.metric(
            'switchyard_calls_total{endpoint="chat",route="alone",status="504",stream="true"}'
        )

    assert 200 == answer.status
    assert answer.raw.startswith(COMMENT)
    (last,) = answer.events
    assert "upstream_timeout" == last["error"]["code"]
    assert b"[DONE]" not in answer.raw
    assert 1 == counted


async def test_an_error_before_any_comment_is_a_status(start):
    async with Provider(fails(400, "nonsense")) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert (400, "application/json") == (answer.status, answer.headers["content-type"])


async def test_another_target_can_still_answer_after_comments(start):
    events = words("from ", "b")
    async with Provider(hangs()) as a, Provider(streams(events)) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(stream=True)
        fallbacks = await gateway.metric('switchyard_fallbacks_total{route="m"}')

    assert answer.raw.startswith(COMMENT * 2)
    assert shown(events) == answer.raw.replace(COMMENT, b"")
    assert (1, 1, 1) == (len(a.requests), len(b.requests), fallbacks)


async def test_what_the_first_target_said_before_content_is_forgotten(start):
    async with (
        Provider(hangs(SSE + chunked(ROLE))) as a,
        Provider(streams(words("from b"), first=0.2)) as b,
        start(config(a, b)) as gateway,
    ):
        answer = await gateway.chat(stream=True)

    assert shown(words("from b")) == answer.raw.replace(COMMENT, b"")


async def test_a_stream_that_stops_after_its_first_word_is_not_kept_alive_for_ever(start):
    half = [ROLE, piece({"content": "half"})]
    async with Provider(hangs(SSE + b"".join(map(chunked, half)))) as a, start(config(a)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert COMMENT in answer.raw
    assert ("half", "upstream_timeout") == (answer.text, answer.events[-1]["error"]["code"])


async def test_comments_end_with_the_stream(start):
    """The next answer on the same connection has none of them in it."""
    async with (
        Provider(streams([ROLE, piece({"content": "x"}), STOP, DONE], first=0.2), ok()) as a,
        start(config(a)) as gateway,
    ):
        await gateway.chat("patient", stream=True)
        await asyncio.sleep(0.2)
        answer = await gateway.chat("patient")

    assert completion() == answer.body
