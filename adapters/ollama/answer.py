"""Ollama's whole answers, and the pieces of them that streams have too."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from adapters.endings import unheard_of
from adapters.failure import broken, failure, failure_inside, instead
from adapters.signals import Signal
from adapters.tools import made_id
from adapters.whole import Made, choice, completion, read, text_choice, written
from core.ask import Ask
from core.faults import Failure, Fault, UpstreamError
from core.usage import Usage, count
from core.wire import Completion, Json

SIGNALS = (
    Signal(
        Fault.CONTEXT_LENGTH,
        "context length|exceeds the available context|exceed_context_size|prompt is longer than|input length exceeds",
        statuses=(200, 400, 413, 422, 500),
    ),
    Signal(Fault.UNSUPPORTED, "does not support", statuses=(400,)),
    Signal(Fault.BAD_REQUEST, "unknown format|invalid image|image urls are not"),
    Signal(Fault.OVERLOADED, "server busy", statuses=(200, 503)),
    # Its own machine's trouble, whatever the words around it are.
    Signal(Fault.BROKEN, "unexpectedly stopped|out of memory|requires more (system )?memory"),
)
_REASONS = {"": "stop", "length": "length", "load": "stop", "stop": "stop", "unload": "stop"}


def failed(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """What a response other than 200 means."""
    try:
        told = orjson.loads(body)
    except ValueError:
        told = None
    if isinstance(told, dict):
        body = orjson.dumps(_unwrapped(told))
    return failure(status, headers, body, signals=SIGNALS)


def sound(told: Json) -> Json:
    """*told*, unless it is an error."""
    if told.get("error"):
        raise UpstreamError(failure_inside(_unwrapped(told), signals=SIGNALS))
    return told


def chat(body: bytes, ask: Ask) -> Completion:
    told = _done(body)
    message = told.get("message")
    if not isinstance(message, dict):
        raise broken("the answer has no message")
    calls = list(calls_of(message, ask, 0))
    text = said_of(message, "content")
    one = choice(
        reason_of(told, called=bool(calls)),
        text=text or (None if calls else ""),
        reasoning=said_of(message, "thinking"),
        calls=calls,
        logprobs=logprobs_of(told),
    )
    return completion(ask, [one], usage_of(told), model=text_of(told, "model"))


def generated(body: bytes, ask: Ask) -> Completion:
    told = _done(body)
    if not isinstance(told.get("response"), str):
        raise broken("the answer has no text")
    one = text_choice(
        reason_of(told, called=False),
        text=told["response"],
        reasoning=text_of(told, "thinking"),
        logprobs=text_logprobs_of(told, 0),
    )
    return completion(ask, [one], usage_of(told), model=text_of(told, "model"))


def embedded(body: bytes) -> tuple[Any, Usage | None, str]:
    """Vectors, usage and model."""
    told = sound(read(body))
    return told.get("embeddings"), usage_of(told), text_of(told, "model")


# Pieces


def calls_of(message: Json, ask: Ask, first: int) -> Iterator[Made]:
    """The calls of one message, or of one line; *first* were made before. They always come whole."""
    given = message.get("tool_calls") or []
    if not isinstance(given, list):
        raise broken("the answer has tool calls that are no list")
    for number, call in enumerate(given, first):
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not (name := text_of(function, "name")):
            raise broken("the answer has a tool call without a name")
        arguments = function.get("arguments")
        said = arguments if isinstance(arguments, str) else written(arguments or {}).decode()
        yield Made(text_of(call, "id") or made_id(ask, number), name, said)


def said_of(owner: Json, name: str) -> str:
    """Text that is part of the answer: what stands in its place and is none would get lost."""
    value = owner.get(name)
    if value is not None and not isinstance(value, str):
        raise broken("the answer has content that is no text")
    return value or ""


def text_of(owner: Json, name: str) -> str:
    value = owner.get(name)
    return value if isinstance(value, str) else ""


def reason_of(told: Json, *, called: bool) -> str:
    """Ollama says `stop` after tool calls too, and `load` or `unload` where nothing was asked."""
    given = text_of(told, "done_reason")
    reason = _REASONS.get(given) or unheard_of(given)
    return "tool_calls" if called and reason == "stop" else reason


def usage_of(told: Json) -> Usage | None:
    """Counts that are zero are left out; where both are, nobody counted. The cached ones are among the prompt's."""
    prompt, output = told.get("prompt_eval_count"), told.get("eval_count")
    if prompt is None and output is None:
        return None
    prompt, output = count(prompt or 0), count(output or 0)
    if prompt is None or output is None:
        return None
    cached = min(count(told.get("prompt_eval_cached_count")) or 0, prompt)
    return Usage(prompt - cached, cached, output=output)


def logprobs_of(told: Json) -> Json | None:
    """As chats have them."""
    tokens = _tokens(told)
    if not tokens:
        return None
    return {"content": [{**_token(one), "top_logprobs": [_token(top) for top in _tops(one)]} for one in tokens]}


def text_logprobs_of(told: Json, offset: int) -> Json | None:
    """As completions have them; *offset* is how much text came before."""
    tokens = _tokens(told)
    if not tokens:
        return None
    offsets = []
    for one in tokens:
        offsets.append(offset)
        offset += len(text_of(one, "token"))
    return {
        "tokens": [text_of(one, "token") for one in tokens],
        "token_logprobs": [one.get("logprob") for one in tokens],
        "top_logprobs": [{text_of(top, "token"): top.get("logprob") for top in _tops(one)} for one in tokens],
        "text_offset": offsets,
    }


def _tokens(told: Json) -> list[Json]:
    return _objects(told.get("logprobs"))


def _tops(token: Json) -> list[Json]:
    return _objects(token.get("top_logprobs"))


def _token(given: Json) -> Json:
    token = text_of(given, "token")
    return {"token": token, "bytes": given.get("bytes") or list(token.encode()), "logprob": given.get("logprob")}


def _objects(given: Any) -> list[Json]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _done(body: bytes) -> Json:
    told = sound(read(body, b'"tool_calls"'))
    if told.get("done") is not True:
        raise instead(told, "the answer ended before it was done", signals=SIGNALS)
    return told


def _unwrapped(told: Json) -> Json:
    """Newer servers pass an error of their runner on as JSON inside of text."""
    error = told.get("error")
    if isinstance(error, str) and error.startswith("{"):
        try:
            inner: Json = orjson.loads(error)
        except ValueError:
            return told
        return inner
    return told
