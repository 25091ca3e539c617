"""What clients speak: one file per endpoint. A new endpoint is a new file and a line in ENDPOINTS."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from api import chat, completions, embeddings
from core.call import Call


class Endpoint(NamedTuple):
    """*path* is served with and without `/v1` in front."""

    name: str
    path: str
    parse: Callable[[bytes | memoryview], Call]


ENDPOINTS: Mapping[str, Endpoint] = {
    "chat": Endpoint("chat", "/chat/completions", chat.parse),
    "completions": Endpoint("completions", "/completions", completions.parse),
    "embeddings": Endpoint("embeddings", "/embeddings", embeddings.parse),
}
