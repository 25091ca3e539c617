"""Cohere, by version 2 of its own API."""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from adapters import vectors
from adapters.cohere import answer, request
from adapters.cohere.stream import CohereEvents
from adapters.contract import Decoder, Listing
from adapters.dialect import Dialect
from adapters.failure import broken, failure
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
    "accept": "application/json, text/event-stream",
    "user-agent": "switchyard",
}
_SERVED = frozenset({"chat", "embed"})


class Cohere:
    """Made for one provider."""

    __slots__ = ("_headers", "_input_type", "endpoints")

    def __init__(self, provider: Provider) -> None:
        self.endpoints = frozenset({"chat", "embeddings"})
        self._input_type = provider.options.get("input_type") or "search_document"
        self._headers = {**_JSON, **{name.lower(): value for name, value in provider.headers.items()}}

    @property
    def listing(self) -> Listing:
        return Listing("/v1/models?page_size=1000", models)

    def headers(self, key: Secret | None) -> Headers:
        credential = {"authorization": f"Bearer {key.reveal()}"} if key else {}
        return tuple({**credential, **self._headers}.items())

    def signature(self, key: Secret | None) -> None:
        del key

    def fetches(self, ask: Ask) -> Sequence[str]:
        """It fetches images itself."""
        del ask
        return ()

    def onward(self, ask: Ask) -> Onward:
        return flagged(ask)

    def encode(self, ask: Ask) -> WireRequest:
        return request.chat(ask) if ask.call.endpoint == "chat" else request.embed(ask, self._input_type)

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        if ask.call.endpoint == "embeddings":
            return vectors.embeddings(ask, *answer.embedded(body))
        return answer.chat(body, ask, request.notes or {})

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        del request
        return counted(body, answer.usage_in)

    def decoder(self, ask: Ask, request: WireRequest) -> Decoder:
        return CohereEvents(ask, request.notes or {})

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return failure(status, headers, body, signals=answer.SIGNALS)


COHERE: Final = Dialect(make=Cohere, base_url="https://api.cohere.com", options={"input_type": "search_document"})


def models(body: bytes) -> list[Json]:
    """Those that chat or embed."""
    try:
        told = orjson.loads(body)
    except ValueError:
        raise broken("the list of models is not JSON") from None
    given = told.get("models") if isinstance(told, dict) else None
    if not isinstance(given, list):
        raise broken("the list of models is none")
    return [
        {"id": one["name"], "object": "model", "created": 0, "owned_by": "cohere"}
        for one in given
        if isinstance(one, dict) and isinstance(one.get("name"), str) and _is_served(one.get("endpoints"))
    ]


def _is_served(endpoints: object) -> bool:
    return not isinstance(endpoints, list) or any(one in _SERVED for one in endpoints)
