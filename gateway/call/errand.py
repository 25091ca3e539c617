"""A call of the gateway's own: it lives as every other one does, with its route, its hold and its record."""

import asyncio
from functools import partial

import orjson

from api import ENDPOINTS
from cache.similar import Vector
from config.schema import Config, Key
from core.wire import Json
from gateway.call.conversation import Conversation
from gateway.call.kept import Nowhere
from gateway.generation import Generation, Shared
from gateway.larder import Larder
from server.caller import Caller
from server.reply import JSON, Reply
from store.board import Board
from telemetry.workers import Tally


class Inbox(Reply):
    """Keeps a whole answer."""

    __slots__ = ("body",)

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(Nowhere(), loop, old=False, keep_alive=False)
        self.body = b""

    @property
    def gone(self) -> bool:
        return False

    def whole(self, status: int, body: bytes, headers: bytes = b"", kind: bytes = JSON) -> None:
        del headers, kind
        self.status, self.body = status, body
        self.sent += len(body)


class Errand(Conversation):
    """Asked in the name of *key*, which isn't looked for."""

    __slots__ = ("_errands",)

    def __init__(
        self, generation: Generation, shared: Shared, endpoint: str, reply: Reply, request_id: str, *, key: Key
    ) -> None:
        super().__init__(generation, shared, ENDPOINTS[endpoint], reply, request_id)
        self._errands = key

    @property
    def target(self) -> str:
        """Which one has answered."""
        return self._record.target

    def _recognise(self, caller: Caller) -> Key:
        del caller
        return self._errands

    def _know(self, key: Key, caller: Caller) -> None:
        """It has no trace of its own."""
        del caller
        self._key = key
        self._record.key = key.name


def furnished(config: Config, shared: Shared, board: Board | None, tally: Tally) -> Larder:
    """The larder of a process, which can ask for vectors."""
    larder = shared.larder = Larder(config, shared.meters, board, shared.scribe.event, tally)
    larder.likeness.embed = partial(embedded, shared)
    return larder


async def embedded(
    shared: Shared, generation: Generation, key: Key, route: str, text: str, *, id: str
) -> Vector | None:
    """*text* as a vector; None where nobody gave one."""
    inbox = Inbox(shared.loop)
    body = orjson.dumps({"model": route, "input": text, "encoding_format": "float"})
    errand = Errand(generation, shared, "embeddings", inbox, id, key=key)
    await errand.run(Caller(None, None, None, body))
    if inbox.status != 200:
        return None
    try:
        answer: Json = orjson.loads(inbox.body)
        numbers = [float(one) for one in answer["data"][0]["embedding"]]
    except (orjson.JSONDecodeError, LookupError, TypeError, ValueError):
        return None
    return Vector(numbers, errand.target) if numbers else None
