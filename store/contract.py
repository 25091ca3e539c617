"""What a store does for the processes that share it. One suite of tests runs against all of them.

Every step is atomic over *one* account, never over more, so that a cluster is no special case. Money is nano-dollars.
A store answers within its deadline or raises StoreDown; it never waits for longer, and never guesses.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from store.board import Board

SHARE: Final = 16  # a grant is at most this part of what is available, or what is needed at least
LEASE: Final = 60.0  # seconds after which an owner that says nothing is taken for lost
SLOT_LEASE: Final = 15.0  # the same where what it had comes back (slots)
SUBWINDOWS: Final = 60  # of a rate's window
WANTED: Final = 2.0  # seconds for which a refusal asks the others to give back
KEPT_CHANGES: Final = 1000  # of keys, that can be told one by one
AFTER_END: Final = 3600.0  # seconds for which an account outlives its end


class StoreDown(Exception):  # noqa: N818  (it says what is)
    """The store can't be reached, or didn't answer in time. Whether it did what was asked is unknown."""


class Stamp(NamedTuple):
    """Who says something, and when: compared as (*life*, *number*), so that what comes late is recognised.

    *owner* is a place that one process fills at a time, and that its successor fills after it. *life* grows with each
    successor, *number* with each message.
    """

    owner: str
    life: int
    number: int


class Tell(NamedTuple):
    """What an owner says of an account, and what it wants of it; one atomic step.

    *spent* is all that it has spent of it, ever: a total, so that saying it twice, late or again is harmless. *keep* is
    what it has in hand, unspent. On top of that it wants between *least* and *most*, or nothing. *ends*: unix time from
    which nobody needs the account any more. *lapses*: what a lost owner had in hand comes back (slots); else it counts
    as spent until that owner speaks again.
    """

    account: str
    limit: int
    spent: int = 0
    keep: int = 0
    least: int = 0
    most: int = 0
    ends: float = math.inf
    lapses: bool = False


class Heard(NamedTuple):
    """*granted* comes on top of what was kept. *spent* and *leased* are everybody's, after this step; *lost* is the
    part of *leased* whose owners are lost. *own* is the largest total that this owner ever told, or that was restored
    for it.

    *wanted*: less than two seconds ago somebody (this owner, too) was refused what isn't spent but in somebody's hand,
    so give back what you don't need. *fresh*: the store knew nothing of the account before; where it `forgets`, it says
    so to everybody until the account was restored in this epoch: nobody leases what only the ledger knows to be spent.
    *late*: this word or a newer one of this owner was there; nothing was done, *number* is the newest one's number.
    *settling*: seconds for which nothing is granted, since the store may have forgotten something.
    """

    granted: int = 0
    spent: int = 0
    leased: int = 0
    lost: int = 0
    own: int = 0
    wanted: bool = False
    fresh: bool = False
    late: bool = False
    number: int = 0
    settling: float = 0.0


class Draw(NamedTuple):
    """Units of a rate: *limit* in any *per* seconds. Wanted are between *least* and *most*, or nothing.

    *back*: units that were drawn earlier and not needed, each with the slot that it was drawn in. Drawn units must be
    used within `life(per)` seconds of asking; they count for *per* seconds and that much longer.
    """

    account: str
    limit: int
    per: float
    least: int = 1
    most: int = 1
    back: tuple[tuple[int, int], ...] = ()


class Drawn(NamedTuple):
    """*slot* is what to say when units go back. *left* could still be drawn after this step.

    *reset*: seconds until all that was drawn has come back. *wait*: where nothing was granted, the seconds until
    *least* may be (endless where it is above the limit). *wanted* as in Heard, unless it was above the limit.
    """

    granted: int
    slot: int
    left: int
    reset: float
    wait: float = 0.0
    wanted: bool = False


def life(per: float) -> float:
    """Seconds for which drawn units of a rate may be used."""
    return min(1.0, per / 20)


def share(available: int, least: int, most: int) -> int:
    """How much is granted: the same rule everywhere."""
    if available < least or most <= 0:
        return 0
    return max(least, min(most, available // SHARE))


class StoredKey(NamedTuple):
    """A client's key that was made at run time. *fields* are those of the YAML, without `key` and `sha256`.

    *digest* is the sha256 of the secret; *former* that of the one before a rotation, good until *former_until*.
    *version* grows with each change; 0 for one that isn't stored yet. Times are unix time.
    """

    name: str
    digest: bytes
    fields: Mapping[str, Any]
    created: float
    changed: float
    former: bytes = b""
    former_until: float = 0.0
    version: int = 0


class Taken(Exception):  # noqa: N818
    """The name or the digest belongs to another key, or the key was changed by somebody else meanwhile."""


class Changes(NamedTuple):
    """*digests* of keys that changed since; None where too much happened to tell."""

    version: int
    digests: tuple[bytes, ...] | None


class Store(Board, Protocol):
    """*kind* is its name for operators. *forgets*: it may lose what it was told (Redis), so that fresh accounts are
    restored from the ledger.

    *epoch* differs from the last time whenever it may have: then everybody tells all their totals again.
    """

    kind: str
    forgets: bool

    @property
    def epoch(self) -> str: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def tell(self, stamp: Stamp, tells: Sequence[Tell]) -> list[Heard]:
        """Each by itself, in one trip. `least` 0 wants nothing unless `most` says otherwise."""
        ...

    async def restore(self, account: str, spent: Mapping[str, int], ends: float) -> None:
        """What the ledger knows of an account, by owner, if anything; no total ever becomes smaller by it, and the
        account is no longer fresh.
        """
        ...

    async def draw(self, draws: Sequence[Draw]) -> list[Drawn]: ...

    async def exchange(
        self, stamp: Stamp, tells: Sequence[Tell], draws: Sequence[Draw]
    ) -> tuple[list[Heard], list[Drawn]]:
        """Both in one trip. Where it fails, nobody knows which of them were done."""
        ...

    async def once(self, mark: str, ends: float) -> bool:
        """True for the first who asks, of all processes, until *ends*."""
        ...

    async def key_of(self, digest: bytes) -> StoredKey | None:
        """By its digest, or by the former one (whose time the caller judges)."""
        ...

    async def key_named(self, name: str) -> StoredKey | None: ...

    async def put_key(self, key: StoredKey) -> StoredKey:
        """Make it (`version` 0) or change it (the version it was read with). Raises Taken. Returns it as stored."""
        ...

    async def drop_key(self, name: str) -> bool:
        """False if there was none."""
        ...

    async def keys(self, after: str = "", most: int = 100) -> list[StoredKey]:
        """In the order of their names, beginning behind *after*."""
        ...

    async def key_changes(self, since: int) -> Changes:
        """What changed after version *since* (the answer's *version* is what to ask with next time): the digests by
        which those keys were found before, and by which they are found now.
        """
        ...
