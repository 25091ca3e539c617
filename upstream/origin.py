"""One scheme, host and port, and the connections that are kept open to it."""

import asyncio
from functools import partial

from core.faults import Failure, Fault, UpstreamError
from core.wire import APART, Parcel
from upstream.addresses import Habit
from upstream.connection import SPARE, Connection, Put, WireExchange, at_once
from upstream.dial import address, dial
from upstream.sink import Sink

_SOON = 0.005  # seconds after which a spare connection is opened: not while the call that took the last one begins
_CLOSED = Failure(Fault.CANCELLED, "the connection was closed on our side")


class Origin:
    """Sends requests over idle connections, the one used last first, or over new ones; there is no upper limit.

    When calls under way have taken the last idle connection, a *spare* one is opened for the next of them: a call that
    has to wait for a connection, and for TLS, waits longer than for all else that we do.

    *connect_timeout* (seconds, TLS included) goes for requests that don't say otherwise; it and *idle* (seconds an
    unused connection is kept) may be changed at any time. *put* writes bytes to a transport, at once or soon, in
    the order in which it gets them. HTTP proxies are not supported. Raise ValueError for a URL
    that one can't connect to.
    """

    __slots__ = (
        "_closed", "_connections", "_dialling", "_expiry", "_habit", "_idle", "_loop", "_retired",
        "_spare", "_spares", "address", "connect_timeout", "idle", "put", "verify_tls",
    )  # fmt: skip

    def __init__(
        self,
        url: str,
        *,
        connect_timeout: float,
        loop: asyncio.AbstractEventLoop,
        verify_tls: bool = True,
        idle: float = 60.0,
        put: Put = at_once,
        spare: bool = True,
    ) -> None:
        self.put = put
        self.address = address(url)
        self.verify_tls = verify_tls
        self.connect_timeout = connect_timeout
        self.idle = idle
        self._loop = loop
        self._connections: set[Connection] = set()
        self._idle: dict[Connection, float] = {}  # since when; oldest first
        self._dialling: dict[asyncio.Task[None], WireExchange] = {}
        self._expiry: asyncio.TimerHandle | None = None
        self._habit = Habit()
        self._spares = spare
        self._spare: asyncio.TimerHandle | asyncio.Task[None] | None = None
        self._retired = self._closed = False

    @property
    def host_header(self) -> str:
        """What request_head wants to know."""
        return self.address.host_header

    @property
    def idle_count(self) -> int:
        return len(self._idle)

    @property
    def busy_count(self) -> int:
        """Connections that serve or are being opened."""
        return len(self._connections) - len(self._idle) + len(self._dialling)

    def send(self, head: bytes, body: bytes, sink: Sink, connect: float | None = None) -> WireExchange:
        """Send *head* (from request_head), the body's length and *body*, in one write.

        *connect* is how long opening a connection for it may take, if it needs one.
        """
        size = len(body)
        request: Parcel = (
            b"%bcontent-length: %d\r\n\r\n%b" % (head, size, body)
            if size < APART
            else (b"%bcontent-length: %d\r\n\r\n" % (head, size), body)
        )
        exchange = WireExchange(request, sink, connect)
        if self._idle:
            exchange.reused = True
            self._idle.popitem()[0].begin(exchange)
        else:
            self._dial(exchange)
        if not self._idle and self._spares and self._spare is None and len(self._connections) + len(self._dialling) > 1:
            self._spare = self._loop.call_later(_SOON, self._dial_spare)
        return exchange

    def retire(self) -> None:
        """Keep no connection from now on. What runs ends well, and what is still sent is served."""
        self._retired = True
        self._spares = False
        for connection in list(self._idle):
            connection.drop()
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        if self._spare is not None:
            self._spare.cancel()

    async def close(self) -> None:
        """Close everything; what still runs fails."""
        self._closed = True
        self.retire()
        tasks = list(self._dialling)
        if isinstance(self._spare, asyncio.Task):
            tasks.append(self._spare)
        for exchange in list(self._dialling.values()):
            exchange.fail(_CLOSED)
        for connection in list(self._connections):
            connection.fail(_CLOSED)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the next turn of the loop

    # What connections tell

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def spared(self) -> None:
        self._spare = None

    def release(self, connection: Connection) -> None:
        if self._retired:
            connection.drop()
            return
        self._idle[connection] = self._loop.time()
        if self._expiry is None:
            self._expiry = self._loop.call_later(self.idle, self._expire)

    def forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._idle.pop(connection, None)

    def redial(self, exchange: WireExchange) -> None:
        exchange.reused = False
        self._dial(exchange)

    # New connections, and the end of old ones

    def _dial(self, exchange: WireExchange) -> None:
        if self._closed:
            self._loop.call_soon(exchange.fail, _CLOSED)
            return
        task = exchange.dialling = self._loop.create_task(self._connect(exchange))
        self._dialling[task] = exchange
        task.add_done_callback(self._dialling.pop)

    def _dial_spare(self) -> None:
        if self._idle:
            self._spare = None
            return
        task = self._spare = self._loop.create_task(self._connect(SPARE))
        task.add_done_callback(self._spare_dialled)

    def _spare_dialled(self, task: asyncio.Task[None]) -> None:
        if self._spare is task:
            self._spare = None

    async def _connect(self, exchange: WireExchange) -> None:
        try:
            await dial(
                self.address,
                verify_tls=self.verify_tls,
                within=self.connect_timeout if exchange.connect is None else exchange.connect,
                protocol=partial(Connection, self, exchange, self._loop),
                loop=self._loop,
                habit=self._habit,
            )
        except UpstreamError as error:
            if exchange is not SPARE:  # nobody waits for one, and whoever needs it finds out
                exchange.fail(error.failure)

    def _expire(self) -> None:
        """One timer for all connections: it comes when the oldest may be due, and looks."""
        due = self._loop.time() - self.idle
        for connection in [connection for connection, since in self._idle.items() if since <= due]:
            connection.drop()
        oldest = next(iter(self._idle.values()), None)
        self._expiry = None if oldest is None else self._loop.call_at(oldest + self.idle, self._expire)
