"""What each generation of Claude takes at Bedrock, where neither the catalog nor the operator says so."""

import re
from typing import NamedTuple

from core.ask import Abilities

_MODERN = re.compile(r"claude-(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:-(\d{1,2}))?(?![\d])")
_OLDER = re.compile(r"claude-(?:v|instant-v)?(\d)(?:[-.](\d))?(?:-(opus|sonnet|haiku))?(?![\d])")
_NEWEST = (99, 0)  # a name that can't be read is that of a model still to come
_INSTANT = "claude-instant"


class Claude(NamedTuple):
    """*adaptive* and *budget* are the ways to make it think; with neither it can't. *display*: it shows its thoughts
    only when asked to. *always*: its thinking can't be switched off; *by_default*: it thinks unless told not to.
    *forced*: it can be made to call a tool, *forced_thinking*: even while it thinks. *either_sampling*: it takes
    temperature or top_p. *single_call*: it can be kept from calling several tools at once.
    """

    adaptive: bool
    budget: bool
    display: bool
    always: bool
    by_default: bool
    between_tools: bool
    xhigh: bool
    max: bool
    sampling: bool
    either_sampling: bool
    prefill: bool
    forced: bool
    forced_thinking: bool
    late_system: bool
    structured: bool
    single_call: bool


def claude(name: str, model: Abilities) -> Claude:
    """*name* without vendor and region, such as `claude-sonnet-4-5-20250929-v1:0`."""
    line, version = _generation(name)
    fable = line in {"fable", "mythos"}
    allows = model.allows
    adaptive = allows("adaptive_thinking", unknown=version >= (4, 6))
    return Claude(
        adaptive=adaptive,
        budget=not adaptive and version >= (3, 7),
        display=version >= (4, 7),
        always=allows("thinking_always_on", unknown=fable or (version >= (5, 5) and line != "haiku")),
        by_default=allows("thinks_by_default", unknown=fable or version >= (5, 0)),
        between_tools=(line, version) == ("sonnet", (5, 5)),
        xhigh=allows("effort_xhigh", unknown=version >= (4, 7)),
        max=allows("effort_max", unknown=version >= (4, 6)),
        sampling=allows("sampling_params", unknown=version < (4, 7)),
        either_sampling=version >= (4, 5),
        prefill=allows("assistant_prefill", unknown=version < (4, 6)),
        forced=allows("forced_tool_choice", unknown=_forced(line, version)),
        forced_thinking=version >= (5, 0),
        late_system=allows("mid_conversation_system", unknown=version >= (4, 8)),
        structured=allows("native_structured_output", unknown=version >= (4, 5)),
        single_call=version >= (4, 5),
    )


def _generation(name: str) -> tuple[str, tuple[int, int]]:
    if found := _MODERN.search(name):
        line, major, minor = found.groups()
        return line, (int(major), int(minor or 0))
    if name.startswith(_INSTANT):
        return "", (1, 0)
    if found := _OLDER.search(name):
        major, minor, line = found.groups()
        return line or "", (int(major), int(minor or 0))
    return "", _NEWEST


def _forced(line: str, version: tuple[int, int]) -> bool:
    """The newest refuse to be made to call a tool; of them Haiku alone takes it."""
    if line in {"fable", "mythos"}:
        return version < (5, 1)
    return version < (5, 5) or line == "haiku"
