"""Whole answers that are refused for what is wrong with them: what their provider has counted it bills all the same."""

from collections.abc import Callable
from typing import Final

import orjson

from adapters.anthropic import usage as anthropic
from adapters.bedrock import answer as bedrock
from adapters.cohere import answer as cohere
from adapters.failure import is_error
from adapters.gemini import usage as gemini
from adapters.ollama import answer as ollama
from adapters.responses.answer import usage_in
from adapters.usage import usage_of
from core.usage import Usage
from core.wire import Json

# By a member that no other dialect has there: of `usage`, or of the answer.
_IN_USAGE: Final[tuple[tuple[str, Callable[[Json], Usage | None]], ...]] = (
    ("prompt_tokens", lambda answer: usage_of(answer["usage"], tier=answer.get("service_tier"))),
    ("inputTokens", lambda answer: bedrock.usage_of(answer["usage"], bedrock.tier_of(answer))),
    ("billed_units", lambda answer: cohere.usage_of(answer["usage"])),
    ("input_tokens", lambda answer: anthropic.usage_of(answer["usage"])),
)
_IN_ANSWER: Final[tuple[tuple[str, Callable[[Json], Usage | None]], ...]] = (
    ("usageMetadata", lambda answer: gemini.usage_of(answer["usageMetadata"])),
    ("prompt_eval_count", ollama.usage_of),
)


def counted(body: bytes) -> Usage | None:
    """What the answer *body* says that it took, in whatever dialect; None where it says nothing, or is an error."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict) or is_error(answer):
        return None
    if answer.get("object") == "response":
        return usage_in(answer)
    usage = answer.get("usage")
    readers = [read for name, read in _IN_USAGE if isinstance(usage, dict) and name in usage]
    readers += [read for name, read in _IN_ANSWER if name in answer]
    return readers[0](answer) if readers else None
