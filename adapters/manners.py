"""What of a message may go to a provider: its members, its parts and its tool calls.

Clients send back what they were told, and more: thoughts, annotations, cache marks, members that only one provider
knows. Who refuses such things is spared them. What only echoes an answer goes without a word, all else is named.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from adapters.draft import Draft
from adapters.fields import unsupported
from adapters.wording import functions_only, modern
from core.errors import invalid
from core.wire import Json

# Members of answers that OpenAI doesn't give, and refuses.
FOREIGN: Final = frozenset(
    {
        "cache_control",
        "citations",
        "executed_tools",
        "extra_content",
        "images",
        "index",
        "provider_specific_fields",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "search_results",
        "thinking_blocks",
    }
)
# With those that OpenAI itself gives, and takes back.
ECHOES: Final = FOREIGN | {"annotations", "refusal"}

_CALL: Final = frozenset({"id", "type", "function", "custom"})
_FOREIGN_MARK: Final = frozenset({"cache_control"})
_MARKS: Final = _FOREIGN_MARK | {"prompt_cache_breakpoint"}
_TEXTS: Final = frozenset({"text", "input_text", "output_text"})
_CONTENT: Final = frozenset({"role", "content"})


class Manners(NamedTuple):
    """What of a chat a provider takes that isn't OpenAI: no echoes, no marks for the cache, no developer, and no tools
    but functions, in today's spelling.

    *members*: by role, what a message may have beside role and content; empty: all that is no echo. *parts*: the kinds
    of content parts that are taken, None: all. *flat*: a list of nothing but texts goes out as one. *reasoning*: what
    an assistant's `reasoning_content` is called; empty: it stays here.
    """

    members: Mapping[str, frozenset[str]] = {}
    parts: frozenset[str] | None = None
    flat: bool = False
    reasoning: str = ""


def strict(
    *,
    parts: Iterable[str] = ("text", "image_url"),
    name: Iterable[str] = (),
    assistant: Iterable[str] = ("tool_calls",),
    tool: Iterable[str] = ("tool_call_id",),
    reasoning: str = "",
) -> Manners:
    """The manners of those who refuse what they don't know. *name*: the roles that may have one."""
    members = {"system": (), "user": (), "assistant": tuple(assistant), "tool": tuple(tool)}
    named = set(name)
    return Manners(
        members={role: frozenset((*some, "name") if role in named else some) for role, some in members.items()},
        parts=frozenset(parts),
        reasoning=reasoning,
    )


def tidy(body: Json) -> None:
    """Take out what only others than OpenAI know; of a plain call there is nothing."""
    body["messages"] = [_tidied(message) for message in body["messages"]]
    if body.get("tools"):
        body["tools"] = unmarked(body["tools"])


def unmarked(tools: list[Json]) -> list[Json]:
    """Tools without marks for the cache."""
    return [_unmarked(tool) for tool in tools]


def _unmarked(tool: Json) -> Json:
    function = tool.get("function")
    if isinstance(function, dict) and "cache_control" in function:
        tool = {**tool, "function": _without(function, _MARKS)}
    return _without(tool, _MARKS)


def mannered(draft: Draft, manners: Manners) -> None:
    """Put the messages of a chat, and its tools, as the provider wants them."""
    body = draft.body
    modern(draft)
    functions_only(draft)
    body["messages"] = [_fitted(message, index, manners, draft) for index, message in enumerate(body["messages"])]
    if body.get("tools"):
        body["tools"] = unmarked(body["tools"])


def _tidied(message: Json) -> Json:
    if message.get("content").__class__ is list:
        message = {**message, "content": [_without(part, _FOREIGN_MARK) for part in message["content"]]}
    message = _without(message, FOREIGN)
    calls = message.get("tool_calls")
    if isinstance(calls, list) and not all(_CALL.issuperset(call) for call in calls):
        message = {**message, "tool_calls": [_kept(call, _CALL) for call in calls]}
    return message


def _fitted(message: Json, index: int, manners: Manners, draft: Draft) -> Json:
    role = "system" if message["role"] == "developer" else message["role"]
    allowed = manners.members.get(role)
    made: Json = {"role": role}
    if "content" in message:
        made["content"] = _content(message["content"], f"messages.{index}.content", manners)
    for name, value in message.items():
        if value is None or name in _CONTENT or name in ECHOES:
            continue
        if (allowed is None and (name != "tool_calls" or role == "assistant")) or (allowed and name in allowed):
            made[name] = value
        else:
            draft.dropped(f"messages.{name}")
    if made.get("tool_calls"):
        made["tool_calls"] = [
            _call(call, f"messages.{index}.tool_calls.{at}") for at, call in enumerate(made["tool_calls"])
        ]
    if role == "assistant":
        _speak(made, message, manners)
    return made


def _speak(made: Json, message: Json, manners: Manners) -> None:
    """What an assistant said beside its content."""
    if not made.get("content") and isinstance(said := message.get("refusal"), str) and said:
        made["content"] = said
    if manners.reasoning:
        thought = message.get("reasoning_content") or message.get("reasoning")
        if isinstance(thought, str) and thought:
            made[manners.reasoning] = thought


def _content(content: Any, at: str, manners: Manners) -> Any:
    if not isinstance(content, list):
        return content
    parts = [_part(part, f"{at}.{index}", manners) for index, part in enumerate(content)]
    if manners.flat and all(part["type"] == "text" for part in parts):
        return "".join([part["text"] for part in parts])
    return parts


def _part(part: Json, at: str, manners: Manners) -> Json:
    kind = part["type"]
    if kind in _TEXTS:
        if not isinstance(part.get("text"), str):
            raise invalid(f"Invalid type for '{at}.text': expected a string.", param=f"{at}.text", code="invalid_type")
        part = {**part, "type": "text"}
    elif kind == "refusal" and manners.parts is not None:
        part = {"type": "text", "text": part["refusal"]}
    if manners.parts is not None and part["type"] not in manners.parts:
        raise unsupported(f"A content part of type '{kind[:64]}' can't be sent to this model.", param=at)
    return _without(part, _MARKS)


def _call(call: Json, at: str) -> Json:
    """A tool call as every provider takes it: of a function, with arguments that are text."""
    if call.get("type") == "custom" and isinstance(custom := call.get("custom"), dict):
        function = {"name": custom.get("name"), "arguments": {"input": custom.get("input") or ""}}
    else:
        function = call.get("function") or {}
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise invalid(f"Missing required parameter: '{at}.function.name'.", param=f"{at}.function.name")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = "{}" if arguments is None else orjson.dumps(arguments).decode()
    return {"id": call["id"], "type": "function", "function": {"name": function["name"], "arguments": arguments}}


def _kept(thing: Json, names: frozenset[str]) -> Json:
    return {name: value for name, value in thing.items() if name in names}


def _without(thing: Json, names: frozenset[str]) -> Json:
    if names.isdisjoint(thing):
        return thing
    return {name: value for name, value in thing.items() if name not in names}
