"""A client's connection, as long as nothing about it is out of the ordinary.

A plain call (see server.shortcut) is taken off the wire here and answered. Whatever else comes, the connection is
handed over to aiohttp for good, with the very same bytes.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol, cast

from core.errors import Refusal
from server.caller import SLOWEST, Caller, too_large
from server.drive import Drive
from server.reply import Flow, Put, Reply
from server.shortcut import LARGEST_BODY, Head, body_in
from server.vigil import TELLS, Vigil

LARGE: Final = 8192  # bytes of a request from which its body is looked at where it lies, instead of copied
LINGERING: Final = 2.0  # seconds in which the rest of a refused body may still come

Take = Callable[[str, Caller, Reply], Coroutine[Any, Any, None]]


class Door(Protocol):
    """What a connection needs of the listener that made it."""

    put: Put
    take: Take
    own_up: Callable[..., None]
    loop: asyncio.AbstractEventLoop

    def meet(self, data: bytes) -> tuple[Head, Caller, tuple[int, int]] | None:
        """The head that *data* begins with, if it is a plain one, whoever sends it, and where its body is."""
        ...

    def opened(self, front: "Front") -> None:
        """It is connected; what it is to expect, if there is anything, it is told here."""
        ...

    def closed(self, front: "Front") -> None: ...

    def hand_over(self, front: "Front", data: bytes) -> None:
        """From here on it is aiohttp's, and *data* are the first bytes that it gets."""
        ...


class Coming(Caller):
    """One whose body is still on its way. *missing* counts the bytes that haven't come."""

    __slots__ = ("_length", "_loop", "_parts", "_whole", "missing")

    def __init__(self, caller: Caller, length: int, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            caller.authorization, caller.request_id, caller.origin, None, priority=caller.priority, trace=caller.trace
        )
        self.digest = caller.digest
        self._loop = loop
        self._length = self.missing = length
        self._parts: list[bytes] = []
        self._whole: asyncio.Future[None] | None = None  # somebody waits for it

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body; what is left doesn't."""
        part, rest = (data, b"") if len(data) <= self.missing else (data[: self.missing], data[self.missing :])
        self._parts.append(part)
        self.missing -= len(part)
        if not self.missing and self._whole is not None and not self._whole.done():
            self._whole.set_result(None)
        return rest

    async def read(self, *, limit: int, patience: float) -> None:
        if self._length > limit:
            raise too_large(limit)
        if self.missing:
            whole = self._whole = self._loop.create_future()
            timer = self._loop.call_later(patience + self._length / SLOWEST, self._late)
            try:
                await whole
            finally:
                timer.cancel()
        self.body = b"".join(self._parts)
        self._parts.clear()

    def _late(self) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_exception(Refusal(408, "The request body did not come in time.", code="request_timeout"))


