"""What an adapter is: how to translate a call and its answer, and a decoder for answers that come in pieces.

Everything here is pure. An adapter is made once for each provider; it may keep what it derived from the provider's
settings and what it learnt of the provider's spelling, never anything about a call. A decoder is made for each
streamed attempt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from core.ask import Ask, Onward
from core.faults import Failure
from core.secret import Secret
from core.target import Provider
from core.usage import Usage
from core.wire import Completion, Event, Headers, Json, WireRequest


class Decoder(Protocol):
    """Bytes of one streamed answer in, canonical events out; however the bytes are cut.

    *started*: content (text, a tool call, visible reasoning) was seen, or the answer finished without any.
    *finished*: every choice has its finish_reason. *done*: the provider's own end mark was seen, nothing more
    will come. *usage* is the last that was reported; *produced* counts bytes of content, for estimates. *broken* is
    an error that followed content in the read that was fed last, whose events are good. *waiting* counts the bytes of
    an event that isn't whole yet, which has a limit of its own. *remember*: see Completion.
    """

    started: bool
    finished: bool
    done: bool
    usage: Usage | None
    finish: str | None
    produced: int
    broken: Failure | None

    @property
    def remember(self) -> Mapping[str, Json]: ...

    @property
    def waiting(self) -> int: ...

    def cruise(self, data: bytes) -> bytes | None:
        """What the client gets for *data*, where that needs no look inside; None: it has to be fed."""
        ...

    def feed(self, data: bytes) -> list[Event]:
        """Raise UpstreamError for an error inside the stream."""
        ...

    def close(self) -> list[Event]:
        """The body has ended. Raise UpstreamError(BROKEN) if the answer had not."""
        ...


class Signature(NamedTuple):
    """How AWS wants each request signed with one credential."""

    service: str
    region: str
    access_key: str
    secret_key: Secret
    token: Secret | None = None


class Listing(NamedTuple):
    """Where a provider lists its models (a GET that costs nothing), and how the list becomes OpenAI's entries.

    *read* raises UpstreamError for what is no list. *probe* is a cheaper way to see that it is alive, if there is one:
    a path that answers with 200 then.
    """

    path: str
    read: Callable[[bytes], Sequence[Json]]
    probe: str = ""


class Adapter(Protocol):
    """*endpoints*: which of the client's endpoints ("chat", "completions", "embeddings") it can serve.

    *listing* is None where a provider can't be asked for its models.
    """

    endpoints: frozenset[str]

    @property
    def listing(self) -> Listing | None: ...

    def headers(self, key: Secret | None) -> Headers:
        """What every request with this credential carries, content type included. Computed once."""
        ...

    def signature(self, key: Secret | None) -> Signature | None:
        """None where a credential is a header, as nearly everywhere."""
        ...

    def fetches(self, ask: Ask) -> Sequence[str]:
        """The http URLs in the call that the provider can't fetch itself, or that must be inlined."""
        ...

    def onward(self, ask: Ask) -> Onward:
        """How the model goes on with an answer of which it is handed the beginning."""
        ...

    def encode(self, ask: Ask) -> WireRequest:
        """Raise core.errors.Refusal if the dialect or the model can't carry the call."""
        ...

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        """A whole 200 body. Raise UpstreamError if it is not an answer."""
        ...

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        """What a body that `decode` has refused says that it took, since that is billed all the same.

        None where it says nothing, or is an error. See adapters.whole.
        """
        ...

    def decoder(self, ask: Ask, request: WireRequest) -> Decoder: ...

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """What a response other than 200 means. Header names are lower-case."""
        ...


AdapterMaker = Callable[[Provider], Adapter]
