"""Small things that processes tell each other, each for a while: who is out, how far a trial has come, who did well.

Nothing here is money: a board that is lost or late makes decisions a little worse, never a call wrong.
"""

from collections.abc import Mapping
from typing import Final, Protocol

LARGEST: Final = 16 * 1024  # bytes of a notice


class Board(Protocol):
    """Part of what every store does. Names are paths: `health/openai/gpt-4o`. Values above LARGEST are a ValueError."""

    async def post(self, name: str, value: bytes, ttl: float, *, only_new: bool = False) -> bool:
        """Put up a notice for *ttl* seconds, in place of the former one. *only_new*: do nothing where there is one,
        and return False: the first who asks owns the name.
        """
        ...

    async def posted(self, prefix: str) -> Mapping[str, bytes]:
        """All notices whose names begin so, that haven't run out."""
        ...


def sized(value: bytes) -> bytes:
    """*value*, if it isn't too large to be posted."""
    if len(value) > LARGEST:
        raise ValueError(f"a notice has at most {LARGEST} bytes")
    return value
