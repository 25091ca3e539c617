"""How many tokens a prompt has at least, by a look that costs next to nothing.

For whoever would exclude a target since its context is too small: a mistake must send the call there, where the
provider counts exactly. A token of prose stands for about four letters, of other scripts for one or two; hardly any
text has more than six and a half for a token. Spaces don't count: a long run of them may be one token.
"""

from collections.abc import Iterator
from typing import Any, Final

from core.call import Call

LETTERS: Final = 6.5
LONG: Final = 26_000
"""Bytes of a body that are worth a look: fewer fit into the smallest context there is (4,096 tokens)."""


def may_exceed(call: Call, context: int) -> bool:
    """Whether a look is worth while."""
    return call.size > context * LETTERS


def least_tokens(call: Call) -> int:
    """0 where nobody can say: beside text there are images, files or sound, or it is no chat."""
    messages = call.body.get("messages")
    if not isinstance(messages, list):
        return 0
    return int(sum(map(_letters, _texts(messages))) / LETTERS)


def _texts(messages: list[Any]) -> Iterator[str]:
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield content
        elif isinstance(content, list):
            yield from (part["text"] for part in content if isinstance(part.get("text"), str))


def _letters(text: str) -> int:
    return len(text) - text.count(" ") - text.count("\n")
