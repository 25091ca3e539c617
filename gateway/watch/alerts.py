"""Whom it concerns hears what is wrong, and that it is over: by the log, a webhook, the page of alerts and events.

Budgets are told once for each window and threshold, of all processes; what stands until it is mended, by Alarms.
"""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from admin.dollars import shown
from config.schema import Config
from config.signals import Alerts
from core.secret import Secret
from gateway.current import Reload
from gateway.generation import Generation, Shared
from gateway.mistakes import told
from gateway.spent import NANO, dollars
from gateway.treasury import Treasury
from gateway.watch.alarm import FIRING, RESOLVED, Alarm, Standing, read, written
from gateway.watch.alarms import OVER, TURN, Alarms
from gateway.watch.news import Put, of_alert
from gateway.watch.run_outs import EVERY, run_outs
from gateway.watch.troubles import Troubles
from quota.reports import Event
from store.contract import StoreDown
from telemetry.log import Scribe
from telemetry.meters import Meters
from upstream.webhook import Webhook

REMEMBERED: Final = 10_000
SPENT: Final = "spent/"  # on the board: budgets of which somebody was told, until their windows end
LONGEST: Final = 30 * 86400.0  # seconds that such a one is shown
MOST_SHOWN: Final = 1_000
RENEWED: Final = "renewed/"  # of which of them somebody was told that their windows have ended
WINDOWS: Final = 60.0  # seconds between two looks at them
MOST_NAMED: Final = 50
SENT: Final = "switchyard_alerts_sent_total"
STAND: Final = "switchyard_alerts_firing"
RELAXED: Final = 5.0  # seconds between two looks at what is shown in metrics
TEST: Final[Mapping[str, Any]] = {
    "event": "alert_test",
    "kind": "test",
    "scope": "service",
    "state": "test",
    "message": "This is a test: alerts of Switchyard arrive here.",
}


