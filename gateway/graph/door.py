"""/graphql: operations by POST, streams of them as server-sent events or over a WebSocket, and a page to try them on.

Only JSON is taken, which no other site's page can send unasked; the page itself is for the operator.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Final

import orjson
from aiohttp import web

from admin.access import holds
from admin.asked import Flowing, Sheet
from api.body import parse as parse_json
from core.errors import Refusal
from gateway.current import Current
from gateway.desk.clerk import Clerk
from gateway.desk.completing import Completions
from gateway.desk.desk import Desk, hand_out
from gateway.graph.answers import Answer, Answers, operation_of
from gateway.graph.calls import Asker
from gateway.graph.page import FILES, page
from gateway.graph.socket import PROTOCOL, Socket
from gateway.mistakes import told
from gateway.treasury import Treasury
from server.caller import caller_of, read_body
from server.reply import Reply

PATH: Final = "/graphql"
EVENTS: Final = "text/event-stream"
NEWER: Final = "application/graphql-response+json"  # in which a status may say that an operation was refused
QUIET: Final = b":\n\n"  # a comment: that we are there
HEARTBEAT: Final = 60.0  # seconds after which a silent client of a WebSocket is asked whether it is there


class Graph(Clerk):
    """Serves what is below PATH. *closing*: no further operation is begun over a WebSocket."""

    __slots__ = ("_answers", "_completions", "_desk", "_sockets", "closing")

    def __init__(self, current: Current, treasury: Treasury, desk: Desk, completions: Completions) -> None:
        super().__init__(current, treasury, desk.admin_key)
        self._desk = desk
        self._completions = completions
        self._answers = Answers(self._confess)
        self._sockets: set[Socket] = set()
        self.closing = False

    async def serve(self, request: web.BaseRequest, reply: Reply) -> None:
        """Answer a request whose path begins with PATH; raises Refusal."""
        method = request.method
        if method == "POST" and request.path == PATH:
            await self._post(request, reply)
        elif method == "GET" and request.headers.get("upgrade", "").lower() == "websocket" and request.path == PATH:
            await self._socket(request, reply)
        elif method in {"GET", "HEAD"}:
            reply.headless = method == "HEAD"
            operator = holds(self._admin_key(), self._authorization("GET", request.headers))
            await hand_out(await page(request.path.removeprefix(PATH), operator=operator), reply)
        else:
            allowed = sorted(each for each, path in self.places if path == request.path)
            if not allowed:
                raise Refusal(404, "There is no such page.", code="unknown_url", type="invalid_request_error")
            lines = {"allow": ", ".join(allowed)}
            raise Refusal(405, f"Not allowed: {method} {request.path}.", code="method_not_allowed", headers=lines)

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Methods and paths of all that is here."""
        return frozenset({("POST", PATH), *(("GET", f"{PATH}{name}") for name in FILES)})

    def stop(self) -> None:
        """The process is ending: what goes on goes on, nothing begins."""
        self.closing = True
        for socket in list(self._sockets):
            socket.stop()

    def _authorization(self, method: str, headers: Mapping[str, str]) -> str | None:
        return headers.get("authorization") or self._desk.sessions.authorization(method, headers)

    def _confess(self, id: str, mistake: BaseException) -> None:
        self._current.shared.scribe.event("error", "internal error", id=id, **told(mistake))

    async def asker(self, authorization: str | None, request: web.BaseRequest, id: str) -> Asker:
        """Raises Refusal for whoever may ask nothing here."""
        operator = holds(self._admin_key(), authorization)
        if not operator:
            await self._current.generation.keyring.recognise(authorization, time.time())
        caller, name = caller_of(request), request.query.get("key")
        caller.authorization = authorization
        return Asker(self._desk, self._completions, caller, id, operator=operator, name=name)

    # By POST

    async def _post(self, request: web.BaseRequest, reply: Reply) -> None:
        if request.content_type != "application/json":
            raise Refusal(415, "Send the operation as application/json.", code="unsupported_content_type")
        asker = await self.asker(self._authorization("POST", request.headers), request, reply.id)
        server = self._current.generation.config.server
        raw = await read_body(request, limit=server.max_body, patience=server.body_timeout)
        operation = operation_of(parse_json(raw))
        answer = await self._answers.of(operation, asker)
        accepted = request.headers.get("accept", "")
        if EVENTS in accepted:
            await hand_out(Flowing(alive(_events(answer), server.keepalive)), reply)
        elif isinstance(answer, AsyncGenerator):
            await answer.aclose()
            message = f"A subscription is answered as {EVENTS} (say so in Accept), or over a WebSocket."
            raise Refusal(406, message, code="not_acceptable")
        else:
            newer = NEWER in accepted
            status = 400 if newer and "data" not in answer else 200
            await hand_out(Sheet(orjson.dumps(answer), NEWER if newer else "application/json", status), reply)

    # Over a WebSocket

    async def _socket(self, request: web.BaseRequest, reply: Reply) -> None:
        origin, config = request.headers.get("origin"), self._current.generation.config.server
        same = origin is None or origin.partition("://")[2] == request.headers.get("host")
        if not same and origin not in config.cors.origins and "*" not in config.cors.origins:
            # A browser's page of another site: other than for requests, nothing would keep it from asking.
            raise Refusal(403, "Pages of other sites may not connect.", code="foreign_origin")
        if self.closing:
            raise Refusal(503, "The gateway is shutting down.", code="shutting_down", headers={"retry-after": "1"})
        socket = Socket(self._answers, lambda authorization: self.asker(authorization, request, reply.id))
        connection = web.WebSocketResponse(
            protocols=(PROTOCOL,), heartbeat=HEARTBEAT, max_msg_size=config.max_body, compress=False
        )
        try:
            await connection.prepare(request)
        except web.HTTPBadRequest as unfit:
            raise Refusal(400, f"This opens no WebSocket: {unfit.text}", code="invalid_handshake") from None
        reply.status, reply.keep_alive = 101, False
        self._sockets.add(socket)
        try:
            await socket.serve(connection, request.headers.get("authorization"))
        finally:
            self._sockets.discard(socket)


async def _events(answer: Answer | AsyncGenerator[Answer, None]) -> AsyncGenerator[bytes, None]:
    """As the protocol of `graphql-sse` has them, one connection for each operation."""
    if isinstance(answer, AsyncGenerator):
        try:
            async for each in answer:
                yield b"event: next\ndata: " + orjson.dumps(each) + b"\n\n"
        finally:
            await answer.aclose()
    else:
        yield b"event: next\ndata: " + orjson.dumps(answer) + b"\n\n"
    yield b"event: complete\ndata:\n\n"


async def alive(pieces: AsyncGenerator[bytes, None], every: float) -> AsyncIterator[bytes]:
    """*pieces*, and a comment whenever none has come for so many seconds."""
    coming: asyncio.Task[bytes] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(pieces, b""))
            await asyncio.wait({coming}, timeout=every)
            if not coming.done():
                yield QUIET
                continue
            piece, coming = coming.result(), None
            if not piece:
                return
            yield piece
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await pieces.aclose()
