"""Finished calls are entered many at once, all of them, and before anybody looks."""

import asyncio
import os
import time

import orjson
import pytest

from core.call import Call
from gateway.watch.assessor import Assessor
from gateway.watch.events import Newsroom
from gateway.watch.registrar import MANY, SOON, Registrar
from routing.quality import Qualities
from telemetry.log import Scribe
from telemetry.meters import Meters
from telemetry.record import Record

CALLS = "switchyard_calls_total"


class Desk:
    """A registrar, and all whom it tells."""

    def __init__(self, reading, writing):
        self._reading = reading
        self.meters, self.newsroom, self.envoy = Meters(), Newsroom(), Envoy()
        self.scribe = Scribe(fd=writing)
        self.assessor = Assessor(asyncio.get_running_loop(), Qualities(time.time()), self.meters)
        self.registrar = Registrar(
            asyncio.get_running_loop(),
            self.meters,
            self.scribe,
            assessor=self.assessor,
            newsroom=self.newsroom,
            envoy=self.envoy,
        )

    @property
    def counted(self):
        return sum(series.value for series in self.meters.counted(CALLS).values())

    def lines(self):
        self.scribe.close()
        return [orjson.loads(line) for line in os.read(self._reading, 1_000_000).splitlines()]


class Envoy:
    def __init__(self):
        self.told = []

    def put(self, record):
        self.told.append(record.id)


@pytest.fixture
async def desk():
    reading, writing = os.pipe()
    made = Desk(reading, writing)
    yield made
    await made.assessor.end()
    os.close(reading)
    os.close(writing)


def record(id, **facts):
    made = Record(id, 1_800_000_000.0, endpoint="chat", key="alice")
    made.status, made.tried = 200, (("p/m", "", 1.0),)
    for name, value in facts.items():
        setattr(made, name, value)
    return made


async def test_a_call_is_entered_a_moment_after_its_end(desk):
    desk.registrar.finished(record("one"), None)
    at_once = desk.counted
    await asyncio.sleep(3 * SOON)

    assert (0, 1) == (at_once, desk.counted)
    assert ["one"] == desk.envoy.told == [line["id"] for line in desk.lines()]


async def test_many_calls_are_entered_when_they_are_many_enough(desk):
    for number in range(MANY + 1):
        desk.registrar.finished(record(f"{number}"), None)

    assert desk.counted == MANY


async def test_whoever_looks_has_them_entered_first(desk):
    call = Call("chat", "m", {"messages": [{"role": "user", "content": "Why?"}]})
    one, two = record("one"), record("two", status=503)
    desk.registrar.finished(one, desk.assessor.answered(one, call, b"{}", 0))
    desk.registrar.finished(two, None)
    desk.registrar.enter()
    desk.registrar.enter()

    assert desk.counted == 2
    assert desk.assessor.recall("one", "alice") is not None
    assert desk.assessor.recall("two", "alice") is None


async def test_listeners_hear_of_every_call(desk):
    listening = desk.newsroom.listen({"call"})
    first = asyncio.create_task(anext(listening))
    await asyncio.sleep(0)
    for id in ("one", "two"):
        desk.registrar.finished(record(id), None)
    heard = await first
    while b"two" not in heard:
        heard += await anext(listening)
    await listening.aclose()

    assert 0 < heard.index(b'"one"') < heard.index(b'"two"')


async def test_one_that_cannot_be_counted_is_told_and_takes_no_other_with_it(desk):
    for one in (record("good"), record("bad", route=["no", "name"]), record("better")):
        desk.registrar.finished(one, None)
    desk.registrar.enter()
    lines = desk.lines()

    assert desk.counted == 2
    assert ["good", "bad", "better", "bad"] == [line["id"] for line in lines]
    assert ("internal error", "TypeError") == (lines[-1]["message"], lines[-1]["kind"])
