"""How PostgreSQL is asked for the rows of calls, which it keeps one by one."""

# ruff: noqa: S608  (names are ours; what others said stands in places)

import math
from collections.abc import Mapping
from typing import Final

from store.migrations import SCHEMA
from store.questions import LOOKED_AT, Dialect, Question, Words, checked
from store.zones import narrowed

DIALECT: Final = Dialect(prefix=f"{SCHEMA}.", slash="strpos(target, '/')", tagged="jsonb_exists(tags::jsonb, {})")
_CALLS: Final = f"{SCHEMA}.calls"
_NEWEST: Final = "time DESC, tie DESC"
_OLDEST: Final = "time ASC, tie ASC"


def calls(since: float, until: float, where: Mapping[str, str], *, most: int, after: str) -> Question:
    """Bodies, the newest first."""
    words = Words(DIALECT)
    _between(words, *narrowed(since, until, checked(where), "UTC"))
    words.fix(where)
    if after:
        # The oldest with that id, since a client that always says the same one must not send us in a circle.
        seen = f"SELECT time, tie, id FROM {_CALLS} WHERE {words.text} ORDER BY {_NEWEST} LIMIT {LOOKED_AT}"
        oldest = f"SELECT time, tie FROM ({seen}) AS seen WHERE id = {{}}"
        words.say(f"(time, tie) < ({oldest} ORDER BY {_OLDEST} LIMIT 1)", after)
    text = f"SELECT body FROM {_CALLS} WHERE {words.text} ORDER BY {_NEWEST} LIMIT {most:d}"
    return Question(text, tuple(words.values))


def outputs(key: str | None, route: str | None, target: str | None, since: float) -> Question:
    """Completion tokens of good calls, among the newest ones of the key, or of all."""
    words = Words(DIALECT)
    _between(words, since, math.inf)
    if key is not None:
        words.fix({"key": key})
    conditions = ["output IS NOT NULL"]
    for name, value in (("route", route), ("target", target)):
        if value is not None:
            words.values.append(value)
            conditions.append(f"{name} = ${len(words.values)}")
    newest = f"SELECT route, target, output FROM {_CALLS} WHERE {words.text} ORDER BY {_NEWEST} LIMIT {LOOKED_AT}"
    return Question(f"SELECT output FROM ({newest}) AS newest WHERE {' AND '.join(conditions)}", tuple(words.values))


def called(id: str, key: str | None, since: float) -> Question:
    """The body of the newest call with that id, without an index on ids, which every call would have to pay for."""
    words = Words(DIALECT)
    _between(words, since, math.inf)
    if key is not None:
        words.fix({"key": key})
    newest = f"SELECT id, body, time, tie FROM {_CALLS} WHERE {words.text} ORDER BY {_NEWEST} LIMIT {LOOKED_AT}"
    place = f"${len(words.values) + 1}"
    text = f"SELECT body FROM ({newest}) AS newest WHERE id = {place} ORDER BY {_NEWEST} LIMIT 1"
    return Question(text, (*words.values, id))


def _between(words: Words, since: float, until: float) -> None:
    if since > 0:
        words.say("time >= {}", float(since))
    if not math.isinf(until):
        words.say("time < {}", float(until))
