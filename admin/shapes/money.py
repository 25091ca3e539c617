"""What was spent, what will be, and what a call would cost."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import (
    COUNT,
    DAY,
    DOLLARS,
    FLAG,
    SECONDS,
    TEXT,
    Fields,
    Schema,
    about,
    by_name,
    either,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

FIGURES: Final[Fields] = {
    "requests": COUNT,
    "prompt_tokens": COUNT,
    "completion_tokens": COUNT,
    "cost_usd": DOLLARS,
    "saved_usd": about(DOLLARS, "what kept answers would have cost"),
}
STANDING: Final[Fields] = {
    "limit_usd": DOLLARS,
    "spent_usd": DOLLARS,
    "held_usd": about(DOLLARS, "set aside by calls under way"),
    "per": about(TEXT, "hour, day, week, month, total, or seconds"),
    "resets_at": about(maybe(SECONDS), "seconds since 1970; null: never"),
}
BAND: Final[Fields] = {
    "expected_usd": DOLLARS,
    "low_usd": about(DOLLARS, "the 10th percentile"),
    "high_usd": about(DOLLARS, "the 90th percentile"),
}
OUT: Final = thing({name: maybe(DAY) for name in ("expected", "earliest", "latest")})


def _by(*names: str) -> Fields:
    return {f"by_{name}": some(thing({name: TEXT, **FIGURES})) for name in names}


SHAPES: Final[Mapping[str, Schema]] = {
    "Usage": thing(
        {"key": TEXT, **FIGURES, "held_usd": DOLLARS, "budgets": some(named("UsedBudget"))},
    ),
    "UsedBudget": thing(STANDING, {"model": about(TEXT, "the pattern of models that it is for")}),
    "Costs": thing(
        {
            "period": one_of("day", "week", "month", "all"),
            "since": SECONDS,
            "total_cost": DOLLARS,
            **FIGURES,
            "failed": COUNT,
            "estimated": about(COUNT, "calls whose tokens nobody has told"),
            "usage": about(by_name(COUNT), "tokens of each kind, where there are any"),
            **_by("provider", "model", "key", "team", "route", "tag"),
        }
    ),
    "DailyCosts": thing(
        {"zone": TEXT, "total_cost": DOLLARS, "total_saved": DOLLARS, "days": some(thing({"date": DAY, **FIGURES}))},
    ),
    "Forecast": thing(
        {
            "method": about(TEXT, "how it was reckoned"),
            "days_seen": COUNT,
            "month": thing({"ends_at": SECONDS, "spent_usd": DOLLARS, **BAND}),
            "budgets": some(thing({**STANDING, "runs_out": about(OUT, "the day on which it is used up")}, BAND)),
        },
        {"key": TEXT, "team": TEXT},
    ),
    "Estimate": thing(
        {"object": word("estimate"), "model": TEXT, "route": TEXT, "targets": some(named("EstimatedTarget"))}
    ),
    "EstimatedTarget": thing(
        {
            "target": TEXT,
            "input_tokens": COUNT,
            "input_from": about(TEXT, "how they were counted"),
            "output": thing({"p50": COUNT, "p90": COUNT, "from": TEXT, "calls": COUNT}),
            "cost_usd": thing(
                {
                    "p50": maybe(DOLLARS),
                    "p90": maybe(DOLLARS),
                    "bound": about(maybe(DOLLARS), "the most that it can cost"),
                    "confidence": one_of("high", "medium", "low"),
                }
            ),
            "bound": either(
                thing({"input_tokens": COUNT, "output_tokens": COUNT, "cost_usd": DOLLARS}),
                named("Unbounded"),
            ),
            "priced": FLAG,
            "configured": FLAG,
        }
    ),
    "Unbounded": thing({"unbounded": about(TEXT, "why there is no bound"), "param": maybe(TEXT)}),
}
