"""A finished call as its row in the ledger tells it: what came of it, and its decisions made once more."""

from collections.abc import Iterator
from typing import Any

from admin.dollars import number
from core.usage import COUNTS
from gateway.spent import Detour
from routing.decision import Decision
from routing.story import told
from store.entry import Entry
from telemetry.record import moment


def brief(row: Entry) -> dict[str, Any]:
    """Without its decisions, for lists."""
    return {
        "object": "call",
        "id": row.id,
        "time": moment(row.time),
        "key": row.key or None,
        "team": row.team or None,
        "route": row.route,
        "target": row.target or None,
        "endpoint": row.endpoint,
        "task": row.task or None,
        "tags": list(row.tags),
        "stream": row.stream,
        "status": row.status,
        "fault": row.fault or None,
        "finish": row.finish,
        "client_gone": row.gone,
        "estimated": row.estimated,
        "cost_usd": number(row.cost),
        "cache": row.cache or None,
        "saved_usd": number(row.saved),
        "usage": dict(zip(COUNTS, row.usage, strict=False)),
        "total_ms": row.total_ms,
        "first_content_ms": row.first_ms,
        "hedged": row.hedged or None,
        "canary": row.canary or None,
        "attempts": [
            {
                "target": target,
                "fault": fault or None,
                "ms": ms,
                "cost_usd": number(cost),
                "usage": None if (took := row.taken(place)) is None else dict(zip(COUNTS, took, strict=False)),
                "hedge": place == row.hedge,
            }
            for place, (target, fault, ms, cost, *_) in enumerate(row.attempts)
        ],
    }


def whole(row: Entry) -> dict[str, Any]:
    charges = {account: number(amount) for account, amount in row.charges.items()}
    detour = next(filter(None, map(Detour.again, row.why)), None)
    degraded = None if detour is None else {"scope": detour.scope, "route": detour.route}
    return brief(row) | {"degraded": degraded, "charges_usd": charges, "decisions": list(_decisions(row))}


def _decisions(row: Entry) -> Iterator[dict[str, Any]]:
    """Each with how many of the call's attempts went to every candidate."""
    for kept in row.why:
        if Detour.again(kept) is not None:
            continue
        try:
            decision = told(Decision.again(kept))
        except (KeyError, TypeError, ValueError):
            yield {"unreadable": "another version has kept it"}
            continue
        for candidate in decision["candidates"]:
            candidate["attempts"] = sum(attempt[0] == candidate["target"] for attempt in row.attempts)
        yield decision
