"""A client that doesn't take the pieces of a plain answer holds its provider back, whichever way they come."""

import asyncio
import socket
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.whole.test_complete import ALICE, CONFIG
from tests.whole.test_graphql import STREAM
from tests.whole.test_graphql_socket import subscribe
from tests.whole.test_slow_readers import PIECES, SMALL, Fast

ASKED = {"prompt": "0", "model": "m"}
GRAPHQL = {"query": STREAM, "variables": {"input": ASKED}}
EVENTS = {"accept": "text/event-stream"}
MOST = PIECES // 2  # pieces that may have come before somebody held them back


def small(address):
    made = socket.socket(address[0], address[1])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    return made


@asynccontextmanager
async def plain(session, url):
    async with session.post(f"{url}/api/v1/complete/stream", json=ASKED, headers=ALICE) as response:

        async def rest():
            return b"event: done" in await response.read()

        yield rest


@asynccontextmanager
async def events(session, url):
    async with session.post(f"{url}/graphql", json=GRAPHQL, headers={**ALICE, **EVENTS}) as response:

        async def rest():
            return b"event: complete" in await response.read()

        yield rest


@asynccontextmanager
async def web_socket(session, url):
    async with session.ws_connect(f"{url}/graphql", protocols=["graphql-transport-ws"], headers=ALICE) as connection:
        await connection.send_json({"type": "connection_init"})
        await connection.receive_json()
        await connection.send_json(subscribe(variables={"input": ASKED}))

        async def rest():
            while (await connection.receive_json())["type"] == "next":
                pass
            return True

        yield rest


@pytest.mark.parametrize("way", [plain, events, web_socket])
async def test_a_client_that_does_not_read_holds_its_provider_back(start, way):
    connector = aiohttp.TCPConnector(socket_factory=small)
    async with (
        Fast() as provider,
        start(CONFIG.format(url=provider.url, more="defaults: {timeouts: {idle: 1m, total: 5m}}")) as gateway,
        aiohttp.ClientSession(connector=connector, read_bufsize=SMALL) as session,
        way(session, gateway.url) as rest,
    ):
        async with asyncio.timeout(15):
            while not await provider.is_held_back(1):
                pass
        held = provider.poured.total()
        async with asyncio.timeout(60):
            whole = await rest()

    assert held < MOST
    assert whole
    assert PIECES == provider.poured.total()
