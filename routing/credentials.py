"""Which of a provider's API keys goes next, and which of them have to rest."""

import math
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from core.faults import Blame, Failure, Fault, Reach
from core.secret import Secret

_COOLING = 5.0
_LONGEST_COOLING = 120.0
_LONGEST_ASKED = 600.0
_BENCH: Final[Mapping[Fault, float]] = {Fault.BAD_CREDENTIAL: 300.0, Fault.OUT_OF_CREDIT: 1800.0}
_LONGEST_BENCH = 3600.0

# A key that fails so often in a row at a target, at which another key has meanwhile worked as often, rests.
_FAILS: Final = 3
_DOUBTED = 30.0
_LONGEST_DOUBTED = 600.0
# What may be a key's fault, though it doesn't say so.
DOUBTFUL: Final = frozenset(
    {fault for fault in Fault if fault.blame is Blame.TARGET and fault is not Fault.RATE_LIMITED}
    | {Fault.MODEL_NOT_FOUND}
)

# Names of targets may come from clients, so what is remembered of them has an end.
_MOST_TARGETS = 1000

Kept = TypeVar("Kept")


class Rest:
    """Time off, twice as long each time it is needed again before a success. *guessed*: nobody asked for that much."""

    __slots__ = ("_span", "fault", "guessed", "until")

    def __init__(self) -> None:
        self._span = 0.0
        self.until = 0.0
        self.guessed = False
        self.fault = Fault.RATE_LIMITED

    def prolong(self, now: float, fault: Fault, *, first: float, longest: float, asked: float | None) -> None:
        """Rest *asked* seconds, or as long as the repetition says; at most *longest* then."""
        guessed = asked is None
        if asked is None:
            if fault is not self.fault:
                self._span = 0.0
            # Calls that were under way together fail together; that is no repetition.
            elif now < self.until:
                return
            asked = self._span = min(self._span * 2 or first, longest)
        self.fault = fault
        until = now + min(asked, max(longest, _LONGEST_ASKED))
        if until > self.until:
            self.until, self.guessed = until, guessed


class Streak:
    """How a credential has done at one target lately: failures in a row, and successes since the last of them.

    *since* is when that row began, *last* when there was a success.
    """

    __slots__ = ("failed", "last", "since", "worked")

    def __init__(self) -> None:
        self.failed = 0
        self.worked = 0
        self.since = 0.0
        self.last = -math.inf


class CredentialVitals:
    """What we observed of one API key. *secret* is None where the provider needs none.

    *bench* is for all targets, *cooling* by target, and so is how it did there (*streaks*).
    """

    __slots__ = ("bench", "cooling", "name", "secret", "streaks")

    def __init__(self, name: str, secret: Secret | None) -> None:
        self.name = name
        self.secret = secret
        self.bench: Rest | None = None
        self.cooling: dict[str, Rest] = {}
        self.streaks: dict[str, Streak] = {}

    def rest(self, now: float, target_id: str) -> Rest | None:
        """Why it can't be used for *target_id* now; None if it can."""
        bench = self.bench
        if bench is not None and now < bench.until:
            return bench
        cooling = self.cooling.get(target_id) if self.cooling else None
        return cooling if cooling is not None and now < cooling.until else None

    def rests(self, now: float) -> bool:
        """Whether there is anything that it can't be used for now."""
        return any(rest.until > now for rest in (*self.cooling.values(), *([self.bench] if self.bench else [])))

    def told(self, failure: Failure, now: float, target_id: str) -> None:
        fault = failure.fault
        if fault is Fault.RATE_LIMITED:
            rest = self._cooling_of(target_id) if failure.reach is Reach.MODEL else self._benched()
            rest.prolong(now, fault, first=_COOLING, longest=_LONGEST_COOLING, asked=failure.retry_after)
        elif fault in _BENCH:
            self._benched().prolong(now, fault, first=_BENCH[fault], longest=_LONGEST_BENCH, asked=None)

    def doubted(self, fault: Fault, now: float, target_id: str) -> None:
        """It fails at *target_id*, where another one works."""
        rest = self._cooling_of(target_id)
        rest.prolong(now, fault, first=_DOUBTED, longest=_LONGEST_DOUBTED, asked=None)

    def worked(self, target_id: str) -> None:
        self.bench = None
        self.cooling.pop(target_id, None)

    def streak(self, target_id: str) -> Streak:
        streak = self.streaks.get(target_id)
        return streak if streak is not None else _kept(self.streaks, target_id, Streak())

    def _benched(self) -> Rest:
        self.bench = self.bench or Rest()
        return self.bench

    def _cooling_of(self, target_id: str) -> Rest:
        rest = self.cooling.get(target_id)
        return rest if rest is not None else _kept(self.cooling, target_id, Rest())


