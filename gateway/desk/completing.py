"""POST /api/v1/complete and /api/v1/complete/stream: the plain form, answered on the client's own connection."""

from aiohttp import web

from admin.access import holds
from admin.asked import Door, Row
from config.schema import Key
from gateway.call.plain_call import PlainCall
from gateway.call.plain_forms import Streamed, Whole
from gateway.desk.clerk import ROOT, Clerk
from quota.keys import ANYONE
from server.caller import caller_of
from server.reply import Reply


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
        self, request: web.BaseRequest, reply: Whole | Streamed, authorization: str | None, *, stream: bool
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
