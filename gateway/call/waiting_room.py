"""Where calls wait for a target that is full, and what they are told if that takes too long."""

import asyncio
import math
from collections.abc import Mapping
from typing import Final

from config.schema import Key, Queue
from core.call import PRIORITIES
from core.errors import Refusal
from core.faults import Failure, Fault
from gateway.generation import Shared
from routing.candidates import full
from routing.credentials import Credentials, Pause
from routing.plan import Attempt
from routing.vitals import TargetVitals
from server.caller import PRIORITY
from upstream.deadlines import Deadlines

_LEVELS: Final = {name: level for level, name in enumerate(PRIORITIES)}


def priority(key: Key, asked: str | None) -> int:
    """The level of a call: its client may ask for less than its key has, never for more."""
    level = _LEVELS[key.priority]
    if asked is None:
        return level
    if asked not in _LEVELS:
        known = ", ".join(PRIORITIES)
        raise Refusal(400, f"{PRIORITY}: expected one of {known}.", code="invalid_header", param=PRIORITY)
    return max(level, _LEVELS[asked])


class Visitor:
    """A call in line; implements routing.line.Waiting and upstream.deadlines.Timed.

    *turn* ends when it needn't wait any more; *called*: because a place is kept for it. *due* is when it has waited
    long enough.
    """

    __slots__ = ("called", "due", "key", "level", "number", "turn")

    def __init__(self, key: str, level: int, due: float, loop: asyncio.AbstractEventLoop) -> None:
        self.key = key
        self.level = level
        self.due = due
        self.number = 0
        self.called = False
        self.turn: asyncio.Future[None] = loop.create_future()

    def enter(self) -> None:
        self.called = True
        self.leave()

    def leave(self) -> None:
        if not self.turn.done():
            self.turn.set_result(None)

    def late(self, now: float) -> None:
        del now
        self.due = math.inf
        self.leave()


async def wait(
    attempt: Attempt,
    shared: Shared,
    pools: Mapping[str, Credentials],
    queue: Queue,
    *,
    key: str,
    level: int,
    until: float,
) -> Attempt | Failure:
    """Wait for a place at a target that is full, but not longer than *until*.

    The place is kept for the Attempt that is returned: its vitals have to begin before anything is awaited.
    """
    target = attempt.target
    began = shared.loop.time()
    visitor = Visitor(key, level, min(until, began + queue.wait), shared.loop)
    vitals = shared.vitals.target(target.id)
    gate = vitals.gate
    if _may_wait(visitor, vitals, began) and gate.join(visitor, queue.most, vitals.in_flight):
        await _turn(visitor, vitals, shared.deadlines)
    now = shared.loop.time()
    shared.meters.histogram("switchyard_queue_seconds", target.id).observe(now - began)
    if not visitor.called:
        shared.meters.counter("switchyard_queue_refused_total", target.id).value += 1
        again = queue.wait if gate.turn is None else (gate.ahead(key, level) + 1) * gate.turn
        return Failure(Fault.BUSY, full(target, vitals).reason, retry_after=again or None)
    pool = pools[target.provider]
    credential = pool.pick(now, target.id) if vitals.available(now) else None
    if credential is None:
        gate.given_back(vitals.in_flight)
        return _closed(vitals, pool.pause(now, target.id), now)
    gate.taken()
    return attempt._replace(credential=credential)


def _may_wait(visitor: Visitor, vitals: TargetVitals, now: float) -> bool:
    """Whether its turn can come in time, as far as anybody knows."""
    gate = vitals.gate
    if vitals.in_flight < gate.room:
        return True
    return now + gate.ahead(visitor.key, visitor.level) * (gate.turn or 0.0) < visitor.due


async def _turn(visitor: Visitor, vitals: TargetVitals, deadlines: Deadlines) -> None:
    """Until it is its turn, or too late, or somebody else has got its place in line."""
    deadlines.watch(visitor)
    try:
        await visitor.turn
    except asyncio.CancelledError:
        # Its turn may have come after its client had left.
        if visitor.called:
            vitals.gate.given_back(vitals.in_flight)
        raise
    finally:
        deadlines.forget(visitor)
        vitals.gate.leave(visitor)


def _closed(vitals: TargetVitals, pause: Pause, now: float) -> Failure:
    """While the call was waiting, its target broke down, or all credentials came to rest."""
    circuit = vitals.circuit
    if vitals.available(now):
        return Failure(pause.fault or Fault.RATE_LIMITED, pause.reason, retry_after=pause.wait)
    return Failure(circuit.cause or Fault.UNREACHABLE, vitals.why_not(now) or "", retry_after=circuit.until - now)
