"""A client that doesn't read holds its provider back, instead of filling our memory; and nobody else."""

import asyncio
import socket
import time
from collections import Counter
from pathlib import Path

import orjson

from tests.process.running import running, until
from tests.whole.provider import DONE, ROLE, SSE, STOP, Provider, Request, chunked, ok, piece

MANY = 1000
MOST_GROWTH = 300 * 1024  # bytes for each stalled stream
SMALL = 16384
PIECES = 4000
FILL = "x" * 1000

SERVER = """
server: {{port: 0, keepalive: 1h}}
state: {{directory: state}}
"""
CONFIG = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
  quick: {{dialect: openai, api_key: k, base_url: "{quick}"}}
defaults: {{timeouts: {{idle: 1m, first_content: 1m, total: 5m}}}}
routes: {{m: a/one, quick: quick/two}}
"""


class Fast(Provider):
    """Streams numbered pieces as fast as they are taken, over sockets that hold little themselves."""

    def __init__(self) -> None:
        super().__init__(self._pour)
        self.poured: Counter[int] = Counter()  # pieces, by the number that the client gave itself

    async def __aenter__(self):
        await super().__aenter__()
        self._server.sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        return self

    async def _pour(self, request: Request, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=SMALL)
        client = int(request.body["messages"][0]["content"])
        writer.write(SSE + chunked(ROLE))
        for number in range(PIECES):
            writer.write(chunked(piece({"content": f"{number} {FILL} "})))
            await writer.drain()
            self.poured[client] += 1
        writer.write(chunked(STOP) + chunked(DONE) + b"0\r\n\r\n")

    @staticmethod
    async def _notice(reader: asyncio.StreamReader, request: Request) -> None:
        """Hundreds that look five times in 5 ms would be all that this machine does."""

    async def is_held_back(self, streams: int) -> bool:
        """Whether that many have begun, and none of them gets rid of anything more."""
        before = self.poured.total()
        await asyncio.sleep(0.4)
        return len(self.poured) == streams and self.poured.total() == before


class Reader:
    """Asks for a stream and reads nothing of it until it is told to."""

    def __init__(self, port: int, number: int) -> None:
        self._port = port
        self._number = number
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self._socket.setblocking(False)

    async def asks(self) -> None:
        loop = asyncio.get_running_loop()
        messages = [{"role": "user", "content": str(self._number)}]
        body = orjson.dumps({"model": "m", "messages": messages, "stream": True})
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
        await loop.sock_sendall(self._socket, head + body)

    async def wakes_up(self) -> bytes:
        """All there is, to the end of the last chunk."""
        parts: list[bytes] = []
        while not parts or not parts[-1].endswith(b"\r\n0\r\n\r\n"):
            part = await asyncio.get_running_loop().sock_recv(self._socket, 262144)
            assert part, "cut off"
            parts.append(part)
        return b"".join(parts)

    def leaves(self) -> None:
        self._socket.close()


def numbers(raw: bytes) -> list[int]:
    """Those of the pieces, in the order in which they came."""
    body, rest = bytearray(), raw.partition(b"\r\n\r\n")[2]
    while rest and not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    assert body.endswith(STOP + DONE)
    lines = [line[6:] for line in bytes(body).split(b"\n\n") if line.startswith(b"data: {")]
    texts = [orjson.loads(line)["choices"][0]["delta"].get("content") for line in lines]
    return [int(text.split(" ")[0]) for text in texts if text]


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


async def test_hundreds_of_stalled_readers_cost_little_and_delay_nobody(tmp_path):
    async with Fast() as provider, Provider(ok()) as quick:
        config = SERVER.format() + CONFIG.format(url=provider.url, quick=quick.url)
        async with running(tmp_path / "run", config) as gateway:
            await asyncio.gather(*(gateway.chat("quick") for _ in range(50)))
            before = resident(gateway.pid)
            readers = [Reader(gateway.port, number) for number in range(MANY)]
            for reader in readers:
                await reader.asks()

            await until(lambda: provider.is_held_back(MANY), 40)
            grown = resident(gateway.pid) - before
            most = max(provider.poured.values())
            began = time.monotonic()
            answers = [await gateway.chat("quick") for _ in range(20)]
            took = (time.monotonic() - began) / 20
            late = await gateway.metric("switchyard_open_streams")
            for reader in readers:
                reader.leaves()
            left = await until(lambda: nothing_open(gateway), 10)

    assert grown / MANY <= MOST_GROWTH
    assert most < PIECES / 2
    assert MANY == late
    assert {200} == {answer.status for answer in answers}
    assert took < 0.25
    assert left


async def nothing_open(gateway) -> bool:
    return await gateway.metric("switchyard_open_streams") == 0


async def test_a_reader_that_wakes_up_gets_everything_in_order(start):
    async with Fast() as provider, start(CONFIG.format(url=provider.url, quick=provider.url)) as gateway:
        sleeper, other = Reader(gateway.port, 1), Reader(gateway.port, 2)
        for reader in (sleeper, other):
            await reader.asks()
        await until(lambda: provider.is_held_back(2), 20)
        held = provider.poured[2]

        got = await asyncio.wait_for(sleeper.wakes_up(), 20)
        still = provider.poured[2]
        for reader in (sleeper, other):
            reader.leaves()

    assert list(range(PIECES)) == numbers(got)
    assert 0 < held == still < PIECES / 2


async def test_one_that_reads_now_and_then_gets_everything_too(start):
    async with Fast() as provider, start(CONFIG.format(url=provider.url, quick=provider.url)) as gateway:
        reader = Reader(gateway.port, 1)
        loop = asyncio.get_running_loop()
        got = b""
        await reader.asks()
        for _ in range(20):
            await asyncio.sleep(0.02)
            got += await loop.sock_recv(reader._socket, 50_000)

        got += await asyncio.wait_for(reader.wakes_up(), 20)
        reader.leaves()

    assert list(range(PIECES)) == numbers(got)


async def test_others_do_not_wait_for_one_that_stalls(start):
    """Their streams come from the same provider and run beside it."""
    async with Fast() as provider, start(CONFIG.format(url=provider.url, quick=provider.url)) as gateway:
        sleeper = Reader(gateway.port, 1)
        await sleeper.asks()
        await until(lambda: provider.is_held_back(1), 20)
        held = provider.poured[1]

        others = [Reader(gateway.port, number) for number in range(2, 5)]
        for reader in others:
            await reader.asks()
        streams = await asyncio.wait_for(asyncio.gather(*(reader.wakes_up() for reader in others)), 30)
        still = provider.poured[1]
        for reader in (sleeper, *others):
            reader.leaves()

    assert [list(range(PIECES))] * 3 == [numbers(stream) for stream in streams]
    assert held == still


async def test_a_stalled_reader_is_not_the_providers_fault(start):
    """While it holds the provider back, nothing is late; the stream goes on when it reads again."""
    config = CONFIG.replace("idle: 1m", "idle: 300ms")
    async with Fast() as provider, start(config.format(url=provider.url, quick=provider.url)) as gateway:
        reader = Reader(gateway.port, 1)
        await reader.asks()
        await until(lambda: provider.is_held_back(1), 20)

        await asyncio.sleep(1.0)
        got = await asyncio.wait_for(reader.wakes_up(), 20)
        reader.leaves()
        broken = await gateway.metric('switchyard_broken_streams_total{target="a/one"}')

    assert list(range(PIECES)) == numbers(got)
    assert 0 == broken
