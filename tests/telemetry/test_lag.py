"""How late the event loop is."""

import asyncio
import time

from telemetry.lag import KEPT, Lag


async def test_a_blocked_loop_shows():
    lag = Lag(every=0.01)
    lag.start(asyncio.get_running_loop())
    await asyncio.sleep(0.03)

    time.sleep(0.08)
    await asyncio.sleep(0.02)
    lag.stop()

    assert 0.04 < lag.worst() < 2


async def test_what_is_long_past_is_forgotten():
    lag = Lag(every=0.001)
    lag.start(asyncio.get_running_loop())
    await asyncio.sleep(0.005)
    time.sleep(0.3)

    async with asyncio.timeout(15):
        while lag.worst() > 0.25 or len(lag._late) < KEPT:
            await asyncio.sleep(0.001)
    lag.stop()

    assert lag.worst() <= 0.25


async def test_a_stopped_meter_sets_no_more_timers():
    lag = Lag(every=0.005)
    lag.start(asyncio.get_running_loop())
    await asyncio.sleep(0.02)

    lag.stop()
    measured = len(lag._late)
    await asyncio.sleep(0.02)

    assert measured == len(lag._late)


def test_a_meter_that_never_ran_has_nothing_to_say():
    lag = Lag()

    lag.stop()

    assert lag.worst() == 0.0
