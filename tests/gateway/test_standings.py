"""What stands on the board about a canary is believed only if it is a standing."""

import orjson
import pytest

from config.schema import Canary, Config, Route
from gateway.watch.canaries import KEPT, Canaries
from routing.canary import ROLLED_BACK, RUNNING
from store.memory import MemoryStore
from telemetry.meters import Meters

CANARY = Canary(ahead=Route(name="m", stages=()), stages=(0.5, 1.0), minimum=1, every=3600.0, mark="mark")
CONFIG = Config(routes={"m": Route(name="m", stages=(), canary=CANARY)})
PLACE = "canary/mark/standing"
NO_STANDINGS = pytest.mark.parametrize(
    "notice",
    [
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        b'["a", "b", "c", "d", "e"]',
        orjson.dumps([5, RUNNING, 2, 0.0, ""]),
        orjson.dumps([5, "flying", 1, 0.0, ""]),
        orjson.dumps([5, RUNNING, 1, 0.0, "", "of a later version"]),
        orjson.dumps({"number": 5, "status": RUNNING, "stage": 1, "since": 0.0, "why": ""}),
    ],
)


async def flown(board):
    """The canary's flight in a process that has begun, its Canaries, and what it announces."""
    told = []
    canaries = Canaries(board, Meters(), told.append)
    canaries.heed(CONFIG)
    await canaries.look()
    return canaries.flight(CANARY), canaries, told


async def standing(board):
    return orjson.loads((await board.posted(PLACE))[PLACE])


@NO_STANDINGS
async def test_who_knows_nothing_does_not_fly_by_it(notice):
    board = MemoryStore()
    await board.post(PLACE, notice, KEPT)
    flight, canaries, told = await flown(board)
    (shown,) = await canaries.shown()

    assert (None, 0, []) == (flight.standing, flight.number, told)
    assert (None, 0.0) == (shown["status"], shown["share"])
    assert {PLACE: notice} == await board.posted(PLACE)


@NO_STANDINGS
async def test_who_knows_better_says_so(notice):
    board = MemoryStore()
    flight, canaries, _ = await flown(board)
    known = flight.standing
    await board.post(PLACE, notice, KEPT)
    await canaries.look()

    assert known[:3] == flight.standing[:3] == tuple(await standing(board))[:3]


async def test_the_operator_can_begin_anew_where_nothing_can_be_read():
    board = MemoryStore()
    await board.post(PLACE, b"[1]", KEPT)
    flight, canaries, told = await flown(board)

    assert await canaries.act("m", "restart")
    assert (RUNNING, 0) == (flight.standing.status, flight.standing.stage)
    assert ["canary_restarted"] == [each["event"] for each in told]


async def test_a_later_standing_is_taken_and_an_earlier_one_is_not():
    board = MemoryStore()
    flight, canaries, _ = await flown(board)
    await board.post(PLACE, orjson.dumps([7, ROLLED_BACK, 1, 5.0, "why"]), KEPT)
    await canaries.look()
    later = flight.standing
    await board.post(PLACE, orjson.dumps([6, RUNNING, 1, 6.0, ""]), KEPT)
    await canaries.look()

    assert (7, ROLLED_BACK, 1, 5.0, "why") == later == flight.standing == tuple(await standing(board))


@pytest.mark.parametrize(
    "seen", [b"", b"{}", b"[[], []]", b"[1, 2]", orjson.dumps([["9"] * 7, [9] * 7]), orjson.dumps([[1] * 7, [[]] * 7])]
)
async def test_what_no_process_can_have_counted_is_passed_over(seen):
    board = MemoryStore()
    flight, canaries, _ = await flown(board)
    await board.post("canary/mark/seen/0/somebody", seen, KEPT)
    good = [[2, 2, 0, 0, 0, 0.0, [0] * 64], [9, 0, 9, 0, 0, 0.0, [0] * 64]]
    await board.post("canary/mark/seen/0/somebody-else", orjson.dumps(good), KEPT)
    await canaries.look()
    (shown,) = await canaries.shown()

    assert RUNNING == flight.standing.status
    assert (2, 9) == (shown["canary"]["calls"], shown["rest"]["calls"])
