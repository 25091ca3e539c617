"""A response, whole, told as a chat completion."""

from collections.abc import Iterator
from typing import Any

from adapters.failure import broken, failure_inside, instead
from adapters.responses.kept import details, kept
from adapters.responses.request import Bridged
from adapters.signals import Signal
from adapters.usage import response_usage
from adapters.whole import choice, completion, read
from core.ask import Ask
from core.faults import UpstreamError
from core.usage import Usage, count
from core.wire import NOTHING, Completion, Json

_REASONS = {"max_output_tokens": "length", "content_filter": "content_filter"}
PARAGRAPH = "\n\n"  # between the summaries of what was thought


def decoded(body: bytes, ask: Ask, note: Bridged, signals: tuple[Signal, ...]) -> Completion:
    answer = read(body)
    check(answer, signals)
    given = answer.get("output")
    if not isinstance(given, list):
        raise broken("the answer has no output")
    output = [item for item in given if is_item(item)]
    calls = _calls(output, legacy=note.legacy)
    why = reason(answer, calls=bool(calls), legacy=note.legacy)
    extra = dict(calls)
    if annotations := _annotations(output):
        extra["annotations"] = annotations
    if why == "tool_calls" and (thoughts := details(output)):
        extra["reasoning_details"] = thoughts
    text = "".join(part["text"] for part in _parts(output, "output_text", "text"))
    refusal = "".join(part["refusal"] for part in _parts(output, "refusal", "refusal"))
    made = choice(
        why,
        # As OpenAI's own clients join what a response says.
        text=text or (None if calls or refusal else ""),
        reasoning=PARAGRAPH.join(thought for item in output for thought in thoughts_of(item)),
        refusal=refusal or None,
        logprobs=_logprobs(output) if note.logprobs else None,
        extra=extra,
    )
    return completion(
        ask,
        [made],
        usage_in(answer),
        id=word(answer.get("id")),
        model=word(answer.get("model")),
        remember=kept(output, ask.target.model) if why == "tool_calls" else NOTHING,
        **tier_of(answer),
    )


def check(answer: Json, signals: tuple[Signal, ...]) -> None:
    """Only a response that was ended on purpose is an answer."""
    if answer.get("error"):
        raise UpstreamError(failure_inside(answer, signals=signals))
    if word(answer.get("status")) not in {"completed", "incomplete"}:
        raise instead(answer, f"the answer's status is {str(answer.get('status'))[:64]}", signals=signals)


def is_item(item: Any) -> bool:
    """Whether it is of a kind. Kinds that we don't know have nothing that we need; a call that isn't whole is none."""
    if not isinstance(item, dict) or not isinstance(kind := item.get("type"), str):
        return False
    if not all(isinstance(item.get(name), str) for name in _MUST.get(kind, ())):
        raise broken("the answer has a call of which something is missing")
    return True


_MUST = {"function_call": ("call_id", "name", "arguments"), "custom_tool_call": ("call_id", "name", "input")}


def reason(answer: Json, *, calls: bool, legacy: bool) -> str:
    """Why it ended, in OpenAI's older words."""
    if answer["status"] == "incomplete":
        said = answer.get("incomplete_details")
        why = said.get("reason") if isinstance(said, dict) else None
        return _REASONS.get(why, "length") if isinstance(why, str) else "length"
    if calls:
        return "function_call" if legacy else "tool_calls"
    return "stop"


def thoughts_of(item: Json) -> Iterator[str]:
    """The summaries of a thought; where a model thinks aloud, the thought itself."""
    if item["type"] == "reasoning":
        for part in listed(item.get("summary")) or listed(item.get("content")):
            if text := word(part.get("text")):
                yield text


def listed(value: Any) -> list[Json]:
    """The objects of a list that may be none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def usage_in(answer: Json) -> Usage | None:
    """With the searches, which are billed one by one."""
    output, tools = answer.get("output"), answer.get("tool_usage")
    web = tools.get("web_search") if isinstance(tools, dict) else None
    searches = count(web.get("num_requests")) if isinstance(web, dict) else None
    if searches is None:
        searches = [item.get("type") for item in listed(output)].count("web_search_call")
    return response_usage(answer.get("usage"), answer.get("service_tier"), searches)


def tier_of(answer: Json) -> Json:
    """What else the top level of a completion says."""
    tier = answer.get("service_tier")
    return {"service_tier": tier} if isinstance(tier, str) else {}


def word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def citations(annotations: Any, offset: int) -> list[Json]:
    """Those of the web. *offset* is how much text stands before the part that they belong to."""
    return [_citation(one, offset) for one in listed(annotations) if one.get("type") == "url_citation"]


def _citation(annotation: Json, offset: int) -> Json:
    start, end = (annotation.get(name) for name in ("start_index", "end_index"))
    told = {
        "start_index": (count(start) or 0) + offset,
        "end_index": (count(end) or 0) + offset,
        "title": word(annotation.get("title")),
        "url": word(annotation.get("url")),
    }
    return {"type": "url_citation", "url_citation": told}


def tokens(logprobs: Any) -> list[Json]:
    """What was how likely, and what else would have been."""
    return [
        {**_token(one), "top_logprobs": list(map(_token, listed(one.get("top_logprobs"))))} for one in listed(logprobs)
    ]


def _token(entry: Json) -> Json:
    """Streams leave the bytes away."""
    return {"token": entry.get("token"), "bytes": entry.get("bytes"), "logprob": entry.get("logprob")}


def _parts(output: list[Json], kind: str, member: str) -> Iterator[Json]:
    """The parts of messages that are of *kind*."""
    for item in output:
        for part in listed(item.get("content")) if item["type"] == "message" else ():
            if part.get("type") != kind:
                continue
            if not isinstance(part.get(member), str):
                raise broken(f"the answer has a {member} that is none")
            yield part


def _calls(output: list[Json], *, legacy: bool) -> Json:
    told: list[Json] = []
    for item in output:
        if item["type"] == "function_call":
            function = {"name": item["name"], "arguments": item["arguments"] or "{}"}
            if legacy:
                return {"function_call": function}
            told.append({"id": item["call_id"], "type": "function", "function": function})
        elif item["type"] == "custom_tool_call":
            custom = {"name": item["name"], "input": item["input"]}
            told.append({"id": item["call_id"], "type": "custom", "custom": custom})
    return {"tool_calls": told} if told else {}


def _annotations(output: list[Json]) -> list[Json]:
    told: list[Json] = []
    offset = 0
    for part in _parts(output, "output_text", "text"):
        told += citations(part.get("annotations"), offset)
        offset += len(part["text"])
    return told


def _logprobs(output: list[Json]) -> Json:
    told = [one for part in _parts(output, "output_text", "text") for one in tokens(part.get("logprobs"))]
    return {"content": told, "refusal": None}
