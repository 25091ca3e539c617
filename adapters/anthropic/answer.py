"""Anthropic's whole answers as OpenAI's."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from adapters.anthropic.failures import SIGNALS
from adapters.anthropic.thoughts import KINDS, kept
from adapters.anthropic.toolbox import Notes
from adapters.anthropic.usage import tier_shown, usage_of
from adapters.endings import unheard_of
from adapters.failure import broken, failure_inside, instead, is_error
from adapters.whole import Made, choice, completion, read
from core.ask import Ask
from core.faults import UpstreamError
from core.wire import Completion, Json

_WHOLE: Final = frozenset({"end_turn", "stop_sequence", "tool_use"})
_REASONS: Final[Mapping[str, str]] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "compaction": "length",
    "refusal": "content_filter",
}


def decoded(body: bytes, ask: Ask, notes: Notes) -> Completion:
    answer = read(body, b'"tool_use"')
    if is_error(answer) or answer.get("type") == "error":
        raise UpstreamError(failure_inside(answer, signals=SIGNALS))
    try:
        return _completion(answer, ask, notes)
    except (KeyError, TypeError, AttributeError):
        raise instead(answer, "the answer is not a message of Anthropic's", signals=SIGNALS) from None


def finish_of(reason: object, *, calls: bool, used: bool, half: bool = False) -> str:
    """OpenAI's finish_reason. For one that isn't known see `unheard_of`; none at all is no end.

    *calls*: the model calls tools of the client's. *used*: or that which stands for its answer. *half*: what it calls
    one with is no JSON object, which only an answer that was cut off may have.
    """
    if not isinstance(reason, str) or not reason:
        raise broken("the answer doesn't say why it ended")
    finish = _REASONS.get(reason)
    if finish is None and half:
        raise broken("the answer calls a tool with half of its arguments")
    if reason == "tool_use" and not used:
        raise broken("the answer ends with the call of a tool, and has none")
    if finish is None and reason not in _WHOLE:
        return unheard_of(reason)
    return finish or ("tool_calls" if calls else "stop")


def called(block: Json) -> Json:
    """The call of a tool, which has to say which one, and an id that its result can name."""
    for name in ("id", "name"):
        if not (isinstance(block[name], str) and block[name]):
            raise TypeError
    return block


def annotations(block: Json, start: int) -> list[Json]:
    """Where a text block got its words from, which begin at character *start*. Only pages of the web have a place."""
    where = {"start_index": start, "end_index": start + len(block["text"])}
    return [
        {
            "type": "url_citation",
            "url_citation": {**where, "url": cited["url"], "title": cited.get("title") or cited["url"]},
        }
        for cited in block.get("citations") or ()
        if cited.get("type") == "web_search_result_location"
    ]


def free_text(given: Any) -> str:
    """What a tool of free text was called with: its one argument, or whatever the model made of it."""
    text = given.get("input") if isinstance(given, dict) else given
    return text if isinstance(text, str) else orjson.dumps(given).decode()


def thoughts_shown(blocks: Iterable[Json]) -> list[Json]:
    """As clients send them back."""
    names = ("type", "thinking", "signature", "data")
    return [{name: block[name] for name in names if name in block} for block in blocks]


def explanation(details: Any) -> str | None:
    """Why the model refuses, where it says so."""
    said = details.get("explanation") if isinstance(details, dict) else None
    return said if isinstance(said, str) and said else None


def _completion(answer: Json, ask: Ask, notes: Notes) -> Completion:
    content: list[Json] = answer["content"]
    if answer["type"] != "message" or content.__class__ is not list:
        raise TypeError
    texts = [block for block in content if block["type"] == "text"]
    uses = [called(block) for block in content if block["type"] == "tool_use"]
    said = [block["input"] for block in uses if block["name"] == notes.output]
    calls = [_call(block, notes) for block in uses if block["name"] != notes.output]
    thoughts = [block for block in content if block["type"] in KINDS]
    reason = answer.get("stop_reason")
    refusal = explanation(answer.get("stop_details")) if reason == "refusal" else None
    text = orjson.dumps(said[0]).decode() if said else "".join([block["text"] for block in texts])
    made = choice(
        finish_of(reason, calls=bool(calls), used=bool(uses)),
        text=text or (None if calls or refusal else ""),
        reasoning="".join([block["thinking"] for block in thoughts if "thinking" in block]),
        calls=calls,
        refusal=refusal,
        extra=_beside(thoughts, [] if said else texts),
    )
    usage = answer.get("usage")
    return completion(
        ask,
        [made],
        usage_of(usage),
        id=answer.get("id") or "",
        model=answer.get("model") or "",
        remember=kept(ask.target.model, content) if calls else {},
        **tier_shown(usage),
    )


def _beside(thoughts: Sequence[Json], texts: Sequence[Json]) -> Json:
    """What OpenAI's messages have no place for, or rarely."""
    beside: Json = {}
    cited: list[Json] = []
    start = 0
    for block in texts:
        cited += annotations(block, start)
        start += len(block["text"])
    if cited:
        beside["annotations"] = cited
    if thoughts:
        beside["thinking_blocks"] = thoughts_shown(thoughts)
    return beside


def _call(block: Json, notes: Notes) -> Made:
    name = notes.names.get(block["name"], block["name"])
    given = block.get("input") or {}
    if block["name"] in notes.custom:
        return Made(block["id"], name, free_text(given), custom=True)
    if given.__class__ is not dict:
        raise TypeError
    return Made(block["id"], name, orjson.dumps(given).decode())