class Front(Drive, asyncio.Protocol):
    """*flow* is the provider's side of the stream that is going out, if any; *since* when it became *idle*.

    What answers a call is used for the next one, too: there is one at a time.
    """

    __slots__ = (
        "_caller",
        "_came",
        "_coming",
        "_door",
        "_head",
        "_last",
        "_lingering",
        "_path",
        "_reply",
        "_vigil",
        "flow",
        "idle",
        "put",
        "since",
        "transport",
        "writing_paused",
    )

    def __init__(self, door: Door) -> None:
        super().__init__(door.loop)
        self._door = door
        self.put = door.put
        self.transport: asyncio.Transport | None = None
        self.flow: Flow | None = None
        self.writing_paused = False
        self.idle = True  # what comes now begins a request
        self.since = 0.0
        self._head: Head | None = None  # of the call before, or the one that is expected
        self._path: str  # where it goes, and whoever sends it
        self._caller: Caller
        self._reply: Reply | None = None  # from when it is connected until it is lost
        self._coming: Coming | None = None  # whoever still sends their body
        self._came: bytearray | None = None  # while a call is answered, what comes after it
        self._last = False  # this answer is the last one
        self._lingering: asyncio.TimerHandle | None = None
        self._vigil: Vigil | None = None  # from when the client has shut its side

    def expect(self, head: Head, caller: Caller) -> None:
        """Its first request will most likely begin so, and come from *caller*."""
        self._head, self._path, self._caller = head, head.path, caller

    def let_go(self) -> None:
        """Close it after the answer that it owes; at once if it owes none."""
        self._last = True
        if self.idle and self.transport is not None:
            self.idle = False
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = self.transport = cast("asyncio.Transport", transport)
        # A quarter of the default: what a slow reader leaves with us is this and one read from the provider.
        stream.set_write_buffer_limits(high=16384)
        # Whoever connects will ask at once, and needn't wait for it then.
        reply = self._reply = Reply(self, self._loop, old=False, keep_alive=True)
        reply.driver = self
        self._door.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.transport = None
        self.flow = None
        self._reply = None
        if self._head is not None:
            self._caller.body = None  # the door goes on to know who sent it, but not what
        self._stop_lingering()
        if self._vigil is not None:
            self._vigil.stop()
        self._door.closed(self)
        # A client that leaves must stop what it asked for.
        self.cancel()

    def eof_received(self) -> bool:
        """The client has shut its side. If it has asked before, and whole, it may wait for its answer."""
        if self.idle or self._coming is not None or not TELLS:
            return False
        if self._vigil is None:
            if self._came is None and (reply := self.answering) is not None:
                reply.keep_alive = False
            self._vigil = Vigil(self, self._loop)
        return True

    @property
    def owes(self) -> bool:
        """See server.vigil.Watched."""
        return not self.idle

    @property
    def answering(self) -> Reply | None:
        """See server.vigil.Watched."""
        return self._reply if self.driving else None

    def pause_writing(self) -> None:
        self.writing_paused = True
        if self.flow is not None:
            self.flow.pause()

    def resume_writing(self) -> None:
        self.writing_paused = False
        if self.flow is not None:
            self.flow.resume()

    def data_received(self, data: bytes) -> None:
        if not self.idle:
            self._meanwhile(data)
            return
        head = self._head
        body = body_in(data, head) if head is not None else None
        if body is None and (body := self._meet(data)) is None:
            self._reply = None
            self._door.hand_over(self, data)
            return
        start, end = body
        if end != len(data):
            self._begin_in_parts(data, start, end)
            return
        caller = self._caller
        caller.body = data[start:] if end < LARGE else memoryview(data)[start:]
        self._begin(caller)

    def _meet(self, data: bytes) -> tuple[int, int] | None:
        """Another head than the one expected. Where its body is, or None if it isn't for us."""
        met = self._door.meet(data)
        if met is None:
            self._head = None
            return None
        head, caller, body = met
        self.expect(head, caller)
        return body

    def _begin_in_parts(self, data: bytes, start: int, end: int) -> None:
        """There is more than one request in *data*, or less."""
        if end < len(data):
            self._came = bytearray(data[end:])
            self._caller.body = data[start:end]
            self._begin(self._caller)
            return
        coming = self._coming = Coming(self._caller, end - start, self._loop)
        coming.feed(data[start:])
        self._begin(coming)

    def _begin(self, caller: Caller) -> None:
        reply = self._reply
        if reply is None:  # it was lost meanwhile
            return
        self.idle = False
        reply.begin()
        self.drive(self._door.take(self._path, caller, reply))

    def failed(self, mistake: Exception) -> None:
        self._door.own_up(mistake, self._reply)

    def over(self) -> None:
        """The call has been answered."""
        reply = self._reply
        if reply is None:
            return
        self._caller.body = None
        if reply.keep_alive and not self._last and self._coming is None and self._came is None:
            self.since = self._loop.time()
            self.idle = True
            return
        self._last = self._last or not reply.keep_alive
        if self._coming is None:
            self._next()
        elif self.transport is not None:
            # Refused before it had all come: cut off at once, its client would never read why.
            self._lingering = self._loop.call_later(LINGERING, self.transport.abort)

    def _next(self) -> None:
        """Ready for another request, if there may be one."""
        if self.transport is None:
            return
        if self._last:
            self._loop.call_soon(self.transport.close)  # after what is still to be written
        elif self._came is not None:
            # Not at once: however many calls have come together, they are not to be answered within each other.
            self._loop.call_soon(self._go_on)
        else:
            self.since = self._loop.time()
            self.idle = True

    def _meanwhile(self, data: bytes) -> None:
        """While a call is under way: the rest of its body, or what comes after it."""
        coming = self._coming
        if coming is None:
            self._pipelined(data)
            return
        rest = coming.feed(data)
        if coming.missing:
            return
        self._coming = None
        self._caller.digest = coming.digest  # for the next one
        if rest:
            self._pipelined(rest)
        if not self.driving:
            # Refused before it had all come, and now it has.
            self._stop_lingering()
            self._next()

    def _go_on(self) -> None:
        came, self._came = self._came, None
        if came is None or self.transport is None:
            return
        self.idle = True
        if self._last:
            self.let_go()
            return
        self.transport.resume_reading()
        self.data_received(bytes(came))

    def _pipelined(self, data: bytes) -> None:
        """The next request came before this one was answered: it waits, and beyond some bytes its sender does too."""
        came = self._came = self._came or bytearray()
        came += data
        if len(came) > LARGEST_BODY and self.transport is not None:
            self.transport.pause_reading()

    def _stop_lingering(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
