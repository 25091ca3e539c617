"""Addresses, TLS, and what we say when there is no connection."""

import socket
import ssl

import pytest

from core.faults import Failure, Fault
from upstream.dial import Address, address, trust

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("url", "expected", "host_header"),
    [
        ("http://Example.COM/v1", Address("http", "example.com", 80), "example.com"),
        ("https://example.com", Address("https", "example.com", 443), "example.com"),
        ("https://example.com:8443/a?b", Address("https", "example.com", 8443), "example.com:8443"),
        ("http://[::1]:8000", Address("http", "::1", 8000), "[::1]:8000"),
        ("http://my_service:80", Address("http", "my_service", 80), "my_service"),
        ("https://bücher.example", Address("https", "xn--bcher-kva.example", 443), "xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, expected, host_header):
    found = address(url)

    assert expected == found
    assert host_header == found.host_header


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://example.com", "http://", "http://:80", "http://a:99999", "http://a:b",
        "http://user:secret@a", "http://" + "a" * 70, "http://a..b",
    ],
)  # fmt: skip
def test_a_url_without_an_origin_is_refused(url):
    with pytest.raises(ValueError) as refused:
        address(url)

    assert "secret" not in str(refused.value)


def test_a_trust_set_is_read_once():
    assert trust(verify=True) is trust(verify=True)
    assert ssl.CERT_REQUIRED == trust(verify=True).verify_mode
    assert ssl.CERT_NONE == trust(verify=False).verify_mode


def unreachable(message: str) -> Failure:
    return Failure(Fault.UNREACHABLE, message)


@pytest.fixture
def closed_port():
    """Bound, so that nobody else takes it, and not listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


async def test_nobody_listens(origin_of, ask, closed_port):
    _, ear = ask(origin_of(f"http://127.0.0.1:{closed_port}"))

    assert unreachable("connection refused") == await ear.outcome()


async def test_no_such_name(origin_of, ask):
    _, ear = ask(origin_of("http://no-such-name.invalid"))

    assert (await ear.outcome()) in {
        unreachable("name not found"),
        unreachable("the name could not be looked up"),  # without a name server in reach
    }


async def test_a_connection_that_takes_too_long(origin_of, ask, crowd):
    origin = origin_of(f"http://127.0.0.1:{crowd('127.0.0.1')}", connect_timeout=60.0)
    origin.connect_timeout = 0.1

    _, ear = ask(origin)

    assert unreachable("could not connect within 0.1s") == await ear.outcome()


async def test_a_handshake_that_takes_too_long(start, origin_of, ask):
    async def deaf(peer, reader, writer):
        while await reader.read(65536):
            pass

    peer = await start(deaf)

    _, ear = ask(origin_of(peer.url.replace("http:", "https:"), connect_timeout=0.1))

    assert unreachable("could not connect within 0.1s") == await ear.outcome()


@pytest.mark.asyncio(loop_factories=["asyncio"])  # the name server of the other can't be played
@pytest.mark.parametrize(
    ("number", "message"),
    [
        (socket.EAI_NONAME, "name not found"),
        (socket.EAI_NODATA, "name not found"),
        (socket.EAI_AGAIN, "the name could not be looked up"),
    ],
)
async def test_what_the_name_server_says(origin_of, ask, monkeypatch, number, message):
    def fail(*_, **__):
        raise socket.gaierror(number, "words of the system")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    _, ear = ask(origin_of("http://some.example"))

    assert unreachable(message) == await ear.outcome()


# TLS


async def test_a_certificate_nobody_vouches_for_is_not_accepted(start, origin_of, ask, says, certificate):
    context, _ = certificate("IP:127.0.0.1")
    peer = await start(says(HELLO), ssl=context)

    _, ear = ask(origin_of(peer.url))

    assert unreachable("TLS certificate not accepted: self-signed certificate") == await ear.outcome()
    assert [] == peer.requests


async def test_a_certificate_for_another_name_is_not_accepted(start, origin_of, ask, says, certificate, trusted):
    context, file = certificate("DNS:other.example")
    trusted(file)
    peer = await start(says(HELLO), ssl=context)

    _, ear = ask(origin_of(peer.url))

    assert unreachable("TLS certificate not accepted: it is for another name") == await ear.outcome()


async def test_a_certificate_of_a_private_authority_is_accepted(start, origin_of, ask, says, certificate, trusted):
    context, file = certificate("IP:127.0.0.1")
    trusted(file)
    peer = await start(says(HELLO), ssl=context)
    origin = origin_of(peer.url)

    outcomes = [await ask(origin)[1].outcome() for _ in range(3)]

    assert ["end"] * 3 == outcomes
    assert 1 == peer.connections


async def test_verification_can_be_turned_off(start, origin_of, ask, says, certificate):
    context, _ = certificate("DNS:other.example")
    peer = await start(says(HELLO), ssl=context)

    _, ear = ask(origin_of(peer.url, verify_tls=False), b"x" * 1_000_000)

    assert ("end", b"hello") == (await ear.outcome(), ear.body)


async def test_only_http_1_is_offered(start, origin_of, ask, says, certificate):
    context, _ = certificate("IP:127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    chosen = []

    async def look(peer, reader, writer):
        chosen.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await says(HELLO)(peer, reader, writer)

    peer = await start(look, ssl=context)

    _, ear = ask(origin_of(peer.url, verify_tls=False))
    await ear.outcome()

    assert ["http/1.1"] == chosen


async def test_a_peer_without_tls(start, origin_of, ask):
    async def plain(peer, reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    peer = await start(plain)

    _, ear = ask(origin_of(peer.url.replace("http:", "https:")))

    assert unreachable("TLS handshake failed") == await ear.outcome()


async def test_a_peer_that_leaves_during_the_handshake(start, origin_of, ask):
    async def leave(peer, reader, writer):
        await reader.read(10)
        writer.transport.abort()

    peer = await start(leave)

    _, ear = ask(origin_of(peer.url.replace("http:", "https:")))
    outcome = await ear.outcome()

    assert Fault.UNREACHABLE == outcome.fault
    assert "127" not in outcome.message


async def test_pausing_and_aborting_work_under_tls(start, origin_of, ask, certificate, until):
    async def flood(peer, reader, writer):
        await peer.asked(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(30):
            writer.write(bytes(1_000_000))
            await writer.drain()
        await reader.read()

    context, _ = certificate("IP:127.0.0.1")
    peer = await start(flood, ssl=context)
    origin = origin_of(peer.url, verify_tls=False)
    exchange, ear = ask(origin)
    await ear.fed.wait()

    exchange.pause()
    exchange.resume()
    heard = len(ear.body)
    await until(lambda: len(ear.body) > heard)
    exchange.abort()
    await until(lambda: peer.open == 0)

    assert (0, []) == (origin.busy_count, ear.endings)
