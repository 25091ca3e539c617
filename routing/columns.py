"""What strategies may read of targets, each as a column of numbers: None where nobody knows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from core.call import Call
from core.target import Target
from routing.candidates import View

Column = Callable[[Sequence[Target], Call, View, float], Sequence[float | None]]


def in_flight(targets: Sequence[Target], _call: Call, view: View, _now: float) -> Sequence[float | None]:
    """Attempts under way."""
    seen = view.vitals.target
    return [seen(target.id).in_flight for target in targets]


COLUMNS: Final[Mapping[str, Column]] = {"in_flight": in_flight}
