"""The one who walks between the till and the store: tells, leases, draws, heartbeats, and what the ledger remembers.

It makes one trip at a time. Each takes along everything that there is to say.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from quota.allotment import Allotment
from quota.executor import Executor
from quota.journal import JournalLike
from quota.stock import MOST_AT_ONCE, Stock
from store.contract import Draw, Drawn, Heard, Stamp, Store, StoreDown, Tell
from store.ledger import Ledger, LedgerDown

ROUND: Final = 0.3  # seconds between two trips as long as nobody is in a hurry
LOOK: Final = 2.5  # between two looks at everything
ALARM: Final = 4.0  # for which those who are gone are looked for at once, after the store may have forgotten them
HASTE: Final = 0.5  # between two looks then
QUESTIONS: Final = 4  # to the ledger at a time; the store's connections are for calls, too
FIRST_RETRY: Final = 0.1
LAST_RETRY: Final = 1.0


class Desk(Protocol):
    """Whom the courier works for."""

    def before(self) -> None:
        """A trip begins: say what is wanted."""
        ...

    def after(self, heard: Sequence[Allotment]) -> None:
        """A trip is over, whether it reached the store or not. *heard*: of what the store has told."""
        ...

    def forgotten(self) -> None:
        """Some accounts are gone from the stock."""
        ...


class Courier:
    """*down*: the last trip didn't reach the store."""

    def __init__(
        self,
        store: Store,
        stock: Stock,
        journal: JournalLike,
        desk: Desk,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        ledger: Ledger | None,
        say: Callable[[str], None],
    ) -> None:
        self.down = False
        self.trips = 0  # operations of the store
        self._store, self._stock, self._journal, self._desk = store, stock, journal, desk
        self._clock, self._monotonic = clock, monotonic
        self._ledger, self._say = ledger, say
        self._number = 0
        self._epoch: str | None = None
        self._quiet = False
        self._bell = asyncio.Event()
        self._retry = FIRST_RETRY
        self._looked = self._searched = monotonic()
        self._alarmed = -math.inf
        self._told = -math.inf  # when all that there was to tell was told
        self._heard: list[Allotment] = []
        self._visitors: list[asyncio.Future[None]] = []
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(QUESTIONS)
        self._walk: asyncio.Task[None] | None = None
        self._executor = Executor(store, journal, clock=clock)
        self._ending = False

    def begin(self) -> None:
        self._walk = asyncio.create_task(self._run(), name="till")
        self._walk.add_done_callback(self._stopped)

    def _stopped(self, walk: "asyncio.Task[None]") -> None:
        """Where a bug has ended the trips, calls go on with what is in hand, as if the store were down."""
        if not walk.cancelled() and (error := walk.exception()) is not None:
            self.down = True
            self._say(f"budgets and limits are no longer kept up to date: {type(error).__name__}: {error}")

    def ring(self) -> None:
        """Somebody is in a hurry."""
        self._bell.set()

    async def end(self) -> None:
        """Gives everything back that is free; what is held by calls stays leased until the store gives us up."""
        self._ending = True
        self._bell.set()
        if self._walk is not None:
            await self._walk
        for task in (asking := list(self._asking.values())):
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        await self._executor.end()
        self._stock.give_up()
        self._told = -math.inf
        await self.trip()

    async def _run(self) -> None:
        while not self._ending:
            await self._rest()
            if not self._ending:
                await self._try()

    async def _try(self) -> None:
        try:
            await self.trip()
        except Exception as error:  # noqa: BLE001  # a boundary: without trips nobody could pay anything any more
            self._say(f"a trip to the store ended in a mistake of ours, and is made again: {error!r}")
            await asyncio.sleep(FIRST_RETRY)
            self._bell.set()

    async def _rest(self) -> None:
        """Until there is reason for a trip. A bell doesn't shorten the wait for a store that is down."""
        if self.down:
            await self._wait_for_store()
            return
        timer = asyncio.get_running_loop().call_later(ROUND, self._bell.set)
        await self._bell.wait()
        timer.cancel()
        self._bell.clear()
        # Others who ring in this turn of the loop come along.
        await asyncio.sleep(0)

    async def _wait_for_store(self) -> None:
        """Until it is time to try again, or the store itself finds that it is back."""
        rest, self._retry = self._retry, min(2 * self._retry, LAST_RETRY)
        while rest > 0 and self._store.epoch == self._epoch:
            await asyncio.sleep(min(rest, ROUND))
            rest -= ROUND

    def _look_around(self, now: float) -> None:
        if now - self._alarmed < ALARM and now - self._searched >= HASTE:
            self._searched = now
            self._executor.look(patience=0.0)
        if now - self._looked >= LOOK:
            self._looked = now
            self._executor.look()
            if self._stock.look_around(now):
                self._desk.forgotten()

    async def trip(self) -> None:
        """Tell, lease and draw whatever there is to."""
        visitors, self._visitors = self._visitors, []
        self._look_around(self._monotonic())
        self._desk.before()
        self._heard.clear()
        try:
            await self._executor.tell()
            await self._talk()
        except StoreDown as down:
            self._lost_touch(down)
        else:
            self._reached()
        self._desk.after(self._heard)
        for visitor in visitors:
            if not visitor.done():
                visitor.set_result(None)

    async def visit(self) -> None:
        """Until a trip that begins from now on is over. Raises StoreDown."""
        visitor = asyncio.get_running_loop().create_future()
        self._visitors.append(visitor)
        self._bell.set()
        await visitor
        if self.down:
            raise StoreDown("the store can't be reached")

    async def _talk(self) -> None:
        """Words and draws go together, in as few trips as there is room for."""
        self._watch()
        position, now = self._journal.position, self._monotonic()
        whole = self._quiet or now - self._told >= ROUND
        words = self._stock.words(now, self._clock(), urgent=not whole, quiet=self._quiet)
        draws = self._stock.draws(now)
        self._told = now if whole else self._told
        for at in range(0, max(len(words), len(draws)), MOST_AT_ONCE):
            some, others = words[at : at + MOST_AT_ONCE], draws[at : at + MOST_AT_ONCE]
            try:
                heard, drawn = await self._exchange([tell for _, tell in some], [draw for _, draw in others])
            except StoreDown:
                self._stock.lost(words[at:], self._monotonic())
                self._stock.lost_draws(draws[at:], self._monotonic())
                raise
            whole &= not any(one.late for one in heard)
            self._heard.extend(one for one, _ in some)
            self._digest(some, heard)
            if any(one.hurry for one, _ in some):  # somebody waits, here or elsewhere for what goes back
                self._bell.set()
            self._stock.digest_draws(others, drawn, self._monotonic())
        if self._quiet:
            self._quiet = False
            self._bell.set()
        if whole:
            self._journal.told(position)
        self._watch()

    def _digest(self, words: list[tuple[Allotment, Tell]], heard: list[Heard]) -> None:
        if self._alarmed == -math.inf and any(one.fresh and one.settling for one in heard):
            self._alarm()
        for one in self._stock.digest(words, heard, self._monotonic()):
            self._ask_ledger(one)
        for (one, tell), answer in zip(words, heard, strict=True):
            if answer.own > tell.spent and not answer.late:
                self._journal.corrected(one.account, one.spent)

    async def _exchange(self, tells: list[Tell], draws: list[Draw]) -> tuple[list[Heard], list[Drawn]]:
        self._number += 1
        self.trips += 1
        stamp = Stamp(self._journal.owner, self._journal.life, self._number)
        heard, drawn = await self._store.exchange(stamp, tells, draws)
        # A word of this life that is newer than ours: an earlier one that was late itself, or a clock that went back.
        self._number = max(self._number, *(one.number for one in heard if one.late), 0)
        return heard, drawn

    def _watch(self) -> None:
        """Whether the store may have forgotten what it was told: then all of it is told again, before anything else."""
        epoch = self._store.epoch
        if epoch == self._epoch:
            return
        if self._epoch is not None:
            self._say("the store may have forgotten what it was told; all of it is told again")
            self._stock.inherit(self._journal.spent(), self._monotonic(), self._clock())
            self._stock.mark_all()
            self._executor.repeat()
            self._alarm()
            self._quiet = True
            self._bell.set()
        self._epoch = epoch
        self._stock.since = self._clock()

    def _alarm(self) -> None:
        """Those who are gone have to be spoken for before the store grants what they have spent."""
        self._alarmed = self._searched = self._monotonic()
        self._executor.look(patience=0.0)

    def _lost_touch(self, down: StoreDown) -> None:
        self._told = -math.inf  # the next trip says all of it again, and thereby finds out whether there is a store
        if not self.down:
            self.down = True
            self._say(f"the store can't be reached: {down}")

    def _reached(self) -> None:
        self._retry = FIRST_RETRY
        if self.down:
            self.down = False
            self._say("the store is reached again")

    def _ask_ledger(self, one: Allotment) -> None:
        if self._ledger is not None and one.account not in self._asking:
            task = asyncio.create_task(self._restore(self._ledger, one), name=f"restore {one.account}")
            self._asking[one.account] = task
            task.add_done_callback(lambda _: self._asking.pop(one.account, None))

    async def _restore(self, ledger: Ledger, one: Allotment) -> None:
        """Until it is done, nothing of the account can be leased."""
        pause = FIRST_RETRY
        await self._executor.found()
        while True:
            try:
                async with self._turn:
                    charged = await ledger.charged(one.account)
                    await self._store.restore(one.account, charged, one.window.ends)
                break
            except (LedgerDown, StoreDown):
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_RETRY)
        self._stock.restored(one)
        self.ring()
