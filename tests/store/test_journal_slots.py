"""Who writes where, who takes over, and when nobody does."""

import threading
from pathlib import Path

import pytest

from store.slots import Slot
from tests.store.journals import (
    ACCOUNTS,
    NOTE,
    SIZE,
    Log,
    claim,
    crash,
    files,
    rows,
)


def test_each_process_has_the_lowest_slot_that_is_free(tmp_path: Path) -> None:
    first, second, third = claim(tmp_path), claim(tmp_path), claim(tmp_path)
    crash(second)
    fourth = claim(tmp_path)

    machine = (tmp_path / "machine").read_text().strip()
    assert [one.owner for one in (first, second, third, fourth)] == [f"{machine}/{slot}" for slot in (0, 1, 2, 1)]


def test_processes_that_start_together_agree_on_the_machine(tmp_path: Path) -> None:
    owners: list[str] = []
    threads = [threading.Thread(target=lambda: owners.append(claim(tmp_path).owner)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({owner.split("/")[0] for owner in owners}) == 1
    assert len(set(owners)) == 8
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("machine")] == ["machine"]


def test_what_nobody_takes_over_is_adopted_after_a_while(tmp_path: Path) -> None:
    journal, other = claim(tmp_path), claim(tmp_path)
    other.held(1, 100, ACCOUNTS, NOTE)
    other.row(b"a row")
    crash(other)

    assert journal.adopt(now=10.0) == []
    assert journal.adopt(now=12.0) == []
    assert journal.adopt(now=13.5) == [other.owner]
    assert journal.adopt(now=99.0) == []

    assert journal.heritage.totals[other.owner] == dict.fromkeys(ACCOUNTS, 100)
    assert journal.heritage.lives[other.owner] > other.life
    assert journal.pending == 2


def test_an_adopted_slot_is_free_again_once_it_is_told_and_drained(tmp_path: Path) -> None:
    journal, other = claim(tmp_path), claim(tmp_path)
    other.held(1, 100, ACCOUNTS, NOTE)
    crash(other)
    journal.adopt(now=10.0)
    journal.adopt(now=20.0)

    assert len(rows(journal)) == 1
    assert journal.owners == [journal.owner, other.owner]
    journal.told_for(other.owner)
    journal.told_for(other.owner)

    assert journal.owners == [journal.owner]
    assert files(tmp_path) == []
    assert claim(tmp_path).owner == other.owner


def test_a_worker_that_is_started_again_gets_its_slot_before_it_is_adopted(tmp_path: Path) -> None:
    journal, other = claim(tmp_path), claim(tmp_path)
    other.row(b"1")
    crash(other)
    journal.adopt(now=10.0)
    again = claim(tmp_path)

    assert again.owner == other.owner
    assert journal.adopt(now=20.0) == []


def test_what_an_adopter_leaves_is_left_to_the_next(tmp_path: Path) -> None:
    journal, other = claim(tmp_path), claim(tmp_path)
    other.held(1, 100, ACCOUNTS, NOTE)
    crash(other)
    journal.adopt(now=10.0)
    journal.adopt(now=20.0)
    journal.close()

    next_one = claim(tmp_path)
    next_one.adopt(now=10.0)
    next_one.adopt(now=20.0)

    assert next_one.heritage.totals[other.owner] == dict.fromkeys(ACCOUNTS, 100)
    assert len(rows(next_one)) == 1


def test_a_damaged_slot_is_retired_and_never_taken_again(tmp_path: Path) -> None:
    log = Log()
    journal = claim(tmp_path)
    for number in range(5):
        journal.row(b"row %d" % number)
    path = journal._segment.path
    crash(journal)
    text = path.read_bytes()
    path.write_bytes(text.replace(b"row 2", b"row X"))

    again = claim(tmp_path, say=log)

    assert again.owner.endswith("/1")
    assert again.take(10) is None
    ((level, message, fields),) = log.lines
    assert (level, fields["slot"]) == ("error", str(path.parent))
    assert "retired" in message
    assert claim(tmp_path, say=log).owner.endswith("/2")
    assert len(log.lines) == 1


def test_a_damaged_slot_is_not_adopted(tmp_path: Path) -> None:
    journal, other = claim(tmp_path, say=(log := Log())), claim(tmp_path)
    for number in range(5):
        other.row(b"row %d" % number)
    path = other._segment.path
    crash(other)
    path.write_bytes(path.read_bytes().replace(b"row 2", b"row X"))

    assert journal.adopt(now=10.0) == journal.adopt(now=20.0) == journal.adopt(now=30.0) == []
    assert len(log.lines) == 1


def swap(first: Path, second: Path) -> None:
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda paths: paths[1].unlink(), "doesn't go on"),
        (lambda paths: swap(paths[0], paths[1]), "calls itself"),
        (lambda paths: paths[0].write_bytes(b""), "is empty"),
        (lambda paths: paths[1].write_bytes(bytes(SIZE)), "is empty"),
        (lambda paths: paths[1].write_bytes(paths[1].read_bytes()[: SIZE // 2]), "doesn't go on"),
    ],
)
def test_files_that_do_not_fit_together_are_damage(tmp_path: Path, harm, reason: str) -> None:
    journal = claim(tmp_path)
    for _ in range(30):
        journal.row(b"x" * 300)
    paths = [segment.path for segment in journal._shelf.segments]
    crash(journal)
    harm(paths)

    assert claim(tmp_path).owner.endswith("/1")
    assert reason in (tmp_path / "journal/0/retired").read_text()


def test_a_slot_that_cannot_say_why_it_is_retired_is_retired_all_the_same(tmp_path: Path) -> None:
    slot = Slot.lock(tmp_path / "0")
    assert slot is not None
    (tmp_path / "0/retired").mkdir()

    slot.retire("whatever")

    assert Slot.lock(tmp_path / "0") is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b"\x63?", "unknown kind, 99"), (b"\x03", "make no sense"), (b"\x05" + bytes(16), "make no sense")],
)
def test_records_of_another_language_are_damage(tmp_path: Path, payload: bytes, reason: str) -> None:
    journal = claim(tmp_path)
    journal.row(b"1")
    journal._put(payload)
    crash(journal)

    assert claim(tmp_path).owner.endswith("/1")
    assert reason in (tmp_path / "journal/0/retired").read_text()


def test_what_half_a_record_left_is_zero_again(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.row(b"1")
    journal._map[journal._at + 20 : journal._at + 23] = b"odd"
    crash(journal)

    again = claim(tmp_path)

    assert again._map[again._at :].strip(b"\0") == b""
    assert rows(again) == [b"1"]
