"""How finished calls are counted: many at once, since those that are alike add to the same series."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

from telemetry.counters import Counter, Histogram
from telemetry.exemplars import exemplify
from telemetry.record import Record

NONE: Final = "none"
REMEMBERED: Final = 4_096  # combinations of labels whose series are at hand
LONGEST: Final = 256  # characters of a name that is worth remembering

# The first fields of Usage, in its order, and those that few answers have.
KINDS: Final = ("input", "cache_read", "cache_write", "output", "reasoning")
RARE: Final = ("cache_write_long", "audio_input", "audio_output", "image_output", "searches")

Lost = tuple[Record, Exception]
_Alike = tuple[Any, ...]  # the fields by which calls are alike; the first of them are labels

# Read of many records at once, these take no step of the interpreter for each.
_alike = attrgetter("route", "target", "key", "endpoint", "status", "stream", "fault", "gone", "estimated")
_LABELS: Final = 6
_cost, _first, _total = attrgetter("cost"), attrgetter("first"), attrgetter("total")
_tried, _usage, _fault = attrgetter("tried"), attrgetter("usage"), itemgetter(1)


class _Bound(NamedTuple):
    """The series that every call with the same labels adds to; those of no target are nobody's."""

    calls: Counter
    seconds: Histogram
    key_calls: Counter
    key_cost: Counter
    attempts: Counter
    cost: Counter
    first: Histogram
    tokens: tuple[Counter, ...]


class Counting:
    """*counter* and *histogram* are those of Meters."""

    __slots__ = ("_bound", "_counter", "_gone", "_histogram")

    def __init__(self, counter: Callable[..., Counter], histogram: Callable[..., Histogram]) -> None:
        self._counter = counter
        self._histogram = histogram
        self._bound: dict[_Alike, _Bound] = {}
        self._gone = counter("switchyard_client_gone_total")

    def forget(self) -> None:
        """The same labels may stand for other series from now on."""
        self._bound.clear()

    def count(self, records: Sequence[Record], *, exemplars: bool) -> Sequence[Lost]:
        """Returns those that couldn't be counted, and why."""
        groups: defaultdict[_Alike, list[Record]] = defaultdict(list)
        for alike, record in zip(map(_alike, records), records, strict=True):
            groups[alike].append(record)
        lost: list[Lost] = []
        for alike, group in groups.items():
            lost += self._count(alike, group, exemplars=exemplars)
        return lost

    def _count(self, alike: _Alike, group: Sequence[Record], *, exemplars: bool) -> Sequence[Lost]:
        """Together if that is all the same; else, or if one of them is a mistake, each for itself."""
        single, good = len(group) == 1, _good(group)
        if single or good is not None:
            try:
                if exemplars:
                    self._exemplify(alike, group)
                self._add(alike, group, good)
            except Exception as mistake:  # noqa: BLE001  (one that can't be counted must not keep the others from it)
                if single:
                    return ((group[0], mistake),)
            else:
                return ()
        return [lost for each in group for lost in self._count(alike, [each], exemplars=exemplars)]

    def _add(self, alike: _Alike, group: Sequence[Record], good: int | None) -> None:
        """What may go wrong with one of them comes first, so that either all are counted or none."""
        bound, calls = self._bound.get(alike[:_LABELS]) or self._bind(alike), len(group)
        _, target, _, _, status, stream, fault, gone, estimated = alike
        seconds = [total / 1e3 for total in map(_total, group)]
        firsts = [first / 1e3 for first in map(_first, group) if first is not None] if stream else ()
        cost, usages = sum(map(_cost, group)), list(filter(None, map(_usage, group)))
        kinds = tuple(zip(*usages, strict=True))
        tokens, rare = list(map(sum, kinds[:5])), list(map(sum, kinds[7:12]))
        bound.calls.value += calls
        bound.key_calls.value += calls
        bound.seconds.observe(*seconds)
        if good is None:
            self._count_attempts(group[0])
        elif good:
            bound.attempts.value += good
        elif status >= 400:
            self._counter("switchyard_refused_total", str(status)).value += calls
        if cost:
            bound.cost.value += cost
            bound.key_cost.value += cost
        for series, amount in zip(bound.tokens, tokens, strict=False):
            series.value += amount
        if any(rare):
            self._count_rare(target, rare)
        if firsts:
            bound.first.observe(*firsts)
        if gone:
            self._gone.value += calls
        elif fault and firsts:
            self._counter("switchyard_broken_streams_total", target).value += len(firsts)
        if estimated and usages:
            self._counter("switchyard_estimated_usage_total", target).value += len(usages)

    def _count_rare(self, target: str, rare: Sequence[int]) -> None:
        for kind, tokens in zip(RARE, rare, strict=True):
            if tokens:
                self._counter("switchyard_tokens_total", target, kind).value += tokens

    def _count_attempts(self, record: Record) -> None:
        if record.hedged:
            self._counter("switchyard_hedges_total", record.route, record.hedged).value += 1
        before = ""
        for target, fault, _ in record.tried:
            self._counter("switchyard_attempts_total", target, fault or NONE).value += 1
            if before == target:
                self._counter("switchyard_retries_total", target).value += 1
            elif before:
                self._counter("switchyard_fallbacks_total", record.route).value += 1
            before = target
        if record.continued:
            self._counter("switchyard_continued_total", record.route).value += len(record.continued)

    def _exemplify(self, alike: _Alike, group: Sequence[Record]) -> None:
        bound = self._bound.get(alike[:_LABELS]) or self._bind(alike)
        for record in group:
            exemplify(record, bound.seconds, bound.first)

    def _bind(self, alike: _Alike) -> _Bound:
        route, target, key, endpoint, status, streams = labels = alike[:_LABELS]
        counter, histogram, nobody = self._counter, self._histogram, not target
        stream = "true" if streams else "false"
        bound = _Bound(
            calls=counter("switchyard_calls_total", route, endpoint, str(status), stream),
            seconds=histogram("switchyard_call_seconds", route),
            key_calls=counter("switchyard_key_calls_total", key),
            key_cost=counter("switchyard_key_cost_usd_total", key),
            attempts=Counter() if nobody else counter("switchyard_attempts_total", target, NONE),
            cost=Counter() if nobody else counter("switchyard_cost_usd_total", target),
            first=Histogram(()) if nobody else histogram("switchyard_first_content_seconds", target),
            tokens=tuple(Counter() if nobody else counter("switchyard_tokens_total", target, kind) for kind in KINDS),
        )
        if len(route) <= LONGEST and len(target) <= LONGEST:
            if len(self._bound) >= REMEMBERED:
                self._bound.clear()
            self._bound[labels] = bound
        return bound


def _good(group: Sequence[Record]) -> int | None:
    """How many attempts they made, if each made at most one and it went well; None where there is more to tell."""
    tried = list(map(_tried, group))
    attempts = list(chain.from_iterable(tried))
    if not attempts:
        return 0
    alone = len(attempts) == len(tried) and all(tried)
    return None if not alone or any(map(_fault, attempts)) else len(attempts)
