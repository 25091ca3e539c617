"""Keys that are made at run time, as they are sent and told."""

from collections.abc import Mapping
from typing import Any, Final

from admin.shapes.words import (
    ANYTHING,
    COUNT,
    FLAG,
    MOMENT,
    NAME,
    NUMBER,
    TEXT,
    Schema,
    about,
    by_name,
    either,
    listed,
    maybe,
    named,
    one_of,
    some,
    thing,
    word,
)

SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}
RATES: Final = about(either(SCALAR, some(SCALAR)), "60/min, or a list of such rates")

# What the file says of a key under `keys`, too. Whoever sends it may write numbers as texts, as YAML would.
FIELDS: Final[Mapping[str, Schema]] = {
    "disabled": about(SCALAR, "true: it is refused until that is taken back"),
    "expires": about(SCALAR, "a day, which it sees to its end, or a time: 2027-01-31, 2027-01-31T12:00Z"),
    "models": about(either(SCALAR, some(SCALAR)), "what it may ask for: names and patterns; all if absent"),
    "team": about(SCALAR, "one of the configuration's"),
    "tags": about(either(SCALAR, some(SCALAR)), "some of the configuration's, which all its calls carry"),
    "budget": about(either(TEXT, named("Budget"), some(either(TEXT, named("Budget")))), "50/month, or at length"),
    "limits": about(named("Limits"), "calls and tokens in a time, and calls at a time"),
    "per_model": about(by_name(named("Allowance")), "budgets and limits of its own for the models that fit a pattern"),
    "max_cost": about(SCALAR, "the most that one call may cost, in dollars"),
    "priority": about(one_of("high", "normal", "low"), "its place in line where targets are full"),
    "holds": about(one_of("whole", "slices"), "what is set aside for a stream: all at once, or as it goes on"),
}
NULLABLE: Final[Mapping[str, Schema]] = {name: maybe(schema) for name, schema in FIELDS.items()}
NAMED: Final[Mapping[str, Schema]] = {
    "object": word("key"),
    "name": NAME,
    "hash": about(TEXT, "the beginning of its secret's sha256, which tells it from others"),
    "state": one_of("active", "disabled", "expired", "unusable"),
    "created_at": MOMENT,
    "changed_at": MOMENT,
}
LATELY: Final[Mapping[str, Schema]] = {
    "problems": about(some(TEXT), "of an unusable one: what the configuration has against it"),
    "former_key_until": about(MOMENT, "until when the secret before this one goes on"),
    "warnings": some(TEXT),
}
SECRET: Final = about(TEXT, "the secret, which nobody can ever read again")


def _closed(schema: Any) -> Schema:
    """Nothing but these fields."""
    return {**schema, "additionalProperties": False}


SHAPES: Final[Mapping[str, Schema]] = {
    "Budget": _closed(
        thing(
            {"usd": about(SCALAR, "dollars")},
            {
                "per": about(TEXT, "hour, day, week, month, total, or a duration such as 12h"),
                "zone": about(TEXT, "whose days count: Europe/Berlin"),
                "when_spent": about(TEXT, "a route that answers instead, or reject"),
                "when_down": one_of("allotment", "closed", "open"),
            },
        )
    ),
    "Limits": _closed(thing({}, {"requests": RATES, "tokens": RATES, "concurrent": about(SCALAR, "calls at a time")})),
    "Allowance": _closed(thing({}, {"budget": FIELDS["budget"], "limits": FIELDS["limits"]})),
    "KeyWish": _closed(
        thing(
            {"name": {**NAME, "maxLength": 64}},
            {**NULLABLE, "sha256": about(maybe(TEXT), "of a secret that its holder has already: 64 hex digits")},
        )
    ),
    "KeyPatch": about(
        _closed(thing({}, {"name": about(NAME, "if it is said, its own"), **NULLABLE})),
        "merged into its fields (RFC 7396): null removes one, lists are replaced",
    ),
    "Grace": thing({}, {"grace": about(maybe(either(TEXT, NUMBER)), "how long the secret until now goes on: 24h")}),
    "Key": thing(NAMED, {**FIELDS, **LATELY}),
    "NewKey": thing(NAMED, {"key": SECRET, **FIELDS, **LATELY}),
    "Keys": listed(named("Key"), has_more=FLAG, next=about(maybe(TEXT), "what `after` says for the keys that follow")),
    "Revoked": thing({"object": word("key"), "name": NAME, "deleted": {"type": "boolean", "const": True}}),
    "KeyRows": about(
        either(some(ANYTHING), thing({"keys": some(ANYTHING)}), thing({"data": some(ANYTHING)})),
        "keys with name and sha256 and any fields, or another gateway's list of its keys",
    ),
    "Import": thing(
        {
            "ok": about(FLAG, "false: none was made"),
            "made": COUNT,
            "there": COUNT,
            "wrong": COUNT,
            "rows": some(
                thing(
                    {"line": COUNT, "name": TEXT, "result": one_of("made", "ready", "there", "left", "wrong")},
                    {"why": TEXT, "notes": some(TEXT)},
                )
            ),
        }
    ),
}
