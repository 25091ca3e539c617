"""The least that a gateway in Python can be: python -m bench.relay PORT UPSTREAM

It knows one key and one model, and forwards. Nothing that comes back is looked at, counted, priced or written down, and
nothing ever fails over: what it costs is what the interpreter, the loop, the parsers and JSON cost on this machine.
"""

import asyncio
import sys
from typing import Any, cast

import httptools
import orjson
import uvloop

from bench.targets import HEADERS, PATH

AUTHORIZATION = HEADERS["Authorization"].encode()
MODELS = {"bench": "mock-model"}
HEAD = b"POST %b HTTP/1.1\r\nhost: provider\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"


class Provider(asyncio.Protocol):
    """A connection to the provider; *client* is who waits for its answer."""

    def __init__(self, idle: list["Provider"], client: "Client") -> None:
        self.idle = idle
        self.client = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.ask(self.client)

    def ask(self, client: "Client") -> None:
        self.client = client
        self.whole = False
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(client.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)
        self.client.transport.write(data)
        if self.whole:
            self.idle.append(self)

    def on_message_complete(self) -> None:
        self.whole = True

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self in self.idle:
            self.idle.remove(self)
        elif not self.whole:
            self.client.transport.abort()


class Client(asyncio.Protocol):
    """A client's connection, with one call at a time."""

    def __init__(self, port: int, idle: list[Provider], dialling: set[asyncio.Task[Any]]) -> None:
        self.port = port
        self.idle = idle
        self.dialling = dialling
        self.parts: list[bytes] = []
        self.on_body = self.parts.append
        self.request = b""
        self.known = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self.known = value == AUTHORIZATION

    def on_message_complete(self) -> None:
        if not self.known:
            self.transport.write(REFUSED)
            return
        call = orjson.loads(b"".join(self.parts))
        self.parts.clear()
        call["model"] = MODELS[call["model"]]
        body = orjson.dumps(call)
        self.request = HEAD % (PATH.encode(), len(body), body)
        if self.idle:
            self.idle.pop().ask(self)
        else:
            loop = asyncio.get_running_loop()
            dial = loop.create_connection(lambda: Provider(self.idle, self), "127.0.0.1", self.port)
            task = loop.create_task(dial)
            self.dialling.add(task)
            task.add_done_callback(self.dialling.discard)


async def serve(port: int, upstream: int) -> None:
    idle: list[Provider] = []
    dialling: set[asyncio.Task[Any]] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(upstream, idle, dialling), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(*map(int, sys.argv[1:3])))
