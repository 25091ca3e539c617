"""Bytes that go out together."""

import asyncio

import pytest

from server.outbox import FEW, Outbox


class Wire:
    """A transport that remembers what it was given."""

    def __init__(self, *, closing=False):
        self.closing = closing
        self.written = []

    def is_closing(self):
        return self.closing

    def write(self, data):
        self.written.append(data)

    def writelines(self, pieces):
        self.written.append(tuple(pieces))


def busy(loop):
    """An outbox with much to do."""
    outbox = Outbox(loop)
    for _ in range(FEW):
        outbox.put(Wire(), b"x")
    return outbox


async def test_a_few_bytes_go_out_at_once():
    outbox, wire = Outbox(asyncio.get_running_loop()), Wire()

    outbox.put(wire, b"one")
    outbox.put(wire, (b"two", b"three"))

    assert wire.written == [b"one", (b"two", b"three")]


async def test_bytes_go_out_at_once_again_when_there_are_few_of_them():
    outbox, wire = busy(asyncio.get_running_loop()), Wire()
    outbox.put(wire, b"one")

    for word in (b"two", b"three"):
        await asyncio.sleep(0.01)
        outbox.put(wire, word)
        written = list(wire.written)

    assert written == [b"one", b"two", b"three"]


async def test_bytes_go_out_in_order_before_what_the_loop_is_told_later():
    loop = asyncio.get_running_loop()
    outbox, wire, seen = busy(loop), Wire(), []

    outbox.put(wire, b"one")
    outbox.put(wire, (b"two", b"three"))
    loop.call_soon(lambda: seen.extend(wire.written))
    before = list(wire.written)
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert before == []
    assert seen == [b"one", (b"two", b"three")]


@pytest.mark.parametrize("make", [Outbox, busy])
async def test_who_has_left_is_not_written_to(make):
    outbox, gone, there = make(asyncio.get_running_loop()), Wire(closing=True), Wire()

    outbox.put(gone, b"x")
    outbox.put(there, b"y")
    await asyncio.sleep(0)

    assert (gone.written, there.written) == ([], [b"y"])


async def test_it_serves_again_and_again():
    outbox, wire = busy(asyncio.get_running_loop()), Wire()

    for number in range(3):
        outbox.put(wire, b"%d" % number)
        await asyncio.sleep(0)

    assert wire.written == [b"0", b"1", b"2"]


class Closed(Wire):
    """One that was closed without a word, as its protocol finds out."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def write(self, data):
        raise RuntimeError("the handler is closed")

    def writelines(self, pieces):
        raise RuntimeError("the handler is closed")

    def get_protocol(self):
        return self

    def connection_lost(self, error):
        self.losses.append(f"{error}")


@pytest.mark.parametrize("make", [Outbox, busy])
@pytest.mark.parametrize("data", [b"x", (b"x", b"y")])
async def test_one_that_was_closed_without_a_word_costs_nobody_else_a_byte(make, data):
    outbox, closed, there = make(asyncio.get_running_loop()), Closed(), Wire()

    outbox.put(closed, data)
    outbox.put(there, b"y")
    await asyncio.sleep(0)

    assert (closed.losses, there.written) == (["the handler is closed"], [b"y"])
