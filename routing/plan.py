"""What a call tries, one attempt after the other: stages, fallback, retries and their limits.

A plan yields attempts and is sent failures. Whoever plays it, for each attempt and in this order: begins the
target's vitals before anything is awaited, waits, tries, ends the vitals, tells the provider's Credentials, and
only then sends the failure. After a success the plan is dropped. Most calls are answered by the only target of their
first stage: `opening` says how they begin, and there is no plan before that has failed.
"""

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple, NoReturn, Protocol

from config.schema import Route, Stage
from core.call import Call
from core.faults import Failure, Fault
from core.filled import filled
from core.target import Target
from routing.backoff import delay
from routing.candidates import Skipped, View, obstacle, resting
from routing.decision import Decision, decide
from routing.exhausted import Exhausted
from routing.pardon import pardoned

# Nothing leads on from these, whatever `on` says: no target would answer otherwise.
_FINAL: Final = (Fault.BAD_REQUEST, Fault.CANCELLED)
NO_CREDENTIAL: Final = -1
_KEYS_OWN: Final = frozenset({Fault.RATE_LIMITED, Fault.BAD_CREDENTIAL, Fault.OUT_OF_CREDIT})


class Attempt(NamedTuple):
    """*credential* is an index into the provider's keys, -1 if it needs none. *number* counts from 1 over the call.

    *wait*: seconds to sleep before. *stage*: its number in the route. *retry*: the same target was tried just before.
    *queued*: the target is full, so that the call has to stand in line first; the credential is chosen anew then.
    """

    target: Target
    credential: int
    number: int
    wait: float
    stage: int
    retry: bool
    queued: bool = False


class Trail(Protocol):
    """Where decisions are kept as they are made."""

    def append(self, decision: Decision, /) -> object: ...


def opening(route: Route, call: Call, view: View, deadline: float, now: float) -> Attempt | None:
    """What a plan would begin with, where there is nothing to choose; None where it takes a plan to say."""
    stage = route.stages[0]
    if len(stage.targets) != 1 or stage.on or now >= deadline:
        return None
    (target,) = stage.targets
    if obstacle(target, call, view, now) is not None:
        return None
    credential = view.pools[target.provider].pick(now, target.id)
    return None if credential is None else filled(Attempt, (target, credential, 1, 0.0, 0, False, False))


def plan(
    route: Route,
    call: Call,
    view: View,
    deadline: float,
    trail: Trail | None = None,
    *,
    caller: str = "",
    course: "Course | None" = None,
    opened: Attempt | None = None,
) -> Generator[Attempt, Failure, None]:
    """Yield what to try; be sent what went wrong. Raises Exhausted when nothing is left.

    *deadline*: when the call's time is up, on the clock of *view*. *trail* gets every decision that is made.
    *caller* is the name of the client's key. *course*: one of the same call, for those who ask it for spare attempts.
    *opened*: the `opening`, if it was tried; it is yielded first.
    """
    course = course or Course(route, call, view, deadline, trail, caller=caller)
    attempt: Attempt | None
    now = view.clock()
    for index, stage in enumerate(route.stages):
        if (index or stage.on) and not course.reaches(stage):
            continue
        targets: Iterable[Target] = stage.targets
        if len(stage.targets) > 1:
            targets = course.through(course.order(index, now), index)
        for target in targets:
            if opened is not None:
                attempt, opened = course.begun(opened), None
            elif course.over(now):
                raise course.exhausted(now)
            else:
                attempt = course.first(target, index, now)
            if attempt is None:
                continue
            while attempt is not None:
                failure = yield attempt
                now = view.clock()
                attempt, failure = course.verdict(attempt, failure, now)
                attempt = course.again(attempt, failure, now)
            if not route.fallback:
                yield from _rest(course, view)
            if not (failure.fault.next_target or leads(failure.fault, stage)):
                break
    yield from _rest(course, view)


