"""Which of a provider's API keys goes next, and which of them have to rest."""

import math
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple

from core.faults import Failure, Fault
from core.secret import Secret

_COOLING = 5.0
_LONGEST_COOLING = 120.0
_BENCH: Final[Mapping[Fault, float]] = {Fault.BAD_CREDENTIAL: 300.0, Fault.OUT_OF_CREDIT: 1800.0}
_LONGEST_BENCH = 3600.0

# Names of targets may come from clients, so what is remembered of them has an end.
_MOST_TARGETS = 1000


class Rest:
    """Time off, twice as long each time it is needed again before a success."""

    __slots__ = ("_span", "fault", "until")

    def __init__(self) -> None:
        self._span = 0.0
        self.until = 0.0
        self.fault = Fault.RATE_LIMITED

    def prolong(self, now: float, fault: Fault, *, first: float, longest: float, asked: float | None) -> None:
        """Rest *asked* seconds, or as long as the repetition says; at most *longest*."""
        if asked is None:
            # Calls that were under way together fail together; that is no repetition.
            if now < self.until:
                return
            self._span = min(self._span * 2 or first, longest)
            asked = self._span
        self.fault = fault
        self.until = max(self.until, now + min(asked, longest))


class CredentialVitals:
    """What we observed of one API key. *secret* is None where the provider needs none."""

    __slots__ = ("bench", "cooling", "name", "secret")

    def __init__(self, name: str, secret: Secret | None) -> None:
        self.name = name
        self.secret = secret
        self.bench: Rest | None = None
        self.cooling: dict[str, Rest] = {}

    def rest(self, now: float, target_id: str) -> Rest | None:
        """Why it can't be used for *target_id* now; None if it can."""
        bench = self.bench
        if bench is not None and now < bench.until:
            return bench
        cooling = self.cooling.get(target_id) if self.cooling else None
        return cooling if cooling is not None and now < cooling.until else None

    def told(self, failure: Failure, now: float, target_id: str) -> None:
        fault = failure.fault
        if fault is Fault.RATE_LIMITED:
            rest = self._cooling_of(target_id)
            rest.prolong(now, fault, first=_COOLING, longest=_LONGEST_COOLING, asked=failure.retry_after)
        elif fault in _BENCH:
            self.bench = self.bench or Rest()
            self.bench.prolong(now, fault, first=_BENCH[fault], longest=_LONGEST_BENCH, asked=None)

    def worked(self, target_id: str) -> None:
        self.bench = None
        if self.cooling:
            self.cooling.pop(target_id, None)

    def _cooling_of(self, target_id: str) -> Rest:
        if (rest := self.cooling.get(target_id)) is not None:
            return rest
        if len(self.cooling) >= _MOST_TARGETS:
            del self.cooling[next(iter(self.cooling))]
        rest = self.cooling[target_id] = Rest()
        return rest


class Pause(NamedTuple):
    """The credential that can be used first, the seconds until then, and why; None if it can be used now."""

    credential: int
    wait: float = 0.0
    fault: Fault | None = None

    @property
    def reason(self) -> str:
        """A sentence; empty if it can be used now."""
        return f"all its credentials rest for {math.ceil(self.wait)} s more ({self.fault.code})" if self.fault else ""


class Credentials:
    """The credentials of one provider, in the order of Provider.keys.

    A provider that needs none has one member all the same, which remembers rate limits; its index is -1.
    """

    __slots__ = ("_members", "_shift", "_turn")

    def __init__(self, members: Sequence[CredentialVitals]) -> None:
        """*members*: at least one; exactly one without a secret where the provider needs none."""
        self._members = members
        self._shift = 1 if members[0].secret is None else 0
        self._turn = 0

    def pick(self, now: float, target_id: str) -> int | None:
        """The next credential that may be used for *target_id*; None if all have to rest."""
        members = self._members
        count = len(members)
        if count == 1:
            return None if members[0].rest(now, target_id) else -self._shift
        for turn in range(self._turn, self._turn + count):
            index = turn % count
            if members[index].rest(now, target_id) is None:
                self._turn = index + 1
                return index
        return None

    @property
    def untroubled(self) -> bool:
        """Whether there is a single one that nothing is known against, so that it is ready for any target."""
        first = self._members[0]
        return len(self._members) == 1 and first.bench is None and not first.cooling

    def ready(self, now: float, target_id: str) -> bool:
        """Whether one of them may be used for *target_id* now."""
        return any(member.rest(now, target_id) is None for member in self._members)

    def told(self, index: int, failure: Failure | None, now: float, target_id: str) -> None:
        """What became of an attempt with credential *index*; None is a success."""
        # -1 is the last member, and where it is used, the only one.
        member = self._members[index]
        if failure is None:
            member.worked(target_id)
        else:
            member.told(failure, now, target_id)

    def pause(self, now: float, target_id: str) -> Pause:
        """What there is to wait for before *target_id* can be tried."""
        pauses = []
        for index, member in enumerate(self._members):
            rest = member.rest(now, target_id)
            if rest is None:
                return Pause(index - self._shift)
            pauses.append(Pause(index - self._shift, rest.until - now, rest.fault))
        return min(pauses, key=attrgetter("wait"))

    def why_not(self, now: float, target_id: str) -> str | None:
        """Why no credential can be used for *target_id* now, as a sentence; None if one can."""
        return self.pause(now, target_id).reason or None
