"""Names with several addresses, of which some don't work."""

import asyncio
import contextlib
import socket
import time
from pathlib import Path

import pytest

from core.faults import Failure, Fault
from upstream import addresses as module
from upstream.addresses import KEPT, Contest, Habit, addresses
from upstream.dial import trust

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
V4, V6 = socket.AF_INET, socket.AF_INET6


def sockets() -> int:
    """How many this process has."""
    count = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of this list
            count += str(each.readlink()).startswith("socket:")
    return count


def port_of(peer) -> int:
    return int(peer.url.rsplit(":", 1)[1])


@pytest.mark.parametrize("swallows", [True, False])
async def test_the_next_address_of_a_name_is_tried(start, origin_of, ask, says, named, crowd, swallows):
    peer = await start(says(HELLO))
    port = port_of(peer)
    if swallows:
        crowd("127.0.0.2", port)
    named("127.0.0.2", "127.0.0.1")

    began = time.monotonic()
    _, ear = ask(origin_of(f"http://two.example:{port}", connect_timeout=60.0))
    outcome = await ear.outcome()

    assert "end" == outcome
    assert time.monotonic() - began < 3
    assert b"host: two.example" in peer.requests[0]


async def test_little_time_is_shared_by_all_addresses(start, origin_of, ask, says, named, crowd):
    peer = await start(says(HELLO))
    crowd("127.0.0.2", port_of(peer))
    named("127.0.0.2", "127.0.0.1")

    _, ear = ask(origin_of(f"http://two.example:{port_of(peer)}", connect_timeout=0.24))

    assert "end" == await ear.outcome()


async def test_the_next_dial_begins_with_the_address_that_worked(
    start, origin_of, ask, says_once, named, crowd, monkeypatch
):
    peer = await start(says_once(HELLO))
    crowd("127.0.0.2", port_of(peer))
    named("127.0.0.2", "127.0.0.1")
    monkeypatch.setattr(module, "DELAY", 1.0)
    origin = origin_of(f"http://two.example:{port_of(peer)}", connect_timeout=60.0)

    took = []
    for _ in range(3):
        began = time.monotonic()
        await ask(origin)[1].outcome()
        took.append(time.monotonic() - began)

    assert 3 == peer.connections
    assert [True, False, False] == [each >= 1 for each in took]


@pytest.mark.parametrize("secure", [True, False])
async def test_of_two_that_connect_in_the_same_turn_one_is_taken(start, says, certificate, until, secure):
    options = {"ssl": certificate("DNS:two.example")[0]} if secure else {}
    first = await start(says(HELLO), host="127.0.0.2", **options)
    second = await start(says(HELLO), host="127.0.0.3", port=port_of(first), **options)
    gate, waiting, taken = asyncio.Event(), [], []

    class Line(asyncio.Protocol):
        def connection_made(self, transport):
            taken.append(transport)

    async def attempt(host, made):
        waiting.append(host)
        if len(waiting) == 2:
            gate.set()
        await gate.wait()
        tls = {"ssl": trust(verify=False), "server_hostname": "two.example"} if secure else {}
        await asyncio.get_running_loop().create_connection(made, host, port_of(first), **tls)

    contest = Contest(["127.0.0.2", "127.0.0.3"], Line, attempt)
    winner = await contest.run(0.0, asyncio.get_running_loop().time() + 60)
    await until(lambda: first.open + second.open == 1)

    assert [winner] == [transport.get_extra_info("peername")[0] for transport in taken]
    taken[0].abort()


@pytest.mark.parametrize("secure", [True, False])
async def test_of_two_that_connect_at_once_one_gets_the_request(
    start, origin_of, ask, says, named, certificate, until, monkeypatch, secure
):
    options = {"ssl": certificate("DNS:two.example")[0]} if secure else {}
    first = await start(says(HELLO), host="127.0.0.2", **options)
    second = await start(says(HELLO), host="127.0.0.3", port=port_of(first), **options)
    named("127.0.0.2", "127.0.0.3")
    monkeypatch.setattr(module, "DELAY", 0.0)
    url = f"{first.url.split(':')[0]}://two.example:{port_of(first)}"

    for number in range(1, 6):
        origin = origin_of(url, verify_tls=False)
        _, ear = ask(origin)
        assert ("end", b"hello") == (await ear.outcome(), ear.body)
        assert number == len(first.requests) + len(second.requests)
        await until(lambda: first.open + second.open == 1)
        await origin.close()
        await until(lambda: first.open + second.open == 0)


