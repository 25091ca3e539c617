"""Embeddings of another dialect, asked for and written as OpenAI does."""

import base64
import struct
from collections.abc import Sequence
from typing import Any

from adapters.failure import broken
from adapters.fields import Fields, unsupported
from adapters.whole import written
from core.ask import Ask
from core.errors import invalid
from core.usage import Usage
from core.wire import Completion, Json


def texts(fields: Fields, model: str) -> list[str]:
    """Takes the input and the encoding of its vectors. Tokens are refused: they mean nothing to another tokenizer."""
    given = fields.take("input")
    given = [given] if isinstance(given, str) else given
    if not all(isinstance(text, str) for text in given):
        raise unsupported(f"{model} takes texts as input, not tokens.", param="input")
    if "" in given:
        raise invalid("'input' must not hold an empty text.", param="input")
    if fields.take("encoding_format") not in {None, "float", "base64"}:
        raise invalid("'encoding_format' is either 'float' or 'base64'.", param="encoding_format")
    return list(given)


def embeddings(ask: Ask, vectors: Any, usage: Usage | None, *, model: str = "") -> Completion:
    """*vectors* is a list of lists of numbers, one for each text, as the provider sent it."""
    given = ask.call.body["input"]
    expected = 1 if isinstance(given, str) else len(given)
    if not isinstance(vectors, list):
        raise broken("the answer has no embeddings")
    if len(vectors) != expected:
        raise broken(f"the answer has {len(vectors)} embeddings for {expected} inputs")
    packed = ask.call.body.get("encoding_format") == "base64"
    body: Json = {
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else _numbers(vector)}
            for index, vector in enumerate(vectors)
        ],
        "model": model or ask.target.model,
    }
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage.prompt, "total_tokens": usage.prompt}
    return Completion(written(body), usage)


def _numbers(vector: Any) -> Sequence[float]:
    if not isinstance(vector, list) or not vector:
        raise broken("the answer has an embedding that is no list of numbers")
    return vector


def _packed(vector: Any) -> str:
    """Little-endian floats of 32 bits, which OpenAI's clients ask for unless told otherwise."""
    numbers = _numbers(vector)
    try:
        return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode("ascii")
    except (struct.error, OverflowError):
        raise broken("the answer has an embedding that is no list of numbers") from None
