"""Operations of GraphQL as they are sent and answered, and sessions of the dashboard."""

from collections.abc import Mapping
from typing import Final

from admin.shapes import errors
from admin.shapes.words import (
    ANY_THING,
    ANYTHING,
    COUNT,
    NAME,
    SECONDS,
    TEXT,
    Schema,
    about,
    maybe,
    named,
    one_of,
    some,
    thing,
)

EXTENSIONS: Final[Mapping[str, Schema]] = {
    "status": about(COUNT, "what the answer's would be elsewhere"),
    **{name: each for name, each in errors.SHAPES["Refusal"]["properties"].items() if name != "message"},
}

SHAPES: Final[Mapping[str, Schema]] = {
    "GraphOperation": thing(
        {"query": about(TEXT, "the document")},
        {
            "variables": about(maybe(ANY_THING), "by the names that the document gives them"),
            "operationName": about(maybe(TEXT), "which of the document's operations, if there are several"),
        },
    ),
    "GraphAnswer": about(
        thing({}, {"data": maybe(ANY_THING), "errors": some(named("GraphError"), minItems=1)}),
        "`data` is absent where nothing of the operation was begun",
    ),
    "GraphError": thing(
        {"message": TEXT},
        {
            "locations": some(thing({"line": COUNT, "column": COUNT})),
            "path": some(ANYTHING),
            "extensions": thing({}, EXTENSIONS),
        },
    ),
    "GraphEvents": about(
        thing({"event": one_of("next", "complete"), "data": TEXT}),
        "one of the events, by the protocol of graphql-sse: each `next` has an answer as its data, `complete` nothing",
    ),
    "Login": thing({"key": about(NAME, "the admin key")}),
    "Session": thing(
        {
            "token": about(maybe(TEXT), "what has to come in `x-csrf-token` with all that changes something"),
            "ends": maybe(SECONDS),
        }
    ),
}
