"""POST /api/v1/complete and /api/v1/complete/stream: the plain form, answered on the client's own connection."""

from typing import Final

import orjson
from aiohttp import web

from admin.access import holds
from admin.asked import Door, Row
from api.plain_answer import Pieces, event, whole
from api.stream import KEEPALIVE
from config.schema import Key
from gateway.call.plain_call import PlainCall
from gateway.desk.clerk import ROOT, Clerk
from quota.keys import ANYONE
from server.caller import caller_of
from server.reply import JSON, Reply
from server.turned import Turned

OBJECT: Final = {"object": "completion"}


class Completions(Clerk):
    """Calls in the plain form, of clients, and of the operator for anybody (`?key=NAME`)."""

    __slots__ = ()

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("POST", f"{ROOT}/complete", Door(self._complete), operator=False),
            Row("POST", f"{ROOT}/complete/stream", Door(self._stream), operator=False),
        )

    async def _complete(self, request: web.BaseRequest, reply: Reply, authorization: str | None) -> None:
        await self._answer(request, Whole(reply), authorization, stream=False)

    async def _stream(self, request: web.BaseRequest, reply: Reply, authorization: str | None) -> None:
        await self._answer(request, Streamed(reply), authorization, stream=True)

    async def _answer(
        self, request: web.BaseRequest, reply: "Whole | Streamed", authorization: str | None, *, stream: bool
    ) -> None:
        caller = caller_of(request)
        caller.authorization = authorization
        call = reply.call = self.call(reply, reply.id, request.query.get("key"), stream=stream)
        try:
            await call.run(caller)
        finally:
            reply.leave()

    def call(self, reply: Reply, id: str, name: str | None, *, stream: bool) -> PlainCall:
        """One that hasn't begun; *name* is of the key that the operator asks for."""

        async def operator(authorization: str | None) -> Key | None:
            if not holds(self._admin_key(), authorization):
                return None
            return await self._named(name) if name else ANYONE

        current = self._current
        return PlainCall(current.generation, current.shared, reply, id, operator=operator, stream=stream)


class Whole(Turned):
    """A chat completion, turned into a plain answer."""

    __slots__ = ("call",)

    call: PlainCall

    def whole(self, status: int, body: bytes, headers: bytes = b"", kind: bytes = JSON) -> None:
        if status == 200:
            body = orjson.dumps(OBJECT | whole(body) | self.call.told())
        super().whole(status, body, headers, kind)


class Streamed(Turned):
    """The chunks of a chat completion, turned into plain events: each says its `type`, and the last is `done`.

    One that breaks off ends with `error`, and without `done`.
    """

    __slots__ = ("_pieces", "call")

    call: PlainCall

    def __init__(self, outer: Reply) -> None:
        super().__init__(outer)
        self._pieces = Pieces()

    def send(self, data: bytes) -> float:
        return super().send(KEEPALIVE if data == KEEPALIVE else self._turned(data))

    def end(self, data: bytes = b"", more: bytes = b"") -> None:
        pieces = self._pieces
        last = self._turned(data + more)
        if pieces.whole:
            last += event({"type": "done", **pieces.end(), **self.call.told()})
        super().end(last)

    def _turned(self, data: bytes) -> bytes:
        return b"".join([event(told) for told in self._pieces.feed(data)])
