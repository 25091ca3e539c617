"""What a model thought between its tool calls, in the form in which only OpenAI reads it, kept for its next turn.

It goes back with the results of the tools: remembered by the gateway under the id of the turn's first call, or brought
along by the client as `reasoning_details` of the assistant's message, in the shape that OpenRouter gave them.
"""

from collections.abc import Mapping
from typing import Any, Final

from core.ask import Memory
from core.wire import NOTHING, Json

CALLS: Final = frozenset({"function_call", "custom_tool_call"})
_FORMAT: Final = "openai-responses-v1"


def kept(output: list[Json], model: str) -> Mapping[str, Json]:
    """The order in which a turn was said: thoughts as they came, of all else the place.

    Without its follower a thought is refused, so the searches between thoughts stay, too.
    """
    order: list[Json] = []
    first = ""
    worth = False
    for item in output:
        kind = item["type"]
        if _is_secret(item):
            # What was thought aloud may come out, but not go in.
            order.append({name: item.get(name) for name in ("type", "id", "encrypted_content")})
            order[-1]["summary"] = item.get("summary") or []
            worth = True
        elif kind == "message":
            phase = {"phase": item["phase"]} if item.get("phase") else {}
            worth = worth or bool(phase)
            order.append({"type": kind, **phase})
        elif kind in CALLS:
            first = first or item["call_id"]
            order.append({"type": kind, "call_id": item["call_id"]})
        elif kind == "web_search_call":
            order.append(item)
    return {first: {"model": model, "order": order}} if first and worth else NOTHING


def recalled(call_ids: list[str], memory: Memory, model: str) -> list[Json] | None:
    """The order of a turn that made these calls, if it is remembered, and all of its calls are still there."""
    state = memory.recall(call_ids[0])
    if state is None or state.get("model") != model:
        return None
    order: list[Json] = state["order"]
    return order if all(one["call_id"] in call_ids for one in order if one["type"] in CALLS) else None


def details(output: list[Json]) -> list[Json]:
    """`reasoning_details` for the client. Each has an index of its own, or clients would join them."""
    thoughts = [item for item in output if _is_secret(item)]
    return [
        {
            "type": "reasoning.encrypted",
            "id": item.get("id"),
            "data": item["encrypted_content"],
            "format": _FORMAT,
            "index": index,
        }
        for index, item in enumerate(thoughts)
    ]


def _is_secret(item: Json) -> bool:
    secret = item.get("encrypted_content")
    return item["type"] == "reasoning" and isinstance(secret, str) and bool(secret)


def echoed(message: Json) -> list[Json]:
    """The thoughts that a client brings along; those of other providers are none for OpenAI."""
    given: Any = message.get("reasoning_details")
    return [
        {"type": "reasoning", "id": one["id"], "encrypted_content": one["data"], "summary": []}
        for one in (given if isinstance(given, list) else ())
        if isinstance(one, dict)
        and one.get("format") == _FORMAT
        and isinstance(one.get("id"), str)
        and isinstance(one.get("data"), str)
    ]
