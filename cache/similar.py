"""Questions that were answered, as vectors: which of them is the most like another one, found exactly.

numpy is read when the first vector comes: most gateways keep none.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cache.entry import Forgetting, Labels

if TYPE_CHECKING:
    import numpy as np

FIRST = 16  # places of a partition that begins
NEAREST = 8  # of which the first that differs in nothing is taken


class Asked(NamedTuple):
    """A question whose answer is kept under *mark*, until *ends* (unix time)."""

    text: str
    mark: bytes
    labels: Labels
    ends: float


class Like(NamedTuple):
    score: float
    asked: Asked


class _Partition:
    """Vectors of length one, with what they stand for; the oldest place is taken when there is no more room."""

    def __init__(self, dimensions: int) -> None:
        import numpy as np  # noqa: PLC0415  (a tenth of a second, and memory)

        self._np = np
        self.dimensions = dimensions
        self.asked: list[Asked] = []
        self._vectors: np.ndarray[Any, Any] = np.zeros((FIRST, dimensions), dtype=np.float32)
        self._next = 0

    @property
    def bytes(self) -> int:
        return int(self._vectors.nbytes) + sum(len(one.text) * 2 + 400 for one in self.asked)

    def add(self, vector: "np.ndarray[Any, Any]", asked: Asked, most: int) -> None:
        if len(self.asked) >= most:
            at = self._next % most
            self.asked[at] = asked
        else:
            at = len(self.asked)
            self.asked.append(asked)
            if at >= len(self._vectors):
                more = self._np.zeros_like(self._vectors)
                self._vectors = self._np.concatenate([self._vectors, more])
        self._vectors[at] = vector
        self._next = at + 1

    def nearest(self, vector: "np.ndarray[Any, Any]", now: float, threshold: float) -> list[Like]:
        scores = self._vectors[: len(self.asked)] @ vector
        best = self._np.argsort(-scores)[:NEAREST]
        found = (Like(float(scores[at]), self.asked[at]) for at in best)
        return [one for one in found if one.score >= threshold and now < one.asked.ends]

    def forget(self, names: Forgetting) -> None:
        kept = [at for at, one in enumerate(self.asked) if not names.fits(one.labels)]
        self._vectors[: len(kept)] = self._vectors[kept]
        self.asked = [self.asked[at] for at in kept]
        self._next = len(kept)


class Similar:
    """Questions by partition, in *room* bytes; of several partitions the one goes first that nobody looked into."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._partitions: OrderedDict[bytes, _Partition] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(one.asked) for one in self._partitions.values())

    def nearest(self, partition: bytes, vector: Sequence[float], *, now: float, threshold: float) -> list[Like]:
        """The best first; none below *threshold*."""
        found = self._partitions.get(partition)
        if found is None or found.dimensions != len(vector):
            return []
        self._partitions.move_to_end(partition)
        unit = _unit(vector)
        return [] if unit is None else found.nearest(unit, now, threshold)

    def add(self, partition: bytes, vector: Sequence[float], asked: Asked, *, most: int) -> None:
        """*most* are remembered of one partition."""
        unit = _unit(vector)
        if unit is None:
            return
        found = self._partitions.get(partition)
        if found is None or found.dimensions != len(vector):
            found = self._partitions[partition] = _Partition(len(vector))
        self._partitions.move_to_end(partition)
        found.add(unit, asked, most)
        self._shrink()

    def forget(self, names: Forgetting) -> None:
        for partition in self._partitions.values():
            partition.forget(names)

    def _shrink(self) -> None:
        size = sum(one.bytes for one in self._partitions.values())
        while size > self.room and self._partitions:
            _, gone = self._partitions.popitem(last=False)
            size -= gone.bytes


def _unit(vector: Sequence[float]) -> "np.ndarray[Any, Any] | None":
    """Of length one; None for what has no direction."""
    import numpy as np  # noqa: PLC0415  (as above)

    made = np.asarray(vector, dtype=np.float32)
    length = float(np.linalg.norm(made))
    if not np.isfinite(length) or length == 0.0:
        return None
    return made / length
