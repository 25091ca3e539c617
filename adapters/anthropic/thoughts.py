"""Thinking blocks between turns: what a model thought before it called a tool must come back unchanged.

They come back from the client, which may have kept `thinking_blocks`, or from memory, where a whole answer is kept
under the id of its first tool call. A block is never made of plain `reasoning_content`: only a signed one counts.
"""

from collections.abc import Sequence
from typing import Any, Final

from core.ask import Memory
from core.wire import Json

KINDS: Final = frozenset({"thinking", "redacted_thinking"})
_FIELDS: Final = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}


def kept(model: str, content: Sequence[Json]) -> dict[str, Json]:
    """What must be remembered of an answer, for `Completion.remember`: nothing, if it didn't think before its calls.

    The whole of it, since a model may think, speak and think again, and the order counts.
    """
    first = next((block["id"] for block in content if block["type"] == "tool_use"), None)
    if first is None or all(block["type"] in {"text", "tool_use"} for block in content):
        return {}
    return {first: {"model": model, "content": list(content)}}


def restored(message: Json, blocks: list[Json], *, calls: Sequence[str], model: str, memory: Memory) -> list[Json]:
    """*blocks* (text and tool_use) of an assistant's *message*, with its thoughts in their places.

    *calls* are the ids of its tool calls as the client knows them. Thoughts of another model are left out.
    """
    if not calls and "thinking_blocks" not in message:
        return blocks
    state = next((found for id in calls if (found := memory.recall(id)) is not None), None)
    if state is not None and state.get("model") != model:
        return blocks
    content: list[Json] = [] if state is None else state["content"]
    if content and _same(content, blocks):
        return _marks_kept([_clean(block) for block in content if not _blank(block)], blocks)
    thoughts = [_clean(block) for block in content if block["type"] in KINDS] or echoed(message)
    return [*thoughts, *blocks]


def echoed(message: Json) -> list[Json]:
    """The signed blocks that a client sends back, as they once came."""
    given = message.get("thinking_blocks")
    if not isinstance(given, list):
        return []
    return [block for one in given if isinstance(one, dict) and (block := _signed(one))]


def _signed(block: Json) -> Json | None:
    names = _FIELDS.get(str(block.get("type")))
    if names is None or not all(isinstance(block.get(name), str) for name in names) or not block[names[-1]]:
        return None
    return {"type": block["type"], **{name: block[name] for name in names}}


def _same(content: list[Json], blocks: list[Json]) -> bool:
    """Whether the client left what was said and called as it was."""
    return _said(content) == _said(blocks) and _called(content) == _called(blocks)


def _said(blocks: list[Json]) -> str:
    return "".join([block["text"] for block in blocks if block["type"] == "text"]).strip()


def _called(blocks: list[Json]) -> list[tuple[Any, ...]]:
    return [(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]


def _blank(block: Json) -> bool:
    return block["type"] == "text" and not block["text"].strip()


def _clean(block: Json) -> Json:
    """Without the nulls of answers, which requests don't have."""
    return {name: value for name, value in block.items() if value is not None}


def _marks_kept(content: list[Json], blocks: list[Json]) -> list[Json]:
    """A cache mark stands on what was called last; on a thought it can't."""
    mark = next((block["cache_control"] for block in reversed(blocks) if "cache_control" in block), None)
    if mark is not None:
        last = max(at for at, block in enumerate(content) if block["type"] == "tool_use")
        content[last] = {**content[last], "cache_control": mark}
    return content
