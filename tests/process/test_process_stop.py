"""How it ends: at once when idle, after its answers when not, and never with an answer that only looks complete."""

import asyncio
import os
import signal
import time

import pytest

from tests.process.running import holds, until
from tests.whole.provider import Provider, ok, says

STOP = [signal.SIGTERM, signal.SIGINT]
LARGE = 8_000_000


async def ready(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """What a connection that is open already answers; nothing if it has been closed."""
    try:
        writer.write(b"GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n")
        return await asyncio.wait_for(reader.read(1000), 10)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", STOP)
async def test_an_idle_gateway_ends_at_once_and_well(start, written, number, workers):
    async with start(written(workers=workers)) as gateway:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)  # nothing is asked on it

        began = time.monotonic()
        gateway.send(number)
        code = await gateway.ended()
        took = time.monotonic() - began
        writer.close()

    assert 0 == code
    assert took < 5
    assert "Traceback" not in gateway.err


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", STOP)
async def test_a_stream_under_way_is_finished_while_nobody_else_is_let_in(start, written, number, workers):
    gate = asyncio.Event()
    async with Provider(holds(gate)) as provider, start(written(url=provider.url, workers=workers)) as gateway:
        stream = await gateway.stream()

        gateway.send(number)
        await until(gateway.refuses)
        still = gateway.process.poll()
        gate.set()
        answer = await stream.rest()
        code = await gateway.ended()

    assert still is None
    assert ("one two", "[DONE]", False) == (answer.text, answer.events[-1], stream.cut)
    assert 0 == code


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_stream_that_takes_too_long_ends_with_an_error(start, written, workers):
    async with (
        Provider(holds(asyncio.Event())) as provider,
        start(written(url=provider.url, workers=workers, drain="500ms")) as gateway,
    ):
        stream = await gateway.stream()

        gateway.send(signal.SIGTERM)
        answer = await stream.rest()
        code = await gateway.ended()

    assert "shutting_down" == answer.events[-1]["error"]["code"]
    assert "[DONE]" not in answer.events
    assert not stream.cut
    assert 0 == code


async def test_a_whole_answer_that_takes_too_long_is_refused_and_may_be_asked_again(start, written):
    gate = asyncio.Event()
    async with (
        Provider(holds(gate)) as provider,
        start(written(url=provider.url, drain="300ms")) as gateway,
    ):
        asked = asyncio.ensure_future(gateway.chat())
        await until(lambda: provider.requests)

        gateway.send(signal.SIGTERM)
        answer = await asked
        code = await gateway.ended()

    assert (503, "shutting_down", "1") == (
        answer.status,
        answer.body["error"]["code"],
        answer.headers["retry-after"],
    )
    assert 0 == code


async def test_who_kept_a_connection_is_told_or_let_go(start, written):
    gate = asyncio.Event()
    async with Provider(holds(gate)) as provider, start(written(url=provider.url)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        before = await ready(reader, writer)
        stream = await gateway.stream()

        gateway.send(signal.SIGTERM)
        await until(gateway.refuses)
        after = await ready(reader, writer)
        writer.close()
        gate.set()
        await stream.rest()

    assert before.startswith(b"HTTP/1.1 200 ")
    assert after == b"" or after.startswith(b"HTTP/1.1 503 ")


async def test_the_last_bytes_reach_a_slow_reader(start, written):
    said = "x" * LARGE
    body = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    async with Provider(ok(said)) as provider, start(written(url=provider.url)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=65536)
        writer.write(head + body)
        got = await reader.readexactly(1000)

        gateway.send(signal.SIGTERM)
        await until(gateway.refuses)
        await asyncio.sleep(0.5)  # time enough for a gateway that does not wait to be gone
        while part := await reader.read(1 << 20):
            got += part
        writer.close()
        code = await gateway.ended()

    head, _, rest = got.partition(b"\r\n\r\n")
    assert f"content-length: {len(rest)}".encode() in head
    assert len(rest) > LARGE
    assert 0 == code


async def test_a_reader_that_has_stalled_is_not_waited_for_longer_than_others(start, written):
    body = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    async with Provider(ok("x" * LARGE)) as provider, start(written(url=provider.url, drain="500ms")) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port, limit=65536)
        writer.write(head + body)
        await reader.readexactly(1000)

        gateway.send(signal.SIGTERM)
        code = await gateway.ended(10)
        writer.close()

    assert 0 == code


async def test_the_last_calls_are_logged(start, written):
    async with Provider(says(200, {"id": "x"})) as provider, start(written(url=provider.url)) as gateway:
        await gateway.chat("demo")

        gateway.send(signal.SIGTERM)
        await gateway.ended()

    assert ["demo"] == [line["route"] for line in gateway.log if "route" in line]


@pytest.mark.parametrize("workers", [1, 2])
async def test_whoever_says_it_again_wants_no_more_waiting(start, written, workers):
    async with (
        Provider(holds(asyncio.Event())) as provider,
        start(written(url=provider.url, workers=workers)) as gateway,
    ):
        stream = await gateway.stream()
        gateway.send(signal.SIGINT)
        await until(gateway.refuses)
        await asyncio.sleep(0.6)  # a person's second thought

        began = time.monotonic()
        gateway.send(signal.SIGINT)
        answer = await stream.rest()
        code = await gateway.ended()
        took = time.monotonic() - began

    assert ("shutting_down", False) == (answer.events[-1]["error"]["code"], stream.cut)
    assert (0, True) == (code, took < 10)


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_is_said_twice_at_once_is_said_once(start, written, workers):
    """A terminal tells all of a group, a shell what it has started, and a supervisor its workers."""
    gate = asyncio.Event()
    async with Provider(holds(gate)) as provider, start(written(url=provider.url, workers=workers)) as gateway:
        stream = await gateway.stream()

        os.killpg(gateway.pid, signal.SIGINT)
        await asyncio.sleep(0.05)
        os.killpg(gateway.pid, signal.SIGTERM)
        await until(gateway.refuses)
        await asyncio.sleep(0.2)
        gate.set()
        answer = await stream.rest()

    assert ("one two", "[DONE]") == (answer.text, answer.events[-1])
