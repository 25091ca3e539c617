"""Rows for calls whose process is gone: nobody knows how they ended, so that what was held counts as their cost."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from core.usage import COUNTS
from store.entry import Entry

FAULT: Final = "lost"
STATUS: Final = 500


# Of a call: when it began, id, key, team, route, target, tags, endpoint, and whether it streams.
Noted = tuple[float, str, str, str, str, str, Sequence[str], str, bool]


noted: Final[Callable[[Noted], bytes]] = orjson.dumps
"""What a hold says of its call, in case that nobody is left to write its row."""


def estimated(note: bytes, amount: int, accounts: Sequence[str], *, now: float) -> bytes:
    """The row of a call that was under way, with the whole hold charged. A note that can't be read leaves the names
    empty: the accounts were charged, and the ledger has to say the same.
    """
    time, id, key, team, route, target, tags, endpoint, stream = _read(note, now)
    return Entry(
        time=time,
        id=id,
        key=key,
        team=team,
        route=route,
        target=target,
        tags=tags,
        endpoint=endpoint,
        status=STATUS,
        fault=FAULT,
        stream=stream,
        finish=None,
        gone=False,
        estimated=True,
        cost=amount,
        usage=(0,) * len(COUNTS),
        total_ms=0.0,
        first_ms=None,
        attempts=((target, FAULT, 0.0, amount),),
        charges=dict.fromkeys(accounts, amount),
    ).to_bytes()


def _read(note: bytes, now: float) -> tuple[Any, ...]:
    try:
        fields = orjson.loads(note)
    except ValueError:
        fields = []
    if isinstance(fields, list) and len(fields) == 9:
        return tuple(fields)
    return (now, "", "", "", "", "", (), "", False)
