"""The one shape of everything that is refused."""

from collections.abc import Mapping
from typing import Final

from admin.shapes.words import COUNT, NUMBER, TEXT, Schema, about, by_name, maybe, named, some, thing

FIELDS: Final[Mapping[str, Schema]] = {
    "message": about(TEXT, "what is wrong, for people"),
    "type": about(TEXT, "OpenAI's word for the kind of error"),
    "param": about(maybe(TEXT), "the field of the body, query or path that it is about: messages.0.role"),
    "code": about(maybe(TEXT), "what is wrong, for programs"),
}

SHAPES: Final[Mapping[str, Schema]] = {
    "Error": thing({"error": named("Refusal")}),
    "Refusal": thing(
        FIELDS,
        {
            "attempts": about(some(named("Failure")), "of a call: the targets that were tried"),
            "skipped": about(some(named("Skipped")), "of a call: the targets that weren't tried; of many, the first"),
            "skipped_by_reason": about(by_name(COUNT), "where many were skipped: how many for which reason"),
            "could": about(some(TEXT), "models that could take such a call"),
            "quota": about(named("Quota"), "the budget or limit that has too little left"),
        },
    ),
    "Failure": thing({"target": TEXT, "fault": TEXT, "message": TEXT}),
    "Skipped": thing({"target": TEXT, "reason": TEXT}),
    "Quota": thing(
        {"scope": about(TEXT, "whose it is: key/alice"), "kind": TEXT, "per": maybe(TEXT), "resets_at": maybe(TEXT)},
        dict.fromkeys(("limit_usd", "spent_usd", "held_usd", "needed_usd", "limit", "used", "held", "needed"), NUMBER),
    ),
}
