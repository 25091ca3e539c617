"""Ollama, by its own API: its OpenAI-like one forgets options, and swallows errors in the middle of streams."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from adapters import media, vectors
from adapters.contract import Decoder, Listing
from adapters.dialect import Dialect
from adapters.failure import broken
from adapters.ollama import answer, request
from adapters.ollama.options import Setting
from adapters.ollama.stream import ChatLines, TextLines
from adapters.onward import flagged
from adapters.whole import counted
from core.ask import Ask, Onward
from core.faults import Failure
from core.secret import Secret
from core.target import Provider
from core.usage import Usage
from core.wire import Completion, Headers, Json, WireRequest

_JSON = {
    "content-type": "application/json",
    "accept": "application/json, application/x-ndjson",
    "user-agent": "switchyard",
}
_ENCODERS: Mapping[str, Callable[[Ask, Setting], WireRequest]] = {
    "chat": request.chat,
    "completions": request.generate,
    "embeddings": request.embed,
}


class Ollama:
    """Made for one server."""

    __slots__ = ("_headers", "_setting", "endpoints")

    def __init__(self, provider: Provider) -> None:
        self.endpoints = frozenset(_ENCODERS)
        self._setting = Setting.of(provider.options)
        self._headers = {**_JSON, **{name.lower(): value for name, value in provider.headers.items()}}

    @property
    def listing(self) -> Listing:
        return Listing("/api/tags", models, "/api/version")

    def headers(self, key: Secret | None) -> Headers:
        """Only Ollama's cloud asks for a key."""
        credential = {"authorization": f"Bearer {key.reveal()}"} if key else {}
        return tuple({**credential, **self._headers}.items())

    def signature(self, key: Secret | None) -> None:
        del key

    def fetches(self, ask: Ask) -> Sequence[str]:
        return media.remote(ask.call.body.get("messages") or [])

    def onward(self, ask: Ask) -> Onward:
        """Whether a model does so is a matter of its template, which makes an answer of any prompt that isn't raw."""
        if ask.call.endpoint == "completions":
            return "exact" if ask.call.body.get("raw") else ""
        return flagged(ask)

    def encode(self, ask: Ask) -> WireRequest:
        return _ENCODERS[ask.call.endpoint](ask, self._setting)

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        del request
        if ask.call.endpoint == "embeddings":
            found, usage, model = answer.embedded(body)
            return vectors.embeddings(ask, found, usage, model=model)
        return answer.chat(body, ask) if ask.call.endpoint == "chat" else answer.generated(body, ask)

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        del request
        return counted(body, answer.usage_of)

    def decoder(self, ask: Ask, request: WireRequest) -> Decoder:
        del request
        return ChatLines(ask) if ask.call.endpoint == "chat" else TextLines(ask)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return answer.failed(status, headers, body)


OLLAMA: Final = Dialect(
    make=Ollama,
    base_url="http://localhost:11434",
    needs_key=False,
    local=True,
    options={"keep_alive": None, "num_ctx": None},
)


def models(body: bytes) -> list[Json]:
    """What is installed."""
    try:
        told = orjson.loads(body)
    except ValueError:
        raise broken("the list of models is not JSON") from None
    given = told.get("models") if isinstance(told, dict) else None
    if not isinstance(given, list):
        raise broken("the list of models is none")
    return [
        {"id": one["name"], "object": "model", "created": _moment(one.get("modified_at")), "owned_by": "ollama"}
        for one in given
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    ]


def _moment(text: Any) -> int:
    """Unix time; 0 where it isn't told."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return 0
    return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
