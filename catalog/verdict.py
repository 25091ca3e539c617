"""What can be said about the most that an attempt may cost."""

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
