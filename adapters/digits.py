"""Integers of more than 64 bits, which orjson reads as floats: written again, they would be others."""

import json
from typing import Any, Final

import orjson

from core.wire import Json

_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1
_DEEPEST: Final = 255  # what is nested more deeply can't be written


def exact(value: Any, raw: bytes | str) -> Any:
    """*value*, which orjson has read from *raw*, with such integers as they were written.

    They can be written again, and not be looked at or compared.
    """
    return _again(value, raw) if _rounded(value, 0) else value


def exact_calls(body: Json, raw: bytes) -> Json:
    """The same for an answer of OpenAI's dialect, in place: numbers get lost where it calls tools with objects."""
    if b'"arguments":{' in raw or b'"arguments": {' in raw:
        body.update(exact(body, raw))
    return body


def _rounded(value: Any, depth: int) -> bool:
    """Whether there is a float in it that may have been such an integer."""
    if value.__class__ is float:
        return not _LEAST <= value <= _MOST
    if value.__class__ is dict:
        value = value.values()
    elif value.__class__ is not list:
        return False
    for one in value if depth < _DEEPEST else ():  # noqa: SIM110  (twice as fast, and asked of each call)
        if one.__class__ is not str and _rounded(one, depth + 1):
            return True
    return False


def _again(value: Any, raw: bytes | str) -> Any:
    try:
        return json.loads(raw, parse_int=_digits)
    except RecursionError:
        return value  # which is too deep to be written


def _digits(text: str) -> Any:
    """A long one is text that goes out as it is; whatever its length, reading it would cost the more."""
    value = int(text) if len(text) <= 20 else _MOST + 1
    return value if _LEAST <= value <= _MOST else orjson.Fragment(text)
