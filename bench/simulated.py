"""Simulated providers and the calls that meet them: the real routing code, with a clock that costs nothing.

What the gateway does with an attempt, in conversation.py and learning.py of gateway/call, is done here on paper.
"""

import heapq
import math
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final, NamedTuple

from config.schema import Breaker, Retry, Route, Stage, Timeouts
from core.call import Call
from core.faults import Blame, Failure, Fault
from core.secret import Secret
from core.target import Provider, Target
from core.usage import Usage
from routing.candidates import View
from routing.exhausted import Exhausted
from routing.forecast import Forecast
from routing.outlook import Outlook, Rates
from routing.plan import Attempt, plan
from routing.retry_budget import RetryBudget
from routing.vitals import Vitals

MILLION: Final = 1_000_000
KEPT: Final = 300.0  # seconds that a provider keeps a prompt's beginning
MOST_KEPT: Final = 50  # sessions at one target
TIMEOUTS: Final = Timeouts(first_content=30.0, total=120.0)
RETRY: Final = Retry(attempts=2)


class Spell(NamedTuple):
    """From *begins* to *ends* a target is *slow* times as slow, and fails a share of its attempts; 1: it hangs."""

    begins: float
    ends: float
    slow: float = 1.0
    fails: float = 0.0


@dataclass(slots=True)
class Site:
    """One simulated target. *first* is in seconds to the first content with nothing else to do, *pace* in tokens a
    second, *reads* in tokens of a prompt a second; *wide* is how many calls at a time double its times. *limit*: calls
    a minute, 0 for any number; *concurrent*: calls at a time, as the operator allows. *samples*: recorded pairs of
    seconds, to the first content and for each token.
    """

    target: Target
    rates: Rates
    quality: float = 0.5
    first: float = 0.5
    spread: float = 0.3
    pace: float = 60.0
    reads: float = 5_000.0
    wide: float = 20.0
    limit: int = 0
    concurrent: int = 1000
    fails: float = 0.002
    local: bool = False
    spells: Sequence[Spell] = ()
    samples: Sequence[tuple[float, float]] = ()


class Asked(NamedTuple):
    """A call that will come at *at*."""

    at: float
    route: int
    session: str
    user: str
    prompt: int
    output: int


class Met(NamedTuple):
    """What becomes of an attempt."""

    seconds: float
    first: float
    failure: Failure | None
    cached: int = 0
    headers: Mapping[str, str] = {}


@dataclass(slots=True)
class Figures:
    """What came of all calls. *firsts*: seconds until each client read its first content, those that got one."""

    calls: int = 0
    attempts: int = 0
    errors: int = 0
    refused: int = 0  # 429s that were met
    cost: int = 0
    prompt: int = 0
    cached: int = 0
    quality: float = 0.0
    firsts: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        ordered = sorted(self.firsts)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else math.nan


class Provided:
    """A site at work: what it holds in its cache and what is left of its limit."""

    __slots__ = ("_cache", "_full", "_left", "_rng", "_since", "site")

    def __init__(self, site: Site, rng: Random) -> None:
        self.site = site
        self._rng = rng
        self._cache: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._full = self._left = max(site.limit / 4, 1.0)
        self._since = 0.0

    def meet(self, asked: Asked, now: float, under_way: int) -> Met:
        headers = self._take(now)
        if headers is None:
            wait = (1 - self._left) * 60 / self.site.limit
            return Met(0.05, 0.0, Failure(Fault.RATE_LIMITED, "slow down", retry_after=wait), 0, self._told())
        site, rng = self.site, self._rng
        spell = next((one for one in site.spells if one.begins <= now < one.ends), None)
        fails = site.fails if spell is None else spell.fails
        if rng.random() < fails:
            if spell is not None and spell.fails >= 1:
                return Met(TIMEOUTS.first_content, 0.0, Failure(Fault.TIMEOUT, "no content came in time"))
            return Met(0.2 * rng.random(), 0.0, Failure(Fault.BROKEN, "an error"), 0, headers)
        cached = self._cached(asked, now)
        crowd = (1.0 if spell is None else spell.slow) * (1 + (under_way / site.wide) ** 2)
        before, each = rng.choice(site.samples) if site.samples else self._drawn(asked.prompt - cached)
        first = before * crowd
        if first > TIMEOUTS.first_content:
            return Met(TIMEOUTS.first_content, 0.0, Failure(Fault.TIMEOUT, "no content came in time"))
        return Met(first + asked.output * each * crowd, first, None, cached, headers)

    def _drawn(self, unread: int) -> tuple[float, float]:
        site = self.site
        return site.first * self._rng.lognormvariate(0, site.spread) + unread / site.reads, 1 / site.pace

    def _cached(self, asked: Asked, now: float) -> int:
        """Tokens of the prompt that are still in the cache, where now all of it is."""
        until, kept = self._cache.pop(asked.session, (0.0, 0))
        self._cache[asked.session] = (now + KEPT, asked.prompt)
        if len(self._cache) > MOST_KEPT:
            self._cache.popitem(last=False)
        return min(kept, asked.prompt) if now < until else 0

    def _take(self, now: float) -> Mapping[str, str] | None:
        """One call less; None where there is none left."""
        limit = self.site.limit
        if not limit:
            return {}
        self._left = min(self._full, self._left + (now - self._since) * limit / 60)
        self._since = now
        if self._left < 1:
            return None
        self._left -= 1
        return self._told()

    def _told(self) -> Mapping[str, str]:
        reset = (self._full - self._left) * 60 / self.site.limit
        return {
            "x-ratelimit-limit-requests": str(int(self._full)),
            "x-ratelimit-remaining-requests": str(int(self._left)),
            "x-ratelimit-reset-requests": f"{reset:.3f}s",
        }


