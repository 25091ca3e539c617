"""The short way in gives the very answers of the long way, whatever comes over the wire."""

import asyncio
import os
import re
from contextlib import AsyncExitStack

import pytest
import uvloop
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser
from hypothesis import given, settings
from hypothesis import strategies as st

from server.shortcut import LARGEST_BODY, body_in, read_head
from tests.server.corpus import ALICE, BOB, BODY, CORPUS, CUT, GOOD, HOST, PATH, PLAIN, Case, chat, post
from tests.whole.conftest import Gateway, gateway
from tests.whole.provider import Provider, Request, ok, streams, words

CONFIG = """
server: {{shortcut: {short}, head_timeout: 1s, body_timeout: 1s, max_body: 4KiB, cors: {{origins: [https://app.example.com]}}}}
providers: {{a: {{dialect: openai, api_key: k, base_url: "{url}"}}}}
routes: {{m: a/one}}
keys:
  alice: {{key: key-of-alice}}
  bob: {{key: key-of-bob, models: [other]}}
"""
SHORT = {f"POST {path} HTTP/1.1".encode(): path for path in (PATH, "/chat/completions", "/v1/embeddings")}
QUIET = 2.5  # seconds after which nothing more will come
PAUSE = 0.3
OURS = re.compile(
    rb"req-[0-9a-f]{12}-[0-9a-f]+|(?<=x-switchyard-config: )[0-9a-f]+|(?<=\"created\":)\d+|(?<=Date: )[^\r]+"
)

Seen = dict[str, tuple[bytes, bool]]


async def echo(request: Request, writer: asyncio.StreamWriter) -> None:
    """Says what it was told."""
    if request.path.endswith("/embeddings"):
        await ok()(request, writer)
        return
    text = request.body["messages"][0]["content"]
    play = streams(words(text, "b")) if request.body.get("stream") else ok(text)
    await play(request, writer)


