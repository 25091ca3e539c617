"""What a streamed answer said and when, so that it can be told again."""

from collections.abc import Callable

from gateway.ear import LARGEST, Ear
from upstream.trial import Relay


class Tape(Ear):
    """Hears all of a stream, as long as it isn't more than *largest* bytes. *clock* is loop time."""

    __slots__ = ("_clock", "_largest", "_last", "pauses", "size")

    def __init__(self, clock: Callable[[], float], largest: int) -> None:
        super().__init__()
        self._clock = clock
        self._largest = largest
        self._last: float | None = None
        self.size = 0
        self.pauses: list[float] = []

    @property
    def heard(self) -> list[bytes]:
        """Empty where it was too much."""
        return self.pieces if self.size <= self._largest else []

    def hear(self, piece: bytes) -> None:
        self._note(piece, self._clock())

    def beside(self, relay: Relay) -> Relay:
        def heard(piece: bytes) -> float:
            now = relay(piece)
            self._note(piece, now)
            return now

        return heard

    def _note(self, piece: bytes, now: float) -> None:
        if not piece:
            return
        self.size += len(piece)
        self._size = self.size
        if self.size > max(self._largest, LARGEST):
            self.pieces.clear()
            self.pauses.clear()
            return
        self.pieces.append(piece)
        self.pauses.append(0.0 if self._last is None else now - self._last)
        self._last = now