def _rest(course: "Course", view: View) -> Generator[Attempt, Failure, NoReturn]:
    """What is left to try of what couldn't be at once: where there is a line, and what only breakers keep away."""
    attempt: Attempt | None
    while (attempt := course.in_line(view.clock())) is not None:
        while attempt is not None:
            failure = yield attempt
            now = view.clock()
            attempt, failure = course.verdict(attempt, failure, now)
            attempt = course.again(attempt, failure, now)
        if failure.fault is Fault.BUSY:
            break
    now = view.clock()
    if (attempt := course.last_resort(now)) is not None:
        failure = yield attempt
        now = view.clock()
        course.note(attempt.target, failure, now)
    raise course.exhausted(now)


def leads(fault: Fault, stage: Stage) -> bool:
    """Whether *stage* is tried after *fault*."""
    if stage.on:
        # A target that is known to be full would have said that it is overloaded.
        code = Fault.OVERLOADED.code if fault is Fault.BUSY and fault.code not in stage.on else fault.code
        return code in stage.on and fault not in _FINAL
    return fault.next_target


def most_attempts(route: Route) -> int:
    """That a whole call may take: one more than there are targets, or all retries of a lone one."""
    distinct = len({target.id for stage in route.stages for target in stage.targets}) if route.fallback else 1
    most = max(route.retry.attempts, 2) if distinct == 1 else distinct + 1
    return min(most, route.most or most)


