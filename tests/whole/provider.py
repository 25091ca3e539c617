"""A real HTTP server on loopback that plays a provider: every connection gets its answers from a script of bytes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

Play = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    """What the gateway sent."""

    path: str
    headers: dict[str, str]
    raw: bytes
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def body(self) -> dict[str, Any]:
        return orjson.loads(self.raw)


class Provider:
    """*plays* are used up one for each request; the last one stays."""

    def __init__(self, *plays: Play) -> None:
        self.plays = list(plays)
        self.requests: list[Request] = []
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=64 << 20)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
                watch = asyncio.ensure_future(self._notice(reader, request))
                try:
                    await play(request, writer)
                    await writer.drain()
                finally:
                    watch.cancel()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    @staticmethod
    async def _notice(reader: asyncio.StreamReader, request: Request) -> None:
        """Notice that the gateway hung up, without taking a byte of its next request."""
        while not reader.at_eof():
            await asyncio.sleep(0.005)
        request.gone.set()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Request | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines if each)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Request(line.split(" ")[1], headers, body)


def answer(status: int, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    if "content-type" not in (headers or {}):
        lines += "content-type: application/json\r\n"
    return f"HTTP/1.1 {status} Whatever\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


def sends(data: bytes, *, close: bool = False) -> Play:
    """Just these bytes."""

    async def play(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        if close:
            await writer.drain()
            writer.close()

    return play


def says(status: int, body: object, headers: dict[str, str] | None = None) -> Play:
    return sends(answer(status, body if isinstance(body, bytes) else orjson.dumps(body), headers))


def completion(text: str = "hello", **more: object) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "real-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 12, "total_tokens": 21},
        **more,
    }


def ok(text: str = "hello", choices: int = 1) -> Play:
    answer = completion(text)
    (choice,) = answer["choices"]
    return says(200, {**answer, "choices": [{**choice, "index": index} for index in range(choices)]})


def fails(status: int, message: str = "no", headers: dict[str, str] | None = None, **error: object) -> Play:
    return says(status, {"error": {"message": message, "type": "x", "code": None, "param": None, **error}}, headers)


SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def piece(delta: dict[str, Any], finish: str | None = None) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "real-model",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + orjson.dumps(body) + b"\n\n"


def usage_event(prompt: int = 9, output: int = 3) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "real-model",
        "choices": [],
        "usage": {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output},
    }
    return b"data: " + orjson.dumps(body) + b"\n\n"


ROLE = piece({"role": "assistant", "content": ""})
STOP = piece({}, "stop")
DONE = b"data: [DONE]\n\n"


def words(*texts: str) -> list[bytes]:
    """A whole stream, event by event."""
    return [ROLE, *(piece({"content": text}) for text in texts), STOP, usage_event(9, len(texts)), DONE]


def streams(events: list[bytes], *, pace: float = 0.0, first: float = 0.0, whole: bool = True) -> Play:
    """*whole* False: the connection is cut after the last event."""

    async def play(_request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(first)
        writer.write(SSE)
        for event in events:
            writer.write(chunked(event))
            if pace:
                await writer.drain()
                await asyncio.sleep(pace)
        if whole:
            writer.write(b"0\r\n\r\n")
        else:
            await writer.drain()
            writer.close()

    return play


def hangs(data: bytes = b"") -> Play:
    """Sends *data* and nothing more, for ever."""

    async def play(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await asyncio.Event().wait()

    return play
