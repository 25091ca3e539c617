"""The paths of Azure's clients, which name a deployment where others have the `model` in the body."""

from functools import partial
from typing import Final

import orjson

from api import ENDPOINTS, Endpoint
from core.call import Call

_NAMED: Final = "/openai/deployments/"
_NEWER: Final = "/openai/v1"
# One of them is the end of another.
_LONGEST_FIRST: Final = sorted(ENDPOINTS.values(), key=lambda each: -len(each.path))


def deployed(path: str) -> Endpoint | None:
    """What a POST to *path* asks for: `/openai/deployments/NAME/chat/completions`, or `/openai/v1/chat/completions`."""
    if path.startswith(_NEWER):
        return next((each for each in _LONGEST_FIRST if path == _NEWER + each.path), None)
    if not path.startswith(_NAMED):
        return None
    rest = path.removeprefix(_NAMED)
    for endpoint in _LONGEST_FIRST:
        if rest.endswith(endpoint.path):
            name = rest.removesuffix(endpoint.path)
            return endpoint._replace(parse=partial(_parse, endpoint, name)) if name else None
    return None


def _parse(endpoint: Endpoint, name: str, raw: bytes | memoryview) -> Call:
    """Whatever model the body has: Azure doesn't look at it."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return endpoint.parse(raw)  # which says what is wrong with it
    if isinstance(body, dict) and body.get("model") != name:
        raw = orjson.dumps({**body, "model": name})
    return endpoint.parse(raw)
