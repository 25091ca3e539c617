"""How the gateway is, and what it says of itself."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import (
    COUNT,
    DOLLARS,
    FLAG,
    NUMBER,
    SECONDS,
    TEXT,
    Fields,
    Schema,
    about,
    by_name,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

BRIEF: Final[Fields] = {"status": one_of("ok", "draining"), "generation": TEXT, "reload_ok": FLAG}
LOOK: Final[Fields] = {"ok": FLAG, "at": SECONDS, "seconds": maybe(NUMBER), "fault": maybe(TEXT)}
RELOAD: Final[Fields] = {
    "ok": FLAG,
    "changed": FLAG,
    "generation": TEXT,
    "at": SECONDS,
    "problems": some(TEXT),
    "waiting_for_restart": some(TEXT),
}

SHAPES: Final[Mapping[str, Schema]] = {
    "Alive": thing({"status": word("ok")}),
    "Ready": thing({"status": one_of("ok", "draining")}),
    "Health": about(
        thing(
            BRIEF,
            {
                "providers": by_name(named("ProviderHealth")),
                "targets": by_name(named("TargetHealth")),
                "resting": about(
                    by_name(by_name(thing({"fault": TEXT, "seconds": NUMBER}))),
                    "credentials that can't be used, for which targets (*: for any), why and for how long",
                ),
                "routes": some(TEXT),
                "money": named("MoneyHealth"),
                "last_reload": named("Reload"),
                "warnings": some(TEXT),
            },
        ),
        "all but the first three fields only for the operator",
    ),
    "ProviderHealth": thing(
        {"configured": FLAG, "dialect": TEXT},
        {
            "why_not": TEXT,
            "discovery": thing({**LOOK, "models": COUNT}),
            "probe": thing(LOOK),
        },
    ),
    "TargetHealth": thing(
        {"breaker": TEXT, "in_flight": COUNT, "limit": maybe(COUNT), "queued": COUNT},
        {"cause": maybe(TEXT), "seconds": NUMBER, "strikes": NUMBER, "heard": FLAG, "lost": TEXT},
    ),
    "MoneyHealth": thing(
        {
            "store": thing({"kind": TEXT, "up": FLAG}),
            "ledger": maybe(thing({"up": FLAG, "rows_waiting": COUNT})),
            "journal": thing({"full": FLAG}),
            "debt_usd": DOLLARS,
        }
    ),
    "Reload": thing(RELOAD),
    "LastReload": thing({**RELOAD, "error": maybe(TEXT)}),
    "Front": thing({"object": word("api"), "openapi": TEXT, "docs": TEXT}),
    "Document": about(thing({"openapi": TEXT, "info": {"type": "object"}, "paths": {"type": "object"}}), "this one"),
}
