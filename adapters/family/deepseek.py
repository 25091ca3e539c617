"""DeepSeek: models that think unless told otherwise, and that want their thoughts back with the results of tools."""

from typing import Any, Final

import orjson

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import Part
from adapters.manners import Manners
from adapters.signals import Signal
from adapters.wording import schema_of
from core.ask import Ask, Onward
from core.faults import Fault
from core.wire import Json, WireRequest

# Switched off on 2026-07-24; they were one model, once without and once with thinking.
_RETIRED: Final = {"deepseek-chat": ("deepseek-flash", "disabled"), "deepseek-reasoner": ("deepseek-flash", "enabled")}
_EFFORT: Final = {"minimal": "low", "low": "low", "medium": "high", "high": "high", "xhigh": "max", "max": "max"}
_ANY_THOUGHT: Final = " "  # passes their check, where the thoughts are lost
_SCHEMA: Final = "Answer with one JSON object that fits this JSON schema, and with nothing else:\n"


def _names(draft: Draft) -> None:
    """The names of models that are gone, which mean how to think."""
    if (meant := _RETIRED.get(draft.model)) is not None:
        draft.body["model"], thinking = meant
        if draft.chat and "reasoning_effort" not in draft.body:
            draft.body.setdefault("thinking", {"type": thinking})


def _thinking(draft: Draft) -> None:
    wanted = draft.take("reasoning_effort")
    if not isinstance(wanted, str):
        return
    draft.body.setdefault("thinking", {"type": "disabled" if wanted == "none" else "enabled"})
    if wanted != "none" and _thinks(draft):
        draft.body["reasoning_effort"] = _EFFORT.get(wanted, wanted)


def _thinks(draft: Draft) -> bool:
    thinking = draft.body.get("thinking")
    return not (isinstance(thinking, dict) and thinking.get("type") == "disabled")


def _history(draft: Draft) -> None:
    """Thoughts stand beside tool calls, where they must, and nowhere else, where they are ignored."""
    body, given = draft.body, draft.ask.call.body["messages"]
    told = []
    for message, before in zip(body["messages"], given, strict=True):
        if message.get("tool_calls") and _thinks(draft):
            message = {**message, "content": message.get("content") or "", "reasoning_content": _thought(draft, before)}
        told.append(message)
    body["messages"] = told


def _thought(draft: Draft, message: Json) -> str:
    thought = message.get("reasoning_content", message.get("reasoning"))
    if isinstance(thought, str):
        return thought
    calls = message.get("tool_calls") or ({"id": ""},)
    kept = draft.ask.memory.recall(calls[0]["id"])
    if kept is not None and isinstance(thought := kept.get("reasoning_content"), str):
        return thought
    # Nothing of the client's is lost, so this is no reason to refuse, but one should know why the model is weaker.
    draft.note("messages.reasoning_content")
    return _ANY_THOUGHT


def _schema(draft: Draft) -> None:
    """There is only `json_object`; what the object must be like is said in words."""
    schema = schema_of(draft)
    if schema is None:
        return
    draft.changed("response_format", "json_object")
    body = draft.body
    text = _SCHEMA + orjson.dumps(schema).decode()
    body["response_format"] = {"type": "json_object"}
    first, *rest = body["messages"]
    if first["role"] == "system" and isinstance(first.get("content"), str):
        body["messages"] = [{**first, "content": f"{first['content']}\n\n{text}"}, *rest]
    else:
        body["messages"] = [{"role": "system", "content": text}, first, *rest]


def _beta(draft: Draft) -> None:
    """Some things are only to be had under /beta: strict tools, an answer that is begun, and text around a gap."""
    body = draft.body
    wanted = draft.ask.call.endpoint == "completions"
    if draft.chat:
        last = body["messages"][-1]
        if last["role"] == "assistant" and not last.get("tool_calls"):
            body["messages"] = [*body["messages"][:-1], {**last, "prefix": True}]
            wanted = True
        wanted = wanted or any(tool["function"].get("strict") for tool in body.get("tools") or ())
    if wanted and not draft.base:  # an operator who wrote a path into the base URL knows why
        draft.path = f"/beta{draft.path}"


def _chat(draft: Draft) -> None:
    _names(draft)
    if draft.chat:
        _thinking(draft)
        _history(draft)
        _schema(draft)
    _beta(draft)


def _onward(ask: Ask) -> Onward:
    """To the letter, as long as it doesn't think."""
    body = ask.call.body
    effort, thinking = body.get("reasoning_effort"), body.get("thinking")
    if effort is None and thinking is None:
        return "exact" if _RETIRED.get(ask.target.model, ("", ""))[1] == "disabled" else ""
    off = effort == "none" if thinking is None else thinking == {"type": "disabled"}
    return "exact" if off else ""


class _Ear:
    """The model's name is the one that was asked for."""

    __slots__ = ("_asked",)

    attentive = True

    def __init__(self, asked: str) -> None:
        self._asked = asked

    def hear(self, body: Json, part: Part) -> bool:
        del part
        body["model"] = self._asked
        return True


def _ear(ask: Ask, _request: WireRequest) -> Any:
    return _Ear(ask.target.model) if ask.target.model in _RETIRED else None


DEEPSEEK: Final = Accent(
    base_url="https://api.deepseek.com",
    endpoints=frozenset({"chat", "completions"}),
    manners=Manners(flat=True),
    says=(_chat,),
    rename={"max_completion_tokens": "max_tokens", "user": "user_id"},
    drop=frozenset(
        {
            "audio",
            "best_of",
            "logit_bias",
            "metadata",
            "modalities",
            "n",
            "parallel_tool_calls",
            "prediction",
            "seed",
            "service_tier",
            "store",
            "verbosity",
            "web_search_options",
        }
    ),
    nulls=False,
    hears=_ear,
    remembers="reasoning_content",
    onward=_onward,
    signals=(
        Signal(Fault.BAD_REQUEST, "reasoning_content.{0,80} must be passed back", statuses=(400,)),
        Signal(Fault.MODEL_NOT_FOUND, "model not exist", statuses=(400,)),
        Signal(Fault.CONTENT_POLICY, "content exists risk", statuses=(400,)),
    ),
)
