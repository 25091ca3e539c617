"""What an adapter is: four methods to translate, one for the credential, and a decoder with two.

Everything here is pure. An adapter is made once for each provider; it may keep what it derived from the provider's
settings and what it learnt of the provider's spelling, never anything about a call. A decoder is made for each
streamed attempt.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from core.call import Call
from core.faults import Failure
from core.secret import Secret
from core.target import Provider, Target
from core.usage import Usage
from core.wire import Completion, Event, Headers, WireRequest


class Decoder(Protocol):
    """Bytes of one streamed answer in, canonical events out; however the bytes are cut.

    *started*: content (text, a tool call, visible reasoning) was seen, or the answer finished without any.
    *finished*: every choice has its finish_reason. *done*: the provider's own end mark was seen, nothing more
    will come. *usage* is the last that was reported; *produced* counts bytes of content, for estimates. *broken* is
    an error that followed content in the read that was fed last, whose events are good.
    """

    started: bool
    finished: bool
    done: bool
    usage: Usage | None
    finish: str | None
    produced: int
    broken: Failure | None

    def feed(self, data: bytes) -> list[Event]:
        """Raise UpstreamError for an error inside the stream."""
        ...

    def close(self) -> list[Event]:
        """The body has ended. Raise UpstreamError(BROKEN) if the answer had not."""
        ...


class Adapter(Protocol):
    """*endpoints*: which of the client's endpoints ("chat", "completions", "embeddings") it can serve."""

    endpoints: frozenset[str]

    def headers(self, key: Secret | None) -> Headers:
        """What every request with this credential carries, content type included. Computed once."""
        ...

    def encode(self, call: Call, target: Target) -> WireRequest:
        """Raise core.errors.Refusal if the dialect can't carry the call."""
        ...

    def decode(self, body: bytes, call: Call) -> Completion:
        """A whole 200 body. Raise UpstreamError if it is not an answer."""
        ...

    def decoder(self, call: Call) -> Decoder: ...

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """What a response other than 200 means. Header names are lower-case."""
        ...


AdapterMaker = Callable[[Provider], Adapter]
