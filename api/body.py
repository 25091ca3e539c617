"""Bytes of a request -> a JSON object, or a refusal in OpenAI's words."""

from typing import Any, Final

import orjson

from core.errors import Refusal

# Parsing runs on the event loop. What costs time and memory isn't bytes but values: beyond this many
# a body would hold everybody up for more than a tenth of a second.
MOST_VALUES: Final = 1_000_000
SMALL: Final = 1_000_000


def parse(body: bytes | memoryview) -> dict[str, Any]:
    """The body as a JSON object."""
    if len(body) > SMALL and _values(bytes(body)) > MOST_VALUES:
        raise Refusal(413, "The request body holds too many values.", code="request_too_complex")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, f"We could not parse the JSON body of your request: {error}.", code="invalid_json") from None
    if not isinstance(value, dict):
        raise Refusal(400, "The JSON body of your request must be an object.", code="invalid_json")
    return value


def _values(body: bytes) -> int:
    """How many values there are at most: a comma in a text counts, too."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")
