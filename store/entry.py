"""One row of the ledger: a finished call, its attempts included."""

from typing import Any, NamedTuple, Self

import orjson


class Entry(NamedTuple):
    """*time* is unix time when the call began; *cost* nano-dollars, all attempts together. *attempts* are (target,
    fault,
    milliseconds, nano-dollars). *usage* is core.usage.Usage's counts in the order of COUNTS. *charges*: account ->
    nano-dollars,
    for every budget that paid. *tags* in order, without doubles. *why*: the decisions that led to the attempts, as
    routing keeps them; those without a choice leave none. *task*: what the call was for.
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
    attempts: tuple[tuple[str, str, float, int], ...]
    charges: dict[str, int]
    why: tuple[Any, ...] = ()
    task: str = ""

    def to_bytes(self) -> bytes:
        return orjson.dumps(tuple(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Raises ValueError or TypeError for what is no row."""
        fields: list[Any] = orjson.loads(data)
        fields += _LATER[max(len(fields) - _BEFORE_WHY, 0) :]
        if len(fields) != len(cls._fields):
            raise ValueError(f"{len(fields)} fields are no row")
        fields[_TAGS] = tuple(fields[_TAGS])
        fields[_USAGE] = tuple(fields[_USAGE])
        fields[_ATTEMPTS] = tuple(map(tuple, fields[_ATTEMPTS]))
        return cls._make(fields)


_BEFORE_WHY = 20  # fields of rows that older versions wrote
_LATER: tuple[Any, ...] = ((), "")  # what stands for those that came later
_TAGS, _USAGE, _ATTEMPTS = map(Entry._fields.index, ("tags", "usage", "attempts"))

PROMPT = ("input", "cache_read", "cache_write", "cache_write_long", "audio_input")
COMPLETION = ("output", "audio_output", "image_output")
