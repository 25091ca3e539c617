"""Operations of GraphQL over one WebSocket, by the protocol `graphql-transport-ws`.

Each operation is a task of its own; what a slow client doesn't take holds its operations back.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web

from core.errors import Refusal
from gateway.graph.answers import Answer, Answers, operation_of
from gateway.graph.calls import Asker

PROTOCOL: Final = "graphql-transport-ws"
PATIENCE: Final = 5.0  # seconds in which a client has to say who it is
MOST: Final = 50  # operations at a time
LONGEST_ID: Final = 200

# Why a connection is closed, as the protocol has it.
GOING_AWAY, BROKEN, BAD, UNAUTHORIZED, FORBIDDEN, NO_PROTOCOL = 1001, 1011, 4400, 4401, 4403, 4406
LATE, TAKEN, AGAIN, BUSY = 4408, 4409, 4429, 4429


class Ended(Exception):  # noqa: N818  (that is what happened to the connection)
    """The connection is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """One connection. *admit* makes an Asker of an `Authorization` header, or raises Refusal."""

    def __init__(self, answers: Answers, admit: Callable[[str | None], Awaitable[Asker]]) -> None:
        self._answers = answers
        self._admit = admit
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._asker: Asker | None = None
        self._connection: web.WebSocketResponse
        self._authorization: str | None = None
        self._closing: asyncio.Task[object] | None = None
        self._last = False  # nothing more is begun

    async def serve(self, connection: web.WebSocketResponse, authorization: str | None) -> None:
        """Until one side leaves. *authorization* came with the request; the first message may say another."""
        self._connection = connection
        self._authorization = authorization
        if connection.ws_protocol != PROTOCOL:
            await connection.close(code=NO_PROTOCOL, message=b"Subprotocol not acceptable")
            return
        try:
            while (message := await self._next()) is not None:
                await self._hear(message)
        except Ended as ended:
            await connection.close(code=ended.code, message=ended.reason.encode()[:120])
        finally:
            for task in self._under_way.values():
                task.cancel()
            await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def stop(self) -> None:
        """Close it when the last of its operations is over."""
        self._last = True
        if not self._under_way:
            self._close(GOING_AWAY, b"Going away")

    def _close(self, code: int, reason: bytes) -> None:
        if self._closing is None:
            going = self._connection.close(code=code, message=reason)
            self._closing = asyncio.get_running_loop().create_task(going)

    async def _next(self) -> Mapping[str, Any] | None:
        """The next message; None where the client has left."""
        patience = None if self._asker is not None else PATIENCE
        try:
            found = await self._connection.receive(timeout=patience)
        except TimeoutError:
            raise Ended(LATE, "Connection initialisation timeout") from None
        if found.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
            return None
        try:
            message = orjson.loads(found.data) if found.type is WSMsgType.TEXT else None
        except orjson.JSONDecodeError:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Ended(BAD, "Invalid message received")
        return message

    async def _hear(self, message: Mapping[str, Any]) -> None:
        kind = message["type"]
        if kind == "connection_init":
            await self._greet(message.get("payload"))
        elif kind == "ping":
            await self._say({"type": "pong"})
        elif kind == "subscribe":
            self._begin(message)
        elif kind == "complete":
            task = self._under_way.pop(str(message.get("id")), None)
            if task is not None:
                task.cancel()
        elif kind != "pong":
            raise Ended(BAD, "Invalid message received")

    async def _greet(self, payload: Any) -> None:
        if self._asker is not None:
            raise Ended(AGAIN, "Too many initialisation requests")
        said = payload if isinstance(payload, dict) else {}
        own = next((value for name, value in said.items() if name.lower() == "authorization"), None)
        try:
            self._asker = await self._admit(own if isinstance(own, str) else self._authorization)
        except Refusal as refused:
            raise Ended(FORBIDDEN, refused.message) from None
        await self._say({"type": "connection_ack"})

    def _begin(self, message: Mapping[str, Any]) -> None:
        id, asker = message.get("id"), self._asker
        if asker is None:
            raise Ended(UNAUTHORIZED, "Unauthorized")
        if not (isinstance(id, str) and 0 < len(id) <= LONGEST_ID):
            raise Ended(BAD, "Invalid message received")
        if id in self._under_way:
            raise Ended(TAKEN, f"Subscriber for {id} already exists")
        if len(self._under_way) >= MOST:
            raise Ended(BUSY, "Too many operations at a time")
        if self._last:
            raise Ended(GOING_AWAY, "Going away")
        task = asyncio.get_running_loop().create_task(self._work(id, message.get("payload"), asker))
        self._under_way[id] = task
        task.add_done_callback(partial(self._over, id, asker))

    def _over(self, id: str, asker: Asker, task: asyncio.Task[None]) -> None:
        if self._under_way.get(id) is task:
            del self._under_way[id]
        mistake = None if task.cancelled() else task.exception()
        if mistake is not None and not isinstance(mistake, ConnectionError):  # of those nobody is left to hear
            self._answers.confess(asker.id, mistake)
            self._close(BROKEN, b"Internal error")
        elif self._last:
            self.stop()

    async def _work(self, id: str, payload: Any, asker: Asker) -> None:
        try:
            answer = await self._answers.of(operation_of(payload), asker)
        except Refusal as refused:
            answer = {"errors": [{"message": refused.message}]}
        await self._tell(id, answer)

    async def _tell(self, id: str, answer: Answer | AsyncGenerator[Answer, None]) -> None:
        if isinstance(answer, AsyncGenerator):
            try:
                async for each in answer:
                    await self._say({"id": id, "type": "next", "payload": each})
            finally:
                await answer.aclose()
        elif "data" in answer:
            await self._say({"id": id, "type": "next", "payload": answer})
        else:
            await self._say({"id": id, "type": "error", "payload": answer["errors"]})
            return
        await self._say({"id": id, "type": "complete"})

    async def _say(self, message: Mapping[str, Any]) -> None:
        await self._connection.send_str(orjson.dumps(message).decode())
