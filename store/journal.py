"""What every process writes down before its answers end, so that no way of dying loses money or rows.

In `journal` of the state directory each process has a slot, a folder with its files. Whoever takes a slot goes on where
its last owner stopped. Slots that nobody takes again are adopted: their totals are told and their rows written in the
name of their owner, and then they are emptied. A slot whose files can't be believed is retired, and nothing is guessed.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol, Self

from store.records import Damaged
from store.replay import Past, replay
from store.segments import SIZE, paths
from store.shelf import Batch
from store.slots import Slot, free_slots, machine
from store.tape import JournalFull, Tape

__all__ = ["Batch", "Heritage", "Journal", "JournalFull", "Left", "Say"]

FOLDER = "journal"
ABANDONED = 3.0  # seconds without an owner until a slot is adopted: time for its worker to be started again


class Say(Protocol):
    """Hears what an operator has to know: error, warning or info, a sentence, and facts. Called in any thread."""

    def __call__(self, level: str, message: str, /, **fields: object) -> None: ...


class Left(NamedTuple):
    """A call that was under way when its process ended: *amount* was held on each of the *accounts*."""

    owner: str
    note: bytes
    amount: int
    accounts: tuple[str, ...]


class Heritage(NamedTuple):
    """What earlier processes have left, by owner: their total of each account, open holds counted as spent; those
    holds, whose rows are written already; and the life to speak for the owner with.
    """

    totals: dict[str, dict[str, int]]
    open: list[Left]
    lives: dict[str, int]

    def take_in(self, tape: Tape, past: Past) -> None:
        self.open.extend(Left(tape.owner, one.note, one.amount, one.accounts) for one in past.open.values())
        self.lives[tape.owner] = tape.life
        self.totals[tape.owner] = past.spent()


class Journal(Tape):
    """The slot of this process, and those that it has adopted. *heritage* grows with each of them; what was left in
    one's own slot is always there.
    """

    def __init__(
        self,
        home: Path,
        name: str,
        slot: Slot,
        past: Past,
        *,
        clock: Callable[[], float],
        through: bool,
        size: int,
        say: Say,
    ) -> None:
        self._home = home
        self._machine = name
        self._clock = clock
        self._say = say
        self._adopted: dict[str, Tape] = {}
        self._lone: dict[str, float] = {}
        super().__init__(slot, past, owner=f"{name}/{slot.name}", now=clock(), through=through, size=size, say=say)
        self.heritage = Heritage({}, [], {})
        self.heritage.take_in(self, past)

    @classmethod
    def claim(
        cls,
        directory: Path,
        *,
        fsync: bool = False,
        size: int = SIZE,
        clock: Callable[[], float] = time.time,
        say: Say = lambda *_, **__: None,
    ) -> Self:
        """The lowest slot that nobody has, with what was left there. For each process after it was forked, and before
        it serves, since much may have to be read. Raises OSError where the directory can't be used.
        """
        home = directory / FOLDER
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = machine(directory)
        slot, past = next((slot, past) for slot in free_slots(home) if (past := _past(slot, say)) is not None)
        return cls(home, name, slot, past, clock=clock, through=fsync, size=size, say=say)

    def adopt(self, now: float | None = None, *, patience: float = ABANDONED) -> list[str]:
        """Take over what has had no owner for *patience* seconds; those owners' names, new in *heritage*. Once the
        store knows their totals, `told_for` is to be called. Call this every few seconds, in a thread if you like: what
        was left is read at once. *now* is any steady clock.
        """
        now = time.monotonic() if now is None else now
        before, self._lone = self._lone, {}
        owners = []
        for path in self._others():
            since = before.get(path.name, now)
            slot = Slot.lock(path)
            if slot is None:
                continue
            if now - since < patience:
                slot.free()
                self._lone[path.name] = since
            elif owner := self._take_over(slot):
                owners.append(owner)
        return owners

    def told_for(self, owner: str) -> None:
        """The store knows what *owner*, whose slot was adopted, has spent in all."""
        if tape := self._adopted.get(owner):
            self.heritage.totals.pop(owner, None)
            tape.told(tape.position)
            self._part(tape)

    def take(self, most: int) -> Batch | None:
        """The oldest rows that wait for the ledger, those of adopted slots first; the same until they are drained."""
        for tape in list(self._adopted.values()):
            if batch := tape.take(most):
                return batch
        return super().take(most)

    def drained(self, mark: tuple[str, int]) -> None:
        """The ledger has everything up to *mark*, as a batch says it."""
        tape = self._adopted.get(mark[0])
        if tape is not None:
            tape.drained(mark)
            self._part(tape)
        elif mark[0] == self.owner:
            super().drained(mark)

    @property
    def pending(self) -> int:
        """Rows that wait for the ledger."""
        return super().pending + sum(tape.pending for tape in list(self._adopted.values()))

    @property
    def owners(self) -> list[str]:
        """Whose rows are given out here."""
        return [self.owner, *self._adopted]

    def close(self) -> None:
        """Leaves all slots to those who come next; what somebody still waits for stays in them."""
        for tape in self._adopted.values():
            tape.close()
        self._adopted.clear()
        super().close()

    def _others(self) -> list[Path]:
        """Slots with something in them that aren't ours."""
        ours = {owner.rpartition("/")[2] for owner in self.owners}
        return [path for path in sorted(self._home.iterdir()) if path.name not in ours and paths(path)]

    def _take_over(self, slot: Slot) -> str | None:
        past = _past(slot, self._say)
        if past is None:
            return None
        tape = Tape(slot, past, owner=f"{self._machine}/{slot.name}", now=self._clock(), say=self._say)
        self.heritage.take_in(tape, past)
        self._adopted[tape.owner] = tape
        return tape.owner

    def _part(self, tape: Tape) -> None:
        """From an adopted slot, once nothing is left in it."""
        if tape.idle():
            del self._adopted[tape.owner]
            tape.close()


def _past(slot: Slot, say: Say) -> Past | None:
    """None if it can't be believed; nobody takes the slot again then."""
    try:
        return replay(slot.path)
    except Damaged as damaged:
        slot.retire(str(damaged))
        say(
            "error",
            "a slot of the journal is damaged and was retired: what its owner hadn't told the store counts as spent in"
            " full, and rows that the ledger hadn't taken are missing",
            slot=str(slot.path),
            reason=str(damaged),
        )
        return None
