"""Answers that are kept: what a call may wish of them, and how much they are used."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import (
    COUNT,
    DOLLARS,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    Fields,
    Schema,
    about,
    either,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

COUNTED: Final[Fields] = {
    **dict.fromkeys(("hits", "misses", "stale", "bypassed"), COUNT),
    "saved_usd": DOLLARS,
}

SHAPES: Final[Mapping[str, Schema]] = {
    "CacheWish": {
        **thing(
            {},
            {
                "ttl": about(
                    maybe(either(NUMBER, TEXT)), "how old an answer may be, and how long it is kept: 600, 10m"
                ),
                "scope": about(maybe(one_of("key", "team", "service")), "whose answers it may be"),
                "refresh": about(maybe(FLAG), "true: ask anew, and keep that"),
                "only": about(maybe(FLAG), "true: an answer that is kept, or none"),
                "pace": about(maybe(FLAG), "true: as slowly as it first came"),
                "tags": about(maybe(either(TEXT, some(TEXT))), "by which it can be forgotten"),
            },
        ),
        "additionalProperties": False,
    },
    "Cache": thing(
        {
            "object": word("cache"),
            "kind": one_of("memory", "redis"),
            "reached": FLAG,
            "entries": COUNT,
            "bytes": COUNT,
            "max_bytes": COUNT,
            **COUNTED,
            "by_route": some(thing({"route": TEXT, **COUNTED})),
        },
        {"samples": some(named("CacheSample"))},
    ),
    "CacheSample": about(
        thing(
            {
                "time": MOMENT,
                "route": TEXT,
                "key": TEXT,
                "similarity": NUMBER,
                "asked": TEXT,
                "like": TEXT,
                "outcome": TEXT,
                "differs_in": maybe(TEXT),
            }
        ),
        "two questions that were held to be alike, or nearly",
    ),
    "Forgotten": thing({"removed": COUNT}),
}
