"""When a client's connection stays open, and when it is closed."""

import asyncio
import os

import orjson
import pytest

from tests.process.running import until
from tests.whole.conftest import gateway
from tests.whole.provider import Play, Provider, Request, ok, streams, words

CONFIG = """
server: {{shortcut: {short}, idle: 300ms, body_timeout: 10s, head_timeout: 10s}}
providers: {{a: {{dialect: openai, api_key: k, base_url: "{url}"}}}}
routes: {{m: a/one}}
keys: {{alice: {{key: key-of-alice}}}}
"""
BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
LINES = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Length: %d\r\n\r\n"


def asked(body: bytes = BODY, key: bytes = b"key-of-alice") -> bytes:
    return LINES % (key, len(body)) + body


CALL = asked()
PAGE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(params=["true", "false"], ids=["short way", "long way"])
def start(request, tmp_path):
    """A gateway in front of a provider."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    yield lambda provider: gateway(CONFIG.format(short=request.param, url=provider.url), tmp_path, nowhere)
    os.close(nowhere)


class Client:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    @classmethod
    async def of(cls, running) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", running.port))

    async def status(self) -> int:
        """Of the next answer, which is read to its end."""
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head.split(b" ")[1])

    async def answered(self) -> None:
        """Read the next answer, which may be a stream, to its end."""
        head = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)
        if b"chunked" in head:
            await asyncio.wait_for(self._reader.readuntil(b"\r\n0\r\n\r\n"), 10)
        else:
            await self._reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))

    async def closed(self) -> bool:
        """Wait for the other side to close it, without a further word."""
        return await asyncio.wait_for(self._reader.read(), 10) == b""


def slow(seconds: float) -> Play:
    async def play(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await ok()(request, writer)

    return play


async def test_a_call_may_take_longer_than_a_connection_may_idle(start):
    async with Provider(slow(0.8)) as provider, start(provider) as running:
        client = await Client.of(running)

        client.writer.write(CALL)
        statuses = [await client.status()]
        client.writer.write(CALL)
        statuses.append(await client.status())
        client.writer.close()

    assert [200, 200] == statuses


async def test_calls_on_one_connection_are_answered_and_logged_as_on_many(tmp_path):
    stream = BODY[:-1] + b',"stream":true}'
    calls = [CALL, asked(stream), asked(BODY[:-1] + b',"n":0}'), asked(key=b"nobody's"), asked(stream), CALL]
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    async def play(request: Request, writer: asyncio.StreamWriter) -> None:
        await (streams(words("a", "b")) if request.body.get("stream") else ok())(request, writer)

    async with (
        Provider(play) as provider,
        gateway(CONFIG.format(short="true", url=provider.url), tmp_path, log) as running,
    ):
        for together in (calls, *([call] for call in calls)):
            client = await Client.of(running)
            for call in together:
                client.writer.write(call)
                await client.answered()
            client.writer.close()
    os.close(log)

    lines = map(orjson.loads, (tmp_path / "log").read_bytes().splitlines())
    told = [(line["status"], line["bytes_out"]) for line in lines if line["message"] == "call"]
    assert told[:6] == told[6:]
    assert [200, 200, 400, 401, 200, 200] == [status for status, _ in told[:6]]


@pytest.mark.parametrize("first", [b"", CALL, PAGE], ids=["nothing", "a call", "a page"])
@pytest.mark.parametrize("seconds", [0.0, 0.5], ids=["quick", "slow"])
async def test_an_idle_connection_is_closed(start, first, seconds):
    """After a call that took longer than that, too."""
    async with Provider(slow(seconds)) as provider, start(provider) as running:
        client = await Client.of(running)
        client.writer.write(first)
        if first:
            await client.status()

        closed = await client.closed()
        client.writer.close()

    assert closed


async def test_a_connection_in_use_stays_open(start):
    async with Provider(ok()) as provider, start(provider) as running:
        client = await Client.of(running)
        statuses = []

        for data in (CALL, PAGE, CALL, CALL, PAGE, CALL):
            client.writer.write(data)
            statuses.append(await client.status())
            await asyncio.sleep(0.1)
        client.writer.close()

    assert [200] * 6 == statuses


async def test_a_refused_body_may_still_come_and_then_another_call(start):
    refused = LINES % (b"wrong", 100_000)
    async with Provider(ok()) as provider, start(provider) as running:
        client = await Client.of(running)
        client.writer.write(refused)
        statuses = [await client.status()]

        for _ in range(10):
            client.writer.write(b"x" * 10_000)
            await asyncio.sleep(0.01)
        client.writer.write(CALL)
        statuses.append(await client.status())
        client.writer.close()

    assert [401, 200] == statuses


async def test_a_refused_body_that_never_comes_is_not_waited_for_long(start):
    async with Provider(ok()) as provider, start(provider) as running:
        client = await Client.of(running)
        client.writer.write(LINES % (b"wrong", 100_000))
        status = await client.status()

        closed = await client.closed()
        client.writer.close()

    assert (401, True) == (status, closed)


async def test_a_flood_of_small_pieces_behind_a_call_is_dealt_with(start):
    """Calls wait in line behind one that is answered, whatever the pieces they come in."""
    gate = asyncio.Event()

    async def gated(request: Request, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await ok()(request, writer)

    async with Provider(gated) as provider, start(provider) as running:
        client = await Client.of(running)
        client.writer.write(CALL)
        await until(lambda: provider.requests, 5)

        for at in range(0, len(CALL) * 3, 7):
            client.writer.write((CALL * 3)[at : at + 7])
            await asyncio.sleep(0)
        gate.set()
        statuses = [await client.status() for _ in range(4)]
        client.writer.close()

    assert [200] * 4 == statuses


async def test_who_is_let_go_gets_the_answer_that_is_owed(start):
    gate = asyncio.Event()

    async def gated(request: Request, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await ok()(request, writer)

    async with Provider(gated) as provider, start(provider) as running:
        idle, busy, sending = [await Client.of(running) for _ in range(3)]
        busy.writer.write(CALL)
        sending.writer.write(CALL[:-10])
        await until(lambda: running.house.busy == 2, 5)

        running.listener.let_go()
        went = await idle.closed()
        gate.set()
        sending.writer.write(CALL[-10:])
        statuses = [await busy.status(), await sending.status()]
        gone = [await busy.closed(), await sending.closed()]
        for client in (idle, busy, sending):
            client.writer.close()

    assert (True, [200, 200], [True, True]) == (went, statuses, gone)
