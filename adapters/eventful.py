"""Retellings of events that end where a line does. Most go on with what was said, and are told without being parsed."""

from abc import abstractmethod

from adapters.ndjson import Lines
from adapters.retelling import Retelling
from adapters.sse import Frames, next_event
from core.ask import Ask


class Eventful(Retelling):
    """Of server-sent events; of what else there is, with *frames* and a `_next` that go with it."""

    __slots__ = ("_frames",)

    def __init__(self, ask: Ask, frames: Frames | Lines | None = None) -> None:
        super().__init__(ask)
        self._frames = frames or Frames()
        self._rest = self._frames.rest

    @abstractmethod
    def _hear(self, raw: bytes) -> None:
        """Tell what one event means."""

    def _next(self, whole: bytes, at: int) -> tuple[bytes, int]:
        """The event of *whole* that begins at *at*, and where the next one begins."""
        return next_event(whole, at)

    def _read(self, data: bytes) -> None:
        whole = self._frames.whole(data)
        at, end = 0, len(whole)
        while at < end and not self.done:
            if self._flow is not None and (stop := self._pass_on(whole, at)) > at:
                at = stop
            else:
                raw, at = self._next(whole, at)
                self._hear(raw)
