"""Calls that have been made, decided again: as if the configuration had been another, and everything else the same."""

import zlib
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from core.call import Call
from core.errors import Refusal
from core.target import Target
from core.tasks import CHAT
from core.usage import COUNTS, Usage
from core.wishes import Wishes
from gateway.generation import Generation, Shared
from quota.keys import ANYONE
from routing.decision import Decision
from routing.hindsight import Hindsight
from routing.joined import targets_of
from routing.story import foreseen, onlooking
from store.entry import COMPLETION, PROMPT, Entry

BYTES_PER_TOKEN: Final = 4


class Fate(NamedTuple):
    """Who would be asked first. *cost* in nano-dollars for the same tokens, and *ms* that its answers took; None where
    nobody knows. *reason*: why nobody would be asked.
    """

    target: str
    cost: int | None = None
    ms: float | None = None
    reason: str = ""


class Again:
    """*generation* is of the other configuration, and has observed nothing but what it learns here."""

    def __init__(self, generation: Generation, shared: Shared) -> None:
        self._generation, self._shared = generation, shared
        self._times: dict[str, list[float]] = {}

    def learn(self, rows: Iterable[Entry]) -> None:
        """How targets did, the oldest first."""
        now = self._shared.loop.time()
        for row in rows:
            for target, fault, took, *_ in row.attempts:
                pulse = self._shared.vitals.target(target).pulse
                if fault:
                    pulse.failed(now, took / 1e3)
                else:
                    self._times.setdefault(target, []).append(took)
                    first = None if row.first_ms is None else row.first_ms / 1e3
                    pulse.answered(now, took / 1e3, sum_of(row, COMPLETION), first)

    def decide(self, row: Entry) -> Fate:
        generation = self._generation
        call = _call(row)
        key = generation.config.keys.get(row.key) or ANYONE
        if not generation.ways.offers(call.model):
            return Fate("", 0, reason="no such route")
        if not generation.may_use(key, call.model):
            return Fate("", 0, reason="the key may not use it")
        try:
            call, route = generation.ways.find(call, key)
        except Refusal as refused:
            return Fate("", 0, reason=refused.message)
        flown = () if route.canary is None else targets_of(route.canary.ahead)
        for target in flown:
            if target.id == asked_first(row):  # it was one of the few, and would be again
                return self._fate(target, row)
        reason, then = "", Hindsight(decisions_of(row))
        for decision in foreseen(route, call, onlooking(generation.view), caller=key.name):
            if decision.order:
                decision = then.of(decision)
                return self._fate(decision.targets[decision.order[0]], row)
            reason = reason or next((each.reason for each in decision.skipped), "")
        return Fate("", 0, reason=reason)

    def _fate(self, target: Target, row: Entry) -> Fate:
        times = self._times.get(target.id)
        price = self._generation.model(target).price
        cost: int | None = row.cost
        if target.id != asked_first(row):
            counts: dict[str, Any] = dict(zip(COUNTS, row.answered, strict=True))
            cost = None if price is None else price.cost(Usage(**counts))
        return Fate(target.id, cost, sum(times) / len(times) if times else None)


def decisions_of(row: Entry) -> list[Decision]:
    """Those that led to its attempts, as far as this version can read them."""
    found = []
    for kept in row.why:
        with suppress(KeyError, TypeError, ValueError):
            found.append(Decision.again(kept))
    return found


def asked_first(row: Entry) -> str:
    return row.attempts[0][0] if row.attempts else row.target


def sum_of(row: Entry, names: tuple[str, ...]) -> int:
    return sum(row.answered[COUNTS.index(name)] for name in names)


def _call(row: Entry) -> Call:
    """As much of the call as the ledger knows: what was said in it isn't there."""
    model = asked_first(row) if "*" in row.route else row.route
    then = decisions_of(row)
    seed = then[0].pick.seed if then else zlib.crc32(row.id.encode())
    size = sum_of(row, PROMPT) * BYTES_PER_TOKEN
    task = "" if row.task == CHAT else row.task  # which is what calls look like that name none
    return Call(row.endpoint, model, {}, row.stream, size=size, wishes=Wishes(task=task, seed=seed))
