"""A plain answer that stays in the house, for whoever makes another one of it: GraphQL's resolvers."""

import asyncio
from collections import deque
from typing import Final, Protocol

import orjson

from api.plain_answer import Pieces, Told, whole
from core.errors import Refusal, type_of
from server.caller import Caller
from server.reply import JSON, Flow, Put, Reply

MOST_WAITING: Final = 16  # pieces that nobody has taken yet; beyond them the provider waits


class Nowhere:
    """No client's connection; implements server.reply.Line."""

    transport: asyncio.Transport | None = None
    flow: Flow | None = None
    writing_paused = False

    def __init__(self) -> None:
        self.put: Put = _nothing


def _nothing(_transport: asyncio.WriteTransport, _data: object) -> None:
    """Nothing goes out here."""


class Telling(Protocol):
    """A call in the plain form; see gateway.call.plain_call."""

    def told(self) -> Told: ...
    async def run(self, caller: Caller) -> None: ...


class Kept(Reply):
    """Of *call*, which has to be set before it runs. What it is refused with is raised by whoever takes the answer."""

    __slots__ = ("_answer", "_flow", "_full", "_over", "_pieces", "_refused", "_waiting", "_woken", "call")

    call: Telling

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(Nowhere(), loop, old=False, keep_alive=False)
        self._answer: Told = {}
        self._refused: Refusal | None = None
        self._pieces = Pieces()
        self._waiting: deque[Told] = deque()
        self._woken = asyncio.Event()
        self._over = False
        self._flow: Flow | None = None
        self._full = False

    async def taken(self, caller: Caller) -> Told:
        """The whole answer. Raises Refusal."""
        self.driver = asyncio.current_task()
        await self.call.run(caller)
        if self._refused is not None:
            raise self._refused
        return self._answer

    def start(self, caller: Caller) -> asyncio.Task[None]:
        """The call, as a stream; whoever began it awaits or cancels it."""
        task = self.driver = self._loop.create_task(self.call.run(caller))
        task.add_done_callback(self._end)
        return task

    async def next(self) -> Told | None:
        """The next piece of what was begun, None when there is no more. Raises Refusal, also where it breaks off."""
        while not self._waiting and not self._over:
            self._woken.clear()
            await self._woken.wait()
        if self._waiting:
            return self._next()
        if self._refused is not None:
            raise self._refused
        return None

    def _next(self) -> Told:
        told = self._waiting.popleft()
        if self._full and not self._waiting:
            self._full = False
            if self._flow is not None:
                self._flow.resume()
        return told

    def _end(self, _task: object = None) -> None:
        self._over = True
        self._woken.set()

    # What a call sees of a Reply

    @property
    def gone(self) -> bool:
        return False

    @property
    def stalled(self) -> bool:
        return self._full

    def whole(self, status: int, body: bytes, headers: bytes = b"", kind: bytes = JSON) -> None:
        del headers, kind
        self.status = status
        self.sent += len(body)
        if status == 200:
            self._answer = whole(body) | self.call.told()
        else:
            self._refused = refusal_of(orjson.loads(body)["error"], status)

    def open(self, headers: bytes = b"") -> None:
        del headers
        self.opened = True
        self.status = 200

    def send(self, data: bytes) -> float:
        now = self._loop.time()
        if not data:
            return now
        self.last = now
        self.sent += len(data)
        for told in self._pieces.feed(data):
            if told["type"] == "error":
                self._refused = refusal_of(told["error"], 502)
            else:
                self._waiting.append(told)
        self._woken.set()
        if len(self._waiting) > MOST_WAITING and not self._full:
            self._full = True
            if self._flow is not None:
                self._flow.pause()
        return now

    def end(self, data: bytes = b"", more: bytes = b"") -> None:
        self.send(data + more)
        if self._pieces.whole:
            self._waiting.append({"type": "done", **self._pieces.end(), **self.call.told()})
        self._woken.set()

    def follow(self, source: Flow | None) -> None:
        self._flow = source
        if source is not None and self._full:
            source.pause()


def refusal_of(error: Told, status: int) -> Refusal:
    """What a client would have read, as it was before that."""
    known = {name: error.get(name) for name in ("message", "type", "param", "code")}
    extra = {name: value for name, value in error.items() if name not in known}
    message = str(known["message"] or "The call failed.")
    kind = known["type"] or type_of(status)
    return Refusal(status, message, code=known["code"], param=known["param"], type=kind, extra=extra)
