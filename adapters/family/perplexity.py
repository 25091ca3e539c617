"""Perplexity, whose answers come with their sources, and whose streams repeat everything."""

from typing import Any, Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import Ear, Part, Thinker, heard, number_of, put, unthought
from adapters.fields import unsupported
from adapters.manners import strict
from adapters.signals import Signal
from adapters.usage import NANO
from adapters.wording import effort, schema_for_objects
from core.ask import Ask
from core.faults import Fault
from core.wire import Json, WireRequest


def _in_turns(draft: Draft) -> None:
    """System first, then user and assistant by turns; who speaks twice has said one thing."""
    told: list[Json] = []
    system = [message for message in draft.body["messages"] if message["role"] == "system"]
    for message in (*system, *(message for message in draft.body["messages"] if message["role"] != "system")):
        last = told[-1] if told else {"role": ""}
        if message["role"] == last["role"] and last["role"] != "tool" and not last.get("tool_calls"):
            told[-1] = {**last, **message, "content": _joined(last.get("content"), message.get("content"))}
        else:
            told.append(message)
    draft.body["messages"] = told
    if told[-1]["role"] not in {"user", "tool"}:
        raise unsupported(f"The last message to {draft.model} must be the user's or a tool's.", param="messages")


def _joined(first: Any, second: Any) -> Any:
    if not first or not second:
        return first or second or ""
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_parts(first), *_parts(second)]


def _parts(content: Any) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class _Ear:
    """Made for one answer, of which it keeps the text, to say where its sources are cited."""

    __slots__ = ("_texts", "_thinkers")

    attentive = True

    def __init__(self) -> None:
        self._thinkers: dict[int, Thinker] = {}
        self._texts: dict[int, str] = {}

    def hear(self, body: Json, part: Part) -> bool:
        if part == "message":
            changed = False
            for choice, message in heard(body, part):
                changed |= unthought(choice, message) | _cited(message, message.get("content"), body)
            return changed
        if body.get("choices"):
            body["object"] = "chat.completion.chunk"  # which has other names in its concise mode
        for choice, delta in heard(body, part):
            choice.pop("message", None)  # all of it so far
            self._piece(choice, delta, body)
        return True

    def _piece(self, choice: Json, delta: Json, body: Json) -> None:
        index = number_of(choice)
        thinker = self._thinkers.setdefault(index, Thinker())
        text = delta.get("content")
        thought, said = thinker.take(text) if isinstance(text, str) else ("", text)
        ends = choice.get("finish_reason")
        if ends:
            rest_thought, rest = thinker.end()
            thought += rest_thought
            said = f"{said or ''}{rest}" if rest else said
        put(delta, thought, said)
        if isinstance(said, str):
            self._texts[index] = self._texts.get(index, "") + said
        if ends and isinstance(choice.get("delta"), dict):
            _cited(delta, self._texts.get(index), body)


def _cited(content: Json, text: Any, body: Json) -> bool:
    """The sources as annotations, each where its number first stands in the text."""
    sources = _sources(body)
    if not sources or not isinstance(text, str):
        return False
    content["annotations"] = [
        {"type": "url_citation", "url_citation": {**source, **_place(text, f"[{number}]")}}
        for number, source in enumerate(sources, 1)
    ]
    return True


def _place(text: str, mark: str) -> Json:
    at = text.find(mark)
    return {"start_index": max(at, 0), "end_index": at + len(mark) if at >= 0 else 0}


def _sources(body: Json) -> list[Json]:
    found = body.get("search_results")
    if isinstance(found, list) and found:
        return [
            {"url": str(one.get("url") or ""), "title": str(one.get("title") or "")}
            for one in found
            if isinstance(one, dict)
        ]
    cited = body.get("citations")
    return [{"url": one, "title": one} for one in cited if isinstance(one, str)] if isinstance(cited, list) else []


def _ear(_ask: Ask, _request: WireRequest) -> Ear:
    return _Ear()


PERPLEXITY: Final = Accent(
    base_url="https://api.perplexity.ai",
    endpoints=frozenset({"chat"}),
    listed=False,
    manners=strict(parts=("text", "image_url", "file_url", "pdf_url", "video_url")),
    says=(_in_turns, schema_for_objects, effort({"none": "minimal", "xhigh": "high", "max": "high"})),
    rename={"max_completion_tokens": "max_tokens"},
    drop=frozenset(
        {
            "audio",
            "logit_bias",
            "metadata",
            "modalities",
            "prediction",
            "prompt_cache_key",
            "seed",
            "service_tier",
            "store",
            "user",
            "verbosity",
        }
    ),
    nulls=False,
    stream_options=False,
    hears=_ear,
    cost=("cost", NANO),
    signals=(Signal(Fault.BAD_REQUEST, "last message must have role", statuses=(400,)),),
)
