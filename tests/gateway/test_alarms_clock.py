"""A system clock that is set while an alarm stands changes nothing of that."""

import time

import pytest

from gateway.watch.alarm import Alarm
from gateway.watch.alarms import Alarms
from store.memory import MemoryStore

DOWN = Alarm("provider", "provider/p", "provider_down", "It is down.")
HOUR = 3600.0


class Sees:
    """One process that sees *alarms*."""

    def __init__(self, *alarms: Alarm) -> None:
        self.alarms = alarms

    def seen(self, notices, life):
        return self.alarms

    def rates(self) -> bytes:
        return b""


@pytest.fixture
def processes(tmp_path):
    """Two that share a board, of which the first sees that something is wrong; with what is told, and their clock."""
    told, passed = [], [0.0]
    store = MemoryStore(steady=lambda: passed[0])
    made = [Alarms(store, tmp_path, told.append, sees, pytest.fail) for sees in (Sees(DOWN), Sees())]
    return made, told, passed


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
async def test_an_alarm_stands_though_the_clock_was_set(processes, monkeypatch, jump):
    (sees, other), told, passed = processes
    begun, set_by = time.monotonic(), [0.0]
    unix = time.time()
    monkeypatch.setattr(time, "monotonic", lambda: begun + passed[0])
    monkeypatch.setattr(time, "time", lambda: unix + passed[0] + set_by[0])

    while passed[0] < 2 * HOUR:
        passed[0] += 5.0
        set_by[0] = jump if passed[0] > 1.5 * HOUR else 0.0
        await sees.look()
        await other.look()

    assert [("provider_down", "firing")] == [(one.alarm.event, one.state) for one in told]
