"""The dialect `anthropic`: the Messages API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from adapters.anthropic.answer import decoded
from adapters.anthropic.failures import SIGNALS, resets
from adapters.anthropic.model import model_of
from adapters.anthropic.request import OLD_VERSION, dumped, written
from adapters.anthropic.stream import AnthropicDecoder
from adapters.anthropic.toolbox import Notes
from adapters.anthropic.usage import usage_of
from adapters.contract import Listing
from adapters.dialect import Dialect
from adapters.failure import broken, failure
from adapters.media import remote
from adapters.whole import counted
from core.ask import Ask, Onward
from core.faults import Failure
from core.secret import Secret
from core.target import Provider
from core.usage import Usage
from core.wire import Completion, Headers, Json, WireRequest

_PATH = "/v1/messages"
_VERSION, _BETA = "anthropic-version", "anthropic-beta"


class Anthropic:
    """Made for one provider. *version* and *beta* are its options."""

    __slots__ = ("_betas", "_headers", "_version", "endpoints")

    def __init__(self, provider: Provider) -> None:
        self.endpoints = frozenset({"chat"})
        extra = {name.lower(): value for name, value in provider.headers.items()}
        betas = ",".join([provider.options.get("beta", ""), extra.pop(_BETA, "")])
        self._betas = tuple(dict.fromkeys(beta for one in betas.split(",") if (beta := one.strip())))
        self._headers = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            "user-agent": "switchyard",
            _VERSION: provider.options.get("version") or OLD_VERSION,
            **({_BETA: ",".join(self._betas)} if self._betas else {}),
            **extra,
        }
        self._version = self._headers[_VERSION]

    def headers(self, key: Secret | None) -> Headers:
        credential = {"x-api-key": key.reveal()} if key else {}
        return tuple({**credential, **self._headers}.items())

    @property
    def listing(self) -> Listing:
        return Listing("/v1/models?limit=1000", models)

    def signature(self, key: Secret | None) -> None:
        """A credential is a header."""

    def fetches(self, ask: Ask) -> tuple[str, ...]:
        """It fetches for itself, but from https addresses only."""
        return tuple(url for url in remote(ask.call.body["messages"]) if url.startswith("http://"))

    def onward(self, ask: Ask) -> Onward:
        return "trimmed" if model_of(ask).prefill else ""

    def encode(self, ask: Ask) -> WireRequest:
        made = written(ask, version=self._version)
        headers: Headers = ()
        if any(beta not in self._betas for beta in made.betas):
            headers = ((_BETA, ",".join(dict.fromkeys((*self._betas, *made.betas)))),)
        return WireRequest(_PATH, dumped(made.body), headers, made.dropped, made.notes)

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        return decoded(body, ask, request.notes or Notes())

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        del request
        return counted(body, lambda answer: usage_of(answer.get("usage")))

    def decoder(self, ask: Ask, request: WireRequest) -> AnthropicDecoder:
        return AnthropicDecoder(ask, request.notes or Notes())

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return failure(status, {**resets(headers), **headers}, body, signals=SIGNALS)


def models(body: bytes) -> list[Json]:
    """The entries of a list of models, as OpenAI's."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        raise broken("the list of models is not JSON") from None
    given = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(given, list):
        raise broken("the list of models is none")
    return [
        {"id": one["id"], "object": "model", "created": _born(one.get("created_at")), "owned_by": "anthropic"}
        for one in given
        if isinstance(one, dict) and isinstance(one.get("id"), str)
    ]


def _born(moment: Any) -> int:
    try:
        return max(0, int(datetime.fromisoformat(str(moment)).timestamp()))
    except (ValueError, OverflowError):
        return 0


ANTHROPIC = Dialect(
    make=Anthropic,
    base_url="https://api.anthropic.com",
    options={"version": OLD_VERSION, "beta": None},
)
