"""What the operator says about models, beside and above what the catalog knows."""

from collections.abc import Collection, Mapping
from typing import Any

from config import units
from config.allowances import Written, take_allowance
from config.policies import CONCURRENCY
from config.problems import Notes, printable
from config.readers import MONEY, TEXT, TRUTH, choice, number, scalar, several, whole
from config.schema import ModelFacts
from config.section import Entry, Reader, Section, changed, entries
from config.yaml_lines import Fields
from core.tasks import TASKS, task_named

PRICES = (
    *("input", "output", "cache_read", "cache_write", "cache_write_long"),
    *("audio_input", "audio_output", "image_output", "search"),
)
TIERS = ("flex", "priority", "batch")


def read_models(
    entry: Entry | None, notes: Notes, *, providers: Collection[str]
) -> tuple[dict[str, ModelFacts], dict[str, Written]]:
    """The facts by name, and by scope the allowances, which are still to be read."""
    models: dict[str, ModelFacts] = {}
    allowances: dict[str, Written] = {}
    for name, one in Section(entry, notes).every():
        provider, _, model = name.partition("/")
        if not model:
            notes.error(one, "expected the name of a model such as openai/gpt-4o")
        elif provider not in providers:
            meant = notes.meant(provider, providers)
            notes.error(one, f"no provider is called {printable(provider)}{meant}")
        section = Section(one, notes)
        models[name] = ModelFacts(**changed(section, _FACTS))
        allowances[f"target/{name}"] = take_allowance(section)
        section.close()
    return models, allowances


def _price(entry: Entry, notes: Notes) -> dict[str, Any]:
    """Everything that a price may say."""
    return _prices(entry, notes, {"long": _long, **dict.fromkeys(TIERS, _tier)})


def _prices(entry: Entry, notes: Notes, more: Mapping[str, Reader[Any]]) -> dict[str, Any]:
    """Nano-dollars per million tokens. A price that lacks input or output would make some calls free."""
    section = Section(entry, notes)
    price = changed(section, {**dict.fromkeys(PRICES, MONEY), **more})
    section.close()
    for name in ("input", "output", *(("above",) if "above" in more else ())):
        if not section.says(name):
            what = "tokens of a prompt" if name == "above" else "dollars per million tokens"
            notes.error(section.at(name), f"is missing ({what})")
    return price


def _long(entry: Entry, notes: Notes) -> tuple[dict[str, Any], ...]:
    """What calls cost whose prompt has more than so many tokens."""
    return tuple(_prices(one, notes, {"above": whole(1, 1_000_000_000)}) for one in entries(entry))


def _tier(entry: Entry, notes: Notes) -> int | dict[str, Any] | None:
    """A factor, or prices."""
    if isinstance(entry.node, Fields):
        return _prices(entry, notes, {"long": _long})
    return scalar(_thousandths, "a factor such as 0.5, or prices")(entry, notes)


def _thousandths(text: str) -> int:
    factor = units.money(text) * 1000
    if factor % units.NANOS or factor > 100_000 * units.NANOS:
        raise ValueError(text)
    return factor // units.NANOS


def _flags(entry: Entry, notes: Notes) -> dict[str, object]:
    """What a model can't do, or does in a way of its own, where the catalog doesn't know it."""
    section = Section(entry, notes)
    flags: dict[str, object] = changed(section, _FLAGS)
    section.close()
    return flags


def _quality(entry: Entry, notes: Notes) -> dict[str, float] | None:
    """One figure for everything, or figures by task."""
    if not isinstance(entry.node, Fields):
        figure = _FIGURE(entry, notes)
        return None if figure is None else dict.fromkeys(TASKS, figure)
    found: dict[str, float] = {}
    for name, one in Section(entry, notes).every():
        task = task_named(name)
        if task is None:
            notes.error(one, f"no task is called {printable(name)}; known are {', '.join(TASKS)}")
        elif (figure := _FIGURE(one, notes)) is not None:
            found[task] = figure
    return found


_FIGURE: Reader[float] = number(0, 1)
_FLAGS: Mapping[str, Reader[Any]] = {
    **dict.fromkeys(
        (
            "adaptive_thinking",
            "assistant_prefill",
            "effort_max",
            "effort_minimal",
            "effort_none",
            "effort_param",
            "effort_xhigh",
            "forced_tool_choice",
            "function_call_ids",
            "hides_thinking",
            "mid_conversation_system",
            "native_structured_output",
            "prompt_cache_breakpoint",
            "sampling_params",
            "thinking_always_on",
            "thinks_by_default",
            "thought_signature_required",
        ),
        TRUTH,
    ),
    "default_effort": choice(("none", "minimal", "low", "medium", "high", "xhigh", "max"), "effort"),
    "endpoints": several(choice(("chat/completions", "responses"), "kind of endpoint")),
    "thinking_control": choice(("thinkingLevel", "thinkingBudget"), "way to control thinking"),
}
_FACTS: Mapping[str, Reader[Any]] = {
    "price": _price,
    "context": whole(1, 1_000_000_000),
    "max_output": whole(1, 1_000_000_000),
    "capabilities": several(TEXT),
    "flags": _flags,
    "quality": _quality,
    "concurrency": CONCURRENCY,
}
