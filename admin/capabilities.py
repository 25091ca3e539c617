"""What a model is, for whoever chooses one: what it can take, what it costs, what it is good at."""

from typing import Any, Final

from catalog.lookup import Model
from core.tasks import TASKS

NANO: Final = 1_000_000_000
STRONG: Final = 0.8
CAPABILITIES: Final[dict[str, str]] = {
    "tools": "tools",
    "vision": "vision",
    "pdf": "files",
    "audio": "audio",
    "json_schema": "json_schema",
    "reasoning": "reasoning",
}


def capabilities(model: Model) -> dict[str, Any]:
    """What isn't known is null, and no capability."""
    can = model.abilities
    return {
        "context_window": can.context,
        "max_output": can.max_output,
        "capabilities": {name: ours in can.capabilities for name, ours in CAPABILITIES.items()},
        "prices": prices(model),
        "strengths": [task for task in TASKS if model.quality.get(task, 0.0) >= STRONG],
        "multimodal": bool(can.capabilities & {"vision", "audio", "files"}),
    }


def prices(model: Model) -> dict[str, float] | None:
    """Of the standard tier, in dollars for a million tokens; None where nobody knows them."""
    price = model.price
    if price is None:
        return None
    return {
        "input_usd_per_million": price.input / NANO,
        "output_usd_per_million": price.output / NANO,
        "cached_input_usd_per_million": price.cache_read / NANO,
    }
