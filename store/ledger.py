"""What a ledger does: it takes the rows of finished calls, adds them up by the hour, and answers questions.

Aggregates are by hour (UTC) x key x team x route x target x tags, and outlive the rows.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from store.entry import Entry
from store.opinions import Opinion, Said

DIMENSIONS: Final = ("hour", "day", "month", "key", "team", "route", "target", "provider", "model", "tag")


class LedgerDown(Exception):  # noqa: N818
    """It can't be reached, or didn't answer in time."""


class OldLedger(Exception):  # noqa: N818
    """Its tables are older than the program; the text says what to run."""


class Sum(NamedTuple):
    """*by* are the values asked for, in the order asked; times as ISO 8601 (`2026-11-26T14:00Z`, `2026-11-26`,
    `2026-11`).
    """

    by: tuple[str, ...]
    requests: int
    failed: int
    estimated: int
    prompt_tokens: int
    completion_tokens: int
    cost: int
    saved: int  # nano-dollars that kept answers would have cost
    usage: tuple[int, ...]  # each bucket of store.entry.COUNTS, summed


class Quantiles(NamedTuple):
    """Of the completion tokens of good calls. *calls* is how many were looked at."""

    calls: int
    p50: int
    p90: int


class Ledger(Protocol):
    async def open(self) -> None:
        """Raises LedgerDown, or OldLedger where its tables are older than the program."""
        ...

    async def close(self) -> None: ...

    async def add(self, owner: str, first: int, rows: Sequence[Entry], bodies: Sequence[bytes] | None = None) -> None:
        """Rows *first*, *first* + 1 ... of *owner*; those that are there already are not counted again. *bodies* are
        the same rows as bytes, where they are at hand; *rows* may then be Unread. Raises NoRow, and adds nothing.
        """
        ...

    async def last(self, owner: str) -> int:
        """The number of the owner's last row, 0 for none."""
        ...

    async def sums(
        self,
        by: Sequence[str],
        since: float,
        until: float,
        where: Mapping[str, str] | None = None,
        *,
        zone: str = "UTC",
    ) -> list[Sum]:
        """From the aggregates: whole hours that begin in [since, until). *where* fixes dimensions. `tag` counts a
        call once for each of its tags. Days and months are those of *zone*.
        """
        ...

    async def rows(
        self, since: float, until: float, where: Mapping[str, str] | None = None, *, most: int = 100, after: str = ""
    ) -> list[Entry]:
        """The newest first; *after* is the id of the last one seen, among the newest 20,000 of the period: whoever
        wants to go deeper brings *until* down.
        """
        ...

    async def call(self, id: str, key: str | None, since: float) -> Entry | None:
        """The newest call with that id (of *key*, unless None), among the newest since then: 20,000, or 16 MiB."""
        ...

    async def judge(self, opinion: Opinion) -> Opinion | None:
        """Keep it. Returns the one that it replaces: the same judge's former opinion of the same call."""
        ...

    async def opinions(self, since: float, target: str | None = None) -> list[Said]:
        """All that was said since then, by target, task and label."""
        ...

    async def charged(self, account: str) -> Mapping[str, int]:
        """What each owner has spent of a budget's account."""
        ...

    async def output(self, key: str | None, route: str | None, target: str | None, since: float) -> Quantiles: ...

    async def forget(self, before: float) -> int:
        """Drop rows and opinions, not aggregates; how many rows."""
        ...
