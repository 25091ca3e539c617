"""Counters, gauges and histograms that cost a tenth of a microsecond, and the families that keep them in bounds."""

from bisect import bisect_left
from collections.abc import Callable
from typing import Generic, Literal, NamedTuple, TypeVar

MOST = 2_000  # series of one metric; what comes later is counted as "other"
OTHER = "other"

Labels = tuple[str, ...]
Example = tuple[str, str, float, float]  # what names it (trace_id, call_id), its name, the value, unix time


class Metric(NamedTuple):
    """One row of the table of metrics.

    *merge* is how the gauges of several workers become one. *bounds* are a histogram's buckets, their upper ends
    included. Values are kept in units of 1/*per*, so that money stays an integer.
    """

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Labels = ()
    merge: Literal["sum", "max", "min"] = "sum"
    bounds: tuple[float, ...] = ()
    per: int = 1


class Counter:
    """*value* only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0.0

    def add(self, amount: float = 1) -> None:
        self.value += amount

    def values(self) -> list[float]:
        return [self.value]


class Gauge:
    """*value* is what is true now; whoever owns it sets it."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0.0

    def values(self) -> list[float]:
        return [self.value]


class Histogram:
    """*counts* has one more bucket than *bounds*, for all that is greater. *examples*: by bucket, the latest."""

    __slots__ = ("bounds", "counts", "examples", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self.examples: dict[int, Example] | None = None

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def exemplify(self, kind: str, name: str, value: float, time: float) -> None:
        """Something that was observed has a name by which one can look closer."""
        if self.examples is None:
            self.examples = {}
        self.examples[bisect_left(self.bounds, value)] = (kind, name, value, time)

    def values(self) -> list[float]:
        """The counts and, last, the sum."""
        return [*self.counts, self.sum]


Series = TypeVar("Series", Counter, Gauge, Histogram)


class Family(Generic[Series]):
    """All series of one metric, by their labels' values, made when first asked for and then kept."""

    __slots__ = ("_make", "_other", "series")

    def __init__(self, metric: Metric, make: Callable[[], Series]) -> None:
        self._make: Callable[[], Series] = make
        self._other = (OTHER,) * len(metric.labels)
        self.series: dict[Labels, Series] = {}

    def child(self, labels: Labels) -> Series:
        """The series of these labels, or of "other" once there are too many."""
        found = self.series.get(labels)
        if found is None:
            if len(self.series) >= MOST and labels != self._other:
                return self.child(self._other)
            found = self.series[labels] = self._make()
        return found

    def values(self) -> dict[Labels, list[float]]:
        # The list is made in one step of the interpreter, so that the loop's thread may go on adding series.
        return {labels: each.values() for labels, each in list(self.series.items())}
