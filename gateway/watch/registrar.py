"""Enters finished calls with all who keep figures of them: many at once, since neither a client nor a decision waits.

Whoever shows such figures, or ends what keeps them, says `enter` first, so that nothing is seen to be missing.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from gateway.mistakes import told
from gateway.watch.assessor import Answered, Assessor
from gateway.watch.events import Newsroom
from telemetry.collector import Envoy
from telemetry.log import Scribe
from telemetry.meters import Meters
from telemetry.record import Record

MANY: Final = 64  # calls that are entered together at most
SOON: Final = 0.02  # seconds that the first of them waits at most


class Registrar:
    """One for each process; all of it belongs to the loop's thread. *envoy*: who tells a collector, if anybody."""

    __slots__ = ("_assessor", "_envoy", "_finished", "_loop", "_meters", "_newsroom", "_scribe", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        meters: Meters,
        scribe: Scribe,
        *,
        assessor: Assessor,
        newsroom: Newsroom,
        envoy: Envoy | None,
    ) -> None:
        self._loop = loop
        self._meters = meters
        self._scribe = scribe
        self._assessor = assessor
        self._newsroom = newsroom
        self._envoy = envoy
        self._finished: list[tuple[Record, Answered | None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def finished(self, record: Record, answered: Answered | None) -> None:
        """A call is over, and so is its record. *answered*: if it was, to its end."""
        finished = self._finished
        finished.append((record, answered))
        if self._timer is None:
            self._timer = self._loop.call_later(SOON, self._due)
        elif len(finished) >= MANY:
            self.enter()

    def enter(self) -> None:
        """What has finished up to now."""
        finished, self._finished = self._finished, []
        if not finished:
            return
        records, answered = zip(*finished, strict=True)
        self._scribe.put(*records)
        for record, mistake in self._meters.count(*records):
            self._scribe.event("error", "internal error", id=record.id, **told(mistake))
        if self._envoy is not None or self._newsroom.listeners:
            self._tell(records)
        self._assessor.finished(*filter(None, answered))

    def _tell(self, records: Sequence[Record]) -> None:
        """Those who don't listen to most processes."""
        for record in records:
            if self._envoy is not None:
                self._envoy.put(record)
            if self._newsroom.listeners:
                self._newsroom.call(record)

    def _due(self) -> None:
        self._timer = None
        self.enter()
