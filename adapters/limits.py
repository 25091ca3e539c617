"""What OpenAI's models refuse on chat completions, and which calls only /responses takes: a table, read once a model.

A model is known by its name; flags of the catalog and of the operator win. One that neither knows has no limits: it
gets what the client said.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from adapters.fields import unsupported
from core.ask import Abilities, Ask
from core.wire import Json

LEVELS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_RETENTIONS: Final = frozenset({"in_memory", "24h"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """*chat* and *responses*: the endpoints that serve it.

    *efforts* are what chat completions take, None where that isn't known; *deep*: /responses takes `max` beside them.
    *default* is the effort of a call that names none. *samples*: when it takes temperature and its kin. *tools*: when
    chat completions take tools: "unasked" is with no effort in the call but `none`, "unthinking" with effort none only.
    *stops*: it takes `stop`. *retention* are the values of `prompt_cache_retention` that it knows.
    """

    chat: bool = True
    responses: bool = True
    reasons: bool = True
    efforts: tuple[str, ...] | None = None
    deep: bool = False
    default: str = "medium"
    samples: Literal["always", "unthinking", "never"] = "never"
    tools: Literal["any", "unasked", "unthinking"] = "any"
    stops: bool = False
    parallel: bool = True
    verbosity: bool = True
    breakpoints: bool = False
    retention: frozenset[str] = _RETENTIONS

    def effort(self, asked: str, *, responses: bool) -> str | None:
        """The level that it takes and that is nearest to *asked*; None where it takes none at all.

        Thinking is never switched off for who didn't say so.
        """
        if not self.efforts:
            return asked if self.efforts is None else None
        accepted = (*self.efforts, "max") if responses and self.deep else self.efforts
        if asked in accepted or asked not in LEVELS:
            return asked
        rank = LEVELS.index
        thinking = [level for level in accepted if level != "none"]
        return min(thinking, key=lambda level: (abs(rank(level) - rank(asked)), rank(level)))

    def bridged(self, body: Json) -> bool:
        """Whether this call must go to /responses."""
        if not (self.chat and self.responses):
            return self.responses
        asked = body.get("reasoning_effort")
        if (asked == "max" and self.deep) or body.get("web_search_options") is not None:
            return True
        if self.tools == "any" or not (body.get("tools") or body.get("functions")):
            return False
        effort = self.effort(asked, responses=False) if asked else self.default
        return effort != "none" and (self.tools == "unthinking" or asked is not None)


class _Rule(NamedTuple):
    """*neutral* changes nothing, so it goes without a word. *takes*: limits, effort and value -> may it go out."""

    neutral: Any
    takes: Callable[[Limits, str, Any], bool]


def _sampled(limits: Limits, effort: str, _value: Any) -> bool:
    return limits.samples == "always" or (limits.samples == "unthinking" and effort == "none")


def _unreasoned(limits: Limits, _effort: str, _value: Any) -> bool:
    return not limits.reasons


def _kept(limits: Limits, _effort: str, value: Any) -> bool:
    return isinstance(value, str) and (value in limits.retention or (value == "in_memory" and not limits.retention))


_RULES: Mapping[str, _Rule] = {
    "temperature": _Rule(1, _sampled),
    "top_p": _Rule(1, _sampled),
    "logprobs": _Rule(False, _sampled),
    "top_logprobs": _Rule(0, _sampled),
    "frequency_penalty": _Rule(0, _unreasoned),
    "presence_penalty": _Rule(0, _unreasoned),
    "logit_bias": _Rule({}, _unreasoned),
    "prediction": _Rule(None, _unreasoned),
    "stop": _Rule([], lambda limits, _effort, _value: limits.stops),
    "verbosity": _Rule("medium", lambda limits, _effort, _value: limits.verbosity),
    "prompt_cache_options": _Rule({}, lambda limits, _effort, _value: limits.breakpoints),
    "prompt_cache_retention": _Rule(None, _kept),
}
NEUTRAL: Final[Json] = {name: rule.neutral for name, rule in _RULES.items()}
_ALWAYS_WATCHED = frozenset(
    {
        "parallel_tool_calls",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning_effort",
        "verbosity",
        "web_search_options",
    }
)
_WATCHED = frozenset((*_ALWAYS_WATCHED, *_RULES, "max_tokens", "functions", "tools"))


def watched(limits: Limits | None) -> frozenset[str]:
    """Fields of a call that its model may refuse; without any of them there is nothing to do."""
    easy = limits is not None and not limits.reasons and limits.samples == "always"
    return _ALWAYS_WATCHED if easy else _WATCHED


def fit(body: Json, limits: Limits, ask: Ask, *, responses: bool = False) -> tuple[str, ...]:
    """Take out of *body*, in place, what the model refuses, and name it in order; see Ask.strict."""
    dropped: list[str] = []

    def say(what: str) -> None:
        if ask.strict:
            name = what.partition("=")[0]
            raise unsupported(f"{ask.target.model} doesn't take this value of '{name}'.", param=name)
        dropped.append(what)

    effort = limits.default
    if asked := body.get("reasoning_effort"):
        effort = limits.effort(asked, responses=responses) or ""
        if not effort:
            say("reasoning_effort")
            del body["reasoning_effort"]
        elif effort != asked:
            say(f"reasoning_effort={effort}")
            body["reasoning_effort"] = effort
    for name in [name for name in _RULES if name in body]:
        value, rule = body[name], _RULES[name]
        if not rule.takes(limits, effort, value):
            if value is not None and value != rule.neutral:
                say(name)
            del body[name]
    if body.get("parallel_tool_calls") is not None and not (
        limits.parallel and (body.get("tools") or body.get("functions"))
    ):
        say("parallel_tool_calls")
        del body["parallel_tool_calls"]
    if limits.reasons and "max_tokens" in body:
        most = body.pop("max_tokens")
        if body.get("max_completion_tokens") is None:
            body["max_completion_tokens"] = most
    return tuple(sorted(dropped))


# The table. What is marked * is by hearsay: see the models' pages.

_THINKS = ("low", "medium", "high")
_UNREASONING = Limits(
    reasons=False,
    efforts=(),
    default="none",
    samples="always",
    stops=True,
    verbosity=False,
    retention=frozenset(),  # *
)
_SILENT = Limits(samples="always", stops=True, breakpoints=True)  # what nobody says is no limit
_O = Limits(efforts=_THINKS, parallel=False, verbosity=False, retention=frozenset())
_FIVE = Limits(efforts=("minimal", *_THINKS))
_FIVE_ONE = Limits(efforts=("none", *_THINKS), default="none", samples="unthinking")
_FIVE_TWO = replace(_FIVE_ONE, efforts=("none", *_THINKS, "xhigh"))
_FIVE_FOUR = replace(_FIVE_TWO, tools="unasked")
_FIVE_FIVE = replace(_FIVE_FOUR, default="medium", retention=frozenset({"24h"}))
NEWEST: Final = replace(_FIVE_FIVE, tools="unthinking", deep=True, breakpoints=True)
_NEVER_IDLE = replace(NEWEST, efforts=(*_THINKS, "xhigh"), samples="never")

_BY_NAME: tuple[tuple[re.Pattern[str], Limits | None], ...] = tuple(
    (re.compile(pattern), limits)
    for pattern, limits in (
        (r"gpt-.*(chat|search|audio|realtime|transcribe|tts|image)|gpt-oss", None),  # rules of their own
        (r"o\d-deep-research|computer-use", replace(_O, efforts=None)),
        (r"o1(-|$)|o3-mini", replace(_O, stops=True)),
        (r"o\d(-|$)|codex-mini", _O),
        (r"gpt-5-pro", replace(_FIVE, efforts=("high",))),  # *
        (r"gpt-5\.\d+-pro", replace(_FIVE_FIVE, efforts=("medium", "high", "xhigh"), samples="never")),
        (r"gpt-5(?!\.)", _FIVE),
        (r"gpt-5\.1(?!\d)", _FIVE_ONE),
        (r"gpt-5\.[23](?!\d)", _FIVE_TWO),
        (r"gpt-5\.4(?!\d)", _FIVE_FOUR),
        (r"gpt-5\.5(?!\d)", _FIVE_FIVE),
        (r"gpt-6-astra|gpt-6\.1-sol", _NEVER_IDLE),
        (r"gpt-4\.1$", replace(_UNREASONING, retention=_RETENTIONS)),
        (r"gpt-[34]", _UNREASONING),
        (r"gpt-[5-9]|gpt-\d\d", NEWEST),
    )
)
_FRAME = re.compile(r"^(?:openai/|ft:)+|:.*$|-20\d\d-\d\d-\d\d$")
_ONLY_RESPONSES = re.compile(r"(-pro|codex)(?![a-z])|deep-research|computer-use")


def limits_of(model: str, abilities: Abilities) -> Limits | None:
    """What is known of *model*, or None."""
    flags = abilities.flags
    # A model tuned from another is called `ft:gpt-4.1:org::id`.
    name = _FRAME.sub("", _FRAME.sub("", model.lower()))
    limits = next((limits for pattern, limits in _BY_NAME if pattern.match(name)), None)
    if limits is not None and _ONLY_RESPONSES.search(name):
        limits = replace(limits, chat=False)
    if limits is None:
        if flags.keys().isdisjoint(_TOLD):
            return None
        thinks = any(flags.get(f"effort_{level}") is not None for level in LEVELS) or "default_effort" in flags
        limits = NEWEST if thinks else replace(_SILENT, reasons="reasoning" in abilities.capabilities)
    return _told(limits, flags)


_TOLD = frozenset(
    {
        "default_effort",
        "endpoints",
        "prompt_cache_breakpoint",
        "sampling_params",
        *(f"effort_{level}" for level in LEVELS),
    }
)


def _told(limits: Limits, flags: Mapping[str, Any]) -> Limits:
    """*limits* with what the flags say of them."""
    if endpoints := flags.get("endpoints"):
        limits = replace(limits, chat="chat/completions" in endpoints, responses="responses" in endpoints)
    if limits.efforts:
        efforts = limits.efforts
        accepted = tuple(
            level
            for level in LEVELS[:-1]
            if (level in efforts if (said := flags.get(f"effort_{level}")) is None else said)
        )
        limits = replace(limits, efforts=accepted)
    if (deep := flags.get("effort_max")) is not None:
        limits = replace(limits, deep=bool(deep))
    if (default := flags.get("default_effort")) is not None:
        limits = replace(limits, default=default)
    if (breakpoints := flags.get("prompt_cache_breakpoint")) is not None:
        limits = replace(limits, breakpoints=bool(breakpoints))
    if (samples := flags.get("sampling_params")) is not None:
        limits = replace(limits, samples="always" if samples else "never")
    return limits
