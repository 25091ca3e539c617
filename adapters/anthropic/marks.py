"""Cache marks as Anthropic allows them: four at most, and those of an hour before those of five minutes."""

from collections.abc import Iterator
from typing import Final

from adapters.fields import Fields
from core.wire import Json

MOST: Final = 4


def settle(body: Json, fields: Fields) -> None:
    """Thin the marks of *body* out where they are too many: the first stays, and the last three.

    The first is what all conversations have in common; the last are where this one goes on. A mark before one of an
    hour lasts an hour too, since the later one writes the earlier part again anyway.
    """
    places = list(_marked(body))
    room = MOST - ("cache_control" in body)
    if len(places) > room:
        kept = [places[0], *places[1 - room :]]
        for block in places[1 : 1 - room]:
            del block["cache_control"]
        fields.dropped("cache_control")
        places = kept
    long = False
    for block in reversed(places):
        long = long or block["cache_control"].get("ttl") == "1h"
        if long:
            block["cache_control"] = {"type": "ephemeral", "ttl": "1h"}


def _marked(body: Json) -> Iterator[Json]:
    """In the order in which Anthropic reads: tools, system, messages."""
    yield from _of(body.get("tools", ()))
    yield from _of(body.get("system", ()))
    for message in body["messages"]:
        yield from _of(message["content"])


def _of(blocks: list[Json]) -> Iterator[Json]:
    return (block for block in blocks if "cache_control" in block)
