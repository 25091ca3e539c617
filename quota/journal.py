"""What the till wants of a journal: that nothing of what calls held and cost is lost when the process is killed."""

from collections.abc import Callable, Mapping
from typing import Protocol


class HeritageLike(Protocol):
    """For each owner whose journal was found: *totals*, the final total of each account, and *lives*, the life to
    speak for that owner with.
    """

    @property
    def totals(self) -> Mapping[str, Mapping[str, int]]: ...

    @property
    def lives(self) -> Mapping[str, int]: ...


class JournalLike(Protocol):
    """Everything said to it is kept when the call returns. *owner* is the place that this process fills, *life* which
    of those that filled it this one is. *totals* is asked what this owner has spent of an account so far. *full*:
    nothing more can be kept for the moment; `held` and `grown` raise JournalFull then.
    """

    totals: Callable[[str], int]

    @property
    def owner(self) -> str: ...

    @property
    def life(self) -> int: ...

    @property
    def heritage(self) -> HeritageLike: ...

    @property
    def full(self) -> bool: ...

    @property
    def position(self) -> int: ...

    def held(self, number: int, amount: int, accounts: tuple[str, ...], note: bytes) -> None: ...

    def grown(self, number: int, more: int) -> None: ...

    def settled(self, number: int, amount: int, row: bytes) -> None: ...

    def row(self, row: bytes) -> None: ...

    def told(self, position: int) -> None: ...

    def corrected(self, account: str, total: int) -> None:
        """The owner turned out to have spent more than what its calls cost."""
        ...

    def spent(self) -> Mapping[str, int]:
        """The totals of this owner, as far as it keeps what the ledger may not have yet."""
        ...

    def adopt(self, *, patience: float) -> list[str]:
        """Owners that are gone for *patience* seconds, and whose heritage is ours now. May be called in a thread."""
        ...

    def told_for(self, owner: str) -> None: ...

    def close(self) -> None: ...


class NoHeritage:
    totals: Mapping[str, Mapping[str, int]] = {}
    lives: Mapping[str, int] = {}


class NoJournal:
    """Where there is no state to keep. *owner* must be nobody else's."""

    def __init__(self, owner: str, life: int) -> None:
        self.owner, self.life = owner, life
        self.heritage = NoHeritage()
        self.full = False
        self.position = 0
        self.totals: Callable[[str], int] = lambda _: 0

    def held(self, number: int, amount: int, accounts: tuple[str, ...], note: bytes) -> None: ...

    def grown(self, number: int, more: int) -> None: ...

    def settled(self, number: int, amount: int, row: bytes) -> None: ...

    def row(self, row: bytes) -> None: ...

    def told(self, position: int) -> None: ...

    def corrected(self, account: str, total: int) -> None: ...

    def spent(self) -> Mapping[str, int]:
        return {}

    def adopt(self, *, patience: float) -> list[str]:  # noqa: ARG002
        return []

    def told_for(self, owner: str) -> None: ...

    def close(self) -> None: ...
