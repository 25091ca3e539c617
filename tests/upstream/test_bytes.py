"""Every response, good and bad, whole, byte by byte, and cut at every position."""

import asyncio

import pytest

from core.faults import Failure, Fault

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def cuts(data: bytes) -> list[tuple[bytes, ...]]:
    """Whole, byte by byte, and in two at every position."""
    single = tuple(data[i : i + 1] for i in range(len(data)))
    return [(data,), single, *((data[:i], data[i:]) for i in range(1, len(data)))]


def player(versions):
    """A play that answers each request with the next version, on as many connections as that takes."""
    left = iter(versions)

    def make(turns, *, close: bool):
        async def play(peer, reader, writer):
            while True:
                await peer.asked(reader)
                for piece in next(left):
                    writer.write(piece)
                    await turns()
                if close:
                    return

        return play

    return make


GOOD = {
    "a length": (OK + b"Content-Length: 5\r\n\r\nhello", 200, {"content-length": "5"}, b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, {}, b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, {"content-length": "9"}, b""),
    "a length of zero": (b"HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n", 500, {"content-length": "0"}, b""),
    "chunks": (
        CHUNKED + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        200,
        {"transfer-encoding": "chunked"},
        b"hello world",
    ),
    "extensions and trailers": (
        CHUNKED + b"5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
        200,
        {"transfer-encoding": "chunked"},
        b"hello",
    ),
    "identity": (
        OK + b"Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
        200,
        {"content-encoding": "identity", "content-length": "1"},
        b"x",
    ),
    "continue and hints before": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        + OK
        + b"Content-Length: 2\r\n\r\nhi",
        200,
        {"content-length": "2"},
        b"hi",
    ),
    "headers twice, in any case, in Latin-1": (
        OK + b"A: 1\r\na: 2\r\nB: \xe9\r\nC:\r\nContent-Length: 0\r\n\r\n",
        200,
        {"a": "1, 2", "b": "é", "c": "", "content-length": "0"},
        b"",
    ),
}


@pytest.mark.parametrize(("data", "status", "headers", "body"), GOOD.values(), ids=GOOD)
async def test_a_response_reads_the_same_however_it_is_cut(start, origin_of, ask, turns, data, status, headers, body):
    versions = cuts(data)
    peer = await start(player(versions)(turns, close=False))
    origin = origin_of(peer.url)

    answers = []
    for _ in versions:
        _, ear = ask(origin)
        answers.append((await ear.outcome(), ear.status, ear.headers, ear.body))

    assert [("end", status, headers, body)] * len(versions) == answers
    assert peer.connections == 1


