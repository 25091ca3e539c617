"""A process is killed in the middle of writing, and nothing that it has said is lost."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from store.entry import Entry
from store.journal import Journal
from tests.store.writing import ACCOUNTS, COST, HELD

HOME = Path(__file__).parent.parent.parent
OPEN = 5


def killed(directory: Path, after: float) -> list[str]:
    """What it said before it was killed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.store.writing", str(directory)], cwd=HOME, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after)
        process.kill()
        return (first + process.stdout.read()).decode().split()


@pytest.mark.parametrize("lives", [[0.05], [0.11, 0.02, 0.07]])
def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path, lives: list[float]) -> None:
    said = [word for after in lives for word in killed(tmp_path, after)]

    journal = Journal.claim(tmp_path)

    assert journal.owner.endswith("/0")
    rows = []
    numbers = []
    while batch := journal.take(1000):
        rows += batch.rows
        numbers += range(batch.first, batch.first + len(batch.rows))
        journal.drained(batch.mark)
    written = [row.split()[0].decode() for row in rows if not row.startswith(b"[")]
    left = [Entry.from_bytes(row) for row in rows if row.startswith(b"[")]
    assert numbers == list(range(numbers[0], numbers[0] + len(rows)))
    assert len(written) == len(set(written))
    assert set(said) <= set(written)
    assert len(written) - len(said) <= len(lives)  # the one that it was about to say
    assert len(left) in range(OPEN * len(lives), (OPEN + 1) * len(lives) + 1)
    assert len({entry.id for entry in left} | set(written)) == len(rows)
    assert journal.heritage.totals[journal.owner] == dict.fromkeys(ACCOUNTS, COST * len(written) + HELD * len(left))
