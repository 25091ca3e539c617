"""Wishes that many providers can't grant.

What asks for what happens anyway goes without a word. What would give the client another answer than it expects is
refused. Everything else is dropped and named, by Fields.
"""

from collections.abc import Mapping
from typing import Any

from adapters.fields import Fields, unsupported

_ANYWAY: Mapping[str, tuple[Any, ...]] = {
    "best_of": (1,),
    "echo": (False,),
    "logit_bias": ({},),
    "metadata": ({},),
    "modalities": (["text"],),
    "n": (1,),
    "service_tier": ("auto", "default"),
    "store": (False,),
}
_ANOTHER_ANSWER = ("n", "best_of", "echo", "modalities")


def settle(fields: Fields, model: str) -> None:
    """For a dialect that gives one answer, of text."""
    for name, values in _ANYWAY.items():
        if fields.peek(name) in values:
            fields.ignore(name)
    for name in _ANOTHER_ANSWER:
        if name in fields:
            raise unsupported(f"{model} can't do '{name}': it gives one answer, of text.", param=name)


def limit(fields: Fields) -> int | None:
    """The most tokens of an answer, under either name."""
    newer, older = fields.take("max_completion_tokens"), fields.take("max_tokens")
    most: int | None = older if newer is None else newer
    return most


def stops(fields: Fields) -> list[str]:
    """Where the answer ends; an empty text would end it at once."""
    given = fields.take("stop")
    listed = [given] if isinstance(given, str) else list(given or ())
    kept = [text for text in listed if text]
    if len(kept) != len(listed):
        fields.dropped("stop")
    return kept