async def asked(port: int, case: Case) -> tuple[bytes, bool]:
    """What came back, and whether the connection was closed then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        for number, part in enumerate(case.parts):
            # In ten turns of the loop: had it stood still for so long, both parts would be read together.
            for _ in range(10 if number else 0):
                await asyncio.sleep(PAUSE / 10)
            writer.write(part)
            await writer.drain()
        if case.leaves:
            return b"", True
        while part := await asyncio.wait_for(reader.read(65536), QUIET):
            got += part
    except TimeoutError:
        return OURS.sub(b"-", got), False
    except ConnectionError:
        pass  # what it said before it closed is all that counts
    finally:
        writer.close()
    return OURS.sub(b"-", got), True


async def cut(running: Gateway, parts: tuple[bytes, bytes], few: asyncio.Semaphore) -> bytes:
    """The answers to *parts*, up to the end of the last one that is due."""
    async with few:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(parts[0])
        await asyncio.sleep(0.01)
        writer.write(parts[1])
        got = b""
        for _ in range((parts[0] + parts[1]).count(b"POST ")):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            length = int(re.search(rb"content-length: (\d+)", head).group(1))
            got += head + await asyncio.wait_for(reader.readexactly(length), 10)
        writer.close()
        return OURS.sub(b"-", got)


async def all_answers(folder, short: str) -> tuple[Seen, dict[str, set[bytes]], list[bytes], str]:
    """Of the corpus, of what is cut at every byte, what the provider heard, and the log."""
    folder.mkdir()
    log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    async with AsyncExitStack() as open_:
        provider = await open_.enter_async_context(Provider(echo))
        running = await open_.enter_async_context(gateway(CONFIG.format(short=short, url=provider.url), folder, log))
        got = await asyncio.gather(*(asked(running.port, case) for case in CORPUS.values()))
        heard = sorted(request.raw for request in provider.requests)
        few = asyncio.Semaphore(40)
        pieces = {
            name: await asyncio.gather(*(cut(running, (data[:at], data[at:]), few) for at in range(1, len(data))))
            for name, data in CUT.items()
        }
        await asyncio.sleep(0.2)
    os.close(log)
    told = (folder / "log").read_text()
    return dict(zip(CORPUS, got, strict=True)), {name: set(each) for name, each in pieces.items()}, heard, told


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """Everything once the short way and once the long way, on the loop that is used in earnest."""
    folder = tmp_path_factory.mktemp("ways")

    async def both():
        return await asyncio.gather(all_answers(folder / "short", "true"), all_answers(folder / "long", "false"))

    return uvloop.run(both())


@pytest.mark.parametrize("name", CORPUS)
def test_both_ways_give_the_same_answer(ways, name):
    (short, *_), (long, *_) = ways

    assert long[name] == short[name]


def test_most_of_it_is_answered(ways):
    (short, *_), _ = ways
    statuses = {name: int(answer[9:12]) for name, (answer, _) in short.items() if answer}

    found = set(statuses.values())

    assert {200, 400, 401, 404, 408, 413, 415} <= found
    assert 500 not in found
    assert ["half a head"] == [name for name, status in statuses.items() if status == 408 and "body" not in name]


def test_the_provider_hears_the_same(ways):
    (_, _, short, _), (_, _, long, _) = ways

    assert long == short


@pytest.mark.parametrize("name", CUT)
def test_where_a_request_is_cut_makes_no_difference(ways, name):
    (_, short, *_), (_, long, *_) = ways

    assert 1 == len(short[name])
    assert long[name] == short[name]


def test_both_ways_log_the_same(ways):
    """All calls with their statuses, those of clients who left included."""
    told = [sorted(re.findall(r'"message":"call".*?"status":(\d+)', log)) for *_, log in ways]

    assert told[0] == told[1]
    assert "499" in told[0]
    assert "internal error" not in ways[0][3]


@pytest.mark.parametrize("name", PLAIN)
def test_plain_requests_go_the_short_way(name):
    assert read_head(PLAIN[name].parts[0], SHORT) is not None


# One head


def parsed(data: bytes) -> tuple[object, ...] | None:
    """What aiohttp makes of it: path, body and the headers that count; None if it refuses it or has to wait."""
    loop = asyncio.new_event_loop()
    try:
        parser = HttpRequestParser(
            BaseProtocol(loop), loop, 2**16, max_line_size=16384, max_field_size=16384, max_headers=100
        )
        messages, _, _ = parser.feed_data(data)
        message, payload = messages[0]
    except (HttpProcessingError, IndexError):
        return None
    finally:
        loop.close()
    plain = not (message.should_close or message.upgrade or message.chunked or message.compression)
    headers = message.headers
    if not plain or message.method != "POST" or message.version != (1, 1):
        return None
    body = b"".join(payload._buffer)
    values = [headers.get(name) for name in ("authorization", "x-request-id", "origin", "x-switchyard-priority")]
    return message.path, int(headers.get("content-length", 0)), body, *values


def taken(data: bytes) -> tuple[object, ...] | None:
    head = read_head(data, SHORT)
    where = None if head is None else body_in(data, head)
    if head is None or where is None:
        return None
    start, end = where
    return head.path, end - start, data[start:end], head.authorization, head.request_id, head.origin, head.priority


USUAL = [
    "Authorization",
    "authorization",
    "X-Request-Id",
    "Origin",
    "X-Switchyard-Priority",
    "Content-Type",
    "User-Agent",
    "X-A",
]
FRAMING = ["Content-Length", "Host", "Expect", "Transfer-Encoding", "Upgrade", "Sec-WebSocket-Key1", "Proxy-Connection"]
UNUSUAL = ["X A", "", "X(", "Connection", "connection", "Content-Encoding", "Trailer", "Keep-Alive", "Content-Length "]
NAMES = st.sampled_from(USUAL * 4 + FRAMING + UNUSUAL)
VALUES = st.sampled_from(
    [
        "Bearer a",
        "keep-alive",
        "close",
        "chunked",
        "3",
        "03",
        "",
        " ",
        "a: b",
        "100-continue",
        "\t",
        "é",
        "\x00",
        "websocket",
    ]
) | st.text(st.characters(max_codepoint=255), max_size=12)
COLONS = st.sampled_from([": ", ": ", ": ", ": ", ":", " : ", ":  ", ":\t"])
ENDS = st.sampled_from(["\r\n"] * 30 + ["\n", "\r", "\r\n "])
LINES = st.lists(st.builds("{}{}{}{}".format, NAMES, COLONS, VALUES, ENDS), max_size=6)


@settings(max_examples=400)
@given(LINES, st.binary(max_size=5))
def test_a_head_that_is_taken_means_to_aiohttp_the_same(lines: list[str], rest: bytes):
    data = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n{''.join(lines)}\r\n".encode("latin-1")
        + b"abc"
        + rest
    )

    assert taken(data) in (None, parsed(data[: data.find(b"\r\n\r\n") + 7]))


@settings(max_examples=400)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 3), st.binary(max_size=3))
def test_a_call_with_other_bytes_in_it_is_taken_as_aiohttp_takes_it_or_not_at_all(at: int, gone: int, more: bytes):
    data = GOOD[:at] + more + GOOD[at + gone :]

    head = read_head(data, SHORT)
    where = None if head is None else body_in(data, head)

    assert where is None or taken(data) == parsed(data[: where[1]])


@given(st.binary(max_size=300))
def test_any_bytes_are_no_call(data: bytes):
    assert read_head(data, SHORT) is None


# The next head on the same connection


def test_the_same_head_with_another_length_is_known_again():
    data = post(HOST, ALICE, body=chat("x" * 1000))

    start, end = body_in(data, read_head(GOOD, SHORT))

    assert (chat("x" * 1000), len(data)) == (data[start:end], end)


def test_the_body_may_still_be_on_its_way():
    where = body_in(GOOD, read_head(GOOD, SHORT))

    assert where == body_in(GOOD[:-5], read_head(GOOD[:-5], SHORT))


@pytest.mark.parametrize(("length", "ours"), [(0, False), (1, True), (LARGEST_BODY, True), (LARGEST_BODY + 1, False)])
def test_only_bodies_of_some_size_are_taken(length, ours):
    data = re.sub(rb"Length: \d+", b"Length: %d" % length, GOOD)

    assert ours == (body_in(data, read_head(data, SHORT)) is not None)


@pytest.mark.parametrize(
    "other",
    [
        post(HOST, BOB),
        post(HOST),
        post(HOST, "Authorization: Bearer key-of-alice2"),
        post(HOST, "Authorization: Bearer key-of-alic"),
        post(HOST, ALICE, "X-A: b"),
        post(HOST, ALICE, path="/v1/embeddings"),
        post(HOST, ALICE).replace(b"\r\n\r\n", b"\r\n" + BOB.encode() + b"\r\n\r\n"),
        GOOD.replace(b"Content-Length: ", b"Content-Length: -"),
        GOOD.replace(b"Content-Length: ", b"Content-Length:  "),
        GOOD.replace(b"Content-Length: ", b"Content-Length: 1234567890"),
        re.sub(rb"Length: \d+", b"Length: ", GOOD),
        GOOD[: -len(BODY) - 2],
        GOOD[: -len(BODY) - 4],
        b"",
    ],
)
def test_a_head_that_differs_in_anything_else_is_not_known(other):
    assert body_in(other, read_head(GOOD, SHORT)) is None


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 3), st.binary(max_size=3))
def test_whatever_is_known_again_reads_as_if_seen_for_the_first_time(at: int, gone: int, more: bytes):
    data = GOOD[:at] + more + GOOD[at + gone :]
    known = read_head(GOOD, SHORT)

    where = body_in(data, known)

    assert where is None or (known, where) == (read_head(data, SHORT), body_in(data, read_head(data, SHORT)))
