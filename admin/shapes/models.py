"""Models as those who choose one read of them."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import (
    COUNT,
    DOLLARS,
    FLAG,
    NUMBER,
    SHARE,
    TEXT,
    Fields,
    Schema,
    about,
    by_name,
    listed,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

CAPABILITIES: Final = ("tools", "vision", "pdf", "audio", "json_schema", "reasoning")
ORDERS: Final = ("cheapest", "fastest", "best")
MIDDLES: Final = thing({"p50": maybe(NUMBER), "p95": maybe(NUMBER)})
LIVE: Final[Fields] = {
    "calls": about(maybe(COUNT), "null for a client"),
    "errors": maybe(COUNT),
    "error_rate": maybe(SHARE),
    "first_content_ms": MIDDLES,
    "answer_ms": MIDDLES,
    "tokens_per_second": MIDDLES,
    "usd_per_call": maybe(DOLLARS),
}
PRICES: Final[Fields] = {f"{kind}_usd_per_million": DOLLARS for kind in ("input", "output", "cached_input", "blended")}
FACTS: Final[Fields] = {
    "context_window": maybe(COUNT),
    "max_output": maybe(COUNT),
    "capabilities": thing(dict.fromkeys(CAPABILITIES, FLAG)),
    "prices": about(maybe(thing(PRICES)), "null: nobody knows them"),
    "strengths": some(TEXT),
    "multimodal": FLAG,
    "modalities": thing({"input": some(TEXT), "output": some(TEXT)}),
    "use_cases": some(TEXT),
    "source": about(maybe(TEXT), "where its figures are from"),
}

SHAPES: Final[Mapping[str, Schema]] = {
    "ModelFacts": thing(
        {
            "id": about(TEXT, "provider/model"),
            "object": word("model"),
            "provider": TEXT,
            "model": TEXT,
            **FACTS,
            "configured": FLAG,
            "quality": about(by_name(NUMBER), "by task, from 0 to 1"),
            "routes": about(some(TEXT), "those that lead to it"),
            "live": about(named("Live"), "the last hour; null is what nobody has seen"),
        }
    ),
    "Live": thing(LIVE),
    "SeenBy": thing({"window_seconds": COUNT, "processes": thing({"heard": COUNT, "known": COUNT})}),
    "ModelsFound": listed(
        named("ModelFacts"),
        goes_by=about(by_name(TEXT), "what was asked for, and what it was taken to mean"),
        live=about(named("SeenBy"), "whose figures they are"),
    ),
    "Comparison": thing(
        {
            "object": word("comparison"),
            "task": TEXT,
            "data": some(named("ModelFacts")),
            "axes": some(thing({"name": TEXT, "field": TEXT, "unit": TEXT, "better": one_of("lower", "higher")})),
            "leads": about(thing(dict.fromkeys(ORDERS, maybe(TEXT))), "who comes first by each order"),
            "live": named("SeenBy"),
        }
    ),
    "News": about(
        thing({"event": one_of("call", "breaker", "alert", "reload", "target", "gap"), "data": TEXT}),
        "one of the events, whose data is JSON",
    ),
}
