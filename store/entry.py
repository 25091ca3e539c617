"""One row of the ledger: a finished call, its attempts included."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self, overload

import orjson

from core.usage import COUNTS

Attempt = tuple[Any, ...]
NO_TOKENS: Final = (0,) * len(COUNTS)


class Entry(NamedTuple):
    """*time* is unix time when the call began; *cost* nano-dollars, all attempts together. *usage* is what they took,
    core.usage.Usage's counts in the order of COUNTS. *attempts* are (target, fault, milliseconds, nano-dollars), and
    where there are several, what each of them took, nothing where that is nothing. *charges*: account
    -> nano-dollars, for every budget that paid; written as their names alone where each of them paid *cost*. *tags* in
    order, without doubles. *why*: the decisions that led to the attempts, as routing keeps them; those without a choice
    leave none. *task*: what the call was for. *cache*: whether a kept answer was given (hit, miss, stale, bypass), and
    *saved* the nano-dollars that it would have cost. *hedged*: what became of a second attempt beside a slow one (won,
    lost, failed), and *hedge* its place in *attempts*, below 0 for none. *canary*: what a call did that tried one
    (asked: nobody else, passed: others after it).
    """

    time: float
    id: str
    key: str
    team: str
    route: str
    target: str
    tags: tuple[str, ...]
    endpoint: str
    status: int
    fault: str
    stream: bool
    finish: str | None
    gone: bool
    estimated: bool
    cost: int
    usage: tuple[int, ...]
    total_ms: float
    first_ms: float | None
    attempts: tuple[Attempt, ...]
    charges: dict[str, int]
    why: tuple[Any, ...] = ()
    task: str = ""
    cache: str = ""
    saved: int = 0
    hedged: str = ""
    hedge: int = -1
    canary: str = ""

    def taken(self, place: int) -> tuple[int, ...] | None:
        """The tokens of the attempt at that *place*; None if its row doesn't know."""
        if len(self.attempts) == 1:
            return self.usage
        return (self.attempts[place][4] or NO_TOKENS) if len(self.attempts[place]) > 4 else None

    @property
    def answered(self) -> tuple[int, ...]:
        """What the answer took without the attempts that came to nothing, as far as its row knows."""
        return answered(self)

    def to_bytes(self) -> bytes:
        return orjson.dumps(tuple(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises ValueError or TypeError for what is no row."""
        return cls.of(orjson.loads(data))

    @classmethod
    def of(cls, fields: Sequence[Any]) -> Self:
        """As they stand in JSON."""
        if len(fields) not in WHOLE:
            raise ValueError(f"{len(fields)} fields are no row")
        fields = [*fields, *_LATER[len(fields) - _BEFORE_WHY :]]
        fields[TAGS] = tuple(fields[TAGS])
        fields[USAGE] = tuple(fields[USAGE])
        fields[ATTEMPTS] = tuple((*one[:4], *map(tuple, one[4:])) for one in fields[ATTEMPTS])
        if not isinstance(fields[CHARGES], dict):
            fields[CHARGES] = dict.fromkeys(fields[CHARGES], fields[COST])
        fields[WHY] = tuple(fields[WHY])
        return cls._make(fields)


_BEFORE_WHY: Final = 20  # fields of rows that older versions wrote
_LATER: Final[Sequence[Any]] = ((), "", "", 0, "", -1, "")  # what stands for those that have come since
WHOLE: Final = frozenset(range(_BEFORE_WHY, len(Entry._fields) + 1))
"""As many fields as a row has."""

# Where a row has what.
TIME, ID, KEY, TEAM, ROUTE, TARGET, TAGS = range(7)
STATUS, FAULT, GONE, ESTIMATED, COST, USAGE, ATTEMPTS, CHARGES, WHY, SAVED = map(
    Entry._fields.index,
    ("status", "fault", "gone", "estimated", "cost", "usage", "attempts", "charges", "why", "saved"),
)


def answered(row: Sequence[Any]) -> tuple[int, ...]:
    """As Entry.answered, of what stands in JSON for one."""
    attempts = row[ATTEMPTS]
    if len(attempts) > 1:
        for one in attempts:
            if not one[1] and len(one) > 4 and one[4]:
                return tuple(one[4])
    return tuple(row[USAGE])


class NoRow(ValueError):  # noqa: N818
    """What should have been a row is none; *number* of those that came together."""

    def __init__(self, number: int) -> None:
        super().__init__(f"row {number} is no row")
        self.number = number


class Unread(Sequence[Entry]):
    """Rows as bytes, read when somebody looks at them."""

    __slots__ = ("bodies",)

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self.bodies = bodies

    def __len__(self) -> int:
        return len(self.bodies)

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> "Unread": ...
    def __getitem__(self, index: int | slice) -> "Entry | Unread":
        if isinstance(index, slice):
            return Unread(self.bodies[index])
        try:
            return Entry.from_bytes(self.bodies[index])
        except (ValueError, TypeError):
            raise NoRow(index) from None


PROMPT = ("input", "cache_read", "cache_write", "cache_write_long", "audio_input")
COMPLETION = ("output", "audio_output", "image_output")
