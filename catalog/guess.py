"""What an attempt took of which its provider told no usage, or was left before it could: a guess, and said to be one.

What can be seen is counted by its bytes. What can't be is taken for as much as it may be: whoever leaves while a model
thinks unseen would else pay nothing for what its provider bills.
"""

from typing import Final

from catalog.bound import Bound
from catalog.lookup import Model
from catalog.price import tier_of
from catalog.tokens import seen_by_bytes
from core.call import Call
from core.usage import Usage

BYTES_PER_TOKEN: Final = 4
MOST_BYTES: Final = 16  # of text that one token has, on the average of an answer
UNSEEN: Final = 1_000
"""Tokens that a model may think in a second without showing them: more than any that hides them is known to make."""


def guessed(
    call: Call,
    model: Model,
    dialect: str,
    name: str,
    *,
    told: Usage | None,
    produced: int,
    silent: float,
    most: Bound | None,
) -> Usage:
    """*told* is what the provider had said, *produced* how many bytes of content had come, after *silent* seconds in
    which nothing did. No more than *most*, or than the call's and the model's own limits.
    """
    output = produced // BYTES_PER_TOKEN
    if hides(call, model, dialect):
        output += int(silent * UNSEEN) * max(1, call.choices)
    limit = (call.max_output or model.abilities.max_output or output) * max(1, call.choices)
    output = min(output, limit if most is None else most.output)
    if told is not None:
        beside = told.completion - told.output
        return told._replace(output=max(told.output, output - beside), estimated=True)
    input = seen_by_bytes(call, dialect, name, BYTES_PER_TOKEN)
    tier = tier_of(str(call.body.get("service_tier") or ""))
    return Usage(input if most is None else min(input, most.input), output=output, estimated=True, tier=tier)


def believed(told: Usage, produced: int) -> bool:
    """Whether *told* can be the usage of so many bytes, and isn't what was known before they came."""
    return told.cost is not None or (not told.estimated and told.completion * MOST_BYTES >= produced)


def hides(call: Call, model: Model, dialect: str) -> bool:
    """Whether *model* may think for *call* without showing all of it."""
    can, body = model.abilities, call.body
    if call.endpoint != "chat" or not can.allows("hides_thinking", unknown=False):
        return False
    if can.allows("thinking_always_on", unknown=False):
        return True
    own = body.get("thinking")
    if isinstance(own, dict) and dialect == "anthropic":  # where else it is read, nobody knows
        return own.get("type") != "disabled"
    effort = body.get("reasoning_effort") or can.flags.get("default_effort")
    return can.allows("thinks_by_default") if effort is None else effort != "none" or not can.allows("effort_none")
