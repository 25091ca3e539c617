"""What a model thought before it called a tool must come back to it, unchanged and in its place.

It comes back from the client, which may have kept `thinking_blocks`, or from memory, where a whole answer is kept
under the id of its first tool call. Only what is signed or encrypted counts; plain `reasoning_content` never does.
"""

from collections.abc import Sequence
from typing import Any

from core.ask import Memory
from core.wire import Json

_REASONING = "reasoningContent"


def kept(model: str, content: Sequence[Json]) -> dict[str, Json]:
    """What must be remembered of an answer's blocks, for `Completion.remember`.

    The whole of it, since a model may think, speak and think again, and the order counts.
    """
    blocks = [block for block in content if _goes_back(block)]
    first = next((block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block), None)
    if first is None or not any(_REASONING in block for block in blocks):
        return {}
    return {first: {"model": model, "content": blocks}}


def _goes_back(block: Json) -> bool:
    """Whether a block of an answer may stand in a request: no unsigned thoughts, nothing that the provider ran."""
    if isinstance(use := block.get("toolUse"), dict):
        named = isinstance(use.get("toolUseId"), str) and isinstance(use.get("name"), str)
        return named and isinstance(use.get("input"), dict) and "type" not in use
    return isinstance(block.get("text"), str) or sealed(block)


def shown(content: Sequence[Json]) -> list[Json]:
    """The thoughts that would be taken back, for clients that keep them: as Anthropic spells them, which is known."""
    return [_thinking(block[_REASONING]) for block in content if sealed(block)]


def _thinking(reasoning: Json) -> Json:
    if "redactedContent" in reasoning:
        return {"type": "redacted_thinking", "data": reasoning["redactedContent"]}
    text = reasoning["reasoningText"]
    return {"type": "thinking", "thinking": text["text"], "signature": text["signature"]}


def sealed(block: Json) -> bool:
    """Whether a block is a thought that its model would know again."""
    reasoning = block.get(_REASONING)
    if not isinstance(reasoning, dict):
        return False
    if isinstance(reasoning.get("redactedContent"), str):
        return True
    text = reasoning.get("reasoningText")
    if not isinstance(text, dict) or not isinstance(text.get("text"), str):
        return False
    signature = text.get("signature")
    return isinstance(signature, str) and bool(signature)


def restored(
    message: Json, blocks: list[Json], *, calls: Sequence[str], model: str, memory: Memory, echo: bool
) -> list[Json]:
    """*blocks* (text, toolUse, cache points) of an assistant's *message*, with its thoughts in their places.

    *calls* are the ids of its tool calls as the client knows them. Thoughts of another model are left out; *echo* is
    whether those that the client sends can be this one's.
    """
    if not calls and "thinking_blocks" not in message:
        return blocks
    state = next((found for id in calls if (found := memory.recall(id)) is not None), None)
    if state is not None and state.get("model") != model:
        return blocks
    content: list[Json] = [] if state is None else list(state.get("content") or ())
    if content and _called(content) == _called(blocks) and _said(content) == _said(blocks):
        points = [block for block in blocks if "cachePoint" in block]
        return [*(block for block in content if not _blank(block)), *points[-1:]]
    thoughts = [block for block in content if _REASONING in block] or (_echoed(message) if echo and blocks else [])
    return [*thoughts, *blocks]


def _echoed(message: Json) -> list[Json]:
    given = message.get("thinking_blocks")
    if not isinstance(given, list):
        return []
    return [block for one in given if isinstance(one, dict) and sealed(block := _block(one))]


def _block(given: Json) -> Json:
    if given.get("type") == "redacted_thinking":
        return {_REASONING: {"redactedContent": given.get("data")}}
    return {_REASONING: {"reasoningText": {"text": given.get("thinking"), "signature": given.get("signature")}}}


def _said(blocks: list[Json]) -> str:
    return "".join([block["text"] for block in blocks if "text" in block]).strip()


def _called(blocks: list[Json]) -> list[tuple[Any, ...]]:
    calls = [block["toolUse"] for block in blocks if "toolUse" in block]
    return [(call["toolUseId"], call["name"], call["input"]) for call in calls]


def _blank(block: Json) -> bool:
    return "text" in block and not block["text"].strip()
