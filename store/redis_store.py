"""The store that many machines share: a Redis alone, behind Sentinel, or a cluster."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from core.secret import Secret
from store.contract import (
    AFTER_END,
    LEASE,
    SHARE,
    SLOT_LEASE,
    SUBWINDOWS,
    WANTED,
    Draw,
    Drawn,
    Heard,
    Stamp,
    Tell,
    life,
)
from store.outage import DEADLINE, Say
from store.redis_board import Noticeboard
from store.redis_keys import ClientKeys
from store.redis_line import Step
from store.redis_node import SETTLE
from store.redis_trips import Reply, Trips
from store.scripts import DRAW, ONCE, RESTORE, TELL

# Scripts count what one owner has in hand in floating point; what is spent is added up by Redis, in 64 bits.
MOST_HELD: Final = 2**53
MOST_SPENT: Final = 2**62
NOBODY: Final = Stamp("", 0, 0)  # who tells nothing
MOST_OWED: Final = 1000  # accounts whose units are remembered for going back

_SHARE: Final = b"%d" % SHARE
_LEASES: Final = {lapses: b"%d" % (seconds * 1000) for lapses, seconds in ((True, SLOT_LEASE), (False, LEASE))}
_WANTED_MS: Final = b"%d" % (WANTED * 1000)


class RedisStore(ClientKeys, Noticeboard):
    """*url* as store.redis_url reads it; ValueError if it can't be read. *say* gets one line for each change of state.

    An operation takes *deadline* seconds at most. For *settle* seconds after a server may have forgotten something it
    grants nothing. `open` raises StoreDown where nobody answers, and the store may be used all the same.
    """

    kind = "redis"
    forgets = True

    def __init__(self, url: Secret, say: Say, *, deadline: float = DEADLINE, settle: float = SETTLE) -> None:
        trips = Trips(url.reveal(), say, deadline=deadline, settle=settle)
        ClientKeys.__init__(self, trips)
        Noticeboard.__init__(self, trips)
        self._owed: dict[str, tuple[tuple[int, int], ...]] = {}

    @property
    def epoch(self) -> str:
        return self._trips.epoch

    async def open(self) -> None:
        await self._trips.open()

    async def close(self) -> None:
        await self._trips.close()

    async def tell(self, stamp: Stamp, tells: Sequence[Tell]) -> list[Heard]:
        return (await self.exchange(stamp, tells, ()))[0]

    async def draw(self, draws: Sequence[Draw]) -> list[Drawn]:
        return (await self.exchange(NOBODY, (), draws))[1]

    async def exchange(
        self, stamp: Stamp, tells: Sequence[Tell], draws: Sequence[Draw]
    ) -> tuple[list[Heard], list[Drawn]]:
        """What wants something is confirmed by a replica where there is one; what isn't is not granted, and units that
        weren't go back with the next draw.
        """
        who = (stamp.owner.encode(), b"%d" % stamp.life, b"%d" % stamp.number)
        owed = [self._owed.pop(draw.account, ()) for draw in draws]
        steps = [
            *(
                Step(TELL, (self._trips.key(f"a:{tell.account}"),), (*who, *_told(tell)), grants=True, marked=True)
                for tell in tells
            ),
            *(
                Step(DRAW, (self._trips.key(f"r:{draw.account}"),), _drawing(draw, back), grants=True)
                for draw, back in zip(draws, owed, strict=True)
            ),
        ]
        replies = await self._trips.run(
            steps, confirm=any(one.most > 0 for one in tells) or any(one.most > 0 for one in draws)
        )
        heard = [_heard(reply) for reply in replies[: len(tells)]]
        return heard, [self._drawn(draw, reply) for draw, reply in zip(draws, replies[len(tells) :], strict=True)]

    async def restore(self, account: str, spent: Mapping[str, int], ends: float) -> None:
        pairs = (word for owner, total in spent.items() for word in (owner.encode(), _spent(total)))
        args = (_until(ends, AFTER_END), *pairs)
        await self._trips.run([Step(RESTORE, (self._trips.key(f"a:{account}"),), args, marked=True)])

    async def once(self, mark: str, ends: float) -> bool:
        step = Step(ONCE, (self._trips.key(f"o:{mark}"),), (_until(ends, 0.0),))
        [reply] = await self._trips.run([step])
        return bool(reply.value)

    def _drawn(self, draw: Draw, reply: Reply) -> Drawn:
        *units, reset, wait, wanted = map(float, reply.value.split())
        granted, slot, left = map(int, units)
        settling = reply.answer.settling
        if granted and not reply.answer.sound:
            if len(self._owed) < MOST_OWED:
                self._owed[draw.account] = (*self._owed.get(draw.account, ()), (slot, granted))
            granted, wait = 0, settling
        elif settling and draw.most > 0 and not granted:
            wait = max(wait, settling) if wait >= 0 else wait
        return Drawn(granted, slot, left, reset, math.inf if wait < 0 else wait, bool(wanted))


def _told(tell: Tell) -> Iterator[bytes]:
    """What scripts/tell.lua takes after the stamp."""
    if tell.keep > MOST_HELD:
        raise ValueError(f"an owner can't have more than {MOST_HELD} in hand")
    room = MOST_HELD - tell.keep
    yield b"%d" % max(-MOST_SPENT, min(tell.limit, MOST_SPENT))
    yield _spent(tell.spent)
    yield b"%d" % tell.keep
    yield b"%d" % min(tell.least, room)
    yield b"%d" % (min(tell.most, room) if tell.least <= room else 0)
    yield _until(tell.ends, AFTER_END)
    yield b"%d" % tell.lapses
    yield _LEASES[tell.lapses]
    yield _SHARE
    yield _WANTED_MS


def _drawing(draw: Draw, owed: tuple[tuple[int, int], ...]) -> tuple[bytes, ...]:
    """What scripts/draw.lua takes."""
    back = (b"%d" % number for pair in (*owed, *draw.back) for number in pair)
    return (
        b"%d" % min(draw.limit, MOST_HELD),
        repr(float(draw.per)).encode(),
        repr(draw.per + life(draw.per)).encode(),
        b"%d" % SUBWINDOWS,
        b"%d" % draw.least,
        b"%d" % draw.most,
        _SHARE,
        repr(WANTED).encode(),
        *back,
    )


def _heard(reply: Reply) -> Heard:
    granted, spent, leased, lost, own, wanted, fresh, late, number = map(int, reply.value.split())
    return Heard(
        granted if reply.answer.sound else 0,
        spent,
        leased,
        lost,
        own,
        wanted=bool(wanted),
        fresh=bool(fresh),
        late=bool(late),
        number=number,
        settling=reply.answer.settling,
    )


def _spent(total: int) -> bytes:
    if total > MOST_SPENT:
        raise ValueError(f"an owner can't have spent more than {MOST_SPENT}")
    return b"%d" % total


def _until(ends: float, longer: float) -> bytes:
    """Unix milliseconds, 0 for never."""
    return b"0" if ends == math.inf else b"%d" % max(1, (ends + longer) * 1000)
