"""OpenAI's own dialect, which is our canonical form, spoken with any accent of the family."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

import orjson

from adapters.accent import Accent
from adapters.bounds import Bounds
from adapters.contract import Decoder, Listing
from adapters.digits import exact_calls
from adapters.draft import Draft
from adapters.failure import broken, failure, failure_inside, is_error
from adapters.limits import fit
from adapters.manners import mannered, tidy
from adapters.media import remote
from adapters.openai_events import swaps_of
from adapters.openai_parts import renamed, size_of
from adapters.openai_stream import OpenAIDecoder
from adapters.openai_whole import alone_first, choices_of, mended_vectors, refuse_unfinished
from adapters.ordinary import Memory
from adapters.remembering import RememberingDecoder, remembered
from adapters.responses import Bridge, Bridged
from adapters.usage import usage_of
from adapters.whole import counted, read, written
from core.ask import Ask, Onward
from core.call import Call
from core.errors import invalid
from core.faults import Failure, UpstreamError
from core.filled import filled
from core.secret import Secret
from core.target import Provider
from core.usage import Usage
from core.wire import NOTHING, Completion, Headers, Json, WireRequest

_PATHS = {"chat": "/chat/completions", "completions": "/completions", "embeddings": "/embeddings"}
_JSON = {
    "content-type": "application/json",
    "accept": "application/json, text/event-stream",
    "user-agent": "switchyard",
}


class OpenAI:
    """Made for one provider; *accent* says in what it differs."""

    __slots__ = (
        "_accent",
        "_api_version",
        "_base",
        "_bounds",
        "_bridge",
        "_headers",
        "_key_header",
        "_listing",
        "_memories",
        "_paths",
        "_plain",
        "_swaps",
        "_tidy",
        "_verbatim",
        "endpoints",
    )

    def __init__(self, accent: Accent, provider: Provider) -> None:
        options = provider.options
        self.endpoints = accent.endpoints
        self._accent = accent
        self._plain = accent.plain
        self._tidy = accent.tidy
        self._base = urlsplit(provider.base_url).path.rstrip("/")
        self._key_header = (provider.local and accent.local_key_header) or accent.key_header
        self._verbatim = not (accent.finish or accent.keys or accent.hears or accent.remembers)
        self._headers = {
            **_JSON,
            **accent.headers,
            **{header: value for header, option in accent.option_headers.items() if (value := options.get(option))},
            **{header.lower(): value for header, value in provider.headers.items()},
        }
        self._memories = {(endpoint, asked): Memory() for endpoint in _PATHS for asked in (True, False)}
        self._swaps = {asked: swaps_of(accent, include_usage=asked) for asked in (True, False)}
        version = (options.get("api_version") or "v1") if accent.deployments else ""
        self._api_version = "" if version == "v1" else version
        prefix = "/openai/v1" if version == "v1" else ""
        self._paths = {endpoint: prefix + path for endpoint, path in _PATHS.items()}
        self._bounds = Bounds() if accent.limits else None
        self._bridge = Bridge(f"{prefix}/responses", accent.signals)
        self._listing = f"{prefix}/models" if not self._api_version else f"/openai/models?api-version={version}"

    def headers(self, key: Secret | None) -> Headers:
        name, scheme = self._key_header
        credential = {name: scheme + key.reveal()} if key else {}
        return tuple({**credential, **self._headers}.items())

    @property
    def listing(self) -> Listing | None:
        return Listing(self._listing, models) if self._accent.listed else None

    def signature(self, key: Secret | None) -> None:
        """A credential is a header."""

    def fetches(self, ask: Ask) -> list[str]:
        """Most get every URL as it is, and fetch for themselves."""
        return remote(ask.call.body["messages"]) if self._accent.fetches and ask.call.endpoint == "chat" else []

    def onward(self, ask: Ask) -> Onward:
        return self._accent.onward(ask) if ask.call.endpoint == "chat" else "exact"

    def encode(self, ask: Ask) -> WireRequest:
        """Clamped fields are among the dropped ones, as `name=value`."""
        call, target = ask.call, ask.target
        endpoint = call.endpoint
        body = {**call.body, "model": target.model}
        if not call.plain:
            # The gateway's own fields; no provider knows them.
            body.pop("routing", None)
            body.pop("models", None)
            body.pop("cache", None)
        dropped: tuple[str, ...] = ()
        if self._bounds is not None and (limits := self._bounds.of(ask)) is not None:
            if not self._api_version and limits.bridged(body):
                return self._bridge.encode(ask, limits)
            dropped = fit(body, limits, ask)
        if call.stream:
            self._ask_for_usage(body)
        path = self._deployment(target.model, endpoint) if self._api_version else self._paths[endpoint]
        try:
            if self._plain:
                if not call.plain and self._tidy and endpoint == "chat":
                    tidy(body)
                return filled(WireRequest, (path, orjson.dumps(body), (), dropped, None))
            draft = Draft(ask, body, path, self._base)
            self._reword(draft)
            return WireRequest(draft.path, orjson.dumps(body), (), (*dropped, *draft.end()), draft.notes)
        except orjson.JSONEncodeError as error:
            raise invalid("the request is nested too deeply") from error

    def decode(self, body: bytes, ask: Ask, request: WireRequest) -> Completion:
        if request.notes is not None and isinstance(request.notes, Bridged):
            return self._bridge.decode(body, ask, request.notes)
        accent, endpoint = self._accent, ask.call.endpoint
        if not body.startswith(b"{"):
            body = body.lstrip()  # DeepSeek and OpenRouter keep a connection alive with blanks before the JSON
        answer = read(body)
        if is_error(answer):
            raise UpstreamError(failure_inside(answer, signals=accent.signals))
        if endpoint == "embeddings":
            if mended_vectors(answer, ask.call):
                body = written(answer)
            return Completion(body, usage_of(answer.get("usage"), accent.cost))
        kept = NOTHING
        if self._verbatim:
            choices, changed = choices_of(answer, ask.call, accent)
            changed |= alone_first(choices)
        else:
            ear = accent.hears(ask, request) if accent.hears else None
            heard = ear is not None and ear.hear(exact_calls(answer, body), "message")
            choices, changed = choices_of(answer, ask.call, accent)
            changed |= heard | alone_first(choices) | renamed(choices, "message", accent)
            if self._remembers(ask.call):
                kept = remembered(choices[0]["message"], accent.remembers)
        refuse_unfinished(choices)
        if changed:
            body = written(answer)
        usage = self._usage_in(answer)
        # Only who has to estimate wants to know how much text there is.
        produced = 0 if usage is not None else sum([size_of(choice, "message") for choice in choices])
        return filled(Completion, (body, usage, choices[0]["finish_reason"], produced, kept))

    def counted(self, body: bytes, request: WireRequest) -> Usage | None:
        if request.notes is not None and isinstance(request.notes, Bridged):
            return self._bridge.counted(body)
        return counted(body, self._usage_in)

    def decoder(self, ask: Ask, request: WireRequest) -> Decoder:
        if request.notes is not None and isinstance(request.notes, Bridged):
            return self._bridge.decoder(ask, request.notes)
        call, accent = ask.call, self._accent
        asked = call.include_usage
        swaps, memory = self._swaps[asked], self._memories[call.endpoint, asked]
        if self._verbatim:
            return OpenAIDecoder(call, accent, swaps, memory)
        ear = accent.hears(ask, request) if accent.hears else None
        if self._remembers(call):
            return RememberingDecoder(accent.remembers, call, accent, swaps, memory, ear)
        return OpenAIDecoder(call, accent, swaps, memory, ear)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        return self._bridge.learnt(failure(status, headers, body, signals=self._accent.signals))

    def _usage_in(self, answer: Json) -> Usage | None:
        return usage_of(answer.get("usage"), self._accent.cost, answer.get("service_tier"))

    def _ask_for_usage(self, body: Json) -> None:
        if not self._accent.stream_options:
            body.pop("stream_options", None)
            return
        # Without this the provider never tells us what a stream cost.
        options = body.get("stream_options")
        body["stream_options"] = {**options, "include_usage": True} if options else {"include_usage": True}

    def _reword(self, draft: Draft) -> None:
        """Say it in the provider's words; what has none is dropped and named."""
        accent, body = self._accent, draft.body
        if not accent.nulls:
            for name in [name for name, value in body.items() if value is None]:
                del body[name]
        if accent.manners is not None and draft.chat:
            mannered(draft, accent.manners)
        for say in accent.says:
            say(draft)
        for name, theirs in accent.rename.items():
            if name in body:
                body[theirs] = body.pop(name)
        if (known := accent.takes.get(draft.ask.call.endpoint)) is not None:
            draft.narrow(known)
        draft.drop(*[name for name in accent.drop if name in body])
        for name, (least, most) in accent.clamp.items():
            if (value := body.get(name)) is not None:
                body[name] = draft.clamped(name, value, least, most)

    def _remembers(self, call: Call) -> bool:
        """Whether the answer may hold thoughts that have to come back with the results of its calls."""
        return bool(self._accent.remembers and call.choices == 1 and call.body.get("tools"))

    def _deployment(self, model: str, endpoint: str) -> str:
        if not model.strip("."):
            # The only names that percent-encoding leaves with a meaning in a path.
            raise invalid(f"the model {model!r} can't be a deployment", param="model")
        version = quote(self._api_version, safe="")
        return f"/openai/deployments/{quote(model, safe='')}{_PATHS[endpoint]}?api-version={version}"


def models(body: bytes) -> list[Json]:
    """The entries of a list of models; Together sends it bare."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        raise broken("the list of models is not JSON") from None
    given = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(given, list):
        raise broken("the list of models is none")
    return [one for one in given if isinstance(one, dict) and isinstance(one.get("id"), str)]
