"""How good the answers of a target are: what was known beforehand, moved by what was seen and said of them.

A score is a product. *Judged* is the mean of what people gave, with the figure of the catalog counting as so many
opinions. *Sound* is the share of answers in which a machine found no fault: JSON that was asked for and came, arguments
that a tool can take, no refusal, no silence. It only ever lowers, since an answer without fault needn't be a good one.

What is old counts for less: half after each *half-life*. All sums are kept as they would stand at one moment, the base,
so that evidence may come in any order, be taken back exactly, and be added up over processes.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

HALF_LIFE: Final = 7 * 86400.0
STRENGTH: Final = 20.0  # answers that what was known beforehand is worth
MOST: Final = 4_096  # pairs of target and task: clients may make names of models up
LONGEST: Final = 512  # characters of a target's name
TICK: Final = 60.0  # seconds: what they change is nothing
FORGOTTEN: Final = 0.01  # of an answer: weights below that are dropped

Place = tuple[str, str]  # target id, task


class Evidence(NamedTuple):
    """Decayed sums over the answers of a target to a task. *praise* is the sum of what *opinions* gave, each from
    0 to 1; *flaws* is how many of the answers *seen* had one.
    """

    praise: float = 0.0
    opinions: float = 0.0
    flaws: float = 0.0
    seen: float = 0.0

    def plus(self, other: "Evidence", times: float = 1.0) -> "Evidence":
        praise, opinions, flaws, seen = other
        return Evidence(
            self.praise + praise * times,
            self.opinions + opinions * times,
            self.flaws + flaws * times,
            self.seen + seen * times,
        )

    def times(self, factor: float) -> "Evidence":
        return NONE.plus(self, factor)

    @property
    def slight(self) -> bool:
        return max(map(abs, self)) < FORGOTTEN


NONE: Final = Evidence()
Told = tuple[Place, Evidence, float]  # a sum, and the moment at which it stood so


def opinion(score: float) -> Evidence:
    """One answer got *score*, from 0 to 1."""
    return Evidence(praise=score, opinions=1.0)


class Leaning(NamedTuple):
    """What evidence makes of any prior."""

    praise: float
    share: float

    def score(self, prior: float) -> float:
        """From 0 to 1."""
        return (prior * STRENGTH + self.praise) * self.share


def leaning(evidence: Evidence, age: float = 1.0) -> Leaning:
    """*age* is what all sums have to be multiplied with."""
    praise, opinions, flaws, seen = evidence
    if opinions < 0.0 or praise < 0.0:
        # Somebody takes back what was said to a process that we haven't heard of yet.
        praise = opinions = 0.0
    sound = 1.0 - max(flaws, 0.0) * age / (STRENGTH + max(flaws, seen, 0.0) * age)
    return Leaning(min(praise, opinions) * age, sound / (STRENGTH + opinions * age))


class Qualities:
    """All that is known of targets' quality. *now*, here and everywhere below, is unix time.

    What this process has seen itself is `own`; other processes' sums come in with `hears`. *base* is the moment
    for which all sums are kept.
    """

    __slots__ = ("_age", "_leanings", "_own", "_sums", "_ticked", "base", "changed")

    def __init__(self, now: float) -> None:
        self.base = self._ticked = now
        self._age = 1.0
        self._own: dict[Place, Evidence] = {}
        self._sums: dict[Place, Evidence] = {}
        self._leanings: dict[Place, Leaning] = {}
        self.changed = False  # since *own* was last asked for

    def score(self, target: str, task: str, prior: float) -> float:
        """From 0 to 1; *prior* is the catalog's figure. As of the last `tick`, which is near enough."""
        known = self._leanings.get((target, task))
        return prior if known is None else known.score(prior)

    def places(self) -> list[Place]:
        """Targets and tasks of which something was seen."""
        return list(self._sums)

    def known(self) -> dict[Place, Evidence]:
        """All evidence, as of the last `tick`."""
        return {place: evidence.times(self._age) for place, evidence in self._sums.items()}

    def tick(self, now: float) -> None:
        """Time passes, and all that is known grows older; to be told every now and then."""
        if abs(now - self._ticked) >= TICK:
            self._ticked = now
            self._age = 0.5 ** ((now - self.base) / HALF_LIFE)
            self._lean()

    def _lean(self) -> None:
        self._leanings = {place: leaning(evidence, self._age) for place, evidence in self._sums.items()}

    def add(self, target: str, task: str, evidence: Evidence, now: float, *, times: float = 1.0) -> None:
        """*evidence* of an answer that was given at *now*, whenever that was; -1 times takes it back."""
        place = (target, task)
        if place not in self._sums and (len(self._sums) >= MOST or len(target) > LONGEST):
            return
        weight = times * 2.0 ** ((now - self.base) / HALF_LIFE)
        self._own[place] = self._own.get(place, NONE).plus(evidence, weight)
        known = self._sums[place] = self._sums.get(place, NONE).plus(evidence, weight)
        self._leanings[place] = leaning(known, self._age)
        self.changed = True

    # What processes tell each other

    def own(self, now: float) -> dict[Place, Evidence]:
        """What this process has seen, as it stands at *now*; what is too old to matter is forgotten."""
        factor = 0.5 ** ((now - self.base) / HALF_LIFE)
        told = {place: evidence.times(factor) for place, evidence in self._own.items()}
        for place in [place for place, evidence in told.items() if evidence.slight]:
            del self._own[place], told[place]
        self.changed = False
        return told

    def resume(self, told: Iterable[Told]) -> None:
        """What this process's predecessor had seen."""
        changed = self.changed
        for (target, task), evidence, at in told:
            self.add(target, task, evidence, at)
        self.changed = changed

    def hears(self, others: Mapping[Place, Evidence]) -> None:
        """What all other processes have seen (made by `together`, for *base*), in place of what was heard before."""
        sums = dict(self._own)
        for place, evidence in others.items():
            known = sums.get(place)
            sums[place] = evidence if known is None else known.plus(evidence)
        self._sums = sums
        self._lean()


def together(told: Iterable[Told], base: float) -> dict[Place, Evidence]:
    """What several have said, added up as it would stand at *base*."""
    sums: dict[Place, Evidence] = {}
    for place, evidence, at in told:
        sums[place] = sums.get(place, NONE).plus(evidence, 2.0 ** ((at - base) / HALF_LIFE))
    return sums
