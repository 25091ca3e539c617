"""What the last hour was like at each target, as far as the processes of this machine have seen it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import orjson

from gateway.generation import Shared
from routing.live import NEVER, NOTHING, WINDOW, Buckets, Seen, together
from routing.vitals import Vitals

PATIENCE: Final = 0.02  # seconds that other processes have to answer
FRESH: Final = 1.0  # seconds that what they said is gone by
BELIEVED: Final = 10.0  # and of one that doesn't answer
AT_ONCE: Final = 32  # targets written in one turn of the loop

Figures = Mapping[str, Seen]


class Lately:
    """One for each process. The others are asked only when somebody wants to know."""

    __slots__ = ("_asked", "_figures", "_known", "_one", "_others", "_shared")

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._asked = -FRESH
        self._one = asyncio.Lock()
        self._figures: dict[bytes, tuple[float, Figures]] = {}  # by process, with when it said so
        self._others: Figures = {}  # all of these together
        self._known = 0

    async def seen(self) -> Callable[[str], Seen]:
        """By `provider/model`."""
        async with self._one:
            await self._ask()
        now, observed, others = self._shared.loop.time(), self._shared.vitals.targets(), self._others

        def of(id: str) -> Seen:
            vitals = observed.get(id)
            own = NEVER if vitals is None else vitals.live.seen(now)
            theirs = others.get(id)
            return own if theirs is None else together(own, theirs)

        return of

    def told(self) -> dict[str, Any]:
        """Whose figures they are."""
        heard = len(self._figures) + 1
        return {"window_seconds": int(WINDOW), "processes": {"heard": heard, "known": max(heard, self._known + 1)}}

    async def _ask(self) -> None:
        neighbours, now = self._shared.newsroom.neighbours, self._shared.loop.time()
        if neighbours is None or now - self._asked < FRESH:
            return
        inquiry = await neighbours.ask(PATIENCE)
        self._asked = self._shared.loop.time()
        kept = {name: one for name, one in self._figures.items() if now - one[0] < BELIEVED}
        self._figures = kept | {name: (now, _figures(parts)) for name, parts in inquiry.whole.items()}
        self._known = inquiry.asked
        self._others = _added(figures for _, figures in self._figures.values())


def seen_here(vitals: Vitals, clock: Callable[[], float]) -> Iterator[bytes]:
    """What this process has seen, in parts: for another one that asks."""
    now = clock()
    seen = ((id, one.live.seen(now)) for id, one in list(vitals.targets().items()))
    rows = ((id, *one[:3], *map(_sparse, one[3:6]), one.routes) for id, one in seen if one.calls)
    while some := list(islice(rows, AT_ONCE)):
        yield orjson.dumps(some)


def _sparse(buckets: Buckets) -> Sequence[tuple[int, int]]:
    return [(number, count) for number, count in enumerate(buckets) if count]


def _added(processes: Iterable[Figures]) -> Figures:
    sums: dict[str, Seen] = {}
    for figures in processes:
        for id, seen in figures.items():
            sums[id] = together(sums[id], seen) if id in sums else seen
    return sums


def _figures(parts: Iterable[bytes]) -> Figures:
    return {id: seen for part in parts for id, seen in _read(part)}


def _read(part: bytes) -> list[tuple[str, Seen]]:
    """Nothing, where another version said it otherwise."""
    try:
        return [(str(row[0]), _seen(row)) for row in orjson.loads(part)]
    except (ValueError, TypeError, IndexError):
        return []


def _seen(row: Sequence[Any]) -> Seen:
    _, calls, errors, cost, first, pace, whole, routes = row
    lists = (_buckets(first), _buckets(pace), _buckets(whole))
    return Seen(int(calls), int(errors), int(cost), *lists, routes=dict(routes))


def _buckets(counts: Sequence[tuple[int, int]]) -> Buckets:
    if not counts:
        return NOTHING
    buckets = list(NOTHING)
    for number, count in counts:
        buckets[number] += count
    return buckets
