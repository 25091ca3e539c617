"""Origins that are shared, and outlive a reload."""

import asyncio

import pytest

from upstream.pools import Pools

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
async def pools():
    made = Pools(asyncio.get_running_loop())
    yield made
    await made.close()


async def test_one_origin_for_one_scheme_host_port_and_trust(pools):
    urls = ["http://a.example/v1", "http://A.example:80/v2", "https://a.example", "http://a.example:81"]

    origins = [pools.origin(url, connect_timeout=1.0) for url in urls]
    origins.append(pools.origin("https://a.example", connect_timeout=1.0, verify_tls=False))

    assert origins[0] is origins[1]
    assert 4 == len(set(origins))


async def test_times_are_changed_by_a_reload(pools):
    origin = pools.origin("http://a.example", connect_timeout=1.0, idle=10.0)

    pools.origin("http://a.example", connect_timeout=2.0, idle=20.0)

    assert (2.0, 20.0) == (origin.connect_timeout, origin.idle)


async def test_a_url_without_an_origin_is_refused(pools):
    with pytest.raises(ValueError):
        pools.origin("nonsense", connect_timeout=1.0)


async def test_what_no_generation_uses_is_closed_when_it_is_done(pools, start, ask, says, until, turns):
    async def slow(peer, reader, writer):
        await peer.asked(reader)
        await turns(30)
        writer.write(HELLO)
        await reader.read(1)

    kept, left = await start(says(HELLO)), await start(says(HELLO), slow)
    stays, goes = (pools.origin(peer.url, connect_timeout=1.0) for peer in (kept, left))
    for origin in (stays, goes):
        await ask(origin)[1].outcome()
    await ask(goes)[1].outcome()
    _, first = ask(goes)
    _, busy = ask(goes)
    await until(lambda: left.connections >= 2)  # a spare one may have come first

    pools.retire({stays})
    outcomes = [await first.outcome(), await busy.outcome()]
    await until(lambda: left.open == 0)
    pools.retire({stays})

    assert ["end", "end"] == outcomes
    assert (1, 0, 0) == (stays.idle_count, goes.idle_count, goes.busy_count)
    assert stays is pools.origin(kept.url, connect_timeout=1.0)
    assert goes is not pools.origin(left.url, connect_timeout=1.0)


async def test_closing_reaches_retired_origins_too(pools, start, ask, until):
    async def silent(peer, reader, writer):
        await reader.read()

    peer = await start(silent)
    ears = [ask(pools.origin(peer.url, connect_timeout=1.0))[1]]
    pools.retire(set())
    ears.append(ask(pools.origin(peer.url, connect_timeout=1.0))[1])
    await until(lambda: peer.connections == 2)

    await pools.close()

    assert ["cancelled", "cancelled"] == [(await ear.outcome()).fault.code for ear in ears]
    await until(lambda: peer.open == 0)
