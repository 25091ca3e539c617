"""What the answers of other providers leave in a history, and OpenAI knows nothing of: it stays behind.

Thoughts in plain text and in their wrappings, marks on tool calls, and ids that are longer than OpenAI takes them.
"""

from typing import Any, Final

from adapters.tools import Names
from core.wire import Json

LONGEST_ID: Final = 64
_THOUGHTS = frozenset(
    {
        "extra_content",
        "provider_specific_fields",
        "reasoning",
        "reasoning_content",
        "reasoning_details",
        "thinking_blocks",
    }
)
_OF_A_CALL = frozenset({"id", "type", "function", "custom"})


def strange(messages: list[Json]) -> bool:
    """Whether there may be something to clean."""
    for message in messages:
        # The commonest have a role and a content, and nothing else.
        if len(message) > 2 and (
            not _THOUGHTS.isdisjoint(message)
            or (message["role"] == "tool" and len(message["tool_call_id"]) > LONGEST_ID)
            or any(not _OF_A_CALL.issuperset(call) or len(call["id"]) > LONGEST_ID for call in _calls(message))
        ):
            return True
    return False


def cleaned(messages: list[Json]) -> list[Json]:
    """*messages* without that; nothing is changed in place."""
    names = ids()
    return [_cleaned(message, names) for message in messages]


def ids() -> Names:
    """Ids of tool calls as OpenAI takes them."""
    return Names(_short, LONGEST_ID)


def _short(id: str) -> bool:
    return len(id) <= LONGEST_ID


def _cleaned(message: Json, names: Names) -> Json:
    if len(message) <= 2:
        return message
    clean = {name: value for name, value in message.items() if name not in _THOUGHTS}
    if calls := _calls(message):
        clean["tool_calls"] = [
            {
                **{name: value for name, value in call.items() if name in _OF_A_CALL},
                "id": names.theirs(call["id"]),
            }
            for call in calls
        ]
    if message["role"] == "tool":
        clean["tool_call_id"] = names.theirs(message["tool_call_id"])
    return clean


def _calls(message: Json) -> list[Json]:
    calls: Any = message.get("tool_calls")
    return calls if message["role"] == "assistant" and calls else []
