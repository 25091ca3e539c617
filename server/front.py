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
from server.shortcut import LARGEST_BODY, Head

LINGERING: Final = 2.0  # seconds in which the rest of a refused body may still come

Take = Callable[[str, Caller, Reply], Coroutine[Any, Any, None]]


class Door(Protocol):
    """What a connection needs of the listener that made it."""

    put: Put
    take: Take
    loop: asyncio.AbstractEventLoop

    def read(self, data: bytes, known: Head | None) -> Head | None:
        """The head that *data* begins with, if it is a plain one. *known* is the last one on this connection."""
        ...

    def opened(self, front: "Front") -> None: ...
    def closed(self, front: "Front") -> None: ...

    def hand_over(self, front: "Front", data: bytes) -> None:
        """From here on it is aiohttp's, and *data* are the first bytes that it gets."""
        ...


class Coming(Caller):
    """One whose body is still on its way. *missing* counts the bytes that haven't come."""

    __slots__ = ("_length", "_loop", "_parts", "_whole", "missing")

    def __init__(self, head: Head, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            head.authorization, head.request_id, head.origin, None, priority=head.priority, trace=head.trace
        )
        self._loop = loop
        self._length = self.missing = head.length
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

    async def read(self, *, limit: int, patience: float) -> bytes:
        if self._length > limit:
            raise too_large(limit)
        if self.missing:
            whole = self._whole = self._loop.create_future()
            timer = self._loop.call_later(patience + self._length / SLOWEST, self._late)
            try:
                await whole
            finally:
                timer.cancel()
        return b"".join(self._parts)

    def _late(self) -> None:
        if self._whole is not None and not self._whole.done():
            self._whole.set_exception(Refusal(408, "The request body did not come in time.", code="request_timeout"))


class Front(asyncio.Protocol):
    """*flow* is the provider's side of the stream that is going out, if any; *since* when it became idle."""

    __slots__ = (
        "_call", "_came", "_coming", "_door", "_head", "_last", "_lingering", "_reply", "flow", "put", "since",
        "transport", "writing_paused",
    )  # fmt: skip

    def __init__(self, door: Door) -> None:
        self._door = door
        self.put = door.put
        self.transport: asyncio.Transport | None = None
        self.flow: Flow | None = None
        self.writing_paused = False
        self.since = 0.0
        self._call: Drive | None = None
        self._reply: Reply | None = None  # of the call that is being answered
        self._coming: Coming | None = None  # whoever still sends their body
        self._head: Head | None = None  # of the call before
        self._came: bytearray | None = None  # while a call is answered, what comes after it
        self._last = False  # this answer is the last one
        self._lingering: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        return self._reply is None and self._coming is None and self._came is None

    def let_go(self) -> None:
        """Close it after the answer that it owes; at once if it owes none."""
        self._last = True
        if self.idle and self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = self.transport = cast("asyncio.Transport", transport)
        # A quarter of the default: what a slow reader leaves with us is this and one read from the provider.
        stream.set_write_buffer_limits(high=16384)
        self._door.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.transport = None
        self.flow = None
        self._stop_lingering()
        self._door.closed(self)
        call, self._call, self._reply = self._call, None, None
        if call is not None:
            # A client that leaves must stop what it asked for.
            call.cancel()

    def pause_writing(self) -> None:
        self.writing_paused = True
        if self.flow is not None:
            self.flow.pause()

    def resume_writing(self) -> None:
        self.writing_paused = False
        if self.flow is not None:
            self.flow.resume()

    def data_received(self, data: bytes) -> None:
        if self._coming is not None:
            self._more_body(self._coming, data)
        elif self._reply is not None or self._came is not None:
            self._pipelined(data)
        elif not self._last:
            self._take(data)

    def _take(self, data: bytes) -> None:
        head = self._head = self._door.read(data, self._head)
        if head is None or not 0 < head.length <= LARGEST_BODY:
            self._door.hand_over(self, data)
            return
        start = head.start
        end = start + head.length
        if end > len(data):
            coming = self._coming = Coming(head, self._door.loop)
            coming.feed(data[start:])
            self._begin(head.path, coming)
            return
        if end < len(data):
            self._came = bytearray(data[end:])
        _, _, _, authorization, request_id, origin, priority, trace, _, _ = head
        body = data[start:end]
        self._begin(head.path, Caller(authorization, request_id, origin, body, priority=priority, trace=trace))

    def _more_body(self, coming: Coming, data: bytes) -> None:
        rest = coming.feed(data)
        if coming.missing:
            return
        self._coming = None
        if self._reply is None:
            # Refused before it had all come, and now it has.
            self._stop_lingering()
            self._next()
        if rest:
            self.data_received(rest)

    def _begin(self, path: str, caller: Caller) -> None:
        door = self._door
        reply = self._reply = Reply(self, door.loop, old=False, keep_alive=True)
        call = self._call = reply.driver = Drive(door.take(path, caller, reply), self._done, door.loop)
        call.go()

    def _done(self) -> None:
        """The call has been answered."""
        reply, self._reply, self._call = self._reply, None, None
        if reply is not None and not reply.keep_alive:
            self._last = True
        if self._coming is None:
            self._next()
        elif self.transport is not None:
            # Refused before it had all come: cut off at once, its client would never read why.
            self._lingering = self._door.loop.call_later(LINGERING, self.transport.abort)

    def _next(self) -> None:
        """Ready for another request, if there may be one."""
        transport = self.transport
        if transport is None:
            return
        if self._last:
            self._door.loop.call_soon(transport.close)  # after what is still to be written
            return
        self.since = self._door.loop.time()
        if self._came is not None:
            # Not at once: however many calls have come together, they are not to be answered within each other.
            self._door.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        came, self._came = self._came, None
        if came is not None and self.transport is not None:
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
