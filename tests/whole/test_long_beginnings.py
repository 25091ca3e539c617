"""What comes before the first content: as long as one event may be, and no longer than a megabyte of events without."""

import pytest

from tests.whole.provider import (
    DONE,
    ROLE,
    SSE,
    STOP,
    Provider,
    Request,
    chunked,
    piece,
    sends,
    streams,
    words,
)

TWO = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
  g: {{dialect: google, api_key: k, base_url: "{a}"}}
defaults: {{retry: {{attempts: 1}}, timeouts: {{first_content: 15s, idle: 15s}}}}
routes: {{m: [a/one, b/two], g: g/one}}
"""


def endless(data: bytes):
    """*data* again and again, for as long as somebody takes it."""

    async def play(_request: Request, writer) -> None:
        writer.write(SSE)
        while not writer.is_closing():
            writer.write(chunked(data))
            await writer.drain()

    return play


@pytest.mark.parametrize("size", [300_000, 2_000_000, 8_000_000])
@pytest.mark.parametrize("before", [[ROLE], [b": alive\n\n", ROLE], []])
async def test_the_first_event_may_be_as_long_as_any(start, size, before):
    events = [*before, piece({"content": "x" * size}), STOP, DONE]
    async with Provider(streams(events)) as a, start(TWO.format(a=a.url, b=a.url)) as gateway:
        told = await gateway.chat(stream=True)

    assert "x" * size == told.text
    assert len(a.requests) == 1


async def test_the_first_object_of_an_array_may_be_as_long(start):
    text = "x" * 2_000_000
    said = b'[{"candidates":[{"content":{"parts":[{"text":"%b"}],"role":"model"},"finishReason":"STOP"}]}]'
    play = sends(SSE.replace(b"text/event-stream", b"application/json") + chunked(said % text.encode()) + b"0\r\n\r\n")
    async with Provider(play) as a, start(TWO.format(a=a.url, b=a.url)) as gateway:
        told = await gateway.chat("g", stream=True)

    assert text == told.text


ENDLESS = {
    "a line": b"x" * 65536,
    "a line of data": b"data: " + b"x" * 65536,
    "comments": b": still here\n\n" * 1000,
    "roles": ROLE * 100,
    "halves of comments": b": " + b"x" * 65536 + b"\n\n: half",
}


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS.keys())
async def test_what_never_becomes_content_ends_by_its_length(start, data):
    async with (
        Provider(endless(data)) as a,
        Provider(streams(words("from b"))) as b,
        start(TWO.format(a=a.url, b=b.url)) as gateway,
    ):
        told = await gateway.chat(stream=True)
        broken = await gateway.metric('switchyard_attempts_total{fault="broken",target="a/one"}')

    assert "from b" == told.text
    assert 1 == broken
