"""A server that can do so much at a time, and a crowd of clients before its gate, on a clock of their own."""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random

from playbook import PATIENT, failure

from core.faults import Fault
from core.target import ADAPTIVE, Concurrency
from routing.vitals import TargetVitals, Vitals


class Visitor:
    """In line for the gate of *crowd*."""

    def __init__(self, crowd: "Crowd", key: str = "", level: int = 1) -> None:
        self.key = key
        self.level = level
        self.number = 0
        self.crowd = crowd
        self.ousted = False

    def enter(self) -> None:
        self.crowd.later(0.0, self.begin)

    def begin(self) -> None:
        self.crowd.vitals.gate.taken()
        self.crowd.begin(self)

    def leave(self) -> None:
        self.ousted = True


class Crowd:
    """*clients* who ask again as soon as they are answered, and after a while when they are refused.

    The server takes *capacity* at a time, for about *seconds*; beyond, it refuses, or with *queues* lets calls wait,
    and with *patience* they time out after so many seconds. A share of *strays* fails for no reason.
    """

    def __init__(
        self,
        clients: int,
        capacity: int,
        *,
        seconds: float = 1.0,
        queues: bool = False,
        patience: float = 1e9,
        strays: float = 0.0,
        concurrency: Concurrency = ADAPTIVE,
        seed: int = 1,
    ) -> None:
        self.rng = Random(seed)
        vitals = Vitals(self.rng)
        vitals.heed(lambda _id: concurrency)
        self.vitals: TargetVitals = vitals.target("lab/x")
        self.capacity = capacity
        self.seconds = seconds
        self.queues = queues
        self.patience = patience
        self.strays = strays
        self.now = 1000.0
        self.inside = 0
        self.free: list[float] = []  # when each of its places is free again, for a server that lets calls wait
        self.good = self.refused = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        for _ in range(clients):
            self.later(self.rng.random() * seconds, lambda: self.come(Visitor(self)))

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._order), what))

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, _, what = heapq.heappop(self._events)
            what()
        self.now = end

    def come(self, visitor: Visitor) -> None:
        gate, flying = self.vitals.gate, self.vitals.in_flight
        if flying < gate.room:
            self.begin(visitor)
        else:
            assert gate.join(visitor, 10_000, flying)

    def begin(self, visitor: Visitor) -> None:
        began = self.now
        probe = self.vitals.begin(began)
        took = self.seconds * self.rng.uniform(0.8, 1.2)
        fault: Fault | None = None
        if self.strays and self.rng.random() < self.strays:
            fault, took = Fault.OVERLOADED, 0.01
        elif self.queues:
            took = self._served_by(took)
            if took > self.patience:
                fault, took = Fault.TIMEOUT, self.patience
        elif self.inside >= self.capacity:
            fault, took = Fault.OVERLOADED, 0.01
        if fault is None:
            self.inside += 1
        self.later(took, lambda: self.end(visitor, began, probe, fault))

    def _served_by(self, took: float) -> float:
        """First come, first served, by so many places."""
        self.free = sorted(each for each in self.free if each > self.now)
        starts = self.now if len(self.free) < self.capacity else self.free[-self.capacity]
        self.free.append(starts + took)
        return starts + took - self.now

    def end(self, visitor: Visitor, began: float, probe: bool, fault: Fault | None) -> None:
        took = self.now - began
        met = None if fault is None else failure(fault)
        if fault is None:
            self.inside -= 1
            self.good += 1
        else:
            self.refused += 1
        first = took if self.queues else None
        self.vitals.end(self.now, met, probe=probe, policy=PATIENT, first_content=first, took=took)
        self.later(0.0 if fault is None else self.seconds, lambda: self.come(visitor))

    @property
    def most(self) -> float:
        return self.vitals.gate.most
