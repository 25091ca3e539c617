"""What a client asks of routing, held against the names that exist."""

from collections.abc import Iterable, Mapping
from typing import Final

from core.errors import Refusal
from core.tasks import TASKS, task_named
from core.wishes import Wishes
from routing.strategies import STRATEGIES, strategy_named

# `parallel_tools` and `code` follow from what else is known of a model; `streaming` is what all of them can do.
CAPABILITIES: Final = (
    *("tools", "parallel_tools", "vision", "files", "audio"),
    *("json_schema", "reasoning", "code", "streaming"),
)
_ALSO: Final[Mapping[str, str]] = {
    "code_generation": "code",
    "coding": "code",
    "document": "files",
    "documents": "files",
    "file": "files",
    "function_calling": "tools",
    "functions": "tools",
    "image": "vision",
    "images": "vision",
    "parallel_tool_calls": "parallel_tools",
    "pdf": "files",
    "stream": "streaming",
    "structured_output": "json_schema",
    "thinking": "reasoning",
}


def capability_named(text: str) -> str | None:
    """The capability that *text* names, by one of its spellings."""
    name = _plain(text)
    name = _ALSO.get(name, name)
    return name if name in CAPABILITIES else None


def checked(wishes: Wishes) -> Wishes:
    """*wishes* in our own spellings. Raises Refusal for a strategy, task or capability that doesn't exist."""
    strategy, task = wishes.strategy, wishes.task
    if strategy and (strategy := strategy_named(wishes.strategy) or "") == "":
        raise _unknown("strategy", wishes.strategy, STRATEGIES, code="unknown_strategy")
    if task and (task := task_named(wishes.task) or "") == "":
        raise _unknown("task", wishes.task, TASKS, code="unknown_task")
    capabilities = frozenset(map(_capability, wishes.capabilities))
    return wishes._replace(strategy=strategy, task=task, capabilities=capabilities - {"streaming"})


def _capability(text: str) -> str:
    if (name := capability_named(text)) is None:
        raise _unknown("capability", text, CAPABILITIES, code="unknown_capability")
    return name


def _unknown(field: str, text: str, known: Iterable[str], *, code: str) -> Refusal:
    shown = text.encode("unicode_escape").decode("ascii")[:64]
    message = f"There is no {field} called '{shown}'. There are: {', '.join(known)}."
    return Refusal(400, message, param=f"routing.{field}", code=code)


def _plain(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")
