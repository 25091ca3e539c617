"""What this process may still use of a rate without asking the store: requests or tokens of a rolling window.

Units are drawn in chunks that live for a moment. What of a chunk isn't used in time goes back to the store, and so
does what a call has held beyond what it took, each to the slot of the window that it was drawn in.
"""

import math
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from store.contract import SHARE, Draw, Drawn, life

FORGOTTEN: Final = 60.0
WANTED: Final = 2.0
AGAIN: Final = 0.25  # seconds after which the store is asked again for what it refused: units come back early


# Of a rate: its limit, what is left of it as far as is known here, and the seconds until all has come back.
Left = tuple[int, int, float]


class Chunk:
    """Units that were drawn together; good until *until*."""

    __slots__ = ("slot", "units", "until")

    def __init__(self, slot: int, units: int, until: float) -> None:
        self.slot, self.units, self.until = slot, units, until


_NOTHING: Final = Chunk(0, 0, -math.inf)


class Rate:
    """Times are of the monotonic clock. *chunk* is the one to use; a call takes all that it needs from one chunk."""

    __slots__ = (
        "account",
        "after",
        "again",
        "asked",
        "asleep",
        "back",
        "chunk",
        "comes",
        "due",
        "free_at",
        "later",
        "left",
        "life",
        "limit",
        "low",
        "out",
        "owed",
        "pace",
        "per",
        "refused",
        "scope",
        "sent",
        "settling",
        "smallest",
        "taken",
        "tokens",
        "used",
        "wanted",
    )

    def __init__(self, account: str, scope: str, *, limit: int, per: float, tokens: bool, now: float) -> None:
        self.account, self.scope, self.tokens = account, scope, tokens
        self.limit, self.per, self.life = limit, per, life(per)
        self.chunk = _NOTHING
        self.later: list[Chunk] = []
        self.after = 0  # units in these
        self.back: dict[int, int] = {}
        self.refused = 0  # what wasn't granted, and isn't asked for before *again*
        self.taken = self.asked = self.smallest = self.out = 0
        self.pace = 0.0  # about what was taken in the last second
        self.low = 0  # ring for more when *free* falls below; 0 for not at all
        self.owed = 0  # used without having been drawn
        self.left = limit  # as far as the store has told
        self.free_at = self.again = self.wanted = -math.inf  # when all has come back; when to ask again
        self.comes = -math.inf  # when there will be enough at the latest, unless somebody else takes it
        self.sent: float | None = None  # when the draw on its way was made
        self.settling = (
            False  # it wasn't granted although it is there: the store is being told what it may have forgotten
        )
        self.due = False
        self.used = self.asleep = now

    @property
    def free(self) -> int:
        return self.chunk.units + self.after

    def gather(self, units: int, now: float) -> bool:
        """Whether *chunk* now has them, with the help of later ones, whose units then count as of its slot: that
        is the older one, and older units stop counting sooner than they may, never later.
        """
        if now >= self.chunk.until or (not self.chunk.units and self.later):
            self.expire(now)
        chunk = self.chunk
        while chunk.units < units and self.later:
            following = self.later[0]
            moved = min(units - chunk.units, following.units)
            chunk.units += moved
            following.units -= moved
            self.after -= moved
            if not following.units:
                del self.later[0]
        return chunk.units >= units and now < chunk.until

    def expire(self, now: float) -> None:
        """Put away what is too old to be used, and what is used up."""
        alive = []
        for chunk in (self.chunk, *self.later):
            if chunk.units and now < chunk.until:
                alive.append(chunk)
            elif chunk.units:
                self.give_back(chunk.slot, chunk.units)
                chunk.units = 0
        self.chunk, self.later = (alive[0], alive[1:]) if alive else (_NOTHING, [])
        self.after = sum(chunk.units for chunk in self.later)

    def take(self, units: int) -> Chunk:
        """`gather` has said that they are there."""
        self.chunk.units -= units
        self.taken += units
        return self.chunk

    def settle(self, chunk: Chunk, back: int, now: float) -> None:
        """Of what was held, so much wasn't used; below 0 it is what was used beyond."""
        self.out -= 1
        if back < 0:
            self.owed -= back
        elif chunk is self.chunk and now < chunk.until:
            chunk.units += back
        else:
            self.give_back(chunk.slot, back)

    def give_back(self, slot: int, units: int) -> None:
        if units and slot >= 0:
            self.back[slot] = self.back.get(slot, 0) + units

    def lend(self, units: int, now: float) -> None:
        """Go on without the store."""
        self.later.append(Chunk(-1, units, now + self.life))
        self.after += units

    def want(self, units: int) -> None:
        self.asked += units
        self.smallest = min(self.smallest, units) if self.smallest else units

    def draw(self, now: float) -> Draw | None:
        """What is to be drawn at *now*, and given back; None for nothing."""
        self.expire(now)
        self._keep_pace(now)
        if now < self.wanted and not self.asked:
            self.empty()
        least, most = self._wish(now)
        self.asked = self.smallest = 0
        if not (most or self.back):
            return None
        back, self.back = tuple(self.back.items()), {}
        self.sent = now
        return Draw(self.account, self.limit, self.per, least, most, back)

    def _keep_pace(self, now: float) -> None:
        if self.taken:
            self.used = now
        self.pace = self.pace * 0.25 ** ((now - self.asleep) / self.life) + self.taken
        self.taken, self.asleep = 0, now

    def _wish(self, now: float) -> tuple[int, int]:
        """Stock is for those who are busy, and only while there is plenty; near the end it is one by one."""
        busy = now - self.used < self.life and now >= self.wanted
        stock = math.ceil(self.pace) if busy and self.pace * SHARE <= self.left else 0
        # As for allotments: a half is reason to take more along, a quarter to go.
        self.low, enough = (stock // 4, stock // 2) if stock > 3 else (0, -1)
        free = self.free
        if free >= self.asked and free > enough and not self.owed:
            return 0, 0
        most = max(0, self.asked + stock + self.owed - free)
        least = min(max(0, self.smallest + self.owed - free), max(self.limit, self.smallest))
        return (0, 0) if self.hopeless(least, now) else (least, most)

    def hopeless(self, units: int, now: float) -> bool:
        """Whether the store has said that so many can't be drawn yet."""
        return now < self.again and units >= self.refused

    def reform(self, limit: int) -> None:
        self.left = max(0, self.left + limit - self.limit)
        self.limit, self.again = limit, -math.inf

    def empty(self) -> None:
        """Give back all that is free."""
        for chunk in (self.chunk, *self.later):
            self.give_back(chunk.slot, chunk.units)
            chunk.units = 0
        self.chunk, self.later, self.after = _NOTHING, [], 0

    def digest(self, draw: Draw, drawn: Drawn, now: float) -> None:
        """What came of *draw*. Units live from when they were asked for, not from when they came."""
        asked_at, self.sent = self.sent or now, None
        self.left, self.free_at = drawn.left, now + drawn.reset
        if drawn.wanted:
            self.wanted = now + WANTED
        if draw.least:
            self.settling = not drawn.granted and drawn.left >= draw.least
        if draw.least and not drawn.granted:
            self.comes, self.refused = now + drawn.wait, draw.least
            self.again = now + min(drawn.wait, AGAIN)
        paid = min(self.owed, drawn.granted)
        self.owed -= paid
        if drawn.granted > paid:
            self.later.append(Chunk(drawn.slot, drawn.granted - paid, asked_at + self.life))
            self.after += drawn.granted - paid
            self.gather(1, now)

    def lost(self) -> None:
        """What was drawn, or given back, by a message that was lost counts as used: saying it twice might not."""
        self.sent = None

    def restless(self, now: float) -> bool:
        owing = self.owed > 0 and not self.hopeless(self.owed, now)
        return bool(self.back) or owing or self.free > 0

    def forgettable(self, now: float) -> bool:
        return now - self.used >= FORGOTTEN and not (self.out or self.owed or self.back or self.free or self.sent)

    def standing(self, now: float) -> Left:
        free_in = self.free_at - now
        return self.limit, self.left_at(now), free_in if free_in > 0 else 0.0

    def left_at(self, now: float) -> int:
        """As far as is known here."""
        limit = self.limit
        if self.free_at <= now:
            return limit
        left = self.left + self.chunk.units + self.after
        if not 0 <= left <= limit:
            left = limit if left > limit else 0
        return left


class Told:
    """How one rate of requests and one of tokens were put into words *at* a moment: all but what is left of them."""

    __slots__ = ("_requests", "_tokens", "at", "words")

    def __init__(self, at: float, requests: Rate, tokens: Rate, words: bytes) -> None:
        self.at, self.words = at, words
        self._requests, self._tokens = requests.free_at, tokens.free_at

    def holds(self, at: float, requests: Rate, tokens: Rate) -> bool:
        """Whether they would be the same words now."""
        return self.at == at and self._requests == requests.free_at and self._tokens == tokens.free_at


def tightest(rates: Sequence[Rate], now: float) -> Left | None:
    """How that one stands of which the least is left."""
    if len(rates) > 1:
        return min((rate.standing(now) for rate in rates), key=itemgetter(1))
    return rates[0].standing(now) if rates else None
