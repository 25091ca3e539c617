"""A whole answer of another dialect, written as OpenAI writes it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from adapters.digits import exact
from adapters.failure import broken, is_error
from core.ask import Ask
from core.faults import UpstreamError
from core.usage import Usage, shown
from core.wire import NOTHING, Completion, Json


class Made(NamedTuple):
    """A tool call that the model makes. *arguments* is JSON text, *extra* whatever stands beside it.

    *custom*: the tool takes free text, and *arguments* is that text.
    """

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] = NOTHING
    custom: bool = False

    @property
    def shown(self) -> Json:
        """As it stands in `tool_calls`."""
        if self.custom:
            said: Json = {"type": "custom", "custom": {"name": self.name, "input": self.arguments}}
        else:
            said = {"type": "function", "function": {"name": self.name, "arguments": self.arguments}}
        return {"id": self.id, **said, **self.extra}


def choice(
    reason: str,
    *,
    text: str | None,
    index: int = 0,
    reasoning: str = "",
    calls: Sequence[Made] = (),
    refusal: str | None = None,
    logprobs: Json | None = None,
    extra: Mapping[str, Any] = NOTHING,
) -> Json:
    """*text* None: nothing but calls. *extra* are further members of the message; an empty list is never sent."""
    message: Json = {"role": "assistant", "content": text, "refusal": refusal}
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = [call.shown for call in calls]
    message |= extra
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": reason}


def text_choice(reason: str, *, text: str, index: int = 0, reasoning: str = "", logprobs: Any = None) -> Json:
    """A choice of /v1/completions."""
    made: Json = {"index": index, "text": text, "logprobs": logprobs, "finish_reason": reason}
    if reasoning:
        made["reasoning_content"] = reasoning
    return made


def completion(
    ask: Ask,
    choices: Sequence[Json],
    usage: Usage | None,
    *,
    id: str = "",
    model: str = "",
    remember: Mapping[str, Json] = NOTHING,
    **more: Any,
) -> Completion:
    """*id* and *model* are the answer's own, where it has them. *more* are members of the top level."""
    if not choices:
        raise broken("the answer has no choices")
    chat = ask.call.endpoint != "completions"
    body: Json = {
        "id": id or f"{'chatcmpl' if chat else 'cmpl'}-{ask.id}",
        "object": "chat.completion" if chat else "text_completion",
        "created": ask.created,
        "model": model or ask.target.model,
        "choices": list(choices),
        **more,
    }
    if usage is not None:
        body["usage"] = shown(usage)
    data = written(body)
    produced = 0 if usage is not None else sum(len(orjson.dumps(one["message" if chat else "text"])) for one in choices)
    return Completion(data, usage, choices[0]["finish_reason"], produced, remember)


def read(body: bytes, calls: bytes = b"") -> Json:
    """A whole body as a JSON object. *calls*: what is in it if it calls tools, whose numbers must be to the digit."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        raise broken(_shape(body)) from None
    if not isinstance(answer, dict):
        raise broken("the answer is not a JSON object")
    return exact(answer, body) if calls and calls in body else answer


def counted(body: bytes, usage_in: Callable[[Json], Usage | None]) -> Usage | None:
    """For an adapter's method of this name; *usage_in* reads an answer of its dialect, whatever is wrong with that."""
    try:
        answer = read(body)
    except UpstreamError:
        return None
    return None if is_error(answer) else usage_in(answer)


def _shape(body: bytes) -> str:
    if not body.strip():
        return "the answer is empty"
    return (
        "the answer is a page of HTML"
        if body.lstrip().startswith(b"<")
        else "the answer is not JSON, or only half of it"
    )


def written(answer: Any) -> bytes:
    """*answer*, which may have been read from JSON that is nested more deeply than can be written."""
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        raise broken("the answer is nested too deeply") from None
