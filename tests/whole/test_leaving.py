"""A client that leaves stops everything that it has set going, at once, and nobody is blamed for it."""

import asyncio
import time
from pathlib import Path

import orjson
import pytest

from tests.process.running import until
from tests.whole.conftest import Gateway
from tests.whole.provider import ROLE, SSE, Provider, chunked, fails, hangs, ok, piece

CONFIG = """
server: {{shortcut: {short}, keepalive: 100ms}}
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
defaults:
  breaker: {{failures: 1, cooldown: 60s}}
routes:
  m: a/one
"""
WORD = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word"})))
SOON = 1.0


@pytest.fixture(params=["true", "false"], ids=["short way", "long way"])
def short(request):
    return request.param


class Client:
    """Asks, and may leave at any time."""

    def __init__(self, gateway: Gateway) -> None:
        self._port = gateway.port
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def asks(self, *, stream: bool, of_the_body: float = 1.0) -> None:
        body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream})
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(head + body[: int(len(body) * of_the_body)])

    async def hears(self, what: bytes) -> None:
        await asyncio.wait_for(self._reader.readuntil(what), 5)

    def leaves(self) -> None:
        self._writer.close()

    def resets(self) -> None:
        self._writer.transport.abort()


def logged(tmp_path: Path) -> list[dict[str, object]]:
    return [
        each for each in map(orjson.loads, (tmp_path / "log").read_bytes().splitlines()) if each["message"] == "call"
    ]


async def nothing_is_left(gateway: Gateway) -> bool:
    gauges = (
        'switchyard_in_flight{route="m"}',
        'switchyard_target_in_flight{target="a/one"}',
        "switchyard_open_streams",
    )
    return [0, 0, 0] == [await gateway.metric(line) for line in gauges]


async def blames_nobody(gateway: Gateway, tmp_path: Path) -> None:
    """One call, of which only the log and one counter know; the next one is served by the same target."""
    await until(lambda: nothing_is_left(gateway), 5)
    (line,) = await until(lambda: logged(tmp_path), 5)
    assert (499, True) == (line["status"], line["client_gone"])
    assert 1 == await gateway.metric("switchyard_client_gone_total")
    assert 0 == await gateway.metric('switchyard_breaker_state{target="a/one"}')
    assert 0 == await gateway.metric('switchyard_breaker_transitions_total{target="a/one",to="open"}')
    answer = await gateway.chat()
    assert (200, "1") == (answer.status, answer.headers["x-switchyard-attempts"])


@pytest.mark.parametrize(
    ("play", "stream", "heard"),
    [
        (hangs(), False, b""),
        (hangs(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), False, b""),
        (hangs(), True, b""),
        (hangs(SSE + chunked(ROLE)), True, b""),
        (hangs(), True, b": keepalive\n\n"),
        (WORD, True, b"word"),
    ],
    ids=["no answer", "half an answer", "no stream", "no content", "a comment", "a word"],
)
async def test_the_providers_connection_is_closed_at_once(start, tmp_path, short, play, stream, heard):
    async with (
        Provider(play, ok()) as provider,
        start(CONFIG.format(short=short, url=provider.url)) as gateway,
    ):
        client = Client(gateway)
        await client.asks(stream=stream)
        await until(lambda: provider.requests, 5)
        if heard:
            await client.hears(heard)
        under_way = await gateway.metric('switchyard_in_flight{route="m"}')

        client.leaves()
        began = time.monotonic()
        await asyncio.wait_for(provider.requests[0].gone.wait(), 5)
        took = time.monotonic() - began

        assert 1 == under_way
        assert took < SOON
        await blames_nobody(gateway, tmp_path)
    assert 2 == len(provider.requests)


async def test_a_client_that_is_cut_off_is_one_that_leaves(start, tmp_path, short):
    async with Provider(WORD, ok()) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        client = Client(gateway)
        await client.asks(stream=True)
        await client.hears(b"word")

        client.resets()
        await asyncio.wait_for(provider.requests[0].gone.wait(), SOON)

        await blames_nobody(gateway, tmp_path)


@pytest.mark.parametrize("stream", [False, True])
async def test_nobody_is_asked_again_for_a_client_that_left_during_a_wait(start, tmp_path, short, stream):
    busy = fails(429, "slow down", {"retry-after-ms": "600"})
    async with Provider(busy, ok()) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        client = Client(gateway)
        await client.asks(stream=stream)
        await until(lambda: provider.requests, 5)
        await asyncio.sleep(0.1)

        client.leaves()
        await until(lambda: logged(tmp_path), SOON)
        await asyncio.sleep(0.8)  # by now it would have been tried again
        asked = len(provider.requests)

        assert 1 == asked
        await blames_nobody(gateway, tmp_path)


async def test_half_a_body_leads_nowhere(start, tmp_path, short):
    async with Provider(ok()) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        client = Client(gateway)
        await client.asks(stream=False, of_the_body=0.5)
        await until(lambda: gateway.house.busy, 5)

        client.leaves()
        await until(lambda: not gateway.house.busy, SOON)
        asked = len(provider.requests)

        assert 0 == asked
        await blames_nobody(gateway, tmp_path)


async def test_one_who_leaves_takes_nobody_along(start, short):
    async with Provider(WORD) as provider, start(CONFIG.format(short=short, url=provider.url)) as gateway:
        clients = [Client(gateway) for _ in range(10)]
        for client in clients:
            await client.asks(stream=True)
            await client.hears(b"word")

        for client in clients[::2]:
            client.leaves()
        await until(lambda: len([each for each in provider.requests if each.gone.is_set()]) == 5, 5)
        await asyncio.sleep(0.1)
        gone = [each.gone.is_set() for each in provider.requests]
        for client in clients[1::2]:
            client.leaves()

    assert [True, False] * 5 == gone