def _kept(by_target: dict[str, Kept], target_id: str, new: Kept) -> Kept:
    if len(by_target) >= _MOST_TARGETS:
        del by_target[next(iter(by_target))]
    by_target[target_id] = new
    return new


class Pause(NamedTuple):
    """The credential that can be used first, the seconds until then, and why; None if it can be used now.

    *guessed*: no provider has asked for the wait.
    """

    credential: int
    wait: float = 0.0
    fault: Fault | None = None
    guessed: bool = False

    @property
    def reason(self) -> str:
        """A sentence; empty if it can be used now."""
        return f"all its credentials rest for {math.ceil(self.wait)} s more ({self.fault.code})" if self.fault else ""


class Credentials:
    """The credentials of one provider, in the order of Provider.keys.

    A provider that needs none has one member all the same, which remembers rate limits; its index is -1.
    """

    __slots__ = ("_members", "_only", "_shift", "_turn")

    def __init__(self, members: Sequence[CredentialVitals]) -> None:
        """*members*: at least one; exactly one without a secret where the provider needs none."""
        self._members = members
        self._only = members[0] if len(members) == 1 else None
        self._shift = 1 if members[0].secret is None else 0
        self._turn = 0

    def aside(self) -> "Credentials":
        """The same members, with a turn of their own: whoever picks from them takes nobody's turn."""
        pool = Credentials(self._members)
        pool._turn = self._turn
        return pool

    def pick(self, now: float, target_id: str) -> int | None:
        """The next credential that may be used for *target_id*; None if all have to rest."""
        only = self._only
        if only is not None:
            resting = (only.bench is not None or only.cooling) and only.rest(now, target_id) is not None
            return None if resting else -self._shift
        members = self._members
        count = len(members)
        for turn in range(self._turn, self._turn + count):
            index = turn % count
            if members[index].rest(now, target_id) is None:
                self._turn = index + 1
                return index
        return None

    @property
    def members(self) -> Sequence[CredentialVitals]:
        return self._members

    @property
    def untroubled(self) -> bool:
        """Whether there is a single one that nothing is known against, so that it is ready for any target."""
        only = self._only
        return only is not None and only.bench is None and not only.cooling

    def ready(self, now: float, target_id: str) -> bool:
        """Whether one of them may be used for *target_id* now."""
        return any(member.rest(now, target_id) is None for member in self._members)

    def other(self, index: int, now: float, target_id: str) -> int | None:
        """Another one than *index* that may be used for *target_id* now; None if there is none."""
        pause = self.pause(now, target_id, but=index)
        return pause.credential if pause.fault is None and pause.credential != index else None

    def told(self, index: int, failure: Failure | None, now: float, target_id: str) -> None:
        """What became of an attempt with credential *index*; None is a success."""
        # -1 is the last member, and where it is used, the only one.
        member = self._only or self._members[index]
        if failure is None:
            if member.bench is not None or member.cooling:
                member.worked(target_id)
        elif failure.reach is Reach.PROVIDER:
            for each in self._members:
                each.told(failure, now, target_id)
        else:
            member.told(failure, now, target_id)
        if self._only is None:
            self._compare(member, failure, now, target_id)

    def pause(self, now: float, target_id: str, *, but: int | None = None) -> Pause:
        """What there is to wait for before *target_id* can be tried; with another credential than *but*, if one is
        ready.
        """
        pauses = []
        for index, member in enumerate(self._members):
            rest = member.rest(now, target_id)
            if rest is not None:
                pauses.append(Pause(index - self._shift, rest.until - now, rest.fault, rest.guessed))
            elif index != but:
                return Pause(index - self._shift)
        if but is not None and len(pauses) < len(self._members):
            return Pause(but)
        return min(pauses, key=attrgetter("wait"))

    def why_not(self, now: float, target_id: str) -> str | None:
        """Why no credential can be used for *target_id* now, as a sentence; None if one can."""
        return self.pause(now, target_id).reason or None

    def _compare(self, member: CredentialVitals, failure: Failure | None, now: float, target_id: str) -> None:
        """A key that fails while another one works at the same target is to blame, not the target."""
        streak = member.streak(target_id)
        if failure is None:
            streak.failed = 0
            streak.worked += 1
            streak.last = now
        elif failure.fault in DOUBTFUL:
            streak.worked = 0
            streak.failed += 1
            if streak.failed == 1:
                streak.since = now
            elif streak.failed >= _FAILS and self._others_work(member, now, target_id, since=streak.since):
                streak.failed = 0
                member.doubted(failure.fault, now, target_id)

    def _others_work(self, member: CredentialVitals, now: float, target_id: str, *, since: float) -> bool:
        others = (each for each in self._members if each is not member and each.rest(now, target_id) is None)
        streaks = (each.streak(target_id) for each in others)
        return any(streak.worked >= _FAILS and streak.last >= since for streak in streaks)
