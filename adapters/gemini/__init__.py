"""Google's Gemini: generateContent, its stream, and embedContent."""

from collections.abc import Mapping, Sequence

from adapters.contract import Listing
from adapters.dialect import Dialect
from adapters.failure import broken, failure
from adapters.gemini.answer import answer_of, completion_of, unlisted, usage_in
from adapters.gemini.embeddings import embed, embedded
from adapters.gemini.errors import SIGNALS
from adapters.gemini.functions import Notes
from adapters.gemini.parts import fetched
from adapters.gemini.request import chat, resource, safety_of, written
from adapters.gemini.stream import GeminiDecoder
from adapters.onward import flagged
from adapters.whole import counted, read
from core.ask import Ask, Onward
from core.faults import Failure
from core.secret import Secret
from core.target import Provider
from core.usage import Usage
from core.wire import Completion, Headers, Json, WireRequest

_JSON = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "user-agent": "switchyard",
}
_METHODS = frozenset({"generateContent", "embedContent"})
_MOST_LISTED = 1000


class Gemini:
    """Made for one provider. See adapters.contract.Adapter."""

    __slots__ = ("_headers", "_root", "_safety", "endpoints")

    def __init__(self, provider: Provider) -> None:
        self.endpoints = frozenset({"chat", "embeddings"})
        self._root = f"/{provider.options.get('version') or 'v1beta'}"
        self._safety = safety_of(provider.options.get("safety") or "")
        self._headers = {**_JSON, **{header.lower(): value for header, value in provider.headers.items()}}

    @property
    def listing(self) -> Listing:
        return Listing(f"{self._root}/models?pageSize={_MOST_LISTED}", models)

    def headers(self, key: Secret | None) -> Headers:
        # Never as a query: addresses end up in logs.
        credential = {"x-goog-api-key": key.reveal()} if key else {}
        return tuple({**credential, **self._headers}.items())

    def signature(self, key: Secret | None) -> None:
        """A credential is a header."""

    def fetches(self, ask: Ask) -> Sequence[str]:
        return fetched(ask) if ask.call.endpoint == "chat" else ()

    def onward(self, ask: Ask) -> Onward:
        return flagged(ask)

    def encode(self, ask: Ask) -> WireRequest:
        if ask.call.endpoint == "embeddings":
            method, body, dropped = embed(ask)
            return WireRequest(self._path(ask, method), written(body), (), dropped)
        body, dropped, notes = chat(ask, self._safety)
        method = "streamGenerateContent?alt=sse" if ask.call.stream else "generateContent"
        return WireRequest(self._path(ask, method), written(body), (), dropped, notes)

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        answer = answer_of(body)
        if ask.call.endpoint == "embeddings":
            return embedded(answer, ask)
        return completion_of(answer, ask, _notes(request))

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        del request
        return counted(unlisted(body), usage_in)

    def decoder(self, ask: Ask, request: WireRequest) -> GeminiDecoder:
        return GeminiDecoder(ask, _notes(request))

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return failure(status, headers, body, signals=SIGNALS)

    def _path(self, ask: Ask, method: str) -> str:
        return f"{self._root}/{resource(ask.target.model)}:{method}"


def models(body: bytes) -> list[Json]:
    """The models that answer chats or make embeddings."""
    listed = read(body).get("models")
    if not isinstance(listed, list):
        raise broken("the list of models is none")
    return [
        {"id": name.removeprefix("models/"), "object": "model", "created": 0, "owned_by": "google"}
        for one in listed
        if isinstance(one, dict) and isinstance(name := one.get("name"), str)
        if not _METHODS.isdisjoint(one.get("supportedGenerationMethods") or ())
    ]


def _notes(request: WireRequest) -> Notes:
    return request.notes if isinstance(request.notes, Notes) else Notes()


GEMINI = Dialect(
    make=Gemini,
    base_url="https://generativelanguage.googleapis.com",
    options={"safety": None, "version": "v1beta"},
)
