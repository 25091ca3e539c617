"""What processes of one machine tell each other, by real sockets in a real folder."""

import asyncio
import socket
from contextlib import asynccontextmanager, contextmanager

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.watch import neighbours
from gateway.watch.lately import _read, seen_here
from gateway.watch.neighbours import LARGEST, NEWS, Neighbours, letters, parts
from routing.live import Live
from routing.vitals import Vitals

PIECE = b'event: call\ndata: {"id":"%d"}\n\n'


class Process:
    """One of those that share *folder*; *heard* is what came, *says* what it answers."""

    def __init__(self, folder, says=()):
        self.heard = []
        self.changes = 0
        self.side = Neighbours(folder, self.heard.extend, self.changed, lambda: iter(says))

    def changed(self):
        self.changes += 1


@contextmanager
def living(*processes):
    for each in processes:
        each.side.begin()
    try:
        yield
    finally:
        for each in processes:
            each.side.end()


@asynccontextmanager
async def soon(seconds=3.0):
    async with asyncio.timeout(seconds):
        yield


async def test_those_who_listen_are_told_and_nobody_else(tmp_path):
    one, two, three = (Process(tmp_path) for _ in range(3))
    with living(one, two, three):
        two.side.listen(wanted=True)
        async with soon():
            while not one.side.listeners:
                await asyncio.sleep(0.005)
            one.side.tell([PIECE % 1, PIECE % 2])
            while len(two.heard) < 2:
                await asyncio.sleep(0.005)

    assert [PIECE % 1, PIECE % 2] == two.heard
    assert [] == three.heard
    assert list(tmp_path.iterdir()) == []


async def test_who_listens_no_more_says_so(tmp_path):
    one, two = Process(tmp_path), Process(tmp_path)
    with living(one, two):
        two.side.listen(wanted=True)
        two.side.listen(wanted=True)
        async with soon():
            while not one.side.listeners:
                await asyncio.sleep(0.005)
            two.side.listen(wanted=False)
            while one.side.listeners:
                await asyncio.sleep(0.005)

    assert 2 == one.changes


async def test_who_has_vanished_is_no_longer_told(tmp_path, monkeypatch):
    monkeypatch.setattr(neighbours, "BELIEVED", 0.01)
    one, two = Process(tmp_path), Process(tmp_path)
    with living(one, two):
        two.side.listen(wanted=True)
        async with soon():
            while not one.side.listeners:
                await asyncio.sleep(0.005)
        await asyncio.sleep(0.03)
        one.side.tell([PIECE % 1])

        assert 0 == one.side.listeners


async def test_what_a_socket_has_no_room_for_is_counted(tmp_path):
    one, two = Process(tmp_path), Process(tmp_path)
    with living(one, two):
        two.side.listen(wanted=True)
        async with soon(10.0):
            while not one.side.listeners:
                await asyncio.sleep(0.005)
            told = 0
            while not one.side._lost:  # nobody reads, since this is one turn of the loop
                one.side.tell([PIECE % 1] * 500)
                told += 500
            lost = sum(one.side._lost.values())
            while len(two.heard) < told - lost:
                await asyncio.sleep(0.005)
            one.side.tell([PIECE % 2])
            while len(two.heard) < told - lost + 2:
                await asyncio.sleep(0.005)

    assert [b'event: gap\ndata: {"lost":%d}\n\n' % lost, PIECE % 2] == two.heard[-2:]


@pytest.mark.parametrize("says", [[], [b"one"], [b"one", b"two", b"three"]])
async def test_all_are_asked_and_all_they_say_is_heard(tmp_path, says):
    one, two, three = Process(tmp_path), Process(tmp_path, says), Process(tmp_path, [b"x"])
    with living(one, two, three):
        inquiry = await one.side.ask(3.0)

    assert 2 == inquiry.asked
    assert sorted([says, [b"x"]]) == sorted(inquiry.whole.values())


async def test_nobody_waits_for_who_does_not_answer(tmp_path):
    one = Process(tmp_path)
    with living(one), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as silent:
        silent.bind(str(tmp_path / "events-silent"))
        inquiry = await one.side.ask(0.05)

        assert (1, {}) == (inquiry.asked, inquiry.whole)


async def test_a_socket_that_nobody_reads_any_more_is_taken_away(tmp_path):
    one = Process(tmp_path)
    with living(one):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
            dead.bind(str(tmp_path / "events-dead"))
        inquiry = await one.side.ask(1.0)

        assert 0 == inquiry.asked
        assert not (tmp_path / "events-dead").exists()


@pytest.mark.parametrize(
    "letter",
    [
        b"",
        b"L",
        b"L../../etc/passwd",
        b"Levents-a/b",
        b"Levents-\0",
        b"B",
        b"?",
        b"?123",
        b"=",
        b"=123456789012",
        b"zzz",
    ],
)
async def test_what_means_nothing_does_nothing(tmp_path, letter):
    one = Process(tmp_path)
    with living(one), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(letter, str(next(tmp_path.iterdir())))
        await asyncio.sleep(0.02)

        assert (0, [], 0) == (one.side.listeners, one.heard, one.changes)


async def test_a_folder_with_a_long_name_will_do(tmp_path):
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    one, two = Process(deep, [b"hello"]), Process(deep)
    with living(one, two):
        inquiry = await two.side.ask(3.0)

    assert [[b"hello"]] == list(inquiry.whole.values())


async def test_where_there_is_no_folder_there_are_no_neighbours(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        Process(tmp_path / "none").side.begin()


@given(st.lists(st.integers(1, LARGEST + 10).map(lambda size: b"x" * size + b"\n\n"), max_size=12))
def test_letters_hold_everything_that_fits_into_one(pieces):
    told = list(letters(pieces))

    kept = [piece for piece in pieces if len(piece) < LARGEST]
    assert kept == [piece for _, letter in told for piece in parts(letter.removeprefix(NEWS))]
    assert sum(count for count, _ in told) == len(kept)
    assert all(len(letter) <= LARGEST + 1 for _, letter in told)


def test_what_was_seen_comes_over_as_it_is():
    vitals = Vitals(None)
    for number in range(100):
        live: Live = vitals.target(f"p/{number}").live
        for output in range(number):
            live.look(1.5, 0.5, output, 7, route="m", weight=live.answered(1.0))
        live.failed(1.0, route="n", blamed=True)

    told = {id: seen for part in seen_here(vitals, lambda: 2.0) for id, seen in _read(part)}

    assert 100 == len(told)
    for id, seen in told.items():
        own = vitals.target(id).live.seen(2.0)
        assert own[:3] == seen[:3]
        assert [list(own.first), list(own.pace), list(own.whole)] == [
            list(seen.first),
            list(seen.pace),
            list(seen.whole),
        ]
        assert own.routes == seen.routes


@pytest.mark.parametrize(
    "part", [b"", b"5", b"[5]", b'[["a"]]', orjson.dumps([["a", 1, 2, 3, [[9999, 1]], [], [], {}]])]
)
def test_figures_of_another_version_are_none(part):
    assert [] == _read(part)