class _Going(NamedTuple):
    """A call under way: its plan, and the attempt that ends next."""

    asked: Asked
    call: Call
    route: Route
    course: Generator[Attempt, Failure, None]
    attempt: Attempt
    met: Met
    probe: bool
    number: int


class _Opened(NamedTuple):
    """The first content of an answer."""

    id: str
    first: float


class Simulation:
    """*routes* are the sites of each route, all in one stage that *strategy* orders."""

    def __init__(self, routes: Sequence[Sequence[Site]], strategy: str, *, seed: int) -> None:
        self.now = 0.0
        self.figures = Figures()
        self._rng = Random(seed)
        sites = [site for route in routes for site in route]
        self._sites = {site.target.id: Provided(site, Random(f"{seed} {site.target.id}")) for site in sites}
        self._routes = [
            Route(name=f"r{number}", stages=(_stage(route, strategy),), timeouts=TIMEOUTS, retry=RETRY)
            for number, route in enumerate(routes)
        ]
        self._forecast = Forecast()
        self._vitals = Vitals(self._rng)
        self._view = self._viewed(sites)
        self._ends: list[tuple[float, int, _Going | _Opened]] = []
        self._order = count()

    def _viewed(self, sites: Sequence[Site]) -> View:
        providers = {
            site.target.provider: Provider(
                name=site.target.provider, dialect="openai", keys=(Secret("k"),), local=site.local
            )
            for site in sites
        }
        by_id = {site.target.id: site for site in sites}
        return View(
            vitals=self._vitals,
            pools={name: self._vitals.pool(provider) for name, provider in providers.items()},
            providers=providers,
            clock=lambda: self.now,
            rng=self._rng,
            budget=RetryBudget(),
            turns={},
            fits=lambda it, _call: (
                "it is full" if self._vitals.target(it.id).in_flight >= by_id[it.id].concurrent else None
            ),
            outlook=Outlook(
                rates=lambda it: by_id[it.id].rates,
                quality=lambda it, _task, _now: by_id[it.id].quality,
                forecast=self._forecast,
            ),
        )

    def play(self, calls: Sequence[Asked]) -> Figures:
        """All *calls*, which are in the order of time, until the last is over."""
        for asked in calls:
            while self._ends and self._ends[0][0] <= asked.at:
                self._end()
            self.now = asked.at
            self._begin(asked)
        while self._ends:
            self._end()
        return self.figures

    def _begin(self, asked: Asked) -> None:
        route = self._routes[asked.route]
        body = {"prompt_cache_key": asked.session, "user": asked.user}
        call = Call("chat", route.name, body, stream=True, size=asked.prompt * 4)
        course = plan(route, call, self._view, self.now + route.timeouts.total, caller=asked.user)
        self.figures.calls += 1
        self._step(asked, call, route, course, None)

    def _step(
        self,
        asked: Asked,
        call: Call,
        route: Route,
        course: Generator[Attempt, Failure, None],
        failure: Failure | None,
    ) -> None:
        """The next attempt of a call."""
        try:
            attempt = next(course) if failure is None else course.send(failure)
        except Exhausted:
            self.figures.errors += 1
            return
        vitals = self._vitals.target(attempt.target.id)
        probe = vitals.begin(self.now)
        met = self._sites[attempt.target.id].meet(asked, self.now + attempt.wait, vitals.in_flight)
        if met.failure is None:
            heapq.heappush(
                self._ends,
                (self.now + attempt.wait + met.first, next(self._order), _Opened(attempt.target.id, met.first)),
            )
        self.figures.attempts += 1
        going = _Going(asked, call, route, course, attempt, met, probe, vitals.attempts)
        heapq.heappush(self._ends, (self.now + attempt.wait + met.seconds, next(self._order), going))

    def _end(self) -> None:
        self.now, _, going = heapq.heappop(self._ends)
        if isinstance(going, _Opened):
            self._vitals.target(going.id).pulse.opened(self.now, going.first)
            return
        target, met = going.attempt.target, going.met
        failure = met.failure
        first = None if failure else met.first
        vitals = self._vitals.target(target.id)
        vitals.end(self.now, failure, probe=going.probe, policy=Breaker(), first_content=first)
        self._view.pools[target.provider].told(going.attempt.credential, failure, self.now, target.id)
        if met.headers:
            vitals.rooms.told(0, met.headers, self.now, 0.0, number=going.number, tokens=0)
        if failure is None:
            self._answered(going)
            return
        if failure.fault is Fault.RATE_LIMITED:
            self.figures.refused += 1
        elif failure.fault.blame is Blame.TARGET:
            vitals.pulse.failed(self.now, met.seconds)
        self._step(going.asked, going.call, going.route, going.course, failure)

    def _answered(self, going: _Going) -> None:
        asked, met, target = going.asked, going.met, going.attempt.target
        going.course.close()
        site, figures = self._sites[target.id].site, self.figures
        usage = Usage(asked.prompt - met.cached, met.cached, 0, asked.output)
        self._vitals.target(target.id).pulse.paced(self.now, met.seconds - met.first, asked.output)
        self._forecast.learn(going.call, target.id, usage)
        rates = site.rates
        figures.cost += (
            usage.input * rates.input + usage.cache_read * rates.cached + usage.output * rates.output
        ) // MILLION
        figures.prompt += asked.prompt
        figures.cached += met.cached
        figures.quality += site.quality
        figures.firsts.append(self.now - met.seconds + met.first - asked.at)


def _stage(sites: Sequence[Site], strategy: str) -> Stage:
    return Stage(targets=tuple(site.target for site in sites), strategy=strategy)