class Bells:
    """Watches the till, and what Troubles sees. What the operator says may change with a reload (`heed`).

    *put* tells those who watch what happens.
    """

    def __init__(self, treasury: Treasury, scribe: Scribe, meters: Meters, config: Config, put: Put) -> None:
        self._treasury = treasury
        self._store = treasury.store
        self._scribe = scribe
        self._meters = meters
        self._config = config
        self._rung: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._webhook: Webhook | None = None
        self._alerts = Alerts()
        self._alarms: Alarms | None = None
        self._troubles: Troubles | None = None
        self._put = put
        self._adopt(config.alerts)

    def begin(self, shared: Shared, generation: Callable[[], Generation]) -> None:
        """From here on what is wrong is looked for."""
        self._troubles = Troubles(shared, self._treasury, self._alerts, generation)
        directory = Path(self._config.state.directory)
        self._alarms = Alarms(self._store, directory, self._stands, self._troubles, self._mistaken)
        self._alarms.settle = self._alerts.settle
        self._alarms.begin()
        self._start(self._foretell(self._troubles))
        self._start(self._show(self._alarms))
        self._start(self._windows())

    def heed(self, config: Config) -> None:
        self._config = config
        self._adopt(config.alerts)
        if self._alarms is not None and self._troubles is not None:
            self._alarms.settle = config.alerts.settle
            self._troubles.alerts = config.alerts

    def reloaded(self, result: Reload) -> None:
        """How a reload ended."""
        if self._troubles is not None:
            self._troubles.reload = None if result.ok else result

    def hear(self, event: Event) -> None:
        """A budget has passed a share of its limit, or has refused somebody."""
        if "budget" not in self._alerts.on:
            return
        if event.kind == "refused":
            self._ring("refused", event)
            return
        for share in self._alerts.at:
            if event.spent >= event.budget.limit * share:
                self._ring(f"share {share:g}", event)

    async def close(self) -> None:
        if self._alarms is not None:
            await self._alarms.end()
        for task in self._tasks:
            if task.get_name() != ONCE:
                task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        if self._webhook is not None:
            await self._webhook.close()

    # Budgets

    def _ring(self, what: str, event: Event) -> None:
        limit, window = event.budget.limit, event.window
        mark = f"alert:{event.scope}:{limit}:{window.label}:{what}"
        if mark in self._rung:
            return
        if len(self._rung) >= REMEMBERED:
            self._rung.clear()
        self._rung.add(mark)
        message: dict[str, Any] = {
            "share": None if what == "refused" else float(what.removeprefix("share ")),
            "limit_usd": limit / NANO,
            "spent_usd": event.spent / NANO,
            "held_usd": event.held / NANO,
            "per": event.budget.per,
            "window": window.label,
            "resets_at": None if math.isinf(window.ends) else window.ends,
        }
        name = "budget_refused" if what == "refused" else "budget_threshold"
        alarm = Alarm("budget", event.scope, name, _sentence(what, event), message, mark)
        self._start(self._tell_spent(alarm, window.ends), ONCE)

    async def _tell_spent(self, alarm: Alarm, ends: float) -> None:
        now = time.time()
        standing = Standing(alarm, 1, FIRING, now, min(ends, now + LONGEST))
        try:
            if not await self._store.once(alarm.mark, ends):
                return
            await self._store.post(f"{SPENT}{alarm.place}", written(standing), standing.until - now + OVER)
        except StoreDown:
            pass  # twice is better than never
        self._stands(standing)

    async def _windows(self) -> None:
        """Budgets begin anew: one word for all of them, or each month would begin with as many as there are keys."""
        while True:
            await asyncio.sleep(min(WINDOWS, 2 * self._alerts.settle))
            scopes = sorted({one.alarm.scope for one in await self._over(time.time())})
            if scopes:
                many = len(scopes) > 1
                whose = f"{len(scopes)} budgets have" if many else f"The budget of {scopes[0].replace('/', ' ', 1)} has"
                facts = {"scopes": scopes[:MOST_NAMED], "count": len(scopes)}
                scope = "service" if many else scopes[0]
                alarm = Alarm("budget", scope, "budget_renewed", f"{whose} begun anew.", facts)
                self._stands(Standing(alarm, 2, RESOLVED, time.time()))

    async def _over(self, now: float) -> list[Standing]:
        """Those whose window has ended, and that no other process has told of."""
        try:
            found = await self._store.posted(SPENT)
            hung = [one for notice in found.values() if (one := read(notice)) is not None]
            ended = [one for one in hung if one.alarm.facts.get("resets_at") is not None and one.until <= now]
            turns = [
                await self._store.post(f"{RENEWED}{one.alarm.place}", b"", 2 * OVER, only_new=True) for one in ended
            ]
        except StoreDown:
            return []
        return [one for one, mine in zip(ended, turns, strict=True) if mine]

    # Telling

    def announce(self, message: Mapping[str, Any]) -> None:
        """Tell of a canary, once for each time that this is called. Its name is its `event`."""
        self._say({**message, "kind": "canary", "scope": f"route/{message.get('route', '')}"})

    def _stands(self, standing: Standing) -> None:
        self._say(standing.told())

    def _say(self, message: Mapping[str, Any]) -> None:
        over = message.get("state") == RESOLVED
        fields = {{"message": "said"}.get(name, name): value for name, value in message.items() if name != "event"}
        self._scribe.event("info" if over else "warning", message["event"].replace("_", " "), **fields)
        if self._webhook is not None and message["kind"] in self._alerts.on:
            self._webhook.send(message)
        self._put("alert", of_alert(message))

    async def test(self) -> str | None:
        """Send one now. Empty where it was taken, else why not; None where there is nobody to tell."""
        return None if self._webhook is None else await self._webhook.once(TEST)

    # For those who ask

    async def shown(self) -> list[dict[str, Any]]:
        """All that stand, the newest first; without budgets while the store is down."""
        try:
            found = await self._store.posted(SPENT)
        except StoreDown:
            found = {}
        now = time.time()
        every = (read(notice) for notice in found.values())
        spent = sorted((one for one in every if one is not None and one.until > now), key=lambda one: -one.since)
        stand = [] if self._alarms is None else self._alarms.shown()
        return sorted((*stand, *(one.told() for one in spent[:MOST_SHOWN])), key=lambda one: -one["since"])

    async def _show(self, alarms: Alarms) -> None:
        kinds: set[str] = set()
        while True:
            counts = alarms.counts()
            kinds |= counts.keys()
            for kind in kinds:
                self._meters.gauge(STAND, kind).value = counts.get(kind, 0)
            await asyncio.sleep(min(RELAXED, self._alerts.settle))

    async def _foretell(self, troubles: Troubles) -> None:
        """One process of all looks at a time; what it has seen it sees until its next turn."""
        while True:
            try:
                mine = await self._store.post(f"{SPENT}turn", b"", EVERY, only_new=True)
            except StoreDown:
                mine = False
            if mine:
                wanted = "run_out" in self._alerts.on
                troubles.run_outs = await run_outs(self._config, self._treasury) if wanted else ()
            elif troubles.run_outs:
                troubles.run_outs = ()
            await asyncio.sleep(EVERY / 4 if mine else TURN)

    # Machinery

    def _adopt(self, alerts: Alerts) -> None:
        same = (alerts.webhook, alerts.secret, alerts.format)
        if same != (self._alerts.webhook, self._alerts.secret, self._alerts.format):
            self._webhook = self._made(alerts.webhook, alerts.secret, alerts.format)
        self._alerts = alerts

    def _start(self, work: Coroutine[Any, Any, None], name: str = "") -> None:
        task = asyncio.get_running_loop().create_task(work, name=name or None)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (mistake := task.exception()) is not None:
            self._mistaken(mistake)

    def _mistaken(self, mistake: BaseException) -> None:
        self._scribe.event("error", "internal error", **told(mistake))

    def _made(self, url: Secret | None, secret: Secret | None, form: str) -> Webhook | None:
        if not url:
            return None
        delivered = self._meters.counter(SENT, "delivered")
        return Webhook(url, secret, self._lost, form=form, heard=partial(delivered.add, 1))

    def _lost(self, why: str) -> None:
        self._meters.counter(SENT, "lost").add()
        self._scribe.event("error", "webhook not delivered", reason=why)


ONCE: Final = "told once"


def _sentence(what: str, event: Event) -> str:
    kind, _, name = event.scope.partition("/")
    whose = f"The budget of {kind} {name}" if name else "The budget of the service"
    limit, spent = dollars(event.budget.limit), f"${shown(event.spent)}"
    if what == "refused":
        return f"{whose} ({limit}) refuses calls: {spent} is spent."
    return f"{whose} ({limit}) is used up to {float(what.removeprefix('share ')):.0%}: {spent} is spent."
