"""Embeddings: one text at a time, or a batch of them."""

import base64
import struct
from typing import Any

from adapters.failure import broken
from adapters.fields import Fields, unsupported
from adapters.gemini.request import resource
from adapters.gemini.usage import usage_of
from adapters.whole import written
from core.ask import Ask
from core.errors import invalid
from core.wire import Completion, Json

MOST = 100  # texts in one batch


def embed(ask: Ask) -> tuple[str, Json, tuple[str, ...]]:
    """The method, the body, and what was dropped."""
    fields = Fields(ask)
    texts = _texts(fields.take("input"))
    encoding = fields.take("encoding_format")
    if encoding not in {None, "float", "base64"}:
        raise invalid(f"Invalid value for 'encoding_format': '{encoding[:64]}'.", param="encoding_format")
    size = fields.take("dimensions")
    more: Json = {} if size is None else {"outputDimensionality": size}
    model = resource(ask.target.model)
    requests = [{"model": model, "content": {"parts": [{"text": text}]}, **more} for text in texts]
    dropped = fields.end()
    if len(requests) == 1:
        return "embedContent", requests[0], dropped
    return "batchEmbedContents", {"requests": requests}, dropped


def embedded(answer: Json, ask: Ask) -> Completion:
    given = ask.call.body["input"]
    expected = len(given) if isinstance(given, list) else 1
    single = answer.get("embedding")
    found = answer.get("embeddings") if single is None else [single]
    if not isinstance(found, list) or len(found) != expected:
        raise broken(f"the answer doesn't have {expected} embeddings")
    packed = ask.call.body.get("encoding_format") == "base64"
    vectors = [
        {"object": "embedding", "index": index, "embedding": _vector(one, packed=packed)}
        for index, one in enumerate(found)
    ]
    body: Json = {"object": "list", "data": vectors, "model": ask.target.model}
    usage = usage_of(answer.get("usageMetadata"))
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt}
    return Completion(written(body), usage)


def _texts(given: Any) -> list[str]:
    texts = given if isinstance(given, list) else [given]
    if not all(isinstance(text, str) for text in texts):
        raise unsupported("This model takes texts, not tokens.", param="input")
    if len(texts) > MOST:
        raise unsupported(f"This model takes at most {MOST} texts at once.", param="input")
    return texts


def _vector(given: Any, *, packed: bool) -> list[float] | str:
    values = given.get("values") if isinstance(given, dict) else None
    if not isinstance(values, list) or not values:
        raise broken("the answer has an embedding without values")
    if not packed:
        return values
    try:
        return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode("ascii")
    except (struct.error, OverflowError):
        raise broken("the answer has an embedding of something else than numbers") from None
