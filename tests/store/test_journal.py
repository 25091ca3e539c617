"""What a process writes down, and what the next one finds."""

from pathlib import Path

import pytest

from store.entry import Entry
from tests.store.journals import ACCOUNTS, ALICE, ALL, NOTE, TEAM, claim, crash, files, rows


def test_a_settled_call_counts_as_what_it_cost(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 100, ACCOUNTS, NOTE)
    journal.settled(1, 30, b"[1]")
    crash(journal)

    again = claim(tmp_path)

    assert again.heritage.totals == {journal.owner: dict.fromkeys(ACCOUNTS, 30)}
    assert again.heritage.open == []
    assert rows(again) == [b"[1]"]


def test_an_open_call_counts_as_what_was_held(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 100, ACCOUNTS, NOTE)
    journal.grown(1, 20)
    crash(journal)

    again = claim(tmp_path)

    assert again.heritage.totals == {journal.owner: dict.fromkeys(ACCOUNTS, 120)}
    assert again.heritage.open == [(journal.owner, NOTE, 120, ACCOUNTS)]


def test_an_open_call_gets_a_row_that_says_it_is_estimated(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 120, ACCOUNTS, NOTE)
    crash(journal)

    (row,) = rows(claim(tmp_path))

    entry = Entry.from_bytes(row)
    assert (entry.id, entry.key, entry.target, entry.tags) == ("req_1", "alice", "openai/gpt", ("a", "b"))
    assert (entry.estimated, entry.cost, entry.fault, entry.status) == (True, 120, "lost", 500)
    assert entry.charges == dict.fromkeys(ACCOUNTS, 120)
    assert entry.attempts == (("openai/gpt", "lost", 0.0, 120),)


@pytest.mark.parametrize("odd", [b"", b"{", b"[1,2]", b"{}"])
def test_an_open_call_whose_note_makes_no_sense_is_charged_all_the_same(tmp_path: Path, odd: bytes) -> None:
    journal = claim(tmp_path)
    journal.held(1, 120, (ALICE,), odd)
    crash(journal)

    (row,) = rows(claim(tmp_path, clock=lambda: 1e9))

    assert Entry.from_bytes(row).charges == {ALICE: 120}
    assert Entry.from_bytes(row).time == 1e9


def test_nobody_is_charged_twice_however_often_processes_die(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 100, ACCOUNTS, NOTE)
    for _ in range(5):
        crash(journal)
        journal = claim(tmp_path)

    assert journal.heritage.totals[journal.owner][ALICE] == 100
    assert len(rows(journal)) == 1


def test_a_total_goes_on_from_what_its_owner_says_it_was(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.totals = {ALICE: 1000, TEAM: 2000, ALL: 3000}.__getitem__
    journal.held(1, 100, ACCOUNTS, NOTE)
    journal.settled(1, 1)
    journal.corrected(TEAM, 5000)
    journal.corrected("usd:tag/never:total", 7)
    journal.held(2, 100, ACCOUNTS, NOTE)
    journal.settled(2, 2)
    crash(journal)

    assert claim(tmp_path).heritage.totals[journal.owner] == {ALICE: 1003, TEAM: 5002, ALL: 3003}


def test_a_hold_is_settled_in_a_later_file_than_it_was_told_in(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 100, ACCOUNTS, NOTE)
    for _ in range(20):
        journal.row(b"x" * 400)
    journal.settled(1, 40, b"last")
    journal.held(2, 100, ACCOUNTS, NOTE)
    journal.settled(2, 2)
    assert len(files(tmp_path)) > 2
    crash(journal)

    again = claim(tmp_path)

    assert again.heritage.totals[journal.owner] == dict.fromkeys(ACCOUNTS, 42)
    assert rows(again)[-1] == b"last"


def test_rows_have_numbers_without_gaps_over_files_and_lives(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    first = journal.take(1)
    assert first is None
    for number in range(40):
        journal.row(b"%d" % number)
    crash(journal)
    again = claim(tmp_path)
    again.row(b"40")

    numbered = {}
    while batch := again.take(6):
        numbered.update(enumerate(batch.rows, batch.first))
        again.drained(batch.mark)

    start = min(numbered)
    assert numbered == {start + number: b"%d" % number for number in range(41)}


def test_numbers_go_on_after_all_files_are_gone(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.row(b"1")
    batch = journal.take(1)
    assert batch is not None
    journal.drained(batch.mark)
    journal.close()
    assert files(tmp_path) == []

    again = claim(tmp_path, clock=lambda: 5.0)
    again.row(b"2")

    later = again.take(1)
    assert later is not None
    assert (later.owner, later.first) == (batch.owner, batch.first + 1)
    assert again.life == journal.life + 1


def test_a_batch_is_given_out_again_until_it_is_drained(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    for number in range(5):
        journal.row(b"%d" % number)

    first, second = journal.take(3), journal.take(3)

    assert first == second
    assert first is not None
    assert journal.pending == 5
    journal.drained(first.mark)
    assert journal.pending == 2


def test_a_life_is_later_than_those_before_it_whatever_the_clock_says(tmp_path: Path) -> None:
    lives = []
    for clock in (1000.0, 5000.0, 20.0, 6000.0):
        journal = claim(tmp_path, clock=lambda clock=clock: clock)
        lives.append(journal.life)
        crash(journal)

    assert lives == [1000, 5000, 5001, 6000]


def test_a_life_is_remembered_by_the_files_if_the_lock_has_forgotten(tmp_path: Path) -> None:
    journal = claim(tmp_path, clock=lambda: 5000.0)
    journal.row(b"1")
    crash(journal)
    (tmp_path / "journal/0/lock").write_text("nonsense")

    assert claim(tmp_path, clock=lambda: 20.0).life == 5001
