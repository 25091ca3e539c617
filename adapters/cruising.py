"""The fast way of a stream in OpenAI's dialect: its ordinary events go through unread, as many as come together.

What ordinary ones look like is learnt from those that were read (see adapters.ordinary); the rest is
adapters.openai_stream.
"""

from adapters import sse
from adapters.alike import Shape, Swap
from adapters.openai_parts import KEPT, ROLE
from adapters.ordinary import Memory, Ordinary, learnt, replaced, run
from core.wire import Json


class Cruising:
    """What is known of the looks of one stream's events, and what has gone through by it.

    *trusts*: events which look like the last stream's say no more than they did.
    """

    __slots__ = (
        "_frames",
        "_head",
        "_may_cruise",
        "_memory",
        "_ordinary",
        "_shape",
        "_swaps",
        "_trusts",
        "produced",
        "started",
    )

    def __init__(self, swaps: tuple[Swap, ...], memory: Memory, *, trusts: bool) -> None:
        self.started = False
        self.produced = 0
        self._may_cruise = True
        self._trusts = trusts
        self._ordinary: Ordinary | None = None  # set while cruising
        self._shape: Shape | None = None
        self._head = b""  # what all events of this stream begin with
        self._swaps = swaps
        self._memory = memory
        self._frames = sse.Frames()

    @property
    def waiting(self) -> int:
        return len(self._frames.rest)

    def cruise(self, data: bytes) -> bytes | None:
        """What the client gets for *data*, where that is nothing but ordinary events; None: it has to be fed."""
        shape = self._shape
        if shape is None or self._frames.rest:
            return None
        if not data.endswith(shape.after):
            return None
        end, count = shape.run(data, 0)
        length, swaps = len(data), shape.swaps
        if end != length:
            return None
        size = length - count * shape.overhead
        if size > 0:
            self.produced += size
            self.started = True
        return replaced(data, swaps) if swaps else data

    def _pass_on(self, data: bytes, at: int) -> tuple[int, tuple[Swap, ...]]:
        """Let the ordinary events at *at* through: where they end, and what is replaced in them.

        They end at *at* if there are none.
        """
        shape = self._shape
        if shape is not None:
            stop, count = shape.run(data, at)
            if stop:
                size = stop - at - count * shape.overhead
                if size > 0:
                    self.produced += size
                    self.started = True
                return stop, shape.swaps
        return self._ordinary_until(data, at)

    def _ordinary_until(self, data: bytes, at: int) -> tuple[int, tuple[Swap, ...]]:
        """The same for events that only resemble each other, each with a head of its own."""
        known = self._ordinary
        if known is None:
            return at, ()
        stop, count = run(data, at, known)
        if not stop:
            return at, ()
        self.produced += max(0, stop - at - count * known.overhead)
        return stop, known.swaps

    def _learn(self, event: bytes, choices: list[Json], mended: int) -> None:
        """From here on reads can go through whole, if this event shows by what to know them."""
        known = self._ordinary
        if known is None or known.opening not in event or known.closing not in event:
            memory = self._memory
            fresh = memory.recall(event, choices[0]) if mended == KEPT else None
            if fresh is None:
                fresh = learnt(event, choices[0], self._swaps, role=mended == ROLE)
                if mended == KEPT and fresh is not None:
                    memory.learn(fresh)
            self._ordinary = fresh or known
            if fresh is not None:
                self._shape = fresh.shape

    def _forget(self) -> None:
        """From here on every event is looked at."""
        self._ordinary = self._shape = None

    def _begin(self, head: bytes) -> None:
        """All events of this stream begin with *head*."""
        self._head = head
        self._shape = self._memory.shape(head)
