"""AWS Bedrock, by its Converse API: one way of speaking to the models of many vendors."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from adapters.bedrock import answer, request
from adapters.bedrock.failures import failure_of
from adapters.bedrock.families import family
from adapters.bedrock.stream import ConverseStream
from adapters.contract import Signature
from adapters.dialect import Dialect
from adapters.media import remote
from adapters.onward import flagged
from adapters.whole import counted
from core.ask import Ask, Onward
from core.faults import Failure
from core.secret import Secret
from core.target import Provider
from core.usage import Usage
from core.wire import Completion, Headers, Json, WireRequest

# The id of an access key, its secret and, for credentials that expire, a token. Anything else is an API key.
_ACCESS_KEY = re.compile(r"([A-Z0-9]{16,128}):([^:\s]+)(?::(\S+))?")
_HOST = re.compile(r"bedrock-runtime(?:-fips)?\.([a-z0-9-]+)\.")
_USUAL_REGION = "us-east-1"
_SERVICE = "bedrock"  # which it signs for, though the host is called bedrock-runtime
_JSON = {
    "content-type": "application/json",
    "accept": "application/json, application/vnd.amazon.eventstream",
    "user-agent": "switchyard",
}


class Bedrock:
    """Made for one provider. Its models are listed by another host, so that it can't be asked for them here."""

    __slots__ = ("_guardrail", "_headers", "_region", "endpoints")

    listing: Final = None

    def __init__(self, provider: Provider) -> None:
        self.endpoints = frozenset({"chat"})
        self._headers = {**_JSON, **{name.lower(): value for name, value in provider.headers.items()}}
        self._region = provider.options.get("region") or _region(provider.base_url)
        self._guardrail = _guardrail(provider.options)

    def headers(self, key: Secret | None) -> Headers:
        bearer = key is not None and key and self.signature(key) is None
        credential = {"authorization": f"Bearer {key.reveal()}"} if key is not None and bearer else {}
        return tuple({**credential, **self._headers}.items())

    def signature(self, key: Secret | None) -> Signature | None:
        parts = _ACCESS_KEY.fullmatch(key.reveal()) if key else None
        if parts is None:
            return None
        access_key, secret, token = parts.groups()
        return Signature(_SERVICE, self._region, access_key, Secret(secret), Secret(token) if token else None)

    def fetches(self, ask: Ask) -> Sequence[str]:
        """It takes images and documents by their bytes only."""
        return remote(ask.call.body["messages"])

    def onward(self, ask: Ask) -> Onward:
        claude = family(ask.target.model, ask.model).claude
        return "trimmed" if (claude.prefill if claude is not None else flagged(ask)) else ""

    def encode(self, ask: Ask) -> WireRequest:
        return request.encode(ask, self._guardrail)

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        return answer.decode(body, ask, request.notes)

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        del request
        return counted(body, answer.usage_in)

    def decoder(self, ask: Ask, request: WireRequest) -> ConverseStream:
        return ConverseStream(ask, request.notes)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return failure_of(status, headers, body)


def _region(base_url: str) -> str:
    found = _HOST.match(urlsplit(base_url).hostname or "")
    return found[1] if found else _USUAL_REGION


def _guardrail(options: Mapping[str, str]) -> Json | None:
    if not (name := options.get("guardrail")):
        return None
    return {"guardrailIdentifier": name, "guardrailVersion": options.get("guardrail_version") or "DRAFT"}


BEDROCK: Final = Dialect(
    make=Bedrock,
    base_url="https://bedrock-runtime.{region}.amazonaws.com",
    options={"region": None, "guardrail": None, "guardrail_version": "DRAFT"},
)
