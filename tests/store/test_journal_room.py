"""When files go, and what happens while there is no room for more."""

import time
from pathlib import Path

import pytest

from store.journal import JournalFull
from tests.store.journals import (
    ACCOUNTS,
    ALICE,
    NOTE,
    SIZE,
    Log,
    a_full_disk,
    busy,
    claim,
    crash,
    files,
    rows,
    unaided,
)


def gone(path: Path) -> bool:
    """In a moment: another thread does it."""
    for _ in range(200):
        if not path.exists():
            return True
        time.sleep(0.005)
    return False


@pytest.mark.parametrize(("told", "drained"), [(True, False), (False, True), (True, True)])
def test_a_file_goes_when_it_is_told_and_drained(tmp_path: Path, told: bool, drained: bool) -> None:
    journal = claim(tmp_path)
    busy(journal, 60)
    oldest = journal._shelf.segments[0].path
    count = len(journal._shelf.segments)
    if told:
        journal.told(journal.position)
    if drained:
        rows(journal)

    assert (len(journal._shelf.segments) < count) is (told and drained)
    if told and drained:
        assert gone(oldest)
    crash(journal)
    assert claim(tmp_path).heritage.totals[journal.owner] == dict.fromkeys(ACCOUNTS, 60)


def test_a_file_without_money_waits_for_the_ledger_only(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    for _ in range(50):
        journal.row(b"r" * 200)

    rows(journal)

    assert len(journal._shelf.segments) == 1


def test_a_file_stays_for_a_hold_and_the_hold_is_written_again_when_that_costs_too_much(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1_000_000, 500, (ALICE, "usd:tag/only:total"), NOTE)
    journal.grown(1_000_000, 50)
    longest = 0
    for first in range(1, 300, 10):
        busy(journal, 10, first)
        rows(journal)
        journal.told(journal.position)
        longest = max(longest, len(journal._shelf.segments))
    assert 2 < longest <= 6
    crash(journal)

    again = claim(tmp_path)

    assert again.heritage.open == [(journal.owner, NOTE, 550, (ALICE, "usd:tag/only:total"))]
    assert again.heritage.totals[journal.owner][ALICE] == 300 + 550


def test_what_was_written_again_is_settled_once(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1_000_000, 500, (ALICE,), NOTE)
    for first in range(1, 200, 10):
        busy(journal, 10, first)
        rows(journal)
        journal.told(journal.position)
    journal.grown(1_000_000, 50)
    journal.settled(1_000_000, 7, b"[]")
    assert journal._open == {}
    crash(journal)

    again = claim(tmp_path)

    assert again.heritage.totals[journal.owner][ALICE] == 200 + 7
    assert rows(again)[-1:] == [b"[]"]


def test_accounts_are_forgotten_with_their_files(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    for number in range(1, 400):
        journal.held(number, 1, (f"usd:key/{number}:total",), NOTE)
        journal.settled(number, 1, b"r")
        rows(journal)
        journal.told(journal.position)

    assert len(journal._accounts) < 100
    assert len(journal._naming) == len(journal._shelf.segments)


def test_a_clean_end_with_nothing_left_to_say_leaves_no_file(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    busy(journal, 10)
    rows(journal)
    journal.told(journal.position)

    journal.close()

    assert files(tmp_path) == []
    assert claim(tmp_path).heritage.totals == {journal.owner: {}}


def test_a_full_disk_refuses_holds_and_keeps_what_calls_under_way_cost(tmp_path: Path) -> None:
    log = Log()
    journal = claim(tmp_path, say=log)
    for number in range(1, 6):
        journal.held(number, 100, ACCOUNTS, NOTE)
    with a_full_disk():
        unaided(journal)
        with pytest.raises(JournalFull):
            for number in range(6, 1000):
                journal.held(number, 1, ACCOUNTS, NOTE)
        assert journal.full
        assert journal.refused == 1
        held = len(journal._open)
        for number in range(1, held + 1):
            journal.settled(number, 1, b"r" * 200)
        assert journal._late
        with pytest.raises(JournalFull):
            journal.held(2000, 1, ACCOUNTS, NOTE)
        assert {line[:2] for line in log.lines} == {("error", "the journal can't have another file: File too large")}
    journal._shelf._stock.failing = False

    assert not journal.full
    journal.held(2000, 1, ACCOUNTS, NOTE)
    journal.settled(2000, 1, b"r")
    crash(journal)

    again = claim(tmp_path)
    assert again.heritage.totals[journal.owner] == dict.fromkeys(ACCOUNTS, held + 1)
    assert len(rows(again)) == held + 1


def test_a_disk_that_has_room_again_is_noticed_within_seconds(tmp_path: Path) -> None:
    log = Log()
    with a_full_disk():
        journal = claim(tmp_path, say=log)
        assert journal.full
        with pytest.raises(JournalFull):
            journal.held(1, 1, ACCOUNTS, NOTE)
        journal.row(b"late")
        assert journal.pending == 0

    until = time.monotonic() + 5
    while journal.full and time.monotonic() < until:
        time.sleep(0.02)

    journal.held(1, 1, ACCOUNTS, NOTE)
    assert rows(journal) == [b"late"]
    assert log.lines[-1][:2] == ("info", "the journal has room again")


def test_a_slice_is_refused_while_the_disk_is_full(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 1, ACCOUNTS, NOTE)
    with a_full_disk():
        unaided(journal)
        with pytest.raises(JournalFull):
            for _ in range(1000):
                journal.grown(1, 1)


@pytest.mark.plain
def test_rows_that_have_no_room_wait_until_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.tape.LATE", 3)
    with a_full_disk():
        journal = claim(tmp_path)
        for _ in range(5):
            journal.row(b"r")

        assert (len(journal._late), journal.lost) == (3, 2)
        journal.close()


def test_a_row_that_is_too_large_is_left_out_but_not_its_cost(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 100, ACCOUNTS, NOTE)

    journal.settled(1, 30, b"r" * SIZE)

    assert journal.lost == 1
    crash(journal)
    assert claim(tmp_path).heritage.totals[journal.owner][ALICE] == 30


def test_a_note_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too large"):
        claim(tmp_path).held(1, 100, ACCOUNTS, b"n" * SIZE)


@pytest.mark.parametrize("wrote_through", [True, False])
@pytest.mark.parametrize("writes_through", [True, False])
def test_writing_through_says_the_same(tmp_path: Path, wrote_through: bool, writes_through: bool) -> None:
    journal = claim(tmp_path, fsync=wrote_through)
    busy(journal, 30)
    journal.held(100, 5, ACCOUNTS, NOTE)
    crash(journal)
    journal = claim(tmp_path, fsync=writes_through)
    busy(journal, 30)
    journal.row(b"r")
    journal.close()

    again = claim(tmp_path)

    assert again.heritage.totals[journal.owner] == dict.fromkeys(ACCOUNTS, 65)
    assert len(rows(again)) == 62


def test_files_belong_to_their_user_alone(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.row(b"r")

    assert journal._segment.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


def test_a_hold_that_cannot_be_written_again_keeps_its_file(tmp_path: Path) -> None:
    journal = claim(tmp_path)
    journal.held(1, 500, (ALICE,), NOTE)
    while len(journal._shelf.segments) < 6:
        journal.row(b"r" * 700)
    with a_full_disk():
        unaided(journal)
        while journal._at + 500 < SIZE:
            journal.row(b"r" * 400)
        journal.told(journal.position)
        rows(journal)
        assert journal._shelf.segments[0].open == 1

    journal._shelf._stock.failing = False
    journal.told(journal.position)

    assert len(journal._shelf.segments) < 6
    crash(journal)
    assert claim(tmp_path).heritage.totals[journal.owner] == {ALICE: 500}
