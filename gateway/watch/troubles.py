"""What may be wrong, as one process sees it: breakers, providers, errors, debt, the store, the configuration."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import orjson

from config.signals import Alerts, ErrorRate
from gateway.current import Reload
from gateway.generation import Generation, Shared
from gateway.spent import NANO, dollars
from gateway.treasury import Treasury
from gateway.watch.alarm import Alarm
from routing.breaker import CLOSED
from telemetry.counters import OTHER
from telemetry.counting import NONE

RATE: Final = "alert/rate/"
CALLS: Final = "switchyard_calls_total"
SAMPLES: Final = 30  # of a window of error rates
MOST_ROUTES: Final = 200  # that other processes are told of
START: Final = 10.0  # seconds in which a store may not have answered yet
DEBT: Final = 3600.0  # seconds for which a call that cost more than its bound is worth a word

Counts = dict[str, tuple[float, float]]  # by route: calls, and those that failed


class Troubles:
    """One for each process. *now* is loop time throughout."""

    def __init__(
        self, shared: Shared, treasury: Treasury, alerts: Alerts, generation: Callable[[], Generation]
    ) -> None:
        self.alerts = alerts
        self.run_outs: tuple[Alarm, ...] = ()  # as they were last reckoned
        self.reload: Reload | None = None  # the last one, if it was refused
        self._shared = shared
        self._treasury = treasury
        self._generation = generation
        self._open: dict[str, float] = {}  # targets, and since when their breakers aren't closed
        self._rates = Rates()
        self._debts = treasury.till.debts
        self._indebted = -DEBT
        self._began = shared.loop.time()

    def seen(self, notices: Mapping[str, bytes], life: str) -> Iterator[Alarm]:
        """All that is wrong and that the operator wants to hear of. *notices* are those of the board."""
        now = self._shared.loop.time()
        kinds: Mapping[str, Callable[[], Iterator[Alarm]]] = {
            "breaker": lambda: self._breakers(now),
            "provider": self._providers,
            "error_rate": lambda: self._errors(notices, life, now),
            "debt": lambda: self._debt(now),
            "store": lambda: self._store(now),
            "config": self._config,
            "run_out": lambda: iter(self.run_outs),
        }
        for kind, find in kinds.items():
            if kind in self.alerts.on:
                yield from find()

    def rates(self) -> bytes:
        """What other processes are told of the calls of this one; nothing where there were none."""
        counts = self._rates.window(self._shared.loop.time(), self.alerts.error_rate.over)
        most = sorted(counts.items(), key=lambda one: (-one[1][1], -one[1][0]))[:MOST_ROUTES]
        return orjson.dumps(dict(most)) if most else b""

    def _breakers(self, now: float) -> Iterator[Alarm]:
        routes = self._generation().config.routes.values()
        named = {target.id for route in routes for target in route.every_target}
        vitals = self._shared.vitals.targets()
        tripped = {id for id, one in vitals.items() if id in named and one.circuit.state is not CLOSED}
        self._open = {id: self._open.get(id, now) for id in tripped}
        for id, since in self._open.items():
            if now - since >= self.alerts.breaker:
                cause = vitals[id].circuit.cause
                why = "" if cause is None else f" ({cause.code})"
                message = f"The breaker of {id} has been open for {now - since:.0f} s{why}: no call gets through."
                yield Alarm(
                    "breaker", f"target/{id}", "breaker_open", message, {"fault": cause.code if cause else None}
                )

    def _providers(self) -> Iterator[Alarm]:
        for name in self._generation().lanes:
            lost = self._shared.vitals.provider(name).presence.lost
            if lost is not None:
                message = f"The provider {name} is down: its probes fail ({lost.code}), and its targets are left alone."
                yield Alarm("provider", f"provider/{name}", "provider_down", message, {"fault": lost.code})

    def _errors(self, notices: Mapping[str, bytes], life: str, now: float) -> Iterator[Alarm]:
        limit = self.alerts.error_rate
        self._rates.look(self._counted(), now, limit)
        together = self._rates.window(now, limit.over)
        for name, notice in notices.items():
            if name.startswith(RATE) and name != RATE + life:
                for route, (calls, failed) in _read(notice).items():
                    ours = together.get(route, (0, 0))
                    together[route] = (ours[0] + calls, ours[1] + failed)
        for route, (calls, failed) in together.items():
            if calls >= limit.minimum and failed > limit.above * calls:
                message = f"{failed / calls:.1%} of the last {calls:.0f} calls of route {route} failed."
                facts = {"calls": int(calls), "failed": int(failed), "rate": round(failed / calls, 4)}
                yield Alarm("error_rate", f"route/{route}", "error_rate", message, facts)

    def _counted(self) -> Counts:
        counts: Counts = {}
        self._shared.registrar.enter()
        for (route, _, status, _), series in self._shared.meters.counted(CALLS).items():
            if route not in {NONE, OTHER}:
                calls, failed = counts.get(route, (0, 0))
                value = series.value
                counts[route] = (calls + value, failed + (value if status.startswith("5") else 0))
        return counts

    def _debt(self, now: float) -> Iterator[Alarm]:
        till = self._treasury.till
        if till.debts > self._debts:
            self._debts, self._indebted = till.debts, now
        if now - self._indebted < DEBT:
            message = f"Calls cost more than the most they could: {dollars(till.debt)} of debt since the start."
            yield Alarm("debt", "service", "budget_debt", message, {"debt_usd": till.debt / NANO})

    def _store(self, now: float) -> Iterator[Alarm]:
        if not self._treasury.up and now - self._began > START:
            message = "The store of budgets and limits can't be reached; `when_down` says what becomes of calls."
            yield Alarm("store", "store", "store_down", message)

    def _config(self) -> Iterator[Alarm]:
        if self.reload is not None:
            first, more = self.reload.problems[0], len(self.reload.problems) - 1
            message = (
                f"The configuration was refused, the old one serves on: {first}{f' (and {more} more)' if more else ''}"
            )
            yield Alarm("config", "config", "config_refused", message, {"problems": list(self.reload.problems[:10])})


class Rates:
    """Counters as they were at some moments, the oldest first, so that what was counted since is a difference."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, Counts]] = deque()

    def look(self, counts: Counts, now: float, limit: ErrorRate) -> None:
        """Often; a sample is kept where the last one is old enough."""
        samples = self._samples
        if not samples or now - samples[-1][0] >= limit.over / SAMPLES:
            samples.append((now, counts))
        while len(samples) > 1 and samples[1][0] <= now - limit.over:
            samples.popleft()
        self._now = counts

    def window(self, now: float, over: float) -> Counts:
        """What was counted in the last *over* seconds, of routes that were called."""
        if not self._samples:
            return {}
        _, then = next((one for one in self._samples if one[0] >= now - over), self._samples[-1])
        found = {}
        for route, (calls, failed) in self._now.items():
            before = then.get(route, (0, 0))
            if calls > before[0]:
                found[route] = (calls - before[0], failed - before[1])
        return found


def _read(notice: bytes) -> Counts:
    try:
        return {str(route): (float(calls), float(failed)) for route, (calls, failed) in orjson.loads(notice).items()}
    except (AttributeError, TypeError, ValueError):
        return {}  # another version's
