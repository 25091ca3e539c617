"""Cohere's whole answers, and the pieces of them that streams have too."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from adapters.endings import unheard_of
from adapters.failure import broken, failure_inside, instead
from adapters.signals import Signal
from adapters.tools import made_id
from adapters.whole import Made, choice, completion, read, written
from core.ask import Ask
from core.faults import Failure, Fault, UpstreamError
from core.usage import Usage, count
from core.wire import Completion, Json

SIGNALS = (
    Signal(Fault.CONTEXT_LENGTH, "too many tokens", statuses=(200, 400, 413, 422)),
    Signal(Fault.BAD_REQUEST, "tool call id not found", statuses=(400, 404, 422)),
    # A trial key's month is over; its minutes are an ordinary rate limit.
    Signal(Fault.OUT_OF_CREDIT, r"trial.{0,120}(/ ?month|per month|monthly|limited to 1,?000 api calls)", (429,)),
    Signal(Fault.CONTENT_POLICY, "blocked", statuses=(498,)),
    Signal(Fault.BAD_CREDENTIAL, statuses=(498,)),
    Signal(Fault.UNSUPPORTED, statuses=(501,)),
)
_REASONS: Mapping[str, str] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
_FATAL: Mapping[str, Fault] = {"ERROR": Fault.BROKEN, "TIMEOUT": Fault.TIMEOUT}


def chat(body: bytes, ask: Ask, names: Mapping[str, str]) -> Completion:
    told = sound(read(body, b'"tool_calls"'))
    message = told.get("message")
    if not isinstance(message, dict):
        raise instead(told, "the answer has no message", signals=SIGNALS)
    calls = list(_calls(message, ask, names))
    half = any(not whole_object(call.arguments) for call in calls)
    text, thoughts = _content(message.get("content"))
    citations = _objects(message.get("citations"))
    one = choice(
        reason_of(told, called=bool(calls), half=half),
        text=text or (None if calls else ""),
        reasoning=text_of(message, "tool_plan") + thoughts,
        calls=calls,
        logprobs=logprobs_of(told.get("logprobs")),
        extra={"citations": citations} if citations else {},
    )
    return completion(ask, [one], usage_in(told), id=text_of(told, "id"))


def embedded(body: bytes) -> tuple[Any, Usage | None]:
    """Vectors and usage."""
    told = sound(read(body))
    found = told.get("embeddings")
    return found.get("float") if isinstance(found, dict) else None, usage_in(told)


# Pieces


def sound(told: Json) -> Json:
    """*told*, unless it is an error: those have a message that is text."""
    if told.get("error") or isinstance(told.get("message"), str):
        raise UpstreamError(failure_inside(told, signals=SIGNALS))
    return told


def text_of(owner: Any, name: str) -> str:
    value = owner.get(name) if isinstance(owner, dict) else None
    return value if isinstance(value, str) else ""


def said_in(owner: Any, name: str) -> str:
    """As `text_of`, where something else than text would be an answer that gets lost."""
    value = owner.get(name) if isinstance(owner, dict) else None
    if value is not None and not isinstance(value, str):
        raise broken("the answer has a text that is none")
    return value or ""


def arguments_of(function: Any) -> str:
    """What a tool is called with, or a piece of it; some write it as JSON itself."""
    value = function.get("arguments") if isinstance(function, dict) else None
    return written(value).decode() if isinstance(value, dict) else said_in(function, "arguments")


def whole_object(arguments: str) -> bool:
    """Whether *arguments* are all there."""
    try:
        return isinstance(orjson.loads(arguments), dict)
    except ValueError:
        return False


def reason_of(told: Json, *, called: bool, half: bool) -> str:
    """OpenAI's word for why it ended; an end by an error is one.

    *half*: a tool is called with what is no JSON object, which only an answer that was cut off may do.
    """
    reason = told.get("finish_reason")
    if not isinstance(reason, str):
        raise broken("the answer ended without a reason to finish")
    fault, error = _FATAL.get(reason), text_of(told, "error")
    if fault or error:
        raise UpstreamError(_ended_by(fault or Fault.BROKEN, error or f"the provider ended the answer with {reason!r}"))
    said = _REASONS.get(reason) or unheard_of(reason)
    if half and said in {"stop", "tool_calls"}:
        raise broken("the answer calls a tool with half of its arguments")
    if said == "tool_calls" and not called:
        raise broken("the answer ends with the call of a tool, and has none")
    return "tool_calls" if called and said == "stop" else said


def _ended_by(fault: Fault, error: str) -> Failure:
    """What the words of the error mean, if they say more than that there was one."""
    found = failure_inside({"message": error}, signals=SIGNALS)
    return replace(found, fault=fault) if found.fault is Fault.BROKEN else found


def usage_in(told: Json) -> Usage | None:
    """That of a chat, or of embeddings."""
    return usage_of(told.get("usage") or told.get("meta"))


def usage_of(given: Any) -> Usage | None:
    """`tokens` is all that went through the model, Cohere's own preamble too; `billed_units` is what it charges.

    Cached tokens have no price of their own: where it is told what was charged, that counts.
    """
    if not isinstance(given, dict):
        return None
    input, output = _counts(given.get("tokens"))
    billed, charged = _counts(given.get("billed_units"))
    if input is None and billed is None:
        return None
    searches = count(_of(given.get("billed_units"), "search_units")) or 0
    if billed is None:
        cached = min(count(given.get("cached_tokens")) or 0, input or 0)
        return Usage((input or 0) - cached, cached, output=output or 0, searches=searches)
    return Usage(
        billed,
        output=charged or 0,
        searches=searches,
        free_input=max(0, (input or 0) - billed),
        free_output=max(0, (output or 0) - (charged or 0)),
    )


def logprobs_of(given: Any) -> Json | None:
    """A chunk's text stands for its tokens, whose own texts aren't told."""
    items = _objects(given)
    if not items:
        return None
    content = []
    for item in items:
        text, each = text_of(item, "text"), item.get("logprobs")
        together = sum(one for one in each if isinstance(one, (int, float))) if isinstance(each, list) else None
        content.append({"token": text, "bytes": list(text.encode()), "logprob": together, "top_logprobs": []})
    return {"content": content}


def _calls(message: Json, ask: Ask, names: Mapping[str, str]) -> Iterator[Made]:
    given = message.get("tool_calls") or []
    if not isinstance(given, list):
        raise broken("the answer has tool calls that are no list")
    for number, call in enumerate(given):
        function = call.get("function") if isinstance(call, dict) else None
        if not (name := text_of(function, "name")):
            raise broken("the answer has a tool call without a name")
        arguments = arguments_of(function) or "{}"
        yield Made(text_of(call, "id") or made_id(ask, number), names.get(name, name), arguments)


def _content(given: Any) -> tuple[str, str]:
    """Text and thoughts of a list of blocks; a text alone is one of them."""
    if isinstance(given, str):
        return given, ""
    if given is not None and not isinstance(given, list):
        raise broken("the answer has a content that is none")
    blocks = [as_block(one) for one in given or ()]
    return "".join([said_in(one, "text") for one in blocks]), "".join([said_in(one, "thinking") for one in blocks])


def as_block(given: Any) -> Json:
    """A block of content, which may be a text alone. One with nothing that we can tell would get lost."""
    if isinstance(given, str):
        return {"text": given}
    if not isinstance(given, dict) or not ("text" in given or "thinking" in given):
        raise broken("the answer has a piece of content that can't be told")
    return given


def _objects(given: Any) -> list[Json]:
    return [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []


def _counts(given: Any) -> tuple[int | None, int | None]:
    return count(_of(given, "input_tokens")), count(_of(given, "output_tokens"))


def _of(given: Any, name: str) -> Any:
    return given.get(name) if isinstance(given, dict) else None
