"""Whom it concerns hears when a budget runs low, or out: once for each window and threshold, of all processes."""

import asyncio
import math
from collections.abc import Coroutine, Mapping
from typing import Any, Final

from config.schema import Alerts
from core.secret import Secret
from gateway.news import Put, of_alert
from gateway.spent import NANO
from quota.reports import Event
from store.contract import Store, StoreDown
from telemetry.log import Scribe
from upstream.webhook import Webhook

REMEMBERED: Final = 10_000


class Bells:
    """Watches the till. *alerts* may change with a reload (`heed`). *put* tells those who watch what happens."""

    __slots__ = ("_alerts", "_put", "_rung", "_scribe", "_store", "_tasks", "_webhook")

    def __init__(self, store: Store, scribe: Scribe, alerts: Alerts, put: Put) -> None:
        self._store = store
        self._put = put
        self._scribe = scribe
        self._rung: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._webhook: Webhook | None = None
        self._alerts = Alerts()
        self.heed(alerts)

    def heed(self, alerts: Alerts) -> None:
        if alerts.webhook != self._alerts.webhook or alerts.secret != self._alerts.secret:
            self._webhook = self._made(alerts.webhook, alerts.secret)
        self._alerts = alerts

    def hear(self, event: Event) -> None:
        """A budget has passed a share of its limit, or has refused somebody."""
        if event.kind == "refused":
            self._ring("refused", event)
            return
        for share in self._alerts.at:
            if event.spent >= event.budget.limit * share:
                self._ring(f"share {share:g}", event)

    async def close(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        if self._webhook is not None:
            await self._webhook.close()

    def _ring(self, what: str, event: Event) -> None:
        limit, window = event.budget.limit, event.window
        mark = f"alert:{event.scope}:{limit}:{window.label}:{what}"
        if mark in self._rung:
            return
        if len(self._rung) >= REMEMBERED:
            self._rung.clear()
        self._rung.add(mark)
        message: dict[str, Any] = {
            "event": "budget_refused" if what == "refused" else "budget_threshold",
            "scope": event.scope,
            "share": None if what == "refused" else float(what.removeprefix("share ")),
            "limit_usd": limit / NANO,
            "spent_usd": event.spent / NANO,
            "held_usd": event.held / NANO,
            "per": event.budget.per,
            "window": window.label,
            "resets_at": None if math.isinf(window.ends) else window.ends,
        }
        self._start(self._tell(mark, window.ends, message))

    async def _tell(self, mark: str, ends: float, message: dict[str, Any]) -> None:
        try:
            first = await self._store.once(mark, ends)
        except StoreDown:
            first = True  # twice is better than never
        if first:
            self.announce(message)

    def announce(self, message: Mapping[str, Any]) -> None:
        """Tell it, once for each time that this is called. Its name is its `event`."""
        self._scribe.event(
            "warning", message["event"].replace("_", " "), **{k: v for k, v in message.items() if k != "event"}
        )
        self._put("alert", of_alert(message))
        if self._webhook is not None:
            self._webhook.send(message)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _made(self, url: Secret | None, secret: Secret | None) -> Webhook | None:
        if not url:
            return None
        return Webhook(url, secret, lambda why: self._scribe.event("error", "webhook not delivered", reason=why))
