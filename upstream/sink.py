"""Who hears what comes back from a provider, and what one can do to an exchange that is under way."""

from typing import Final, Protocol

from core.faults import Failure


class Sink(Protocol):
    """Called from the loop, never from inside *send*; must not raise.

    First on_head, then any number of on_data, then exactly one of on_end and on_error. on_error may come at any
    point. Nothing comes after the end, nor after the exchange was aborted or detached.
    """

    def on_head(self, status: int, head: bytes) -> None:
        """*head* is for upstream.response.headers_of, where the header fields matter."""
        ...

    def on_data(self, data: bytes) -> None:
        """Payload without framing; never empty. What came in one read comes in one call."""
        ...

    def on_end(self) -> None: ...

    def on_error(self, failure: Failure) -> None: ...


class Exchange(Protocol):
    """A request that was sent, or soon will be. Everything here is harmless at any time, after the end too."""

    @property
    def reused(self) -> bool:
        """Whether it went out on a connection that had served before."""
        ...

    def abort(self) -> None:
        """Close the connection at once. The sink hears nothing more."""
        ...

    def pause(self) -> None:
        """Stop reading; what was read already may still come."""
        ...

    def resume(self) -> None: ...

    def detach(self) -> None:
        """The answer is complete, whatever HTTP says: the sink hears nothing more, and aborting does nothing.

        The connection serves again if the response ends within a second; otherwise it is closed.
        """
        ...


class Network(Protocol):
    """Where requests go: an origin, or the dialect that answers by itself."""

    def send(self, head: bytes, body: bytes, sink: Sink, connect: float | None = None) -> Exchange: ...


class Nobody:
    """The sink of an exchange that nobody listens to any more."""

    __slots__ = ()

    def on_head(self, status: int, head: bytes) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self) -> None: ...

    def on_error(self, failure: Failure) -> None: ...


NOBODY: Final = Nobody()
