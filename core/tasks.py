"""What calls are for, as far as it makes a difference who answers them."""

from collections.abc import Mapping
from typing import Final

from core.call import Call

TASKS: Final = (
    "chat",
    "code_generation",
    "analysis",
    "reasoning",
    "vision",
    "long_context",
    "extraction",
    "translation",
    "creative",
    "tool_use",
)
CHAT: Final = "chat"
EFFORT: Final = "reasoning_effort"
LONG: Final = 400_000  # bytes of a body that is mostly context: about a hundred thousand tokens
_ALSO: Final[Mapping[str, str]] = {
    "agent": "tool_use",
    "agents": "tool_use",
    "classification": "extraction",
    "code": "code_generation",
    "coding": "code_generation",
    "conversation": "chat",
    "creative_writing": "creative",
    "function_calling": "tool_use",
    "general": "chat",
    "image": "vision",
    "images": "vision",
    "json": "extraction",
    "math": "reasoning",
    "programming": "code_generation",
    "structured_output": "extraction",
    "summarisation": "analysis",
    "summarization": "analysis",
    "tools": "tool_use",
    "writing": "creative",
}
_NAMED: Final[Mapping[str, str]] = {**_ALSO, **{task: task for task in TASKS}}


def task_named(text: str) -> str | None:
    """The task that *text* names, by one of its spellings: `Code-Generation` and `coding` are code_generation."""
    return _NAMED.get(text.strip().lower().replace("-", "_").replace(" ", "_"))


def task_of(call: Call) -> str:
    """The task that a call names, or else the one that it looks like."""
    asked = call.wishes.task
    return (task_named(asked) if asked else None) or guessed(call)


def guessed(call: Call) -> str:
    """The task of a call that doesn't say."""
    needs = call.needs
    if needs:
        if "vision" in needs:
            return "vision"
        if "tools" in needs:
            return "tool_use"
        if "json_schema" in needs:
            return "extraction"
    if EFFORT in call.body:
        return "reasoning"
    return "long_context" if call.size >= LONG else CHAT
