"""What only some calls have: a part in a canary, a visit to the answers that are kept, a race, something to fetch.

Most calls have none of it, and Conversation asks that once.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from config.schema import Key, Route
from core.call import Call
from core.errors import Refusal
from gateway.call.bill import Bill
from gateway.call.gallery import Gallery
from gateway.call.hedging import Race
from gateway.call.shadow import copied
from gateway.call.telling import Telling
from gateway.call.visit import KEPT, Visit, visit
from gateway.flight import Part
from gateway.generation import Generation, Shared
from server.reply import Reply
from telemetry.record import Record

# As rows say it of a call that tries a canary: only its targets were asked, or the others after them.
ASKED: Final = "asked"
PASSED: Final = "passed"


class Circumstances:
    """Of one call. *level*: of its priority, where its client says one. *part*: in a canary. *visit*: to the answers
    that are kept. *race*: of the attempts at a route that hedges. *gallery*: of what providers can't fetch.
    """

    __slots__ = ("gallery", "level", "part", "race", "visit")

    def __init__(self) -> None:
        self.level: int | None = None
        self.part: Part | None = None
        self.visit: Visit | None = None
        self.race: Race | None = None
        self.gallery: Gallery | None = None

    def look(
        self, generation: Generation, shared: Shared, call: Call, route: Route, *, key: Key, record: Record
    ) -> None:
        """Which way *call* has to take before that of *route*. Raises Refusal as `visit` does."""
        if route.canary is not None:
            self.part = shared.canaries.part(route.canary, call, key.name, record.id)
        if route.cache.ttl or call.cache is not None:
            self.visit = visit(generation, shared, call, route, key, record=record, part=self.part)

    def fetching(self, generation: Generation, shared: Shared, call: Call) -> Gallery:
        """The one gallery of *call*."""
        if self.gallery is None:
            self.gallery = Gallery(call, shared.fetcher, generation.config.media)
        return self.gallery

    async def answers(
        self, reply: Reply, bill: Bill, telling: Telling | None, *, ask: Callable[[Route], Awaitable[None]]
    ) -> bool:
        """Whether there is no need to ask the route's own targets; *ask* asks those of another one."""
        if self.visit is not None and await self.visit.answers(reply, bill, telling):
            return True
        part, record = self.part, bill.record
        if part is None or part.ahead is None:
            return False
        record.canary = ASKED
        if await part.answers(ask):
            return True
        record.canary = PASSED
        return False

    async def relieves(self, reply: Reply, bill: Bill, refused: Refusal) -> bool:
        """Whether the call, which was *refused*, was answered with what is too old."""
        return self.visit is not None and await self.visit.relieves(reply, bill, refused)

    def close(self, bill: Bill | None, route: Route | None) -> None:
        """The call is over; there is neither *bill* nor *route* if it was refused before any target was asked."""
        if bill is not None and route is not None:
            record = bill.record
            if route.shadow is not None and record.cache not in KEPT:
                copied(bill.generation, bill.shared, route, bill.call, record)
            if self.part is not None and (bill.produced < 0 or record.fault):
                self.part.close(record, "")  # else whoever judges its answer does
        if self.visit is not None:
            self.visit.close(bill)
