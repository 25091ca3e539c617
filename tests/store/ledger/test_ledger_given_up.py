"""Who no longer waits for a ledger is done with it, even if the answer comes at that moment."""

import asyncio
import threading

import pytest

from store.ledger_sqlite import Desk


@pytest.fixture
async def desk(tmp_path):
    made = Desk(tmp_path / "ledger.sqlite", 5.0, "PRAGMA synchronous = NORMAL")
    await made.do(lambda connection: None)
    yield made
    await made.close()


@pytest.mark.parametrize("turns", range(5))
async def test_who_leaves_while_the_answer_comes_has_left(desk, turns):
    answered = threading.Event()
    waiting = asyncio.create_task(desk.do(lambda connection: "done"))
    await asyncio.sleep(0)
    desk._thread.submit(answered.set)
    answered.wait(5)  # the answer is on its way to the loop, which stands still here
    for _ in range(turns):
        await asyncio.sleep(0)

    left = waiting.cancel()
    await asyncio.wait({waiting})

    assert left == waiting.cancelled()
