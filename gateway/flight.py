"""One canary as this process knows it, and the part that one call takes in it."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import orjson

from config.schema import Canary, Route
from core.call import Call
from core.errors import Refusal
from routing.canary import RUNNING, UNDER_WAY, Ended, Standing, seen, session
from routing.guards import Side, judged, median
from routing.share import drawn
from telemetry.record import Record

NANO: Final = 1_000_000_000
CHAT: Final = "chat"


class Flight:
    """*standing* None: the board hasn't been seen yet. *fresh*: something was counted that the others don't know.

    *told* is when this process last heard or said where the canary stands (unix time).
    """

    __slots__ = ("_ours", "_rest", "canary", "fresh", "route", "standing", "told")

    def __init__(self, route: str, canary: Canary) -> None:
        self.route = route
        self.canary = canary
        self.standing: Standing | None = None
        self.fresh = False
        self.told = 0.0
        self._ours, self._rest = Side(), Side()

    @property
    def number(self) -> int:
        """Of its stage, from 1; 0 while it gets no calls."""
        standing = self.standing
        return standing.stage + 1 if standing is not None and standing.status in UNDER_WAY else 0

    @property
    def counted(self) -> bool:
        """Whether anything was, since it stands as it does."""
        return self._ours.calls + self._rest.calls > 0

    def part(self, canary: Canary, call: Call, key: str, id: str) -> "Part | None":
        """*canary* is ours, with what a wildcard stands for filled in. A client's own chain is left alone."""
        standing = self.standing
        if standing is None or standing.status not in UNDER_WAY or call.wishes.models:
            return None
        chosen = drawn(session(call, key, id), canary.mark, standing.share(canary))
        return Part(self, standing.number, call, canary.ahead if chosen else None)

    def count(self, ended: Ended, number: int, *, ours: bool) -> None:
        """A call that began under the standing of that *number* is over."""
        told = seen(ended)
        if told is None or self.standing is None or number != self.standing.number:
            return
        (self._ours if ours else self._rest).add(told)
        self.fresh = True

    def adopt(self, standing: Standing, now: float) -> None:
        """That is how it stands from now on."""
        if self.standing is None or self.standing.number != standing.number:
            self._ours, self._rest = Side(), Side()
        self.standing = standing
        self.told = now

    def seen(self) -> bytes:
        """What was counted here, for the others."""
        return orjson.dumps([self._ours.kept(), self._rest.kept()])

    def sums(self, others: Iterable[tuple[Side, Side]]) -> tuple[Side, Side]:
        """What was counted here and by *others*: of the canary, and of the rest."""
        ours, rest = Side(), Side()
        for canary, remaining in ((self._ours, self._rest), *others):
            ours.join(canary)
            rest.join(remaining)
        return ours, rest

    def event(self, before: Standing | None, now: Standing) -> dict[str, Any]:
        """What operators are told of a change."""
        what = now.status
        if what == RUNNING:
            what = "advanced" if before is not None and now.stage > before.stage else "restarted"
        return {
            "event": f"canary_{what}",
            "route": self.route,
            "targets": self._targets(),
            "stage": now.stage + 1,
            "share": now.share(self.canary),
            "reason": now.why,
        }

    def shown(self, others: Iterable[tuple[Side, Side]]) -> dict[str, Any]:
        standing, canary = self.standing, self.canary
        ours, rest = self.sums(others)
        return {
            "route": self.route,
            "targets": self._targets(),
            "status": None if standing is None else standing.status,
            "stage": self.number,
            "stages": list(canary.stages),
            "share": 0.0 if standing is None else standing.share(canary),
            "since": None if standing is None else standing.since,
            "reason": "" if standing is None else standing.why,
            "canary": _side(ours),
            "rest": _side(rest),
            "guards": [_verdict(*one) for one in judged(canary.guard, ours, rest)],
        }

    def _targets(self) -> list[str]:
        return [target.id for stage in self.canary.ahead.stages for target in stage.targets]


class Part:
    """What one call has to do with a canary. *ahead* is what it tries first, None if it goes the usual way.

    Implements gateway.watch.assessor.Judged.
    """

    __slots__ = ("_flight", "_number", "_refused", "ahead", "keen")

    def __init__(self, flight: Flight, number: int, call: Call, ahead: Route | None) -> None:
        self._flight = flight
        self._number = number
        self._refused = ""
        self.ahead = ahead
        self.keen = flight.canary.guard.validity is not None and call.endpoint == CHAT

    async def answers(self, ask: Callable[[Route], Awaitable[None]]) -> bool:
        """Whether the canary's targets answer; else, whatever it was, the call goes on as if they hadn't been asked."""
        if self.ahead is None:
            return False
        try:
            await ask(self.ahead)
        except Refusal as refused:
            if refused.extra.get("attempts") == []:  # nobody was even asked
                self._refused = refused.code or ""
            return False
        return True

    def close(self, record: Record, flaw: str) -> None:
        """The call is over, and *flaw* is what was found wrong with its answer, if anything."""
        if record.degraded:
            return  # another route has answered, which says nothing of this one
        tried = record.tried
        ended = Ended(
            None if self._refused or not tried else tried[0][1],
            self._refused,
            answered=record.status == 200 and not record.fault,
            first=record.first,
            cost=record.cost,
            flawed=self.keen and bool(flaw),
        )
        self._flight.count(ended, self._number, ours=self.ahead is not None)


def _side(side: Side) -> dict[str, Any]:
    return {
        "calls": side.calls,
        "failed": side.failed,
        "flawed": side.invalid,
        "cost_usd": side.cost / NANO,
        "first_content_ms": median(side.times),
    }


def _verdict(guard: str, state: str, limit: float | None, canary: float | None, rest: float | None) -> dict[str, Any]:
    unit = NANO if guard == "cost" else 1
    limit, canary, rest = (None if figure is None else figure / unit for figure in (limit, canary, rest))
    return {"guard": guard, "state": state, "limit": limit, "canary": canary, "rest": rest}
