"""Questions that mean the same, as a process finds them while it has other things to do."""

import asyncio
import time

import pytest

from cache.entry import Entry, Labels
from cache.similar import Vector
from core.caching import SERVE, Semantic
from gateway.likeness import Likeness, Question
from telemetry.record import Record

VECTOR = Vector([1.0, 0.5], "p/embed")


def question(text: str) -> Question:
    return Question(text, b"", Record("id", time.time()), Semantic(route="e", threshold=0.9, mode=SERVE))


@pytest.mark.parametrize(
    ("text", "waits"),
    [("How do I reset my password?", True), ("reset my password please " * 150, False)],
    ids=["short", "long"],
)
async def test_only_what_is_short_is_compared_while_all_else_waits(text, waits):
    likeness = Likeness(1_000_000, lambda *_: None, shelf=None, shared=None, trouble=lambda: None)
    entry = Entry(Labels("", "m", "m", "p/x"), time.time(), 60.0, 0.0, 0, "stop", b"{}", whole=b"{}")
    likeness.learn(None, question(text), VECTOR, b"mark", entry)
    turns = 0

    async def turning() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(turning())
    found = await likeness.nearest(question(text), VECTOR)
    task.cancel()

    assert (pytest.approx(1.0), b"mark") == found
    assert waits == (turns == 0)
