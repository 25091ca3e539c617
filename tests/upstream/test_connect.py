"""How long opening a connection may take is said by each request, since routes share origins."""

import pytest

from core.faults import Failure, Fault
from upstream.request import request_head

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
LATE = Failure(Fault.UNREACHABLE, "could not connect within 0.1s")


async def deaf(peer, reader, writer):
    """Never takes part in a handshake."""
    while await reader.read(65536):
        pass


def send(origin, ear, connect):
    return origin.send(request_head("POST", "/", origin.host_header, []), b"{}", ear, connect)


@pytest.mark.parametrize(("own", "connect"), [(60.0, 0.1), (0.1, None)])
async def test_a_request_says_how_long_it_waits_for_a_connection_or_the_origin_does(
    start, origin_of, new_ear, own, connect
):
    peer = await start(deaf)
    ear = new_ear()

    send(origin_of(peer.url.replace("http:", "https:"), connect_timeout=own), ear, connect)

    assert LATE == await ear.outcome()


async def test_requests_that_wait_differently_share_an_origin(start, origin_of, new_ear):
    peer = await start(deaf)
    origin = origin_of(peer.url.replace("http:", "https:"), connect_timeout=60.0)
    patient, hasty = new_ear(), new_ear()

    exchange = send(origin, patient, 30.0)
    send(origin, hasty, 0.1)

    assert LATE == await hasty.outcome()
    assert [] == patient.endings
    exchange.abort()


async def test_a_connection_that_is_open_already_needs_no_time(start, origin_of, new_ear, says):
    peer = await start(says(HELLO))
    origin = origin_of(peer.url)
    ears = [new_ear(), new_ear()]

    for ear, connect in zip(ears, (5.0, 1e-9), strict=True):
        send(origin, ear, connect)
        await ear.outcome()

    assert [b"hello", b"hello"] == [ear.body for ear in ears]


async def test_a_request_that_is_sent_again_keeps_its_patience(start, origin_of, new_ear, says_once, until):
    """The kept connection is closed as it is used; nobody answers the second dial in time."""
    peer = await start(says_once(HELLO))
    origin = origin_of(peer.url, connect_timeout=60.0)
    first, second = new_ear(), new_ear()
    send(origin, first, 5.0)
    await first.outcome()

    exchange = send(origin, second, 1e-9)
    outcome = await second.outcome()

    assert 1e-9 == exchange.connect
    assert outcome.fault is Fault.UNREACHABLE
