"""An alarm: something that somebody should look at. How it is told, and how it hangs on the board."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

import orjson

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
LONGEST: Final = 1000  # characters of a message
MOST_FACTS: Final = 8 * 1024  # bytes


class Alarm(NamedTuple):
    """*kind* is one of config.signals.KINDS, *scope* what it concerns, *event* its name for programs, *message* one
    sentence for people.

    *mark* is what no other alarm has, beside kind and scope: a budget's window, for instance. *lasts*: seconds for
    which it is believed after it was last seen; 0 for as long as the operator says (`alerts.settle`).
    """

    kind: str
    scope: str
    event: str
    message: str
    facts: Mapping[str, Any] = {}
    mark: str = ""
    lasts: float = 0.0

    @property
    def place(self) -> str:
        """Its name on the board; names of clients and models can't stand in one."""
        return sha256(f"{self.kind}\n{self.scope}\n{self.mark}".encode()).hexdigest()[:24]


class Standing(NamedTuple):
    """How far an alarm has come. *since* and *until* (0 for open) are unix time; each change has the next *number*."""

    alarm: Alarm
    number: int
    state: str
    since: float
    until: float = 0.0

    def told(self) -> dict[str, Any]:
        """For programs: webhooks, the page of alerts, events."""
        alarm = self.alarm
        return {
            "event": alarm.event,
            "kind": alarm.kind,
            "scope": alarm.scope,
            "state": self.state,
            "message": alarm.message,
            "since": round(self.since, 3),
            **alarm.facts,
        }


def written(standing: Standing) -> bytes:
    """As it hangs on the board. What doesn't fit there is left out."""
    alarm = standing.alarm
    facts = alarm.facts if len(orjson.dumps(alarm.facts)) <= MOST_FACTS else {}
    kept = (alarm.kind, alarm.scope, alarm.event, alarm.message[:LONGEST], facts, alarm.mark)
    return orjson.dumps((kept, standing.number, standing.state, standing.since, standing.until))


def read(notice: bytes | None) -> Standing | None:
    """None where nothing hangs there, or something of another version."""
    if notice is None:
        return None
    try:
        (kind, scope, event, message, facts, mark), number, state, since, until = orjson.loads(notice)
        alarm = Alarm(str(kind), str(scope), str(event), str(message), dict(facts), str(mark))
        return Standing(alarm, int(number), str(state), float(since), float(until))
    except (TypeError, ValueError):
        return None
