"""Who asks /graphql, for the time of one operation: what resolvers may ask, in the asker's own name."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import orjson

from api.plain_answer import Told
from gateway.call.kept import Kept
from gateway.desk.clerk import ROOT
from gateway.desk.completing import Completions
from gateway.desk.desk import Desk
from server.caller import Caller


class Asker:
    """Implements gateway.graph.schema.Asker. *caller* is whose request it is, *id* the request's; its calls are
    numbered. *name* is of the key that the operator asks for.
    """

    __slots__ = ("_caller", "_completions", "_desk", "_ids", "_name", "id", "operator")

    def __init__(
        self,
        desk: Desk,
        completions: Completions,
        caller: Caller,
        id: str,
        *,
        operator: bool,
        name: str | None,
    ) -> None:
        self._desk = desk
        self._completions = completions
        self._caller = caller
        self._name = name
        self._ids: Callable[[], int] = itertools.count(1).__next__
        self.id = id
        self.operator = operator

    async def page(self, path: str, query: Mapping[str, str]) -> Any:
        return await self._desk.read(f"{ROOT}/{path}", query, self._caller.authorization)

    async def complete(self, fields: Mapping[str, Any]) -> Told:
        kept, caller = self._call(fields, stream=False)
        return await kept.taken(caller)

    async def stream(self, fields: Mapping[str, Any]) -> AsyncGenerator[Told, None]:
        kept, caller = self._call(fields, stream=True)
        call = kept.start(caller)
        try:
            while (told := await kept.next()) is not None:
                yield told
            await call
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)

    def _call(self, fields: Mapping[str, Any], *, stream: bool) -> tuple[Kept, Caller]:
        kept = Kept(asyncio.get_running_loop())
        kept.call = self._completions.call(kept, f"{self.id}-{self._ids()}", self._name, stream=stream)
        body, whole = orjson.dumps(fields), self._caller
        return kept, Caller(whole.authorization, None, None, body, priority=whole.priority, trace=whole.trace)
