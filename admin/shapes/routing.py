"""Targets, routes, the configuration, and whether everything is there."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.money import BAND, OUT, STANDING
from admin.shapes.words import (
    ANY_THING,
    COUNT,
    FLAG,
    NUMBER,
    SECONDS,
    SHARE,
    TEXT,
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

STATUS: Final = one_of("up", "down")
SEEN: Final = about(named("SeenBy"), "whose figures they are")

SHAPES: Final[Mapping[str, Schema]] = {
    "Target": thing(
        {
            "id": about(TEXT, "provider/model"),
            "provider": TEXT,
            "model": TEXT,
            "configured": FLAG,
            "routes": some(TEXT),
            "credentials": some(thing({"name": TEXT, "resting_until": maybe(SECONDS), "cause": maybe(TEXT)})),
            "presence": one_of("there", "lost"),
            "benched": about(maybe(named("Bench")), "null: it isn't"),
            "breaker": thing(
                {
                    "state": one_of("closed", "open", "half_open"),
                    "opens_until": maybe(SECONDS),
                    "strikes": NUMBER,
                    "cause": maybe(TEXT),
                    "heard": about(FLAG, "whether it was another process that met it"),
                }
            ),
            "in_flight": COUNT,
            "queued": COUNT,
            "limit": about(maybe(COUNT), "null: as many as come"),
            "live": named("Live"),
        }
    ),
    "Bench": thing({"until": SECONDS, "seconds": about(COUNT, "until then"), "reason": TEXT}),
    "BenchWish": {
        **thing(
            {},
            {
                "seconds": {"type": "number", "minimum": 1, "maximum": 604_800, "description": "for how long"},
                "reason": {"type": "string", "maxLength": 200},
            },
        ),
        "additionalProperties": False,
    },
    "Targets": listed(named("Target"), live=SEEN),
    "Route": thing(
        {
            "name": TEXT,
            "strategy": about(maybe(TEXT), "null: its stages have different ones"),
            "stages": some(
                thing({"strategy": TEXT, "on": some(TEXT), "targets": some(TEXT), "weights": by_name(NUMBER)})
            ),
            "fallback": FLAG,
            "on_break": TEXT,
            "canary": maybe(
                thing({"targets": some(TEXT), "shares": some(SHARE), "every_seconds": NUMBER, "minimum": COUNT})
            ),
            "shadow": maybe(thing({"target": TEXT, "share": SHARE, "key": TEXT})),
            "hedge": maybe(thing({"seconds": maybe(NUMBER), "quantile": maybe(NUMBER), "at_most": NUMBER})),
            "seen": about(by_name(COUNT), "calls of the last hour that came by it, by target"),
            "time": SECONDS,
        }
    ),
    "Routes": listed(named("Route"), live=SEEN),
    "Configuration": thing(
        {
            "generation": TEXT,
            "loaded_at": SECONDS,
            "file": TEXT,
            "last_reload": named("LastReload"),
            "warnings": some(TEXT),
            "config": about({**ANY_THING, "additionalProperties": True}, "all of it, its secrets left out"),
        }
    ),
    "Monitored": thing(
        {
            "status": one_of("ok", "error"),
            "info": thing(
                {
                    "redis": about(
                        thing({"status": STATUS, "details": thing({"connection": FLAG, "latency": NUMBER})}),
                        "the state store, whatever it is; milliseconds",
                    ),
                    "providers": thing({"status": STATUS, "details": by_name(named("ProviderState"))}),
                }
            ),
        }
    ),
    "ProviderState": thing({"status": STATUS, "latency": about(NUMBER, "milliseconds; 0: not known yet")}),
    "Alerts": thing({"object": word("list"), "data": some(named("Alert"))}),
    "Alert": {
        **thing(
            {
                "event": TEXT,
                "kind": TEXT,
                "scope": TEXT,
                "state": one_of("firing", "resolved"),
                "message": TEXT,
                "since": SECONDS,
            }
        ),
        "additionalProperties": True,
        "description": "with the figures that it is about",
    },
    "Delivered": thing({"delivered": FLAG}),
    "Budgets": thing({"object": word("list"), "data": some(named("BudgetStanding"))}),
    "BudgetStanding": thing(
        {"scope": TEXT, "model": maybe(TEXT), **STANDING},
        {**BAND, "runs_out": OUT},
    ),
}
