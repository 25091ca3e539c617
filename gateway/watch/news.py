"""How things that happen are told to those who watch: one fact for each kind of event."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from admin.dollars import number
from routing.breaker import CLOSED
from routing.vitals import Vitals
from telemetry.record import LONGEST, Record

Fact = Mapping[str, object]
Put = Callable[[str, Fact], None]

WORKER: Final = "worker"
STATE: Final = "state"
FIRING: Final = "firing"


def of_call(record: Record) -> Fact:
    """A finished call. Names that clients write are cut at LONGEST."""
    usage = record.usage
    return {
        "id": record.id[:LONGEST],
        "time": round(record.time, 3),
        "key": record.key,
        "route": record.route[:LONGEST],
        "target": record.target[:LONGEST],
        "status": record.status,
        "fault": record.fault or None,
        "stream": record.stream,
        "ms": round(record.total, 1),
        "first_ms": None if record.first is None else round(record.first, 1),
        "tokens_in": 0 if usage is None else usage.prompt,
        "tokens_out": 0 if usage is None else usage.completion,
        "cost_usd": number(record.cost),
        "attempts": record.attempts,
        "cache": record.cache or None,
        "saved_usd": number(record.saved),
    }


def of_breaker(vitals: Vitals, id: str, now: float) -> Fact:
    """*now* is on the clock of *vitals*; `until` is unix time."""
    circuit = vitals.target(id).circuit
    left = circuit.until - now
    shut = circuit.state is CLOSED
    return {
        "time": round(time.time(), 3),
        "target": id[:LONGEST],
        STATE: circuit.state,
        "until": None if shut or left <= 0 else round(time.time() + left, 3),
        "cause": None if shut or circuit.cause is None else circuit.cause.code,
        "heard": not shut and circuit.heard,
        WORKER: os.getpid(),
    }


def of_alert(message: Mapping[str, Any]) -> Fact:
    """*message* as it is sent to a webhook."""
    said = str(message["event"]).replace("_", " ")
    return {"time": round(time.time(), 3), "message": said, STATE: FIRING, **message}


def of_reload(result: Fact) -> Fact:
    """*result* as the health page shows it. Each worker tells its own."""
    return {**result, WORKER: os.getpid()}
