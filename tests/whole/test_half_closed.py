"""A client that has shut its side of the connection after its request, and waits, is one that waits."""

import asyncio

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import ROLE, SSE, STOP, Provider, chunked, completion, piece, says, sends

CONFIG = """
server: {{shortcut: {short}, keepalive: 100ms}}
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
routes:
  m: a/one
"""
HELLO = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
STREAM = HELLO[:-1] + b',"stream":true}'


@pytest.fixture(params=["true", "false"], ids=["short way", "long way"])
def short(request):
    return request.param


def slowly(seconds: float, *plays):
    async def play(request, writer):
        for each in plays:
            await asyncio.sleep(seconds)
            await each(request, writer)

    return play


def asks(body: bytes, path: bytes = b"/v1/chat/completions") -> bytes:
    return b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (path, len(body), body)


async def heard(gateway, data: bytes) -> bytes:
    """All that comes back for *data*, after which nothing more is sent, until the gateway closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(data)
    writer.write_eof()
    got = await asyncio.wait_for(reader.read(), 8)
    writer.close()
    return got


def final(got: bytes) -> bytes:
    """What follows the interim answers."""
    while got.startswith(b"HTTP/1.1 100 "):
        got = got.partition(b"\r\n\r\n")[2]
    return got


@pytest.mark.parametrize("seconds", [0.0, 0.4])
async def test_a_whole_answer_reaches_it(start, short, seconds):
    play = slowly(seconds, says(200, completion("hello")))
    async with Provider(play) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        got = final(await heard(gateway, asks(HELLO)))

    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"hello" in body
    assert len(body) == int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert 1 == len(provider.requests)


@pytest.mark.parametrize("path", [b"/v1/chat/completions", b"/api/v1/complete/stream"])
async def test_a_stream_reaches_it_to_its_end(start, short, path):
    play = slowly(
        0.3,
        sends(SSE + chunked(ROLE) + chunked(piece({"content": "one "}))),
        sends(chunked(piece({"content": "two"}))),
        sends(chunked(STOP) + b"0\r\n\r\n"),
    )
    body = STREAM if path.startswith(b"/v1") else orjson.dumps({"prompt": "hi", "model": "m"})
    async with Provider(play) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        got = final(await heard(gateway, asks(body, path)))

    assert got.startswith(b"HTTP/1.1 200 ")
    assert got.endswith(b"\r\n0\r\n\r\n")
    assert got.index(b'"one ') < got.index(b'"two')
    assert (b"[DONE]" if path.startswith(b"/v1") else b'"done"') in got


async def test_all_that_it_has_asked_is_answered(start, short):
    play = slowly(0.1, says(200, completion("hello")))
    async with Provider(play) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        got = await heard(gateway, asks(HELLO) * 3)

    assert 3 == got.count(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", [b"/health", b"/v1/models"])
async def test_a_page_reaches_it(start, short, path):
    play = says(200, completion())
    async with Provider(play) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        got = final(await heard(gateway, b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % path))

    assert got.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("data", [b"", b"POST /v1/chat", asks(HELLO)[:-3], asks(HELLO) + b"POST /v1/ch"])
async def test_half_a_request_is_waited_for_no_longer(start, short, data):
    play = says(200, completion())
    async with Provider(play) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        got = await heard(gateway, data)
        await until(lambda: gateway.listener.open == 0, 5)

    assert got.count(b"HTTP/1.1 200 ") == (1 if data.endswith(b"/ch") else 0)
