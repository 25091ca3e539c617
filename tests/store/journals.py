"""What tests of the journal share: its words, and how a process ends."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.journal import Journal
from store.orphans import noted

ALICE, TEAM, ALL = "usd:key/alice:month-2026-11", "usd:team/research:total", "usd:service:day-2026-11-26"
ACCOUNTS = (ALICE, TEAM, ALL)
NOTE = noted((1795600000.5, "req_1", "alice", "research", "fast", "openai/gpt", ("a", "b"), "chat", True))
SIZE = 4096


class Log:
    """What an operator would read."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []

    def __call__(self, level: str, message: str, /, **fields: object) -> None:
        self.lines.append((level, message, fields))


def crash(journal: Journal) -> None:
    """The end of a process, as far as it can be seen from its files: nothing is written any more."""
    for tape in (journal, *journal._adopted.values()):
        tape._shelf._stock.close()
        tape._slot.free()


def unaided(journal: Journal) -> None:
    """From here on no thread makes files: each is made where it is needed, and none is ready."""
    stock = journal._shelf._stock
    stock._closed = True
    if stock._maker is not None:
        stock._wake.set()
        stock._maker.join()
    if stock._ready is not None:
        stock._ready.drop()
        stock._ready = None
        stock._number -= 1


def claim(directory: Path, **settings: object) -> Journal:
    return Journal.claim(directory, size=SIZE, **settings)  # type: ignore[arg-type]


def rows(journal: Journal) -> list[bytes]:
    """All that waits, taken and drained."""
    found: list[bytes] = []
    while batch := journal.take(7):
        found += batch.rows
        journal.drained(batch.mark)
    return found


def files(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory / "journal")) for path in directory.rglob("*.journal"))


@contextmanager
def a_full_disk() -> Iterator[None]:
    """No file may be as long as a journal's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def busy(journal: Journal, calls: int, first: int = 1) -> None:
    for number in range(first, first + calls):
        journal.held(number, 100, ACCOUNTS, NOTE)
        journal.settled(number, 1, b"r" * 100)
