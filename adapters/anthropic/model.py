"""What one of Anthropic's models accepts: by the catalog's flags, and where they are silent by its name."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from core.ask import Ask

Version = tuple[int, int]

# claude-opus-5-5, claude-sonnet-4-5-20250929, claude-3-5-sonnet-20241022, claude-opus-4.6: a date is no version.
_NAME = re.compile(r"claude-(?:([a-z]+)-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_LARGE = frozenset({"fable", "mythos"})
_OUTPUT: Final[tuple[tuple[Version, int], ...]] = (
    ((4, 6), 128_000),
    ((4, 5), 64_000),
    ((4, 1), 32_000),
    ((3, 7), 64_000),
    ((3, 5), 8_192),
    ((0, 0), 4_096),
)
_ANY_OUTPUT = 32_000


class Model(NamedTuple):
    """*thinks*: adaptive, with a budget (enabled), or not at all. *off* is how it is told not to think: one of the
    values of `thinking.type`, or by saying nothing (silence), or it can't be told (never).

    *efforts* are the levels of `output_config.effort`. *forced*: whether a tool call can be demanded, always, never or
    only while it doesn't think. *systems*: it takes system messages in between. *schemas*: it answers to a schema.
    """

    thinks: Literal["adaptive", "enabled", ""]
    off: Literal["disabled", "between_tools", "silence", "never"]
    efforts: frozenset[str]
    forced: Literal["always", "unthinking", "never"]
    sampling: bool
    both_samplings: bool
    prefill: bool
    systems: bool
    schemas: bool
    fast: bool
    max_output: int


def model_of(ask: Ask) -> Model:
    """A name that tells no version gets what the client said: nothing is held back from it."""
    family, version = _named(ask.target.model)
    allows = ask.model.allows

    def since(*least: int, unknown: bool = True) -> bool:
        return unknown if version is None else version >= least

    bound = since(5, 5, unknown=False) and family != "haiku"
    large = family in _LARGE and since(5)
    adaptive = allows("adaptive_thinking", unknown=since(4, 6))
    always = allows("thinking_always_on", unknown=bound or large)
    free = allows("forced_tool_choice", unknown=not (bound or (large and since(5, 1))))
    return Model(
        thinks="adaptive" if adaptive else "enabled" if since(3, 7) else "",
        off=_off(family, always=always, bound=bound, default=allows("thinks_by_default", unknown=since(5))),
        efforts=_efforts(ask, adaptive=adaptive, newer=since(4, 7)),
        forced="never" if not free else "always" if since(5) else "unthinking",
        sampling=allows("sampling_params", unknown=not since(4, 7, unknown=False)),
        both_samplings=not since(4, 1, unknown=False),
        prefill=allows("assistant_prefill", unknown=not since(4, 6, unknown=False)),
        systems=allows("mid_conversation_system", unknown=since(4, 8, unknown=False)),
        schemas=allows("native_structured_output", unknown=since(4, 5)),
        fast=family in {"opus", *_LARGE} and since(4, 8, unknown=False),
        max_output=ask.model.max_output or _output(version),
    )


@lru_cache(maxsize=256)
def _named(name: str) -> tuple[str, Version | None]:
    found = _NAME.search(name)
    if found is None:
        return "", None
    family, major, minor = found.groups()
    return family or "", (int(major), int(minor or 0))


def _off(
    family: str, *, always: bool, bound: bool, default: bool
) -> Literal["disabled", "between_tools", "silence", "never"]:
    if always:
        return "between_tools" if family == "sonnet" and bound else "never"
    return "disabled" if default else "silence"


def _efforts(ask: Ask, *, adaptive: bool, newer: bool) -> frozenset[str]:
    allows = ask.model.allows
    if not (adaptive and allows("effort_param")):
        return frozenset()
    more = [level for level, unknown in (("xhigh", newer), ("max", True)) if allows(f"effort_{level}", unknown=unknown)]
    return frozenset({"low", "medium", "high", *more})


def _output(version: Version | None) -> int:
    if version is None:
        return _ANY_OUTPUT
    return next(most for least, most in _OUTPUT if version >= least)
