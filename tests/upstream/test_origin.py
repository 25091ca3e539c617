"""Pooling, connections that have gone stale, and the end of it all."""

import asyncio
import gc

import pytest

from core.faults import Failure, Fault
from upstream.connection import Connection

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
NO_ANSWER = Failure(Fault.BROKEN, "closed the connection without an answer")
CLOSED = Failure(Fault.CANCELLED, "the connection was closed on our side")


async def silent(peer, reader, writer):
    """Read whatever comes, say nothing."""
    while await reader.read(65536):
        pass


async def leaves(peer, reader, writer):
    await peer.asked(reader)


async def resets(peer, reader, writer):
    await peer.asked(reader)
    writer.transport.abort()


# The pool


async def test_an_idle_connection_serves_again(start, origin_of, ask, says):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)

    first, ear = ask(origin)
    await ear.outcome()
    second, again = ask(origin)
    await again.outcome()

    assert (False, True) == (first.reused, second.reused)
    assert (1, 1, 0) == (peer.connections, origin.idle_count, origin.busy_count)


async def test_the_connection_used_last_serves_first(start, origin_of, ask, says):
    async def named(peer, reader, writer):
        name = b"%d" % peer.connections
        while True:
            await peer.asked(reader)
            writer.write(OK + b"Content-Length: 1\r\n\r\n" + name)

    peer = await start(named)
    origin = origin_of(peer.url)
    ears = [ask(origin)[1] for _ in range(3)]
    bodies = []
    for ear in ears:
        await ear.outcome()
        bodies.append(ear.body)

    for _ in range(3):
        _, ear = ask(origin)
        await ear.outcome()
        bodies.append(ear.body)

    assert {b"1", b"2", b"3"} == set(bodies[:3])
    assert [bodies[3]] * 3 == bodies[3:]
    assert peer.connections in {3, 4}  # a slow machine may have opened a spare one
    assert peer.connections == origin.idle_count


async def test_a_sink_may_send_from_its_end(start, origin_of, ask, says, new_ear, until):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)
    later = []
    ear = new_ear()
    ear.on_end = lambda: later.append(ask(origin))

    origin.send(b"POST / HTTP/1.1\r\nhost: h\r\n", b"", ear)
    await until(lambda: later)

    exchange, second = later[0]
    assert exchange.reused
    assert "end" == await second.outcome()


async def test_each_connection_is_closed_when_it_was_unused_for_a_while(start, origin_of, ask, says, until):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url, idle=0.2)
    for ear in [ask(origin)[1], ask(origin)[1]]:
        await ear.outcome()
    await asyncio.sleep(0.15)
    _, ear = ask(origin)
    await ear.outcome()
    before = origin.idle_count

    await until(lambda: origin.idle_count < before)
    between = origin.idle_count
    await until(lambda: peer.open == 0)

    assert (2, 1, 0) == (before, between, origin.idle_count)


async def test_the_timer_starts_again_for_later_connections(start, origin_of, ask, says, until):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url, idle=0.02)

    for _ in range(2):
        _, ear = ask(origin)
        await ear.outcome()
        await until(lambda: peer.open == 0)

    assert (2, 0) == (peer.connections, origin.idle_count)


@pytest.mark.parametrize("last_words", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n", b"\r\n"])
async def test_an_idle_connection_that_speaks_or_ends_is_dropped(
    start, origin_of, ask, says, then, until, turns, last_words
):
    async def interrupt(peer, reader, writer):
        await turns(8)
        writer.write(last_words)
        if last_words:
            await silent(peer, reader, writer)

    peer = await start(then(interrupt), says(HELLO))
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()

    await until(lambda: peer.open == 0 and origin.idle_count == 0)
    exchange, ear = ask(origin)

    assert ("end", False, 2) == (await ear.outcome(), exchange.reused, peer.connections)


# Stale connections


@pytest.mark.parametrize("ends", [leaves, resets])
async def test_a_reused_connection_that_dies_without_a_byte_is_replaced(start, origin_of, ask, says, then, ends):
    peer = await start(then(ends), says(HELLO))
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()

    exchange, ear = ask(origin, b"again")
    outcome = await ear.outcome()

    assert ("end", b"hello", False) == (outcome, ear.body, exchange.reused)
    assert 3 == len(peer.requests)
    assert peer.requests[1] == peer.requests[2]


@pytest.mark.parametrize("ends", [leaves, resets])
async def test_a_fresh_connection_that_dies_is_a_failure(start, origin_of, ask, ends):
    peer = await start(ends)
    origin = origin_of(peer.url)

    _, ear = ask(origin)

    assert NO_ANSWER == await ear.outcome()
    assert (1, 0) == (peer.connections, origin.busy_count)


async def test_a_request_is_sent_again_only_once(start, origin_of, ask, then):
    peer = await start(then(leaves), leaves)
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()

    _, ear = ask(origin)

    assert NO_ANSWER == await ear.outcome()
    assert 2 == peer.connections


async def test_a_single_byte_of_an_answer_forbids_to_send_again(start, origin_of, ask, then, turns):
    async def stutter(peer, reader, writer):
        await peer.asked(reader)
        writer.write(b"H")
        await turns()

    peer = await start(then(stutter))
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()

    _, ear = ask(origin)

    assert NO_ANSWER == await ear.outcome()
    assert 1 == peer.connections


async def test_a_request_that_is_sent_again_can_be_aborted(start, origin_of, ask, then, until, turns):
    peer = await start(then(leaves), silent)
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()
    exchange, ear = ask(origin)
    await until(lambda: peer.connections == 2)

    exchange.abort()
    await until(lambda: peer.open == 0)

    assert (0, 0) == (ear.calls, origin.busy_count)


# Closing


async def test_closing_fails_what_runs_and_closes_what_idles(start, origin_of, ask, says, until):
    peer = await start(says(HELLO), says(HELLO), silent)
    origin = origin_of(peer.url)
    for ear in [ask(origin)[1], ask(origin)[1]]:
        await ear.outcome()
    ears = [ask(origin)[1] for _ in range(3)]
    await until(lambda: peer.connections == 3)
    await ears[0].outcome()
    await ears[1].outcome()

    await origin.close()

    assert CLOSED == await ears[2].outcome()
    assert (0, 0) == (origin.idle_count, origin.busy_count)
    await until(lambda: peer.open == 0)


async def test_closing_fails_what_is_being_connected(start, origin_of, ask, until):
    peer = await start(silent)
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    aborted, silent_ear = ask(origin)
    aborted.abort()

    await origin.close()

    assert CLOSED == await ear.outcome()
    assert 0 == silent_ear.calls
    assert 0 == origin.busy_count
    exchange.abort()


async def test_sending_after_the_close_fails(start, origin_of, ask, says):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)
    await origin.close()
    await origin.close()

    _, ear = ask(origin)
    heard_within_send = ear.calls

    assert (0, CLOSED) == (heard_within_send, await ear.outcome())
    assert 0 == peer.connections