class Course:
    """What became of a call so far, and what that allows next."""

    __slots__ = (
        "_call",
        "_caller",
        "_deadline",
        "_failures",
        "_limit",
        "_lines",
        "_number",
        "_pardoned",
        "_route",
        "_seen",
        "_skipped",
        "_too_small",
        "_trail",
        "_tries",
        "_until",
        "_view",
    )

    def __init__(
        self, route: Route, call: Call, view: View, deadline: float, trail: Trail | None = None, *, caller: str = ""
    ) -> None:
        self._route = route
        self._call = call
        self._view = view
        self._deadline = deadline
        self._trail = trail
        self._caller = caller
        self._number = 0
        self._limit = 0  # as soon as somebody has asked
        self._tries = 0  # at the target that is being tried
        self._seen: set[str] = set()
        self._pardoned: frozenset[str] = frozenset()
        self._failures: list[tuple[Target, Failure]] = []
        self._skipped: list[tuple[int, Skipped]] = []  # each with its stage
        self._lines: dict[str, tuple[int, Target]] = {}  # those that were full, each with its stage
        self._until: dict[str, float] = {}  # when a target can be tried again, where known
        self._too_small: tuple[int, Target] | None = None

    def order(self, index: int, now: float) -> Sequence[Target]:
        """The targets of a stage of several, as they are to be tried."""
        view, place = self._view, (self._route.name, index)
        turn = view.turns[place] = view.turns.get(place, -1) + 1
        stage = self._route.stages[index]
        decision = decide(stage, index, self._call, view, turn=turn, now=now, caller=self._caller)
        if self._trail is not None:
            self._trail.append(decision)
        return decision.tried()

    def reaches(self, stage: Stage) -> bool:
        """Whether what went wrong so far leads to *stage*."""
        if self._failures:
            return leads(self._failures[-1][1].fault, stage)
        # An open breaker or a resting credential is a failure that an earlier call met in our place.
        return not stage.on or any(each.fault is not None and leads(each.fault, stage) for _, each in self._skipped)

    def through(self, targets: Sequence[Target], index: int) -> Iterator[Target]:
        """*targets* of stage *index*, and then those of them that are skipped, but may be tried all the same."""
        yield from targets
        if not self._skipped:
            return
        tripped = [each for stage, each in self._skipped if stage == index and each.tripped and not each.benched]
        for target in pardoned(tripped, len(targets), self._view.vitals):
            self._skipped = [(stage, each) for stage, each in self._skipped if each.target.id != target.id]
            self._seen.discard(target.id)
            self._pardoned |= {target.id}
            yield target

    def begun(self, opening: Attempt) -> Attempt:
        """The first attempt of all, which was made before there was a course."""
        self._seen.add(opening.target.id)
        self._number = self._tries = 1
        return opening

    def over(self, now: float) -> bool:
        """Whether no attempt may begin any more."""
        return now >= self._deadline or (self._number > 0 and self._number >= self._most())

    def first(self, target: Target, index: int, now: float) -> Attempt | None:
        """The first attempt at *target*; None if it was seen before or can't take the call, which is noted."""
        if target.id in self._seen:
            return None
        self._seen.add(target.id)
        view = self._view
        skipped = obstacle(target, self._call, view, now)
        if skipped is not None and skipped.wait is not None and skipped.tripped and target.id in self._pardoned:
            skipped = None
        if skipped is None and self._too_small is not None:
            skipped = self._no_bigger(target)
        if skipped is None:
            pool = view.pools[target.provider]
            credential = pool.pick(now, target.id)
            if credential is not None:
                return self._attempt(target, credential, index)
            skipped = resting(target, pool.pause(now, target.id))
        self._skipped.append((index, skipped))
        if skipped.fault is Fault.BUSY:
            self._lines[target.id] = (index, target)
        if skipped.wait is not None:
            self._until[target.id] = now + skipped.wait
        return None

    def verdict(self, attempt: Attempt, failure: Failure, _now: float) -> tuple[Attempt, Failure]:
        """Which attempt's failure says how to go on: that of the only one that there was."""
        return attempt, failure

    def again(self, attempt: Attempt, failure: Failure, now: float) -> Attempt | None:
        """The next attempt at the same target after *failure*; None if there shall be none."""
        target = attempt.target
        self.note(target, failure, now)
        retry = self._route.retry
        if self._tries >= retry.attempts or not (failure.fault.retry_same or self._other_key(attempt, failure, now)):
            return None
        skipped = obstacle(target, self._call, self._view, now)
        if skipped is not None and skipped.fault is Fault.BUSY and failure.fault is Fault.OVERLOADED:
            # It was refused because of all the others there; waiting for one of them to end is no retry.
            self._lines[target.id] = (attempt.stage, target)
        if skipped is not None or not self._view.budget.allow(retry.budget):
            return None
        ahead = self._ahead(failure.fault, attempt.stage, now)
        if self._number + len(ahead) >= self._most():
            return None
        credential, wait = self._pause(attempt, failure, now, elsewhere=any(ahead.values()))
        if now + wait >= self._deadline:
            return None
        self._tries += 1
        self._number += 1
        return Attempt(target, credential, self._number, wait, attempt.stage, retry=True)

    def in_line(self, now: float) -> Attempt | None:
        """An attempt at the full target where the wait is shortest; None if no full one can take the call."""
        if self.over(now) or (self._failures and not self._failures[-1][1].fault.next_target):
            return None
        lines = [(self._wait(target), index, target) for index, target in self._lines.values()]
        for _, index, target in sorted(lines, key=itemgetter(0)):
            away = obstacle(target, self._call, self._view, now)
            only_full = away is None or away.fault is Fault.BUSY
            if (
                only_full
                and self._no_bigger(target) is None
                and self._view.pools[target.provider].ready(now, target.id)
            ):
                del self._lines[target.id]
                return self._attempt(target, NO_CREDENTIAL, index)._replace(queued=True)
        return None

    def _wait(self, target: Target) -> tuple[bool, float]:
        """How long the line before *target* is: whether nobody else may join it, and what is known of the seconds."""
        gate = self._view.vitals.target(target.id).gate
        return gate.waiting >= self._route.queue.most, (gate.waiting + 1) * (gate.turn or 0.0)

    def last_resort(self, now: float) -> Attempt | None:
        """If breakers alone kept every target from being tried, the one whose cooldown ends first; of those that were
        taken out by hand only if there is no other.
        """
        if (
            self._number
            or self._route.spare
            or any(each.fault is not None and not each.tripped for _, each in self._skipped)
        ):
            return None
        tripped = [
            (each.benched, each.wait, index, each.target) for index, each in self._skipped if each.wait is not None
        ]
        for *_, index, target in sorted(tripped, key=itemgetter(0, 1)):
            if self._view.vitals.target(target.id).circuit.probing:
                continue
            if (credential := self._view.pools[target.provider].pick(now, target.id)) is not None:
                return self._attempt(target, credential, index)
        return None

    def note(self, target: Target, failure: Failure, now: float) -> None:
        """Remember *failure*, and what it says about everyone else."""
        self._failures.append((target, failure))
        wait = failure.retry_after or self._view.pools[target.provider].pause(now, target.id).wait
        self._until[target.id] = now + wait
        if failure.fault is Fault.CONTEXT_LENGTH and self._view.context is not None:
            context = self._view.context(target)
            if context is not None:
                self._too_small = max(self._too_small or (0, target), (context, target), key=itemgetter(0))

    def exhausted(self, now: float) -> Exhausted:
        wait = min((until - now for until in self._until.values() if until > now), default=None)
        return Exhausted(self._failures, [each for _, each in self._skipped], retry_after=wait)

    def _attempt(self, target: Target, credential: int, index: int) -> Attempt:
        self._number += 1
        self._tries = 1
        return Attempt(target, credential, self._number, 0.0, index, retry=False)

    def _no_bigger(self, target: Target) -> Skipped | None:
        """After a context was too small, only a bigger one is worth a try; an unknown one may be bigger."""
        if self._too_small is None or self._view.context is None:
            return None
        least, smaller = self._too_small
        context = self._view.context(target)
        if context is None or context > least:
            return None
        return Skipped(target, f"its context is no bigger than that of {smaller.id}, which was too small")

    def _most(self) -> int:
        if not self._limit:
            self._limit = most_attempts(self._route)
        return self._limit

    def _ahead(self, fault: Fault, index: int, now: float) -> dict[str, bool]:
        """Targets that may still be tried, and whether *fault* leads there."""
        ahead: dict[str, bool] = {}
        stages = self._route.stages[index:] if self._route.fallback else ()
        for number, stage in enumerate(stages):
            reached = number == 0 or leads(fault, stage)
            for target in stage.targets:
                if target.id not in self._seen and self._free(target, now):
                    ahead[target.id] = reached or ahead.get(target.id, False)
        return ahead

    def _free(self, target: Target, now: float) -> bool:
        if obstacle(target, self._call, self._view, now) is not None or self._no_bigger(target) is not None:
            return False
        return self._view.pools[target.provider].pause(now, target.id).fault is None

    def _other_key(self, attempt: Attempt, failure: Failure, now: float) -> bool:
        """Whether what went wrong was the key's, and the provider has another."""
        if failure.fault not in _KEYS_OWN:
            return False
        pause = self._view.pools[attempt.target.provider].pause(now, attempt.target.id)
        return pause.fault is None and pause.credential != attempt.credential

    def _pause(self, attempt: Attempt, failure: Failure, now: float, *, elsewhere: bool) -> tuple[int, float]:
        """The credential to try again with, and the seconds to wait before; for ever if it isn't worth it."""
        retry = self._route.retry
        pause = self._view.pools[attempt.target.provider].pause(now, attempt.target.id, but=attempt.credential)
        limited = failure.fault is Fault.RATE_LIMITED
        if self._other_key(attempt, failure, now):
            return pause.credential, 0.0
        wait = min(pause.wait, retry.max_backoff) if limited and pause.guessed else pause.wait
        asked = max(wait, failure.retry_after or 0.0)
        if asked > retry.longest_wait or (elsewhere and (limited or pause.fault is not None)):
            return pause.credential, math.inf
        return pause.credential, delay(retry, self._tries, retry_after=asked, rng=self._view.rng)
