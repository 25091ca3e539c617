"""Providers made of bytes, sinks that remember, and both event loops."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable

import pytest
import uvloop
from website import Site

from core.faults import Failure
from upstream.dial import trust
from upstream.fetch import Fetcher
from upstream.origin import Origin
from upstream.request import request_head
from upstream.response import headers_of

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class Ear:
    """A sink that remembers. *outcome* is "end" or a Failure."""

    def __init__(self):
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.endings: list[str | Failure] = []
        self.calls = 0
        self.headed, self.fed, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    async def outcome(self) -> str | Failure:
        async with asyncio.timeout(5):
            await self.ended.wait()
        await turns()
        (ending,) = self.endings
        return ending

    def on_head(self, status, head):
        self.calls += 1
        assert self.status is None
        self.status, self.headers = status, headers_of(head)
        self.headed.set()

    def on_data(self, data):
        self.calls += 1
        assert self.status is not None
        assert data
        self.pieces.append(data)
        self.fed.set()

    def on_end(self):
        self.calls += 1
        self.endings.append("end")
        self.ended.set()

    def on_error(self, failure):
        self.calls += 1
        self.endings.append(failure)
        self.ended.set()


class Peer:
    """A server that plays one of *plays* on each connection, the last again and again."""

    def __init__(self, plays: tuple[Play, ...]):
        self.plays = list(plays)
        self.connections = 0
        self.open = 0
        self.url = ""
        self.requests: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0, **options) -> None:
        self._server = await asyncio.start_server(self._accept, host, port, **options)
        scheme = "https" if "ssl" in options else "http"
        self.url = f"{scheme}://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader, writer) -> None:
        self._tasks.add(asyncio.current_task())
        play = self.plays[min(self.connections, len(self.plays) - 1)]
        self.connections += 1
        self.open += 1
        try:
            await play(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client may leave at any time, and the test may end
        finally:
            self.open -= 1
            writer.close()

    async def asked(self, reader) -> bytes:
        """Read one request, whole."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.rsplit(b"content-length: ", 1)[1])
        request = head + await reader.readexactly(length)
        self.requests.append(request)
        return request


async def turns(number: int = 4) -> None:
    """Let the loop turn, so that what was sent on loopback arrives by itself."""
    for _ in range(number):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
async def start():
    """Start a Peer; a play is a function of (peer, reader, writer)."""
    peers: list[Peer] = []

    async def begin(*plays, **options) -> Peer:
        peer = Peer(())
        peer.plays = [lambda reader, writer, play=play: play(peer, reader, writer) for play in plays]
        peers.append(peer)
        await peer.start(**options)
        return peer

    yield begin
    for peer in peers:
        await peer.stop()


@pytest.fixture
async def origin_of():
    """Make an Origin of a URL; it is closed after the test."""
    origins: list[Origin] = []

    def make(url, **options) -> Origin:
        origin = Origin(url, **{"connect_timeout": 5.0, "loop": asyncio.get_running_loop(), "spare": False, **options})
        origins.append(origin)
        return origin

    yield make
    for origin in origins:
        await origin.close()


@pytest.fixture
def ask():
    """Send a request to an origin: its exchange and the ear that listens to it."""

    def send(origin, body=b"{}", path="/v1/chat/completions"):
        ear = Ear()
        head = request_head("POST", path, origin.host_header, [("content-type", "application/json")])
        return origin.send(head, body, ear), ear

    return send


@pytest.fixture
def says():
    """A play that answers every request with these pieces, and keeps the connection open."""

    def make(*pieces: bytes):
        async def play(peer, reader, writer):
            while True:
                await peer.asked(reader)
                for piece in pieces:
                    writer.write(piece)
                    await turns()

        return play

    return make


@pytest.fixture
def says_once():
    """The same, for one request, and then it closes."""

    def make(*pieces: bytes):
        async def play(peer, reader, writer):
            await peer.asked(reader)
            for piece in pieces:
                writer.write(piece)
                await turns()

        return play

    return make


@pytest.fixture
def then():
    """A play: answer the first request of a connection with `hello`, then go on as *rest* does."""

    def make(rest):
        async def play(peer, reader, writer):
            await peer.asked(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            await rest(peer, reader, writer)

        return play

    return make


@pytest.fixture(name="until")
def until_fixture():
    return until


@pytest.fixture(name="turns")
def turns_fixture():
    return turns


@pytest.fixture
def new_ear():
    return Ear


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """For some names: a server's context, and the file with the certificate itself."""
    folder = tmp_path_factory.mktemp("tls")

    def make(names: str) -> tuple[ssl.SSLContext, str]:
        stem = folder / names.replace(":", "-").replace(",", "-")
        key, cert = f"{stem}.key", f"{stem}.pem"
        command = (
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
            f" -keyout {key} -out {cert} -addext subjectAltName={names}"
        )
        subprocess.run(command.split(), check=True, capture_output=True)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(cert, key)
        return context, cert

    return make


@pytest.fixture
def trusted(monkeypatch):
    """Have OpenSSL take a file for the system's certificates, until the test ends."""
    trust.cache_clear()
    yield lambda file: monkeypatch.setenv("SSL_CERT_FILE", file)
    trust.cache_clear()


@pytest.fixture
def crowd():
    """Listen where nobody accepts, with a full queue: packets to it are swallowed. The port."""
    sockets: list[socket.socket] = []

    def gather(host: str, port: int = 0) -> int:
        listener = socket.socket()
        sockets.append(listener)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            sockets.append(socket.socket())
            sockets[-1].setblocking(False)
            sockets[-1].connect_ex(listener.getsockname())
        return listener.getsockname()[1]

    yield gather
    for each in sockets:
        each.close()


@pytest.fixture
async def named(monkeypatch):
    """Have every name stand for these addresses."""

    def name(*hosts: str) -> None:
        async def look_up(_host, port, **_):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)

    return name


@pytest.fixture
async def site(start):
    made = Site()
    server = await start(made)
    made.url = server.url
    made.port = int(server.url.rsplit(":", 1)[1])
    return made


@pytest.fixture
def fetcher():
    made = Fetcher()
    yield made
    made.close()
