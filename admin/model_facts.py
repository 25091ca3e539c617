"""A model at a provider as those who choose one read of it: what it is for, takes and gives, and how it has done."""

import re
from collections.abc import Mapping
from typing import Any, Final

from admin.capabilities import NANO, capabilities
from admin.dollars import number
from catalog.lookup import Model
from core.target import Target
from routing.live import Buckets, Seen, percentiles

USE_CASES: Final[Mapping[str, str]] = {
    "chat": "conversation and support",
    "code_generation": "writing, changing and reviewing code",
    "analysis": "summaries and analysis of texts",
    "reasoning": "mathematics, planning and problems of many steps",
    "vision": "questions about images",
    "long_context": "long documents, or many at once",
    "extraction": "structured facts from texts",
    "translation": "translation",
    "creative": "stories, advertising and other creative writing",
    "tool_use": "agents that use tools",
}
NEEDS: Final[Mapping[str, str]] = {"vision": "vision", "tool_use": "tools"}  # without which a task can't be done
ROOMY: Final = 100_000  # tokens of context that long documents need
CHEAP: Final = 0.5  # dollars per million tokens, blended
BULK: Final = "large numbers of simple calls"
INPUTS: Final[Mapping[str, str]] = {"vision": "image", "files": "pdf", "audio": "audio"}
_OUTPUTS: Final = (
    (re.compile(r"(?:^|[-_./])embed(?:ding)?(?=$|[-_.:/\d])"), "embedding"),
    (re.compile(r"(?:^|[-_./])(?:image|dall-e)(?=$|[-_.:/\d])"), "image"),
    (re.compile(r"(?:^|[-_./])(?:tts|audio|realtime)(?=$|[-_.:/\d])"), "audio"),
)
MADE_OF: Final = (3, 1)  # parts of input and output in a blended price


def facts(target: Target, model: Model) -> dict[str, Any]:
    """All that stays the same until the configuration changes."""
    told = capabilities(model)
    if (price := blended(model)) is not None:
        told["prices"]["blended_usd_per_million"] = price
    return {
        "id": target.id,
        "object": "model",
        "provider": target.provider,
        "model": target.model,
        **told,
        "modalities": {"input": inputs(model), "output": outputs(target.model, model)},
        "use_cases": use_cases(model, told["strengths"], price),
        "source": model.source or None,
    }


def blended(model: Model) -> float | None:
    """Dollars for a million tokens, three of input to one of output; None where no price is known."""
    price = model.price
    if price is None:
        return None
    into, out = MADE_OF
    return (into * price.input + out * price.output) / (into + out) / NANO


def inputs(model: Model) -> list[str]:
    known = model.abilities.capabilities
    return ["text", *(shown for ours, shown in INPUTS.items() if ours in known)]


def outputs(name: str, model: Model) -> list[str]:
    """By what the catalog says of its endpoints, else by its name."""
    if model.abilities.flags.get("endpoints") == ("embeddings",):
        return ["embedding"]
    bare = name.lower()
    special = next((shown for pattern, shown in _OUTPUTS if pattern.search(bare)), "text")
    return ["text", "audio"] if special == "audio" else [special]


def use_cases(model: Model, strengths: list[str], price: float | None) -> list[str]:
    """Of its strengths those that it has the means for; and bulk, if it is cheap."""
    cheap = [BULK] if price is not None and price <= CHEAP else []
    return [USE_CASES[task] for task in strengths if does(model, task)] + cheap


def does(model: Model, task: str) -> bool:
    """Whether nothing that is known of *model* keeps it from *task*."""
    can = model.abilities
    if task == "long_context":
        return can.context is None or can.context >= ROOMY
    need = NEEDS.get(task)
    return need is None or not can.capabilities or need in can.capabilities


def live(seen: Seen, *, amounts: bool = True) -> dict[str, Any]:
    """How its calls went; null is what nobody has seen. *amounts* False: for somebody whom it doesn't concern how much
    others use it.
    """
    cost = seen.usual_cost
    return {
        "calls": seen.calls if amounts else None,
        "errors": seen.errors if amounts else None,
        "error_rate": round(seen.errors / seen.calls, 4) if seen.calls else None,
        "first_content_ms": _percentiles(seen.first),
        "answer_ms": _percentiles(seen.whole),
        "tokens_per_second": _percentiles(seen.pace),
        "usd_per_call": number(cost) if amounts and cost is not None else None,
    }


def _percentiles(buckets: Buckets) -> dict[str, float | None]:
    middle, slow = percentiles(buckets, 0.5, 0.95)
    return {"p50": _short(middle), "p95": _short(slow)}


def _short(figure: float | None) -> float | None:
    """Three digits are more than buckets can tell."""
    return None if figure is None else float(f"{figure:.3g}")
