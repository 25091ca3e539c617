"""GET /v1/models and /v1/models/{id}: the names that a client may ask for."""

from collections.abc import Iterable
from typing import Any

from core.errors import Refusal

OWNER = "switchyard"


def entry(name: str, created: int) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}


def listing(names: Iterable[str], created: int) -> dict[str, Any]:
    return {"object": "list", "data": [entry(name, created) for name in names]}


def unknown(name: str) -> Refusal:
    """What OpenAI says of a model that isn't there, or isn't yours."""
    shown = name.encode("unicode_escape").decode("ascii")[:128]
    return Refusal(
        404,
        f"The model '{shown}' does not exist or you do not have access to it.",
        code="model_not_found",
        param="model",
        type="invalid_request_error",
    )
