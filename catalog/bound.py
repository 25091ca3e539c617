"""The most that an attempt can cost and take: what is held before it is sent.

To be sound it needs an end to everything that the provider may bill. Where there is none, the reason is said, and
nobody who has a budget may send the call.
"""

from typing import NamedTuple


class Bound(NamedTuple):
    """*cost* in nano-dollars, at the highest price that can apply; *tokens* of input and output together."""

    cost: int
    tokens: int
    input: int
    output: int


class Unbounded(NamedTuple):
    """Why nobody can say what a call costs at most; *param* is the client's field that makes it so, if one does."""

    reason: str
    param: str | None = None
