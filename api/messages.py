"""The messages of a chat: roles, content parts, tool calls and their results.

Only what every provider would trip over is checked; what is unusual but legal passes. Non-standard shapes that
clients really send (an image_url that is a bare string, arguments that are an object, null content) are let through.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.shape import missing, things, wrong
from core.errors import Refusal, invalid

MOST: Final = 10_000
NOTHING: Final = frozenset[str]()
TALKERS: Final = frozenset({"user", "system", "developer", "assistant"})
ROLES: Final = frozenset({"developer", "system", "user", "assistant", "tool", "function"})

# What a content part needs of a target; a part that isn't here needs nothing that we know of.
PART_NEEDS: Mapping[str, str] = {
    "image_url": "vision",
    "input_image": "vision",
    "input_audio": "audio",
    "file": "files",
}
PART_FIELD: Mapping[str, str] = {"text": "text", "refusal": "refusal"}


def plain(messages: list[Any]) -> bool:
    """Whether they are texts and who says them, and nothing else, as most are: then there is nothing to check."""
    try:
        for message in messages:
            if type(message["content"]) is not str or message["role"] not in TALKERS or len(message) != 2:
                return False
    except (TypeError, KeyError):
        return False
    return 0 < len(messages) <= MOST


def check(messages: Any) -> frozenset[str]:
    """Refuse messages that can't be sent anywhere; return what their parts need of a target."""
    if type(messages) is not list or not 0 < len(messages) <= MOST:
        raise _unusable(messages)
    needs: set[str]
    called: set[str] | None = None  # tools; like *needs* made where it is needed
    for index, message in enumerate(messages):
        try:
            # The commonest messages by far: plain text.
            if type(message["content"]) is str and message["role"] in TALKERS and len(message) == 2:
                continue
        except (TypeError, KeyError):
            pass
        if called is None:
            needs, called = set(), set()
        _check_one(message, f"messages.{index}", needs, called)
    return NOTHING if called is None else frozenset(needs)


def _unusable(messages: Any) -> Refusal:
    if messages is None:
        return missing("messages")
    if not isinstance(messages, list):
        return wrong("messages", "an array of objects")
    if not messages:
        return invalid("'messages' must hold at least one message.", param="messages", code="empty_array")
    return invalid(f"'messages' may hold at most {MOST} messages.", param="messages", code="array_above_max_length")


def _check_one(message: Any, at: str, needs: set[str], called: set[str]) -> None:
    if not isinstance(message, dict):
        raise wrong(at, "an object")
    role = message.get("role")
    if role is None:
        raise missing(f"{at}.role")
    if not isinstance(role, str):
        raise wrong(f"{at}.role", "a string")
    if role not in ROLES:
        raise invalid(f"Invalid value: '{role[:64]}' is not a role.", param=f"{at}.role")
    if not isinstance(message.get("name") or "", str):
        raise wrong(f"{at}.name", "a string")
    content = message.get("content")
    if isinstance(content, list):
        _check_parts(content, f"{at}.content", needs)
    elif content is not None and not isinstance(content, str):
        raise wrong(f"{at}.content", "a string or an array of parts")
    # Only an assistant's calls can be answered, but nobody's may be anything else.
    _check_calls(message.get("tool_calls"), f"{at}.tool_calls", called if role == "assistant" else set())
    if role == "tool":
        _check_result(message, at, called)
    elif role == "user" and content is None:
        raise missing(f"{at}.content")


def _check_parts(parts: list[Any], at: str, needs: set[str]) -> None:
    for index, part in enumerate(parts):
        if not isinstance(part, dict):
            raise wrong(f"{at}.{index}", "an object")
        kind = part.get("type")
        if not isinstance(kind, str):
            raise missing(f"{at}.{index}.type") if kind is None else wrong(f"{at}.{index}.type", "a string")
        field = PART_FIELD.get(kind)
        if field is not None and not isinstance(part.get(field), str):
            raise wrong(f"{at}.{index}.{field}", "a string")
        if (need := PART_NEEDS.get(kind)) is not None:
            if not isinstance(part.get(kind), dict | str):
                raise wrong(f"{at}.{index}.{kind}", "an object")
            needs.add(need)


def _check_calls(calls: Any, at: str, called: set[str]) -> None:
    if calls is None:
        return
    if (expected := things(calls)) is not None:
        raise wrong(at, expected)
    for index, call in enumerate(calls):
        if not isinstance(call.get("id"), str):
            raise wrong(f"{at}.{index}.id", "a string")
        called.add(call["id"])


def _check_result(message: Mapping[str, Any], at: str, called: set[str]) -> None:
    answers = message.get("tool_call_id")
    if answers is None:
        raise missing(f"{at}.tool_call_id")
    if not isinstance(answers, str):
        raise wrong(f"{at}.tool_call_id", "a string")
    if answers not in called:
        raise invalid(
            f"'{answers[:64]}' is the result of a tool call that no earlier assistant message makes.",
            param=f"{at}.tool_call_id",
        )
