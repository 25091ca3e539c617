"""The protocol `graphql-transport-ws`, as clients speak and misspeak it."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import ROLE, SSE, chunked, hangs, piece, streams, words
from tests.whole.test_complete import ALICE, calls, served
from tests.whole.test_graphql import HI, STREAM


@asynccontextmanager
async def connected(gateway, headers=ALICE, *, greet=True, **options):
    url = f"ws://127.0.0.1:{gateway.port}/graphql"
    options = {"protocols": ["graphql-transport-ws"], **options}
    async with gateway.session.ws_connect(url, headers=headers, **options) as socket:
        if greet:
            await socket.send_json({"type": "connection_init"})
            assert {"type": "connection_ack"} == await socket.receive_json()
        yield socket


def subscribe(query=STREAM, id="1", variables=None):
    return {"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables or HI}}


async def test_completing_an_operation_stops_its_call(start, tmp_path):
    play = hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word"})))
    async with served(start, play) as gateway, connected(gateway) as socket:
        await socket.send_json(subscribe())
        first = await socket.receive_json(timeout=5)
        await socket.send_json({"id": "1", "type": "complete"})
        await asyncio.wait_for(gateway.provider.requests[0].gone.wait(), 5)
        await until(lambda: calls(tmp_path))
        await socket.send_json({"type": "ping"})
        pong = await socket.receive_json(timeout=5)

    assert "word" == first["payload"]["data"]["completionStream"]["content"]
    assert 499 == calls(tmp_path)[0]["status"]
    assert {"type": "pong"} == pong


async def test_a_socket_that_is_closed_stops_all_its_calls(start, tmp_path):
    async with served(start, hangs()) as gateway:
        async with connected(gateway) as socket:
            await socket.send_json(subscribe(id="1"))
            await socket.send_json(subscribe(id="2"))
            await until(lambda: len(gateway.provider.requests) == 2)
        await until(lambda: len(calls(tmp_path)) == 2)

    assert [499, 499] == [each["status"] for each in calls(tmp_path)]


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (['{"type": 5}'], 4400),
        (['{"type": "unheard-of"}'], 4400),
        ([b"\x00"], 4400),
        ([subscribe()], 4401),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
        ([{"type": "connection_init"}, subscribe(), subscribe()], 4409),
        ([{"type": "connection_init"}, subscribe(id="")], 4400),
        ([{"type": "connection_init"}, {"type": "subscribe", "payload": {}}], 4400),
        ([{"type": "connection_init"}, *[subscribe(id=str(each)) for each in range(51)]], 4429),
    ],
)
async def test_what_breaks_the_protocol_ends_the_connection(start, messages, code):
    async with served(start, hangs()) as gateway, connected(gateway, greet=False) as socket:
        for message in messages:
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_str(message if isinstance(message, str) else orjson.dumps(message).decode())
        while (last := await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass

    assert (aiohttp.WSMsgType.CLOSE, code) == (last.type, last.data)


async def test_an_operation_that_is_none_is_an_error_of_its_own(start):
    async with served(start) as gateway, connected(gateway) as socket:
        await socket.send_json({"id": "1", "type": "subscribe", "payload": 5})
        message = await socket.receive_json(timeout=5)

    assert ("error", "1") == (message["type"], message["id"])


async def test_another_protocol_is_not_spoken(start):
    async with served(start) as gateway, connected(gateway, greet=False, protocols=["graphql-ws"]) as socket:
        closed = await socket.receive(timeout=5)

    assert 4406 == closed.data


async def test_pages_of_other_sites_may_not_connect(start):
    async with served(start) as gateway:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with connected(gateway, {**ALICE, "origin": "http://elsewhere.example"}):
                pass
        async with connected(gateway, {**ALICE, "origin": gateway.url}):
            pass

    assert 403 == refused.value.status


async def test_a_process_that_ends_says_so_when_an_operation_is_over(start):
    async with served(start, streams(words("hel", "lo"), pace=0.1)) as gateway:
        async with connected(gateway) as idle, connected(gateway) as busy:
            await busy.send_json(subscribe())
            await busy.receive_json(timeout=5)
            gateway.house.stop_taking()
            closed = await idle.receive(timeout=5)
            rest = [await busy.receive(timeout=5) for _ in range(4)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with connected(gateway):
                pass

    assert 1001 == closed.data
    assert '"complete"' in rest[2].data
    assert 1001 == rest[3].data


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"connection": "upgrade"},
        {"connection": "upgrade", "sec-websocket-version": "13", "sec-websocket-key": "short"},
        {"connection": "upgrade", "sec-websocket-version": "5", "sec-websocket-key": "x3JJHMbDL1EzLkh9GBhXDw=="},
    ],
)
async def test_what_only_looks_like_the_beginning_of_a_socket_is_refused(start, lines):
    async with served(start) as gateway:
        answer = await gateway.get("/graphql", **{"upgrade": "websocket", **ALICE, **lines})

    assert (400, "invalid_handshake") == (answer.status, answer.body["error"]["code"])
