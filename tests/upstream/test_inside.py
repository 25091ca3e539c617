"""The network that only plays."""

import asyncio
from typing import NamedTuple

import pytest

from core.faults import Fault
from upstream.inside import Inside


class Script(NamedTuple):
    status: int = 200
    headers: dict[str, str] = {"content-type": "x"}
    steps: tuple[tuple[float, bytes], ...] = ()
    broken: bool = False


@pytest.fixture
def play(new_ear):
    """Play these steps and then the body: the exchange, and the ear that listens to it."""

    def send(*steps, **facts):
        ear = new_ear()
        inside = Inside(lambda body: Script(steps=(*steps, (0, body)), **facts), asyncio.get_running_loop())
        return inside.send(b"", b"!", ear), ear

    return send


async def test_a_script_is_played_step_by_step(play):
    exchange, ear = play((0, b"a"), (0, b""), (0.02, b"b"), status=503)
    within_send = ear.calls
    began = asyncio.get_running_loop().time()

    outcome = await ear.outcome()

    assert (0, "end", 503, {"content-type": "x"}) == (within_send, outcome, ear.status, ear.headers)
    assert [b"a", b"b", b"!"] == ear.pieces
    assert asyncio.get_running_loop().time() - began >= 0.015
    assert not exchange.reused


async def test_an_empty_script_is_an_answer_without_a_body(new_ear):
    ear = new_ear()

    Inside(lambda _: Script(status=204), asyncio.get_running_loop()).send(b"", b"", ear)

    assert ("end", 204, b"") == (await ear.outcome(), ear.status, ear.body)


async def test_a_script_may_break(play):
    _, ear = play((0, b"a"), broken=True)

    assert Fault.BROKEN == (await ear.outcome()).fault
    assert b"a!" == ear.body


@pytest.mark.parametrize("moment", ["send", "on_head", "on_data"])
@pytest.mark.parametrize("way", ["abort", "detach"])
async def test_nothing_is_heard_after_an_abort(play, turns, moment, way):
    exchange, ear = play((0, b"a"), (0, b"b"))
    leave = getattr(exchange, way)
    if moment == "send":
        leave()
    else:
        setattr(ear, moment, lambda *_: leave())

    await turns(12)
    leave()

    assert [] == ear.pieces
    assert [] == ear.endings


async def test_a_paused_play_waits(play, turns):
    exchange, ear = play((0, b"a"), (0, b"b"))
    ear.on_data = lambda data: (ear.pieces.append(data), exchange.pause())

    await turns(12)
    heard = list(ear.pieces)
    exchange.resume()
    exchange.resume()
    await turns(12)

    assert ([b"a"], [b"a", b"b"]) == (heard, ear.pieces)


async def test_a_play_that_is_paused_again_before_it_goes_on_waits_on(play, turns):
    exchange, ear = play((0, b"a"))
    exchange.pause()
    await turns(12)

    exchange.resume()
    exchange.pause()
    await turns(12)
    heard = ear.calls
    exchange.resume()

    assert (0, "end") == (heard, await ear.outcome())


async def test_aborting_during_a_pause_ends_it(play, turns):
    exchange, ear = play((0, b"a"))
    exchange.pause()
    await turns(12)

    exchange.abort()
    exchange.resume()
    await turns(12)

    assert 0 == ear.calls
