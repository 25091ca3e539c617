"""Targets that the operator has taken out for a while, by hand."""

import math
from typing import NamedTuple


class Bench(NamedTuple):
    """*until* is on the clock of whoever keeps it. *reason* is the operator's own word, for operators alone."""

    until: float
    reason: str


class Benches(dict[str, Bench]):
    """By `provider/model`; empty if there can't be any, which is asked on every call. Outlives a reload."""

    __slots__ = ()

    def put(self, id: str, bench: Bench) -> None:
        """In place of the former one, if there is any."""
        self[id] = bench

    def lift(self, id: str) -> None:
        self.pop(id, None)

    def of(self, id: str, now: float) -> Bench | None:
        """That of a target, if it hasn't ended."""
        bench = self.get(id)
        if bench is not None and now >= bench.until:
            del self[id]
            return None
        return bench

    def at(self, provider: str) -> bool:
        """Whether any of the targets of *provider* may be out."""
        return any(id.startswith(f"{provider}/") for id in self)

    def ids(self) -> tuple[str, ...]:
        return tuple(self)


def words(bench: Bench, now: float) -> str:
    """For whoever isn't served by it."""
    return f"the operator has taken it out for {math.ceil(bench.until - now)} s more"
