"""The dialect `demo`: OpenAI's, spoken by nobody. It answers by itself and needs no network, key or address.

The adapter is the ordinary one; `script` plays the provider, so that everything in between is real.
"""

import hashlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from adapters.accent import Accent
from adapters.demo_answer import Answer, answer, vector, words_in
from adapters.demo_wish import MODELS, Wish, last_said, said, wish
from core.errors import type_of
from core.wire import Json

DEMO = Accent(needs_key=False, local=True, listed=False)

Step = tuple[float, bytes]

_MOST = 256
_NEVER = 86_400.0  # seconds
_CREATED = 1_735_689_600  # nothing here knows what time it is
_JSON = {"content-type": "application/json"}
_STREAM = {"content-type": "text/event-stream; charset=utf-8"}


class Script(NamedTuple):
    """What the provider answers: *steps* are seconds to wait, then bytes; *broken*: the connection dies at the end."""

    status: int
    headers: dict[str, str]
    steps: tuple[Step, ...]
    broken: bool


def script(body: bytes) -> Script:
    """The demo's answer to a request's body, whatever its endpoint."""
    try:
        request: Any = orjson.loads(body)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        return _error(400, "The body is not a JSON object.", None)
    model = str(request.get("model", "")).removeprefix("demo/")
    if model not in MODELS:
        return _error(404, f"The model '{model}' does not exist. The demo has {', '.join(MODELS)}.", "model_not_found")
    if model == "hangs":
        return Script(200, _JSON, ((_NEVER, b""),), broken=True)
    wanted = wish(model, last_said(request))
    if wanted.status != 200:
        return _failing(wanted.status, model)
    if _asked_for(request) > _MOST:
        return _error(400, f"The demo gives at most {_MOST} answers at once.", "invalid_value")
    digest = hashlib.blake2s(body, digest_size=6).hexdigest()
    if "input" in request:
        return _whole(_embeddings(request), wanted)
    if request.get("stream"):
        return _streamed(request, wanted, digest)
    return _whole(_completion(request, wanted, digest), wanted)


def _failing(status: int, model: str) -> Script:
    if model == "refuses":
        return _error(400, "The demo refuses this, as a content filter would.", "content_filter")
    if status == 429:
        return _error(429, "The demo is asked too often, or says so.", "rate_limit_exceeded", {"retry-after": "2"})
    return _error(status, f"The demo fails with {status}, as it was told to.", None)


def _error(status: int, message: str, code: str | None, headers: dict[str, str] | None = None) -> Script:
    error = {"message": message, "type": type_of(status), "param": None, "code": code}
    return Script(status, {**_JSON, **(headers or {})}, ((0.0, orjson.dumps({"error": error})),), broken=False)


def _whole(body: Json, wanted: Wish) -> Script:
    data = orjson.dumps(body)
    if wanted.breaks:
        data = data[: len(data) // 2]
    return Script(200, _JSON, ((wanted.slow, data),), broken=False)


def _asked_for(request: Json) -> int:
    """How many choices or vectors. A list of numbers is one text, given as tokens."""
    given = request.get("input", request.get("prompt"))
    many = len(given) if isinstance(given, list) and given and not isinstance(given[0], int) else 1
    return many * (request.get("n") or 1)


def _answers(request: Json, wanted: Wish, digest: str) -> list[Answer]:
    return [answer(request, wanted, index, digest) for index in range(_asked_for(request))]


def _usage(request: Json, answers: list[Answer]) -> Json:
    prompt = words_in(request)
    output = sum(len(one.pieces) or 1 for one in answers)
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


def _base(request: Json, digest: str, suffix: str) -> Json:
    chat = "prompt" not in request
    return {
        "id": f"{'chatcmpl' if chat else 'cmpl'}-demo-{digest}",
        "object": f"chat.completion{suffix}" if chat else "text_completion",
        "created": _CREATED,
        "model": request["model"],
    }


def _completion(request: Json, wanted: Wish, digest: str) -> Json:
    answers = _answers(request, wanted, digest)
    choices = []
    for index, one in enumerate(answers):
        message: Json = {"role": "assistant", "content": None if one.call else one.text, "refusal": None}
        if one.call:
            message["tool_calls"] = [one.call]
        said_it = {"text": one.text} if "prompt" in request else {"message": message}
        choices.append({"index": index, **said_it, "logprobs": None, "finish_reason": one.finish})
    return {**_base(request, digest, ""), "choices": choices, "usage": _usage(request, answers)}


def _embeddings(request: Json) -> Json:
    given = request["input"]
    several = isinstance(given, list) and given and not isinstance(given[0], int)
    texts = [said(text) for text in given] if several else [said(given)]
    vectors = [
        {"object": "embedding", "index": index, "embedding": vector(text, request)} for index, text in enumerate(texts)
    ]
    words = words_in(request)
    usage = {"prompt_tokens": words, "total_tokens": words}
    return {"object": "list", "data": vectors, "model": request["model"], "usage": usage}


def _streamed(request: Json, wanted: Wish, digest: str) -> Script:
    answers = _answers(request, wanted, digest)
    base = _base(request, digest, ".chunk")
    chat = "prompt" not in request
    steps: list[Step] = []
    for index, one in enumerate(answers):
        wait = wanted.slow if index == 0 else wanted.pace
        if chat:
            opening = {"role": "assistant", "content": None if one.call else "", "refusal": None}
            steps.append((0.0, _event(base, index, {"delta": opening}, None)))
        for part in _call_deltas(one.call) if one.call else _text_parts(one, chat=chat):
            steps.append((wait, _event(base, index, part, None)))
            wait = wanted.pace
        steps.append((0.0, _event(base, index, {"delta": {}} if chat else {"text": ""}, one.finish)))
    if wanted.breaks:
        return Script(200, _STREAM, tuple(steps[: max(1, len(steps) // 2)]), broken=True)
    if (request.get("stream_options") or {}).get("include_usage"):
        steps.append((0.0, _framed({**base, "choices": [], "usage": _usage(request, answers)})))
    return Script(200, _STREAM, (*steps, (0.0, b"data: [DONE]\n\n")), broken=False)


def _text_parts(one: Answer, *, chat: bool) -> Iterator[Json]:
    for piece in one.pieces:
        yield {"delta": {"content": piece}} if chat else {"text": piece}


def _call_deltas(call: Json) -> Iterator[Json]:
    """A tool call as OpenAI streams it: id and name first, then the arguments in two pieces."""
    arguments = call["function"]["arguments"]
    opening = {**call, "index": 0, "function": {**call["function"], "arguments": ""}}
    yield {"delta": {"tool_calls": [opening]}}
    half = len(arguments) // 2 + 1
    for piece in filter(None, (arguments[:half], arguments[half:])):
        yield {"delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}


def _event(base: Json, index: int, part: Json, finish: str | None) -> bytes:
    return _framed({**base, "choices": [{"index": index, **part, "logprobs": None, "finish_reason": finish}]})


def _framed(chunk: Json) -> bytes:
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