async def test_a_retired_origin_serves_but_keeps_nothing(start, origin_of, ask, says, until):
    peer = await start(says(CHUNKED + b"1\r\na\r\n0\r\n\r\n"))
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()
    _, running = ask(origin)

    origin.retire()
    outcomes = [await running.outcome()]
    _, later = ask(origin)
    outcomes.append(await later.outcome())

    assert ["end", "end"] == outcomes
    assert (0, 0) == (origin.idle_count, origin.busy_count)
    await until(lambda: peer.open == 0)


async def test_dead_connections_need_no_garbage_collector(start, origin_of, ask, says, until, turns):
    def living() -> int:
        return sum(type(thing) is Connection for thing in gc.get_objects())

    peer = await start(says(HELLO), says(CHUNKED + b"1\r\na\r\n"))
    origin = origin_of(peer.url)
    gc.collect()
    gc.disable()
    try:
        before = living()
        _, ear = ask(origin)
        await ear.outcome()
        while_idle = living() - before
        exchange, ear = ask(origin)
        origin.retire()
        await ear.outcome()
        exchange, ear = ask(origin)
        await ear.fed.wait()
        exchange.abort()
        del exchange, ear
        await until(lambda: peer.open == 0)
        await turns(8)
        after = living() - before
    finally:
        gc.enable()

    assert (1, 0) == (while_idle, after)


# Spare connections


async def gated(peer, reader, writer):
    """Answers when it is allowed to."""
    while await peer.asked(reader):
        await peer.gate.wait()
        writer.write(HELLO)


async def test_calls_that_come_together_find_a_spare_connection(start, origin_of, ask, until):
    peer = await start(gated)
    peer.gate = asyncio.Event()
    origin = origin_of(peer.url, spare=True)
    first, second = ask(origin), ask(origin)
    await until(lambda: origin.idle_count == 1)

    third = ask(origin)
    peer.gate.set()
    for _, ear in (first, second, third):
        await ear.outcome()

    assert [False, False, True] == [exchange.reused for exchange, _ in (first, second, third)]


async def test_a_call_by_itself_needs_no_spare_connection(start, origin_of, ask, says):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url, spare=True)

    for _ in range(3):
        await ask(origin)[1].outcome()
    await asyncio.sleep(0.05)

    assert 1 == peer.connections


async def test_a_spare_connection_that_nobody_takes_is_closed_in_the_end(start, origin_of, ask, until):
    peer = await start(gated)
    peer.gate = asyncio.Event()
    origin = origin_of(peer.url, spare=True, idle=0.1)
    ears = [ask(origin)[1] for _ in range(2)]
    await until(lambda: origin.idle_count == 1)

    peer.gate.set()
    for ear in ears:
        await ear.outcome()
    await until(lambda: origin.idle_count == 0)

    assert 0 == origin.busy_count


async def test_no_spare_connection_is_opened_for_what_is_retired(start, origin_of, ask, until):
    peer = await start(gated)
    peer.gate = asyncio.Event()
    origin = origin_of(peer.url, spare=True)
    ears = [ask(origin)[1] for _ in range(2)]

    origin.retire()  # at once, before a spare one is due
    await until(lambda: peer.connections == 2)
    await asyncio.sleep(0.05)
    peer.gate.set()
    for ear in ears:
        await ear.outcome()

    assert (2, 0) == (peer.connections, origin.idle_count)
