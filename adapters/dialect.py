"""What the configuration has to know of a dialect before it makes an adapter of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from adapters.accent import Accent
from adapters.contract import AdapterMaker
from adapters.openai import OpenAI


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """*base_url* is the default, empty where there is none; options in braces are filled in.

    *options* are names of extra settings with defaults.
    """

    make: AdapterMaker
    base_url: str = ""
    needs_key: bool = True
    options: Mapping[str, str | None] = field(default_factory=dict)
    local: bool = False


def spoken(accent: Accent) -> Dialect:
    """OpenAI's dialect with *accent*."""
    return Dialect(
        make=partial(OpenAI, accent),
        base_url=accent.base_url,
        needs_key=accent.needs_key,
        options=accent.options,
        local=accent.local,
    )
