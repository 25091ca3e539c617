"""What a generation of Gemini takes: the catalog's flags first, then what the model's name says."""

import re
from typing import NamedTuple

from core.ask import Ask

Version = tuple[int, int]

_NUMBERED = re.compile(r"gemini-(\d{1,2})(?:\.(\d{1,2}))?(?![\d.])")
_FIRST = re.compile(r"gemini-pro(?:-vision)?")
_LATEST = re.compile(r"gemini-.*-latest")
_NEWEST: Version = (99, 0)


class Traits(NamedTuple):
    """*thinking* is how its effort is said: thinkingLevel, thinkingBudget, or nothing.

    *third*: it belongs to the third generation or a later one. *second*: it belongs to an earlier one, which can't
    have tools beside JSON or a search. Neither is known of a name that doesn't say.
    """

    third: bool
    second: bool
    ids: bool  # function calls carry their id
    signatures: bool  # and the first of a step a signature, or the request is refused
    sampling: bool
    json_schema: bool
    thinking: str
    minimal: bool  # takes the level of that name
    pro: bool


def traits(ask: Ask) -> Traits:
    model, name = ask.model, ask.target.model.rpartition("/")[2].lower()
    version = version_of(name)
    third = version is not None and version >= (3, 0)
    pro = "pro" in name
    return Traits(
        third=third,
        second=version is not None and not third,
        ids=model.allows("function_call_ids", unknown=third),
        signatures=model.allows("thought_signature_required", unknown=third),
        sampling=model.allows("sampling_params"),
        json_schema=version is None or version >= (2, 5),
        thinking=_thinking(ask, version),
        minimal=model.allows("effort_minimal", unknown=version is not None and version < (3, 7) and not pro),
        pro=pro,
    )


def version_of(name: str) -> Version | None:
    if numbered := _NUMBERED.match(name):
        return int(numbered[1]), int(numbered[2] or 0)
    if _FIRST.fullmatch(name):
        return 1, 0
    return _NEWEST if _LATEST.fullmatch(name) else None


def _thinking(ask: Ask, version: Version | None) -> str:
    can = ask.model.capabilities
    if can and "reasoning" not in can:
        return ""
    flag = ask.model.flags.get("thinking_control")
    if isinstance(flag, str):
        return flag
    if version is None or version >= (3, 0):
        return "thinkingLevel"
    return "thinkingBudget" if version >= (2, 5) else ""
