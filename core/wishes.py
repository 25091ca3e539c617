"""What a client asks of routing for one call."""

from typing import Final, NamedTuple


class Wishes(NamedTuple):
    """Fields of `routing`, and the client's own chain (`models`). Empty or None: nothing is asked.

    *prefer* and *avoid* are names of providers or targets, in which one `*` may stand for anything. *max_cost* and
    *budget* (what the client has left) are nano-dollars, *max_latency* seconds to the first content. *session* is whose
    calls belong together. *seed* makes chance repeatable.
    """

    strategy: str = ""
    task: str = ""
    capabilities: frozenset[str] = frozenset()
    prefer: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    local: bool | None = None
    max_cost: int | None = None
    budget: int | None = None
    max_latency: float | None = None
    fallback: bool | None = None
    models: tuple[str, ...] = ()
    session: str = ""
    seed: int | None = None


NO_WISHES: Final = Wishes()
