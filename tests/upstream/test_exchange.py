"""Everything a caller may do to an exchange, at any moment."""

import asyncio

import pytest

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


async def silent(peer, reader, writer):
    """Read whatever comes, say nothing."""
    while await reader.read(65536):
        pass


async def leaves(peer, reader, writer):
    await peer.asked(reader)


# Aborting


async def test_aborting_at_once_opens_nothing_for_long(start, origin_of, ask, until):
    peer = await start(silent)
    origin = origin_of(peer.url)

    exchange, ear = ask(origin)
    exchange.abort()
    exchange.abort()
    await until(lambda: origin.busy_count == peer.open == 0)

    assert 0 == ear.calls


@pytest.mark.parametrize("steps", range(8))
async def test_aborting_at_any_turn_of_the_loop_leaves_nothing_behind(start, origin_of, ask, says, until, turns, steps):
    peer = await start(says(CHUNKED + b"1\r\na\r\n"))
    origin = origin_of(peer.url)

    exchange, ear = ask(origin)
    await turns(steps)
    exchange.abort()
    heard = ear.calls
    await until(lambda: origin.busy_count == peer.open == 0)
    await turns()

    assert (heard, []) == (ear.calls, ear.endings)


async def test_aborting_in_the_middle_closes_the_connection(start, origin_of, ask, says, until):
    peer = await start(says(CHUNKED + b"1\r\na\r\n"))
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    await ear.fed.wait()

    exchange.abort()
    await until(lambda: peer.open == 0)

    assert (2, []) == (ear.calls, ear.endings)
    assert origin.idle_count == origin.busy_count == 0


@pytest.mark.parametrize(("moment", "calls"), [("on_head", 0), ("on_data", 1)])
@pytest.mark.parametrize("rest", [b"", b"0\r\n\r\n", b"garbage"])
async def test_a_sink_may_abort_from_within(start, origin_of, ask, says, until, turns, moment, calls, rest):
    peer = await start(says(CHUNKED + b"1\r\na\r\n" + rest))
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    setattr(ear, moment, lambda *_: exchange.abort())

    await until(lambda: peer.connections == 1 and peer.open == 0)
    await turns()

    assert (calls, []) == (ear.calls, ear.endings)
    assert origin.idle_count == origin.busy_count == 0


async def test_an_old_handle_cannot_touch_the_next_exchange(start, origin_of, ask, says):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)
    old, ear = ask(origin)
    await ear.outcome()

    new, ear = ask(origin)
    old.pause()
    old.detach()
    old.abort()

    assert ("end", b"hello", True) == (await ear.outcome(), ear.body, new.reused)


# Backpressure


async def test_a_paused_exchange_fills_buffers_and_no_more(start, origin_of, ask, turns):
    size, sent = 40_000_000, 0

    async def flood(peer, reader, writer):
        nonlocal sent
        await peer.asked(reader)
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(bytes(1_000_000))
            await writer.drain()
            sent += 1_000_000

    peer = await start(flood)
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    await ear.headed.wait()
    exchange.pause()
    stalled = -1
    while stalled != sent:
        stalled = sent
        await asyncio.sleep(0.03)
    heard = len(ear.body)
    await asyncio.sleep(0.03)

    assert (stalled, heard) == (sent, len(ear.body))
    assert stalled < size / 2
    exchange.resume()
    assert "end" == await ear.outcome()
    assert size == len(ear.body)


async def test_pausing_before_there_is_a_connection_holds(start, origin_of, ask, says, until, turns):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)

    exchange, ear = ask(origin)
    exchange.pause()
    exchange.pause()
    await until(lambda: peer.requests)
    await asyncio.sleep(0.02)
    heard = ear.calls
    exchange.resume()

    assert (0, "end") == (heard, await ear.outcome())


async def test_resuming_before_there_is_a_connection_undoes_it(start, origin_of, ask, says):
    peer = await start(says(HELLO))

    exchange, ear = ask(origin_of(peer.url))
    exchange.pause()
    exchange.resume()

    assert "end" == await ear.outcome()


async def test_a_connection_that_ends_paused_reads_again_in_the_pool(start, origin_of, ask, then, until, turns):
    async def wait(peer, reader, writer):
        await turns(8)

    peer = await start(then(wait))
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    ear.on_data = lambda _: exchange.pause()

    outcome = await ear.outcome()

    assert "end" == outcome
    await until(lambda: origin.idle_count == 0)


# Detaching


async def test_a_detached_exchange_gives_its_connection_back(start, origin_of, ask, turns, until):
    async def late_end(peer, reader, writer):
        while True:
            await peer.asked(reader)
            writer.write(CHUNKED + b"1\r\na\r\n")
            await turns(20)
            writer.write(b"1\r\nb\r\n0\r\n\r\n")

    peer = await start(late_end)
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    await ear.fed.wait()
    exchange.pause()

    exchange.detach()
    exchange.abort()
    await until(lambda: origin.idle_count == 1)
    again, other = ask(origin)
    await other.outcome()

    assert ([b"a"], []) == (ear.pieces, ear.endings)
    assert (True, 1) == (again.reused, peer.connections)


async def test_detaching_in_the_last_read_gives_the_connection_back_at_once(start, origin_of, ask, says, until):
    peer = await start(says(CHUNKED + b"1\r\na\r\n0\r\n\r\n"))
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    ear.on_data = lambda _: exchange.detach()

    await ear.headed.wait()

    assert (1, 0) == (origin.idle_count, origin.busy_count)
    assert [] == ear.endings


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_a_detached_exchange_that_goes_on_is_closed(start, origin_of, ask, says, until, turns):
    peer = await start(says(CHUNKED + b"1\r\na\r\n"))
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    await ear.fed.wait()

    exchange.detach()
    await turns()
    before = peer.open
    await until(lambda: peer.open == 0)

    assert (1, 0, []) == (before, origin.busy_count, ear.endings)


@pytest.mark.parametrize("rest", [b"", b"garbage"])
async def test_a_detached_exchange_that_breaks_is_nobodys_concern(start, origin_of, ask, turns, until, rest):
    async def breaks(peer, reader, writer):
        await peer.asked(reader)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await turns(20)
        writer.write(rest)

    peer = await start(breaks)
    origin = origin_of(peer.url)
    exchange, ear = ask(origin)
    await ear.fed.wait()

    exchange.detach()
    await until(lambda: origin.busy_count == 0)

    assert ([b"a"], []) == (ear.pieces, ear.endings)


async def test_detaching_before_the_connection_stands_is_aborting(start, origin_of, ask, says, until):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)

    exchange, ear = ask(origin)
    exchange.detach()
    await until(lambda: origin.busy_count == peer.open == 0)

    assert 0 == ear.calls


async def test_detaching_before_the_answer_sends_nothing_again(start, origin_of, ask, then, until):
    peer = await start(then(leaves), silent)
    origin = origin_of(peer.url)
    _, ear = ask(origin)
    await ear.outcome()

    exchange, ear = ask(origin)
    exchange.detach()
    await until(lambda: origin.busy_count == 0)

    assert (1, 0) == (peer.connections, ear.calls)
