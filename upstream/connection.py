"""One connection to a provider and the exchange that runs on it.

    HEAD --> BODY --> ENDED --> IDLE --> HEAD ...       any --> DEAD, which is never left

Connection and exchange are two objects on purpose: a handle that a caller kept after the end must not be able
to abort whatever runs on the connection next. An exchange that has ended knows no connection.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpResponseParser

from core.faults import Failure, Fault
from core.wire import Parcel
from upstream.response import MOST_BYTES, MOST_FIELDS, fields_in, named, objection, plain, size
from upstream.sink import NOBODY, Sink

# Plain integers: comparing them is all that the hot path does with them.
_DEAD, _IDLE, _HEAD, _BODY, _ENDED = range(5)

_FAREWELL: Final = 1.0  # seconds that a detached exchange has to come to its end

_NO_ANSWER: Final = "closed the connection without an answer"
_CUT_SHORT: Final = "closed the connection before the answer was complete"
_HEAD_TOO_LARGE: Final = "answered with a head that is too large"
_NO_CONTENT: Final = "sent too many bytes without content"
_ODD_STATUS: Final = "not an HTTP response: unexpected status"


Put = Callable[[asyncio.WriteTransport, Parcel], None]


def at_once(transport: asyncio.WriteTransport, data: Parcel) -> None:
    transport.writelines((data,) if isinstance(data, bytes) else data)


class Owner(Protocol):
    """What a connection needs of the origin it belongs to."""

    @property
    def put(self) -> Put:
        """How bytes are sent."""
        ...

    def opened(self, connection: "Connection") -> None: ...

    def spared(self) -> None:
        """The spare connection is there."""
        ...

    def release(self, connection: "Connection") -> None:
        """Idle from now on, and able to serve again."""
        ...

    def forget(self, connection: "Connection") -> None:
        """Dead."""
        ...

    def redial(self, exchange: "WireExchange") -> None:
        """Send it again, on a fresh connection."""
        ...


class WireExchange:
    """A request on the wire; see upstream.sink.Exchange. *request* is empty from the first byte of the answer on.

    *connect* is how many seconds opening a connection for it may take; None means the origin's own.
    """

    __slots__ = ("connect", "connection", "dialling", "paused", "request", "reused", "sink")

    def __init__(self, request: Parcel, sink: Sink, connect: float | None = None) -> None:
        self.request = request
        self.connect = connect
        self.sink = sink
        self.connection: Connection | None = None
        self.dialling: asyncio.Task[None] | None = None
        self.paused = False
        self.reused = False

    def abort(self) -> None:
        self.sink = NOBODY
        if self.connection is not None:
            self.connection.drop()
        elif self.dialling is not None:
            self.dialling.cancel()

    def pause(self) -> None:
        self.paused = True
        if self.connection is not None:
            self.connection.pause()

    def resume(self) -> None:
        self.paused = False
        if self.connection is not None:
            self.connection.resume()

    def hold(self) -> None:
        """Pause, if that was asked for before there was a connection."""
        if self.paused:
            self.pause()

    def detach(self) -> None:
        connection = self.connection
        if connection is None:
            self.abort()
        else:
            if self.paused:
                self.resume()
            connection.detach()

    def fail(self, failure: Failure) -> None:
        """End here, unless it has ended already."""
        sink = self.sink
        self.abort()
        sink.on_error(failure)


SPARE: Final = WireExchange(b"", NOBODY)  # stands for the exchange that a connection isn't yet opened for


class Connection(asyncio.Protocol):
    """Speaks HTTP/1.1 over one transport.

    Made for an exchange, which it begins as soon as it is connected, or as a SPARE, which is idle then.
    """

    __deletable__ = ["_parser", "_feed"]

    __slots__ = (
        "_barren",
        "_exchange",
        "_farewell",
        "_feed",
        "_heads",
        "_keep",
        "_loop",
        "_owner",
        "_parser",
        "_parts",
        "_phase",
        "_sink",
        "_status",
        "_tickets",
        "_transport",
        "_until_eof",
        "on_body",
        "on_message_begin",
    )

    _transport: asyncio.Transport

    def __init__(self, owner: Owner, exchange: WireExchange, loop: asyncio.AbstractEventLoop) -> None:
        self._owner = owner
        self._exchange = exchange
        self._loop = loop
        self._sink: Sink = NOBODY
        self._phase = _DEAD
        self._heads: list[bytes] = []  # what came of a head that isn't complete
        self._parts: list[bytes] = []
        self._tickets: list[None] = []  # one for each answer that may begin
        self._barren = 0  # bytes received since the last that were content
        self._status = 0
        self._keep = self._until_eof = False
        self._farewell: asyncio.TimerHandle | None = None
        # Called by the parser, without a frame of Python in between. Without a ticket it is an error to begin.
        self.on_body = self._parts.append
        self.on_message_begin = self._tickets.pop
        self._parser = HttpResponseParser(self)
        self._feed = self._parser.feed_data

    # What the origin and the exchange ask for

    def begin(self, exchange: WireExchange) -> None:
        """Send its request and listen for its answer."""
        exchange.connection = self
        exchange.dialling = None  # to cancel it now, before it has seen that it is over, would close this connection
        self._exchange = exchange
        self._sink = exchange.sink
        self._phase = _HEAD
        self._barren = 0
        self._tickets.append(None)
        self._owner.put(self._transport, exchange.request)

    def drop(self) -> None:
        """Close at once, and say nothing to anybody but the origin."""
        if self._bury():
            self._transport.abort()

    def fail(self, failure: Failure) -> None:
        """Close at once, and tell whoever is listening why."""
        sink = self._sink
        self.drop()
        sink.on_error(failure)

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        self._transport.resume_reading()

    def detach(self) -> None:
        """Read on for a moment, so that the connection can serve again."""
        exchange = self._exchange
        exchange.sink = self._sink = NOBODY
        exchange.connection = None
        exchange.request = b""
        if self._phase != _ENDED:
            self._farewell = self._loop.call_later(_FAREWELL, self.drop)

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        exchange = self._exchange
        if exchange is SPARE:
            self._phase = _IDLE
            self._owner.opened(self)
            self._owner.spared()
            self._owner.release(self)
            return
        if exchange.sink is NOBODY or exchange.connection is not None:
            # Aborted, or given up and dialled anew, in the very moment in which it was connected.
            self._transport.abort()
            return
        self._owner.opened(self)
        self.begin(exchange)
        if exchange.paused:
            # Both loops begin to read only after this call, paused or not.
            self._loop.call_soon(exchange.hold)

    def data_received(self, data: bytes) -> None:
        phase = self._phase
        if phase <= _IDLE:
            # Bytes that nobody asked for: whatever they are, the next answer would not be at their place.
            self.drop()
            return
        wrong: str | None = None
        try:
            self._feed(data)
        except HttpParserError as error:
            wrong = self._judge(error)
        if phase == _HEAD:
            wrong = self._head_read(data, wrong)
        parts = self._parts
        if parts:
            content = parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
            self._barren = 0
            self._sink.on_data(content)
        elif phase == _BODY:
            self._barren += len(data)
            if self._barren > MOST_BYTES:
                wrong = wrong or _NO_CONTENT
        if wrong is not None:
            self._broken(wrong)
        elif self._phase == _ENDED:
            self._finish()

    def eof_received(self) -> None:
        # Whoever closes its half is done with us, even if what we have to send isn't sent yet.
        self._lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(exc)

    # What the parser tells; it makes no calls to sinks, so that no sink can disturb it

    def on_headers_complete(self) -> None:
        parser = self._parser
        status = parser.get_status_code()
        if status < 200:
            if status < 100 or status == 101:
                raise ValueError("no answer to a request of ours")
            self._tickets.append(None)  # for the answer that is to follow
            return
        self._status = status
        # Asked after the message, it always says no.
        self._keep = parser.should_keep_alive()
        self._phase = _BODY

    def on_message_complete(self) -> None:
        if self._phase == _BODY:
            self._phase = _ENDED

    # The rest of the way

    def _judge(self, error: HttpParserError) -> str | None:
        if self._phase == _ENDED:
            # The answer is whole; what follows it belongs to nobody.
            self._keep = False
            return None
        if isinstance(error, HttpParserCallbackError):
            return _ODD_STATUS
        return f"not a valid HTTP response: {error}"

    def _head_read(self, data: bytes, wrong: str | None) -> str | None:
        """Tell the sink of the head, if this read completed it, and return what is wrong so far."""
        self._exchange.request = b""
        heads = self._heads
        if heads or self._phase == _HEAD:
            heads.append(data)
            self._barren += len(data)
            if self._phase == _HEAD:
                return wrong or (_HEAD_TOO_LARGE if self._barren > MOST_BYTES else None)
            data = b"".join(heads)
            heads.clear()
        head = data[: data.find(b"\r\n\r\n") + 4]
        if not (self._keep and plain(head)):
            head = data
            fault = self._fault_in(head)
            if fault is not None:
                self._parts.clear()
                return fault
        self._barren = 0
        self._sink.on_head(self._status, head)
        return wrong

    def _fault_in(self, head: bytes) -> str | None:
        """What is wrong with a head that has to be looked at; also decides where its body ends."""
        raw = fields_in(head)
        if len(raw) > MOST_FIELDS or size(raw) > MOST_BYTES:
            return _HEAD_TOO_LARGE
        fields = named(raw)
        self._until_eof = not self._keep and "content-length" not in fields and "transfer-encoding" not in fields
        return objection(self._status, fields)

    def _finish(self) -> None:
        exchange, sink, transport = self._exchange, self._sink, self._transport
        if not self._keep or transport.get_write_buffer_size():
            # Answered before it had read all we sent: the rest must not be taken for the next request.
            self.drop()
        else:
            exchange.connection = None
            exchange.sink = self._sink = NOBODY
            self._phase = _IDLE
            if exchange.paused:
                transport.resume_reading()
            if self._farewell is not None:
                self._farewell.cancel()
                self._farewell = None
            self._owner.release(self)
        sink.on_end()

    def _broken(self, message: str) -> None:
        self.fail(Failure(Fault.BROKEN, message, status=self._status if self._phase >= _BODY else None))

    def _lost(self, cause: Exception | None) -> None:
        phase, exchange, sink = self._phase, self._exchange, self._sink
        if phase == _HEAD and exchange.reused and exchange.request:
            # Closed for being idle while our request was on its way: nearly always nobody has read it.
            exchange.connection = None
            self.drop()
            self._owner.redial(exchange)
        elif phase == _BODY and (self._status >= 400 or (self._until_eof and cause is None)):
            # An error's text may be cut by the reset that follows a request not wholly read; its status says all.
            self.drop()
            sink.on_end()
        elif phase > _IDLE:
            self._broken(_NO_ANSWER if phase == _HEAD else _CUT_SHORT)
        else:
            self.drop()

    def _bury(self) -> bool:
        """Make it dead; whether it was alive."""
        if self._phase == _DEAD:
            return False
        self._phase = _DEAD
        if self._exchange.connection is self:
            self._exchange.connection = None
            self._exchange.sink = NOBODY
        self._sink = NOBODY
        if self._farewell is not None:
            self._farewell.cancel()
            self._farewell = None
        # The parser holds our methods: without this only the garbage collector could free the two.
        del self._parser, self._feed
        self._owner.forget(self)
        return True
