"""xAI, whose models differ in what they take, and whose errors are bare texts."""

from typing import Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.manners import strict
from adapters.signals import Signal
from adapters.usage import NANO
from adapters.wording import effort
from core.faults import Fault
from core.wire import Json

_THINKERS: Final = ("grok-4", "grok-code-fast", "grok-3-mini")
# They think as they like: "Model X does not support parameter reasoningEffort".
_SELF_WILLED: Final = ("grok-4-", "grok-4.20", "grok-code-fast", "grok-2", "grok-3")
_ADJUSTABLE: Final = ("grok-3-mini", "grok-4.20-multi-agent")
_NOT_WHILE_THINKING: Final = ("stop", "frequency_penalty", "presence_penalty")


def _thinking(draft: Draft) -> None:
    """The flags `reasoning_effort` and `reasoning` of a model say more than its name."""
    name, known = draft.model, draft.ask.model
    thinks = name.startswith(_THINKERS) and "non-reasoning" not in name
    if known.allows("reasoning", unknown=thinks or "reasoning" in known.capabilities):
        draft.drop(*_NOT_WHILE_THINKING)
    set_in_its_ways = name == "grok-4" or (name.startswith(_SELF_WILLED) and not name.startswith(_ADJUSTABLE))
    if not known.allows("reasoning_effort", unknown=not set_in_its_ways):
        draft.drop("reasoning_effort")
    levels = {"minimal": "low", "xhigh": "high", "max": "high"}
    effort({**levels, "none": "low", "medium": "low"} if name.startswith("grok-3-mini") else levels)(draft)


def _tools(draft: Draft) -> None:
    tools = draft.body.get("tools") or ()
    if any("strict" in tool["function"] for tool in tools):
        draft.body["tools"] = [_loose(tool) for tool in tools]
        if any(tool["function"].get("strict") for tool in tools):
            draft.dropped("tools.strict")


def _loose(tool: Json) -> Json:
    function = {name: value for name, value in tool["function"].items() if name != "strict"}
    return {**tool, "function": function}


XAI: Final = Accent(
    base_url="https://api.x.ai/v1",
    endpoints=frozenset({"chat"}),
    manners=strict(parts=("text", "image_url", "file"), reasoning="reasoning_content"),
    says=(_thinking, _tools),
    # The older name is not said to hold thoughts back; of the newer one it is.
    rename={"max_tokens": "max_completion_tokens"},
    drop=frozenset({"web_search_options"}),
    nulls=False,
    finish={"": "tool_calls"},
    cost=("cost_in_usd_ticks", NANO / 10_000_000_000),
    signals=(
        Signal(Fault.BAD_CREDENTIAL, "incorrect api key", statuses=(400, 401, 403)),
        Signal(
            Fault.OUT_OF_CREDIT, "used all available credits|spending limit|run out of credits", statuses=(403, 429)
        ),
        Signal(Fault.CONTENT_POLICY, "content violates usage guidelines", statuses=(403,)),
    ),
)
