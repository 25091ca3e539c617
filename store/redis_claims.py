"""Claims in Redis: who of several processes asks for an answer that all of them miss, beside the answers themselves.

A claim counts for as long as its process says that it is there, once for all of its claims in a compartment.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from store.redis_answers import COMPARTMENTS, RedisAnswers
from store.redis_line import Step
from store.scripts import ANSWER_ATTEND, ANSWER_LEAVE, ANSWER_LOOK

THERE: Final = 2.0  # seconds for which a process is there that has said so
APART: Final = 1.0  # seconds in which each asks by itself, after one has asked and left nothing

NOBODYS, OURS, THEIRS, EACHS = range(4)  # whose turn it is


class Look(NamedTuple):
    """For an answer that is *ttl* seconds old at most, at unix time *now*. *number*: of the claim to be taken, empty
    for none; it is good for *lives* seconds. *first*: an older answer is wanted, too.
    """

    mark: bytes
    now: float
    ttl: float
    number: bytes
    lives: float
    first: bool


class Seen(NamedTuple):
    """*value* is empty where there is none; *forgotten* as in RedisAnswers."""

    value: bytes
    forgotten: int
    turn: int


class Leaving(NamedTuple):
    """*who* lets go of claim *number*. *apart*: those who wait ask each by itself, else the next one takes it."""

    mark: bytes
    who: bytes
    number: bytes
    apart: bool


class RedisClaims:
    """Where *answers* lie. All of it may raise StoreDown."""

    def __init__(self, answers: RedisAnswers) -> None:
        self._answers = answers
        self._present = [answers.beside(number, b"presence") for number in range(COMPARTMENTS)]

    async def look(self, who: bytes, looks: Sequence[Look]) -> list[Seen]:
        """All of them in one trip."""
        replies = await self._answers.run([self._look(who, look) for look in looks])
        return [Seen(value, int(forgotten), int(turn)) for value, forgotten, turn in (one.value for one in replies)]

    async def attend(self, who: bytes, compartments: Iterable[int]) -> None:
        """*who* is still there."""
        args = (who, b"%d" % (THERE * 1000))
        await self._answers.run([Step(ANSWER_ATTEND, (self._present[at],), args) for at in compartments])

    async def leave(self, leaving: Sequence[Leaving]) -> None:
        await self._answers.run(
            [
                Step(
                    ANSWER_LEAVE,
                    (self._claim(one.mark),),
                    (one.who + b" " + one.number, b"%d" % (APART * 1000) if one.apart else b""),
                )
                for one in leaving
            ]
        )

    def _look(self, who: bytes, look: Look) -> Step:
        answers, _, ranks, _, state, _ = self._answers.at(look.mark)
        return Step(
            ANSWER_LOOK,
            (answers, ranks, state, self._claim(look.mark), self._present[compartment(look.mark)]),
            (
                look.mark,
                b"%.6f" % look.now,
                b"%.6f" % look.ttl,
                who,
                look.number,
                b"%d" % max(1, look.lives * 1000),
                b"%d" % (THERE * 1000),
                b"1" if look.first else b"",
            ),
        )

    def _claim(self, mark: bytes) -> bytes:
        return self._answers.beside(compartment(mark), b"claim/" + mark)


def compartment(mark: bytes) -> int:
    return mark[0] % COMPARTMENTS