async def test_one_that_never_ends_its_handshake_is_left(start, origin_of, ask, says, named, certificate, until):
    async def deaf(peer, reader, writer):
        while await reader.read(65536):
            pass

    context, _ = certificate("DNS:two.example")
    good = await start(says(HELLO), host="127.0.0.3", ssl=context)
    silent = await start(deaf, host="127.0.0.2", port=port_of(good))
    named("127.0.0.2", "127.0.0.3")

    _, ear = ask(origin_of(f"https://two.example:{port_of(good)}", verify_tls=False, connect_timeout=60.0))

    assert "end" == await ear.outcome()
    await until(lambda: (silent.connections, silent.open, good.open) == (1, 0, 1))


@pytest.mark.parametrize("turned", [False, True])
async def test_the_failure_of_the_first_is_told(origin_of, ask, named, crowd, turned):
    hosts = ["127.0.0.2", "127.0.0.3"]
    port = crowd("127.0.0.2")
    named(*(hosts[::-1] if turned else hosts))

    _, ear = ask(origin_of(f"http://two.example:{port}", connect_timeout=0.4))

    words = "connection refused" if turned else "could not connect within 0.4s"
    assert Failure(Fault.UNREACHABLE, words) == await ear.outcome()


@pytest.mark.parametrize("closes", [True, False])
async def test_nothing_is_left_of_a_dial_that_is_let_go_of(origin_of, ask, named, crowd, until, monkeypatch, closes):
    port = crowd("127.0.0.2")
    crowd("127.0.0.3", port)
    named("127.0.0.2", "127.0.0.3")
    monkeypatch.setattr(module, "DELAY", 0.01)
    origin = origin_of(f"http://two.example:{port}", connect_timeout=60.0)
    before = sockets()

    exchange, ear = ask(origin)
    await until(lambda: sockets() == before + 2)
    if closes:
        await origin.close()
    else:
        exchange.abort()
    await until(lambda: (sockets(), origin.busy_count) == (before, 0))

    assert closes == bool(ear.endings)


@pytest.mark.parametrize("turn", range(12))
async def test_nothing_is_left_of_a_dial_that_is_let_go_of_as_it_connects(
    start, origin_of, ask, says, named, until, monkeypatch, turn
):
    first = await start(says(HELLO), host="127.0.0.2")
    second = await start(says(HELLO), host="127.0.0.3", port=port_of(first))
    named("127.0.0.2", "127.0.0.3")
    monkeypatch.setattr(module, "DELAY", 0.0)
    origin = origin_of(f"http://two.example:{port_of(first)}")
    before = sockets()

    exchange, ear = ask(origin)
    for _ in range(turn):
        await asyncio.sleep(0)
    exchange.abort()
    await until(lambda: origin.busy_count == first.open + second.open == 0 or ear.endings)
    await origin.close()
    await until(lambda: sockets() == before)

    assert len(first.requests) + len(second.requests) <= 1


def test_families_take_turns():
    found = [
        (family, 1, 6, "", (host, 443)) for family, host in [(V6, "::1"), (V6, "::2"), (V6, "::3"), (V4, "1.1.1.1")]
    ]

    assert ["::1", "1.1.1.1", "::2", "::3"] == addresses([*found, found[0]])


def test_a_habit_is_kept_for_a_while_and_ends_when_the_first_works():
    habit = Habit()
    hosts = ["a", "b", "c"]
    orders = [habit.order(hosts, 0.0)]

    habit.learn("b", usual=False, took=0.1, now=0.0)
    habit.learn("b", usual=False, took=0.1, now=KEPT / 2)
    orders += [habit.order(hosts, now) for now in (1.0, KEPT, KEPT + 1)]
    orders.append(habit.order(["a", "c"], 1.0))
    habit.learn("a", usual=True, took=0.1, now=2.0)
    orders.append(habit.order(hosts, 3.0))

    assert ["abc", "bac", "bac", "abc", "ac", "abc"] == ["".join(order) for order in orders]


@pytest.mark.parametrize(("took", "delay"), [(0.01, 0.25), (0.3, 0.6), (30.0, 2.0)])
def test_a_name_that_is_far_away_is_given_more_time(took, delay):
    habit = Habit()

    habit.learn("a", usual=True, took=took, now=0.0)

    assert delay == habit.delay
