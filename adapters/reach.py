"""How far a rate limit reaches: most count one model for one account, and a few say that they don't.

OpenAI, Anthropic, Azure, Bedrock, Groq, Mistral and xAI limit by model (or deployment), and so does whoever says
nothing: where more than one model is out, each finds that out by one call.
"""

import re
from typing import Final, NamedTuple

from adapters.signals import Told
from core.faults import Reach


class Row(NamedTuple):
    """*reach* if one of *codes* is there, or *text* (a pattern) in the words."""

    reach: Reach
    codes: frozenset[str] = frozenset()
    text: str = r"(?!)"


ROWS: Final[tuple[Row, ...]] = (
    # Somebody's edge counts addresses; it knows no keys and no models.
    Row(Reach.PROVIDER, text=r"\bper ip\b|\b(your|this|the same|client) ip\b|\bip address"),
    # OpenRouter: what all calls under way may cost.
    Row(Reach.CREDENTIAL, codes=frozenset({"openrouter_in_flight_budget", "in_flight_budget_exhausted"})),
    # MiniMax: connections of an account.
    Row(Reach.CREDENTIAL, codes=frozenset({"1041"})),
    # Cohere counts a trial key's calls to all models together.
    Row(Reach.CREDENTIAL, text=r"\btrial (key|token)\b"),
    Row(Reach.CREDENTIAL, text=r"\b(per|this|your) api key\b"),
)
# Google names its quotas: GenerateRequestsPerMinutePerProjectPerModel-FreeTier, GenerateRequestsPerMinutePerProject.
_QUOTA: Final = re.compile(r"Per(?:Second|Minute|Hour|Day)")
_OF_A_MODEL: Final = "PerModel"


def reach(told: Told) -> Reach:
    """Of the rate limit that an error speaks of."""
    if told.page:
        return Reach.PROVIDER
    if any(_QUOTA.search(code) and _OF_A_MODEL not in code for code in told.codes):
        return Reach.CREDENTIAL
    for row in ROWS:
        if not told.codes.isdisjoint(row.codes) or re.search(row.text, told.text):
            return row.reach
    return Reach.MODEL
