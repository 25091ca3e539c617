"""How models go on from the beginning of an answer, where more than one dialect does it alike; see core.ask.Onward."""

from typing import Final

from core.ask import Ask, Onward

FLAG: Final = "assistant_prefill"


def flagged(ask: Ask) -> Onward:
    """To the letter where the operator or the catalog says so, else not at all."""
    return "exact" if ask.model.allows(FLAG, unknown=False) else ""


def willing(ask: Ask) -> Onward:
    """To the letter, unless the model thinks first: what it is handed would then pass for thoughts."""
    return "exact" if ask.model.allows(FLAG, unknown="reasoning" not in ask.model.capabilities) else ""