TO_THE_END = {
    "no length": (OK + b"\r\nhello", b"hello"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
    "nothing at all": (OK + b"\r\n", b""),
    "HTTP/1.0 with a length": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    "Connection: close": (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    "Connection: close, and more": (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhelloHTTP", b"hello"),
}


@pytest.mark.parametrize(("data", "body"), TO_THE_END.values(), ids=TO_THE_END)
async def test_a_connection_that_ends_with_its_response_serves_once(start, origin_of, ask, turns, data, body):
    versions = cuts(data)
    peer = await start(player(versions)(turns, close=True))
    origin = origin_of(peer.url)

    answers = []
    for _ in versions:
        _, ear = ask(origin)
        answers.append((await ear.outcome(), ear.status, ear.body, origin.idle_count))

    assert [("end", 200, body, 0)] * len(versions) == answers
    assert len(versions) == peer.connections


SURPLUS = {
    "garbage": OK + b"Content-Length: 5\r\n\r\nhelloXYZ",
    "a second answer": (OK + b"Content-Length: 5\r\n\r\nhello") * 2,
    "the beginning of one": OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nCont",
    "a body where none may be": b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    "garbage after chunks": CHUNKED + b"5\r\nhello\r\n0\r\n\r\nXYZ",
}


@pytest.mark.parametrize("data", SURPLUS.values(), ids=SURPLUS)
async def test_bytes_after_the_end_spoil_the_connection_but_not_the_answer(start, origin_of, ask, turns, until, data):
    versions = cuts(data)
    peer = await start(player(versions)(turns, close=False))
    origin = origin_of(peer.url)

    answers = []
    for _ in versions:
        _, ear = ask(origin)
        outcome = await ear.outcome()
        await until(lambda: origin.idle_count == origin.busy_count == peer.open == 0)
        answers.append((outcome, ear.body))

    body = b"" if b"204" in data else b"hello"
    assert [("end", body)] * len(versions) == answers
    assert len(versions) == peer.connections


NOT_VALID = "not a valid HTTP response: "
BAD = {
    "both framings": (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", NOT_VALID, None, b""),
    "both framings, swapped": (CHUNKED[:-2] + b"Content-Length: 5\r\n\r\n", NOT_VALID, None, b""),
    "two lengths": (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", NOT_VALID, None, b""),
    "a list of lengths": (OK + b"Content-Length: 5, 5\r\n\r\n", NOT_VALID, None, b""),
    "a negative length": (OK + b"Content-Length: -1\r\n\r\n", NOT_VALID, None, b""),
    "an endless length": (OK + b"Content-Length: 99999999999999999999\r\n\r\n", NOT_VALID, None, b""),
    "lines without CR": (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", NOT_VALID, None, b""),
    "a folded header": (OK + b"A: b\r\n c\r\n\r\n", NOT_VALID, None, b""),
    "a space before the colon": (OK + b"A : b\r\n\r\n", NOT_VALID, None, b""),
    "a NUL in a header": (OK + b"A: b\x00\r\n\r\n", NOT_VALID, None, b""),
    "HTML": (b"<html>", NOT_VALID, None, b""),
    "HTTP/2": (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", NOT_VALID, None, b""),
    "a request": (b"GET / HTTP/1.1\r\n\r\n", NOT_VALID, None, b""),
    "a status of four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", NOT_VALID, None, b""),
    "a status below 100": (b"HTTP/1.1 099 No\r\n\r\n", "not an HTTP response: unexpected status", None, b""),
    "a change of protocol": (
        b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "not an HTTP response: unexpected status",
        None,
        b"",
    ),
    "a bad chunk size": (CHUNKED + b"2\r\nhi\r\nzz\r\n", NOT_VALID, 200, b"hi"),
    "a huge chunk size": (CHUNKED + b"2\r\nhi\r\nFFFFFFFFFFFFFFFFF\r\n", NOT_VALID, 200, b"hi"),
    "no end of a chunk": (CHUNKED + b"2\r\nhiXX", NOT_VALID, 200, b"hi"),
    "gzip": (
        OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
        "answered with a compressed body, which was not asked for",
        200,
        b"",
    ),
    "gzip in the framing": (
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        "answered with a transfer encoding that was not asked for",
        200,
        b"",
    ),
}


@pytest.mark.parametrize(("data", "message", "status", "body"), BAD.values(), ids=BAD)
async def test_a_malformed_response_fails_the_same_however_it_is_cut(
    start, origin_of, ask, turns, until, data, message, status, body
):
    versions = cuts(data)
    peer = await start(player(versions)(turns, close=False))
    origin = origin_of(peer.url)

    failures, bodies = [], []
    for _ in versions:
        _, ear = ask(origin)
        failures.append(await ear.outcome())
        bodies.append(ear.body)
        await until(lambda: peer.open == 0)  # it is the client that closes

    assert {failures[0]} == set(failures)
    assert (Fault.BROKEN, status) == (failures[0].fault, failures[0].status)
    assert failures[0].message.startswith(message)
    assert {body} == set(bodies)


SHORT = {
    "nothing": (b"", "closed the connection without an answer", None, b""),
    "half a status line": (b"HTTP/1.1 2", "closed the connection without an answer", None, b""),
    "half a head": (OK + b"Content-Length: 5\r\n", "closed the connection without an answer", None, b""),
    "nothing after a continue": (b"HTTP/1.1 100 Go\r\n\r\n", "closed the connection without an answer", None, b""),
    "half a length": (
        OK + b"Content-Length: 5\r\n\r\nhel",
        "closed the connection before the answer was complete",
        200,
        b"hel",
    ),
    "half a chunk": (CHUNKED + b"5\r\nhel", "closed the connection before the answer was complete", 200, b"hel"),
    "no last chunk": (
        CHUNKED + b"5\r\nhello\r\n",
        "closed the connection before the answer was complete",
        200,
        b"hello",
    ),
    "half a trailer": (
        CHUNKED + b"5\r\nhello\r\n0\r\n",
        "closed the connection before the answer was complete",
        200,
        b"hello",
    ),
}


@pytest.mark.parametrize(("data", "message", "status", "body"), SHORT.values(), ids=SHORT)
async def test_an_end_too_early_is_a_failure(start, origin_of, ask, says_once, data, message, status, body):
    peer = await start(says_once(data))

    _, ear = ask(origin_of(peer.url))

    assert Failure(Fault.BROKEN, message, status=status) == await ear.outcome()
    assert body == ear.body


LARGE = "answered with a head that is too large"
TOO_MUCH = {
    "a long header": (OK + b"A: " + b"x" * 70_000, LARGE),
    "a long header that ends": (OK + b"A: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n", LARGE),
    "a long reason": (b"HTTP/1.1 200 " + b"x" * 70_000, LARGE),
    "many headers": (OK + b"A: b\r\n" * 257 + b"\r\n", LARGE),
    "endless hints": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3_000, LARGE),
    "an endless chunk extension": (CHUNKED + b"5;" + b"x" * 70_000, "sent too many bytes without content"),
    "an endless trailer": (CHUNKED + b"0\r\nA: " + b"x" * 70_000, "sent too many bytes without content"),
}


@pytest.mark.parametrize("piece", [1_000, 1_000_000])
@pytest.mark.parametrize(("data", "message"), TOO_MUCH.values(), ids=TOO_MUCH)
async def test_what_is_not_content_has_a_bound(start, origin_of, ask, says, until, data, message, piece):
    # The head is read by itself, so that what comes after it has no content in its own read.
    head, body = data[: len(CHUNKED)], data[len(CHUNKED) :]
    peer = await start(says(head, *(body[i : i + piece] for i in range(0, len(body), piece))))

    _, ear = ask(origin_of(peer.url))

    assert message == (await ear.outcome()).message
    await until(lambda: peer.open == 0)


async def test_a_large_body_beside_the_head_is_no_large_head(start, origin_of, ask, says):
    body = b"x" * 200_000
    peer = await start(says(OK + b"Content-Length: 200000\r\n\r\n" + body))

    _, ear = ask(origin_of(peer.url))

    assert "end" == await ear.outcome()
    assert body == ear.body


async def test_all_of_one_read_is_one_piece(start, origin_of, ask, says):
    peer = await start(says(CHUNKED + b"1\r\na\r\n1\r\nb\r\n", b"1\r\nc\r\n", b"1\r\nd\r\n0\r\n\r\n"))

    _, ear = ask(origin_of(peer.url))

    assert "end" == await ear.outcome()
    assert [b"ab", b"c", b"d"] == ear.pieces


async def test_the_request_goes_out_as_it_was_given(start, origin_of, ask, says):
    peer = await start(says(OK + b"Content-Length: 0\r\n\r\n"))
    origin = origin_of(peer.url)

    _, ear = ask(origin, b'{"a":1}')
    await ear.outcome()

    host = origin.host_header.encode()
    expected = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: " + host + b"\r\ncontent-type: application/json\r\n"
        b'content-length: 7\r\n\r\n{"a":1}'
    )
    assert [expected] == peer.requests


async def test_a_refusal_before_the_whole_body_was_read_arrives(start, origin_of, ask):
    async def refuse(peer, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")

    peer = await start(refuse)
    origin = origin_of(peer.url)

    _, ear = ask(origin, b"x" * 30_000_000)

    assert ("end", 413, b"big") == (await ear.outcome(), ear.status, ear.body)
    assert origin.idle_count == origin.busy_count == 0


async def test_a_refusal_without_a_length_arrives_too(start, origin_of, ask):
    async def refuse(peer, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\nbig")

    peer = await start(refuse)

    _, ear = ask(origin_of(peer.url), b"x" * 30_000_000)

    assert ("end", 413, b"big") == (await ear.outcome(), ear.status, ear.body)


async def test_a_peer_that_answers_early_but_stays_open_is_not_reused(start, origin_of, ask, until):
    async def refuse(peer, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
        await asyncio.sleep(5)

    peer = await start(refuse)
    origin = origin_of(peer.url)

    _, ear = ask(origin, b"x" * 30_000_000)

    assert ("end", b"big") == (await ear.outcome(), ear.body)
    assert origin.idle_count == origin.busy_count == 0
