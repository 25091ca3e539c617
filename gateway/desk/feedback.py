"""The pages where people say how good an answer was, and where the operator reads what came of it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from admin.asked import Asked, Row
from admin.periods import moment
from catalog.quality import prior
from core.errors import Refusal, invalid
from core.secret import Secret
from core.target import Target
from core.tasks import CHAT, TASKS, task_named
from gateway.current import Current
from gateway.desk.clerk import ROOT, Clerk
from gateway.treasury import Treasury
from gateway.watch.assessor import Finished
from routing.quality import Evidence, opinion
from store.ledger import Ledger, LedgerDown
from store.opinions import Opinion, Said

OPERATOR: Final = "operator"
WORDS: Final[Mapping[str, float]] = {"up": 1.0, "down": 0.0}
LONGEST_ID: Final = 256
LONGEST_LABEL: Final = 64
OLDEST: Final = 30 * 86400.0  # seconds since a call that can still be judged; later it would hardly count
LATE: Final = 1.0  # seconds until the ledger surely has a call that another process has answered
REMEMBERED: Final = 10_000  # opinions, where no ledger keeps them
FEEDBACK_TOTAL: Final = "switchyard_feedback_total"


class Feedback(Clerk):
    """What is said of answers."""

    __slots__ = ("_kept",)

    def __init__(self, current: Current, treasury: Treasury, admin_key: Callable[[], Secret | None]) -> None:
        super().__init__(current, treasury, admin_key)
        self._kept: dict[tuple[str, str], Opinion] = {}  # where there is no ledger

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("POST", f"{ROOT}/feedback", self._judge, operator=False),
            Row("GET", f"{ROOT}/feedback", self._told),
        )

    async def _judge(self, asked: Asked) -> object:
        """A client judges its own calls, the operator any."""
        key = await self._who(asked)
        fields = asked.only("id", "score", "label", "task")
        id, score, label, task = _id(fields), _score(fields), _label(fields), _task(fields)
        now = time.time()
        found = await self._find(id, key, now)
        if task is not None:
            found = found._replace(task=task)
        judge = OPERATOR if key is None else f"key/{key}"
        said = Opinion(id, judge, now, found.time, found.target, found.task, score, label)
        former = await _reached(self._keep(said))
        self._count(said, former)
        return {
            "object": "feedback",
            "id": id,
            "target": said.target,
            "task": said.task,
            "score": said.score,
            "label": said.label,
            "replaced": former is not None,
        }

    async def _who(self, asked: Asked) -> str | None:
        """The name of the client's key; None for the operator."""
        key = await self._client(asked)
        return None if key is None else key.name

    async def _find(self, id: str, key: str | None, now: float) -> Finished:
        """The call with that id: one of those that were answered here lately, or one that the ledger knows."""
        self._current.shared.registrar.enter()
        found = self._current.shared.assessor.recall(id, key)
        if found is None and (ledger := self._treasury.ledger) is not None:
            found = await _reached(_written(ledger, id, key, now - OLDEST))
            if found is None:
                await asyncio.sleep(LATE)
                found = await _reached(_written(ledger, id, key, now - OLDEST))
        if found is None:
            message = f"There is no call {id!r} of yours that was answered lately." if key is not None else None
            raise Refusal(404, message or f"There is no call {id!r}.", code="call_not_found", param="id")
        return found

    async def _keep(self, said: Opinion) -> Opinion | None:
        if self._treasury.ledger is not None:
            return await self._treasury.ledger.judge(said)
        place = (said.call, said.judge)
        former = self._kept.pop(place, None)
        if len(self._kept) >= REMEMBERED:
            del self._kept[next(iter(self._kept))]
        self._kept[place] = said
        return former

    def _count(self, said: Opinion, former: Opinion | None) -> None:
        shared = self._current.shared
        qualities = shared.qualities
        if former is not None:
            qualities.add(former.target, former.task, opinion(former.score), former.called, times=-1.0)
        qualities.add(said.target, said.task, opinion(said.score), said.called)
        verdict = "up" if said.score >= 0.5 else "down"
        shared.meters.counter(FEEDBACK_TOTAL, said.target, verdict).value += 1

    # What came of it

    async def _told(self, asked: Asked) -> object:
        target = asked.query.get("target") or None
        since = _since(asked.query.get("since"))
        ledger = self._treasury.ledger
        said = [] if ledger is None else await _reached(ledger.opinions(since, target))
        return {
            "object": "feedback",
            "since": round(since, 3),
            "opinions": None if ledger is None else [_shown(each) for each in said],
            "quality": [
                self._standing(place, evidence)
                for place, evidence in sorted(self._current.shared.qualities.known().items())
                if target in {None, place[0]}
            ],
        }

    def _standing(self, place: tuple[str, str], evidence: Evidence) -> dict[str, object]:
        """How good a target is held to be at a task, and what that goes by; old evidence counts for less."""
        id, task = place
        provider, _, model = id.partition("/")
        generation = self._current.generation
        known = provider in generation.lanes
        before = prior(generation.model(Target(provider, model)), task) if known else None
        score = None if before is None else self._current.shared.qualities.score(id, task, before)
        praise, opinions, flaws, seen = (round(figure, 3) for figure in evidence)
        return {
            "target": id,
            "task": task,
            "score": None if score is None else round(score, 4),
            "prior": before,
            "opinions": opinions,
            "praise": praise,
            "seen": seen,
            "flaws": flaws,
        }


async def _written(ledger: Ledger, id: str, key: str | None, since: float) -> Finished | None:
    entry = await ledger.call(id, key, since)
    if entry is None or not entry.target:
        return None
    return Finished(id, entry.time, entry.key, entry.target, entry.task or CHAT)


async def _reached(asked: Any) -> Any:
    try:
        return await asked
    except LedgerDown:
        lines = {"retry-after": "1"}
        raise Refusal(503, "The ledger can't be reached.", code="ledger_unavailable", headers=lines) from None


def _id(fields: Mapping[str, Any]) -> str:
    id = fields.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID or "\0" in id:
        raise invalid("Which call? Say the 'x-request-id' of its answer.", param="id")
    return id


def _score(fields: Mapping[str, Any]) -> float:
    score = fields.get("score")
    if isinstance(score, str) and score in WORDS:
        return WORDS[score]
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise invalid('Expected a number from 0 to 1, or "up" or "down".', param="score")
    return float(score)


def _label(fields: Mapping[str, Any]) -> str:
    label = fields.get("label")
    if label is None:
        return ""
    if not isinstance(label, str) or len(label) > LONGEST_LABEL or "\0" in label:
        raise invalid(f"Expected a text of at most {LONGEST_LABEL} characters.", param="label")
    return label


def _task(fields: Mapping[str, Any]) -> str | None:
    task = fields.get("task")
    if task is None:
        return None
    named = task_named(task) if isinstance(task, str) else None
    if named is None:
        raise invalid(f"Expected one of {', '.join(TASKS)}.", param="task")
    return named


def _since(text: str | None) -> float:
    if not text:
        return time.time() - OLDEST
    try:
        return moment(text, "UTC")
    except ValueError as error:
        raise invalid(f"{error}.", param="since") from None


def _shown(said: Said) -> dict[str, object]:
    return {**said._asdict(), "score": round(said.score, 4)}
