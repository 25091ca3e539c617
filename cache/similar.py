"""Questions that were answered, as vectors: which of them is the most like another one, found exactly.

numpy is read when the first vector comes: most gateways keep none.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cache.entry import Forgetting, Labels

if TYPE_CHECKING:
    import numpy as np

FIRST: Final = 16  # places of a partition that begins
NEAREST: Final = 8  # of which the first that differs in nothing is taken


class Vector(NamedTuple):
    """What *model* made of a text."""

    numbers: Sequence[float]
    model: str


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
        from cache.arrays import np  # noqa: PLC0415  (a tenth of a second, and memory)

        self._np = np
        self.dimensions = dimensions
        self.asked: list[Asked] = []
        self._vectors: np.ndarray[Any, Any] = np.zeros((FIRST, dimensions), dtype=np.float32)
        self._next = 0
        self._said = 0  # bytes of all that was asked

    @property
    def bytes(self) -> int:
        return int(self._vectors.nbytes) + self._said

    def add(self, vector: "np.ndarray[Any, Any]", asked: Asked, most: int) -> None:
        if len(self.asked) >= most:
            at = self._next % most
            self._said -= _bytes(self.asked[at])
            self.asked[at] = asked
        else:
            at = len(self.asked)
            self.asked.append(asked)
            if at >= len(self._vectors):
                more = self._np.zeros_like(self._vectors)
                self._vectors = self._np.concatenate([self._vectors, more])
        self._vectors[at] = vector
        self._said += _bytes(asked)
        self._next = at + 1

    def nearest(self, vector: "np.ndarray[Any, Any]", now: float, threshold: float) -> list[Like]:
        scores = self._vectors[: len(self.asked)] @ vector
        near = self._np.flatnonzero(scores >= threshold)
        best = near[self._np.argsort(-scores[near])][:NEAREST]
        found = (Like(float(scores[at]), self.asked[at]) for at in best)
        return [one for one in found if one.score >= threshold and now < one.asked.ends]

    def forget(self, names: Forgetting) -> None:
        kept = [at for at, one in enumerate(self.asked) if not names.fits(one.labels)]
        self._vectors[: len(kept)] = self._vectors[kept]
        self.asked = [self.asked[at] for at in kept]
        self._said = sum(map(_bytes, self.asked))
        self._next = len(kept)


class Similar:
    """Questions by partition, in *room* bytes; of several partitions the one goes first that nobody looked into."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._partitions: OrderedDict[bytes, _Partition] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(one.asked) for one in self._partitions.values())

    def nearest(self, partition: bytes, vector: Vector, *, now: float, threshold: float) -> list[Like]:
        """The best first; none below *threshold*."""
        room, made = room_of(partition, vector), unit(vector)
        found = self._partitions.get(room)
        if found is None or made is None:
            return []
        self._partitions.move_to_end(room)
        return found.nearest(made, now, threshold)

    def add(self, partition: bytes, vector: Vector, asked: Asked, *, most: int) -> None:
        """*most* are remembered of one partition."""
        room, made = room_of(partition, vector), unit(vector)
        if made is None:
            return
        found = self._partitions.get(room)
        if found is None:
            found = self._partitions[room] = _Partition(len(made))
        self._partitions.move_to_end(room)
        found.add(made, asked, most)
        self._shrink()

    def forget(self, names: Forgetting) -> None:
        for partition in self._partitions.values():
            partition.forget(names)

    def _shrink(self) -> None:
        size = sum(one.bytes for one in self._partitions.values())
        while size > self.room and self._partitions:
            _, gone = self._partitions.popitem(last=False)
            size -= gone.bytes


def _bytes(asked: Asked) -> int:
    return len(asked.text) * 2 + 400


def room_of(partition: bytes, vector: Vector) -> bytes:
    """Where vectors lie that can be compared with *vector*: 32 bytes of ASCII."""
    made = blake2b(b"%d %b " % (len(vector.numbers), vector.model.encode()), digest_size=16)
    made.update(partition)
    return made.hexdigest().encode()


def unit(vector: Vector) -> "np.ndarray[Any, Any] | None":
    """Of length one; None for what has no direction."""
    from cache.arrays import np  # noqa: PLC0415  (as above)

    made = np.asarray(vector.numbers, dtype=np.float32)
    length = float(np.linalg.norm(made))
    if not np.isfinite(length) or length == 0.0:
        return None
    return made / length
