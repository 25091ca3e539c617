"""A small question of our own, and its whole answer. Nothing here knows what the answer means."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from core.faults import Failure, Fault
from upstream.deadlines import Deadlines
from upstream.response import headers_of
from upstream.sink import Exchange, Sink

MOST_ERROR: Final = 65536  # bytes of an error's body that we care to read


class Answer(NamedTuple):
    """*body* is whole if *status* is 200; that of an error may end early. *headers* have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def asked(
    send: Callable[[Sink], Exchange], deadlines: Deadlines, *, seconds: float, most: int
) -> Answer | Failure:
    """What comes back for what *send* sends, within *seconds* and at most *most* bytes of it."""
    asking = _Asking(deadlines, seconds=seconds, most=most)
    asking.exchange = send(asking)
    try:
        return await asking.outcome
    finally:
        asking.abandon()


class _Asking:
    """See upstream.sink.Sink and upstream.deadlines.Timed."""

    __slots__ = ("_deadlines", "_headers", "_most", "_over", "_parts", "_seconds", "_size", "_status", "due",
                 "exchange", "outcome")  # fmt: skip

    def __init__(self, deadlines: Deadlines, *, seconds: float, most: int) -> None:
        self._deadlines = deadlines
        self._seconds = seconds
        self._most = most
        self._status = 0
        self._headers: Mapping[str, str] = {}
        self._parts: list[bytes] = []
        self._size = 0
        self._over = False
        self.exchange: Exchange | None = None
        self.outcome: asyncio.Future[Answer | Failure] = deadlines.loop.create_future()
        self.due = deadlines.loop.time() + seconds
        deadlines.watch(self)

    def abandon(self) -> None:
        """Nobody waits any more. Harmless after the end."""
        if not self._over:
            self._over = True
            self._deadlines.forget(self)
            if self.exchange is not None:
                self.exchange.abort()

    def on_head(self, status: int, head: bytes) -> None:
        self._status = status
        self._headers = headers_of(head)
        if status != 200:
            self._most = MOST_ERROR

    def on_data(self, data: bytes) -> None:
        self._size += len(data)
        if self._size <= self._most:
            self._parts.append(data)
        elif self._status == 200:
            self._give_up(Failure(Fault.BROKEN, f"the answer is larger than {self._most >> 20} MiB", status=200))
        else:
            self._give_up(self._answer())

    def on_end(self) -> None:
        self._end(self._answer())

    def on_error(self, failure: Failure) -> None:
        self._end(failure)

    def late(self, now: float) -> None:
        del now
        self._give_up(Failure(Fault.TIMEOUT, f"no answer within {self._seconds:g} s"))

    def _answer(self) -> Answer:
        return Answer(self._status, self._headers, b"".join(self._parts))

    def _give_up(self, outcome: Answer | Failure) -> None:
        """The rest of it doesn't matter."""
        self.abandon()
        self._end(outcome)

    def _end(self, outcome: Answer | Failure) -> None:
        self._over = True
        self._deadlines.forget(self)
        if not self.outcome.done():
            self.outcome.set_result(outcome)
