"""Plays plans without a network: a world of targets, and scripts of what goes wrong."""

from collections.abc import Callable
from random import Random

from config.schema import Breaker, Route, Stage
from core.call import Call
from core.faults import Failure, Fault
from core.secret import Secret
from core.target import Provider, Target
from routing.candidates import View
from routing.exhausted import Exhausted
from routing.plan import Attempt, opening, plan
from routing.retry_budget import RetryBudget
from routing.vitals import Vitals

CALL = Call("chat", "smart", {})
PATIENT = Breaker(failures=1000, minimum=1000)


def provider(name: str, *, keys: int = 1, **facts: object) -> Provider:
    secrets = tuple(Secret(f"{name}-{number}") for number in range(keys))
    return Provider(name=name, dialect="openai", keys=secrets, **facts)


def target(name: str, *, weight: float = 1.0) -> Target:
    """`cheap` is at the provider of that name; `lab/cheap` says which."""
    head, _, tail = name.rpartition("/")
    return Target(head or tail, tail, weight)


def stage(*names: str, on: tuple[Fault, ...] = (), **facts: object) -> Stage:
    return Stage(targets=tuple(target(name) for name in names), on=frozenset(it.code for it in on), **facts)


def route(*stages: Stage | str, **facts: object) -> Route:
    """Breakers never open here unless the test says so."""
    whole = tuple(stage(it) if isinstance(it, str) else it for it in stages)
    return Route(**{"name": "smart", "stages": whole, "breaker": PATIENT, **facts})


def failure(fault: Fault, **facts: object) -> Failure:
    return Failure(fault, f"it was {fault.code}", **facts)


class World:
    """Time, chance, and what was observed. *waits*, *attempts* and *exhausted* tell of the last play."""

    def __init__(self, *providers: Provider) -> None:
        self.now = 1000.0
        self.rng = Random(7)
        self.vitals = Vitals(self.rng)
        self.providers: dict[str, Provider] = {}
        self.pools = {}
        self.budget = RetryBudget()
        self.turns: dict[tuple[str, int], int] = {}
        self.attempts: list[Attempt] = []
        self.exhausted: Exhausted | None = None
        for each in providers:
            self.add(each)

    def add(self, new: Provider) -> None:
        self.providers[new.name] = new
        self.pools[new.name] = self.vitals.pool(new)

    def view(self, route: Route, **facts: Callable) -> View:
        for each in (target for stage in route.stages for target in stage.targets):
            if each.provider not in self.providers:
                self.add(provider(each.provider))
        return View(
            vitals=self.vitals,
            pools=self.pools,
            providers=self.providers,
            clock=lambda: self.now,
            rng=self.rng,
            budget=self.budget,
            turns=self.turns,
            **facts,
        )

    def play(self, route: Route, *script: Fault | Failure, planned: bool = False, **facts: Callable) -> list[str]:
        """The models tried, each meeting the next of *script*; after its end, success. Begun as the proxy does, with a
        plan where there is no opening or where it fails; by a plan from the start if *planned*.
        """
        self.attempts = []
        self.exhausted = None
        view = self.view(route, **facts)
        deadline = self.now + route.timeouts.total
        first = None if planned else opening(route, CALL, view, deadline, self.now)
        rest = iter(script)
        if first is not None and (met := self.meet(route, first, next(rest, None))) is None:
            return [first.target.model]
        course = plan(route, CALL, view, deadline, opened=first)
        try:
            attempt = next(course)
            if first is not None:
                attempt = course.send(met)
            while (met := self.meet(route, attempt, next(rest, None))) is not None:
                attempt = course.send(met)
        except Exhausted as exhausted:
            self.exhausted = exhausted
        course.close()
        return [attempt.target.model for attempt in self.attempts]

    def meet(self, route: Route, attempt: Attempt, met: Fault | Failure | None) -> Failure | None:
        """One attempt as the proxy makes it."""
        self.attempts.append(attempt)
        met = failure(met) if isinstance(met, Fault) else met
        id = attempt.target.id
        vitals = self.vitals.target(id)
        probe = vitals.begin(self.now)
        self.now += attempt.wait
        vitals.end(self.now, met, probe=probe, policy=route.breaker, first_content=0.5)
        self.pools[attempt.target.provider].told(attempt.credential, met, self.now, id)
        return met

    def trip(self, *names: str, cooldown: float = 30.0, fault: Fault = Fault.OVERLOADED) -> None:
        """Open the breakers of these targets."""
        policy = Breaker(failures=1, cooldown=cooldown)
        for name in names:
            vitals = self.vitals.target(target(name).id)
            probe = vitals.begin(self.now)
            vitals.end(self.now, failure(fault), probe=probe, policy=policy)


def play(route: Route, *script: Fault | Failure) -> list[str]:
    return World().play(route, *script)
