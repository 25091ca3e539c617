"""How finished calls are counted: many in one go, each by the series that calls with its labels add to."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from core.usage import COUNTS, Usage, counts
from telemetry.counters import Counter, Histogram
from telemetry.exemplars import exemplify
from telemetry.record import Record

NONE: Final = "none"
REMEMBERED: Final = 4_096  # combinations of labels whose series are at hand
LONGEST: Final = 256  # characters of a name that is worth remembering

# The first fields of Usage, in its order, and those that few answers have.
KINDS: Final = ("input", "cache_read", "cache_write", "output", "reasoning")
RARE: Final = ("cache_write_long", "audio_input", "audio_output", "image_output", "searches")
NOTHING_RARE: Final = (0,) * len(RARE)

Lost = tuple[Record, Exception]
_Labels = tuple[str, str, str, str, int, bool]  # route, target, key, endpoint, status, stream
# Calls, those of the key, their seconds; good attempts, dollars, those of the key; first content, tokens by kind.
_Series = tuple[Counter, Counter, Histogram, Counter, Counter, Counter, Histogram, tuple[Counter, ...]]


class Counting:
    """*counter* and *histogram* are those of Meters."""

    __slots__ = ("_counter", "_gone", "_histogram", "_series")

    def __init__(self, counter: Callable[..., Counter], histogram: Callable[..., Histogram]) -> None:
        self._counter = counter
        self._histogram = histogram
        self._series: dict[_Labels, _Series] = {}
        self._gone = counter("switchyard_client_gone_total")

    def forget(self) -> None:
        """The same labels may stand for other series from now on."""
        self._series.clear()

    def count(self, records: Iterable[Record], *, exemplars: bool) -> Sequence[Lost]:
        """Returns those that couldn't be counted, and why."""
        known, lost = self._series, []
        for record in records:
            labels = (record.route, record.target, record.key, record.endpoint, record.status, record.stream)
            try:
                calls, key_calls, seconds, attempts, cost, key_cost, first, kinds = known.get(labels) or self._bind(
                    labels
                )
                calls.value += 1
                key_calls.value += 1
                seconds.observe(record.total / 1e3)
                tried = record.tried
                if len(tried) == 1 and not tried[0][1]:
                    attempts.value += 1
                else:
                    self._count_attempts(record)
                    cost.value -= self._elsewhere(record)
                if record.cost:
                    cost.value += record.cost
                    key_cost.value += record.cost
                if (usage := record.usage) is not None:
                    if record.took:
                        self._count_parts(record)
                    else:
                        self._count_tokens(record, usage, kinds)
                if record.stream and record.first is not None:
                    first.observe(record.first / 1e3)
                if record.fault or record.gone:
                    self._count_broken(record)
                if exemplars:
                    exemplify(record, seconds, first)
            except Exception as mistake:  # noqa: BLE001  (one that can't be counted must not keep the others from it)
                lost.append((record, mistake))
        return lost

    def _count_tokens(self, record: Record, usage: Usage, kinds: tuple[Counter, ...]) -> None:
        asked, cache_read, cache_write, said, reasoning = usage[:5]
        kinds[0].value += asked
        kinds[3].value += said
        if cache_read:
            kinds[1].value += cache_read
        if cache_write:
            kinds[2].value += cache_write
        if reasoning:
            kinds[4].value += reasoning
        if usage[7:12] != NOTHING_RARE:
            for kind, tokens in zip(RARE, usage[7:12], strict=True):
                if tokens:
                    self._counter("switchyard_tokens_total", record.target, kind).value += tokens
        if record.estimated:
            self._counter("switchyard_estimated_usage_total", record.target).value += 1

    def _count_parts(self, record: Record) -> None:
        """Tokens of several attempts, each at its own target."""
        for (target, _, _), usage in zip(record.tried, record.took, strict=False):
            for kind, tokens in zip(COUNTS, () if usage is None else counts(usage), strict=False):
                if tokens:
                    self._counter("switchyard_tokens_total", target, kind).value += tokens
        if record.estimated:
            self._counter("switchyard_estimated_usage_total", record.target).value += 1

    def _count_broken(self, record: Record) -> None:
        if record.gone:
            self._gone.value += 1
        elif record.stream and record.first is not None:
            self._counter("switchyard_broken_streams_total", record.target).value += 1

    def _count_attempts(self, record: Record) -> None:
        if not record.tried:
            if record.status >= 400:
                self._counter("switchyard_refused_total", str(record.status)).value += 1
            return
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

    def _elsewhere(self, record: Record) -> int:
        """What was paid for attempts at other targets, which counts for those."""
        sum = 0
        for (target, _, _), cost in zip(record.tried, record.costs, strict=False):
            if cost and target != record.target:
                self._counter("switchyard_cost_usd_total", target).value += cost
                sum += cost
        return sum

    def _bind(self, labels: _Labels) -> _Series:
        """The series of these labels; those of no target are nobody's."""
        route, target, key, endpoint, status, streams = labels
        counter, histogram, nobody = self._counter, self._histogram, not target
        stream = "true" if streams else "false"
        series = (
            counter("switchyard_calls_total", route, endpoint, str(status), stream),
            counter("switchyard_key_calls_total", key),
            histogram("switchyard_call_seconds", route),
            Counter() if nobody else counter("switchyard_attempts_total", target, NONE),
            Counter() if nobody else counter("switchyard_cost_usd_total", target),
            counter("switchyard_key_cost_usd_total", key),
            Histogram(()) if nobody else histogram("switchyard_first_content_seconds", target),
            tuple(Counter() if nobody else counter("switchyard_tokens_total", target, kind) for kind in KINDS),
        )
        if len(route) <= LONGEST and len(target) <= LONGEST:
            if len(self._series) >= REMEMBERED:
                self._series.clear()
            self._series[labels] = series
        return series
