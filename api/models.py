"""GET /v1/models and /v1/models/{id}: the names that a client may ask for."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from core.errors import Refusal
from core.wire import Json

OWNER = "switchyard"
MOST_LISTED: Final = 10_000  # models of one provider
LONGEST_OWNER: Final = 256
_LATEST: Final = 2**40  # what is later than this is no time in seconds


class Model(NamedTuple):
    """A model that its provider lists. *created* is 0, *owner* empty, where it doesn't say."""

    id: str
    created: int = 0
    owner: str = ""


def models(listed: Iterable[Json]) -> tuple[Model, ...]:
    """A provider's list, without what OpenAI's has no place for. Each id is there once."""
    found: dict[str, Model] = {}
    for one in listed:
        id = one.get("id")
        if isinstance(id, str) and id and id not in found:
            found[id] = Model(id, _created(one.get("created")), _owner(one.get("owned_by")))
            if len(found) >= MOST_LISTED:
                break
    return tuple(found.values())


def _created(value: Any) -> int:
    return int(value) if isinstance(value, (int, float)) and 0 < value < _LATEST else 0


def _owner(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST_OWNER else ""


def entry(name: str, created: int, owner: str = OWNER) -> Json:
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def listing(entries: Iterable[Json]) -> Json:
    return {"object": "list", "data": list(entries)}


def unknown(name: str, param: str = "model") -> Refusal:
    """What OpenAI says of a model that isn't there, or isn't yours."""
    shown = name.encode("unicode_escape").decode("ascii")[:128]
    return Refusal(
        404,
        f"The model '{shown}' does not exist or you do not have access to it.",
        code="model_not_found",
        param=param,
        type="invalid_request_error",
    )
