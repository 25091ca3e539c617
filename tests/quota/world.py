"""The world of the money model: what processes, the store, the journal and the ledger do, and what befalls them."""

from config.schema import Allowance, Budget
from quota.allotment import Allotment
from quota.purse import Purse
from quota.stock import Stock
from quota.windows import account, lasts, window
from store.accounts import Account
from store.contract import Stamp, Tell
from tests.quota.desk import MODEL, TARGET, key
from tests.quota.play import Bank, Call, Message, Place

HOUR = 3600.0
NOON = 1_800_000_600.0  # ten minutes after a window began, which the store may have forgotten
SLOTS = 3
SCOPE = "key/alice"
ALICE = key("alice")


class World:
    """Processes that spend one budget. *cost* is what calls really cost, *debt* how much of it was above what they
    held, *ceiling* what may be spent of an account where that is more than the limit, since the limit was lowered.
    """

    def __init__(self, limit: int) -> None:
        self.now, self.wall = 1000.0, NOON
        self.bank = Bank()
        self.saved = self.bank.copy()
        self.saved_at = self.now
        self.limit = limit
        self.ceiling: dict[str, int] = {}
        self.places = [Place(f"machine/{number}") for number in range(SLOTS)]
        self.late: list[Message] = []
        self.ledger: dict[str, dict[str, int]] = {}
        self.cost: dict[str, int] = {}
        self.debt: dict[str, int] = {}
        for place in self.places:
            self.start(place)

    def start(self, place: Place) -> None:
        """A process takes the place, and settles what its last one has left open at what was held."""
        place.life, place.number = place.life + 1, 0
        place.stock, place.message, place.quiet = Stock(restores=True), None, False
        self._bury(place)
        place.epoch = self.bank.epoch
        place.stock.since = self.wall
        place.stock.inherit(place.journal, self.now, self.wall)
        self.exchange(place)

    def _bury(self, place: Place) -> None:
        for call in place.calls:
            self._charge(place, call.account, call.held)
        place.calls.clear()

    def _charge(self, place: Place, account: str, cost: int) -> None:
        place.totals[account] = place.totals.get(account, 0) + cost
        place.journal[account] += cost
        self.cost[account] = self.cost.get(account, 0) + cost

    def allotment(self, stock: Stock) -> Allotment:
        (one,) = stock.of(SCOPE, Allowance(budgets=(self.budget,)), self.now, self.wall)
        assert isinstance(one, Allotment)
        return one

    def send(self, place: Place) -> Message:
        stock = place.stock
        assert stock is not None
        if place.epoch != self.bank.epoch:
            stock.inherit(place.journal, self.now, self.wall)
            stock.mark_all()
            place.epoch, place.quiet, stock.since = self.bank.epoch, True, self.wall
        place.number += 1
        words = stock.words(self.now, self.wall, quiet=place.quiet)
        place.quiet = False
        place.message = Message(Stamp(place.owner, place.life, place.number), words, stock, self.bank.epoch)
        return place.message

    def arrive(self, message: Message) -> None:
        message.answer = self.bank.tell(message.stamp, [tell for _, tell in message.words], self.now)

    def _hear(self, place: Place) -> None:
        message, place.message = place.message, None
        assert message is not None
        assert message.answer is not None
        for one in message.stock.digest(message.words, message.answer, self.now):
            self.bank.restore(one.account, self.ledger.get(one.account, {}), one.window.ends)
            message.stock.restored(one)

    def exchange(self, place: Place) -> None:
        if place.message is None:
            self.send(place)
        assert place.message is not None
        if place.message.answer is None:
            self.arrive(place.message)
        self._hear(place)

    def alive(self) -> list[Place]:
        return [place for place in self.places if place.stock is not None]

    def call(self, place: Place, amount: int) -> None:
        if place.stock is None:
            return
        one = self.allotment(place.stock)
        if not self.hold(place, one, amount):
            one.want(amount)
            place.stock.mark(one)
            self.exchange(place)
            self.hold(place, one, amount)

    def hold(self, place: Place, one: Allotment, amount: int) -> bool:
        purse = self._purse(place, one, amount)
        if purse.cash < amount and not purse.draw(amount):
            return False
        purse.hold(amount)
        place.journal.setdefault(one.account, one.spent)
        place.calls.append(Call(one.account, amount, place.life, purse))
        return True

    def _purse(self, place: Place, one: Allotment, amount: int) -> Purse:
        """One of two that pay with the same account."""
        purse = place.purses.get((one.account, amount % 2))
        if purse is None or purse.money[0] is not one:
            purse = Purse(ALICE, TARGET, MODEL, [one], when_down="allotment")
            place.purses[one.account, amount % 2] = purse
        return purse

    def settle(self, number: int, which: int, percent: int) -> None:
        place = self.places[number]
        if place.stock is None or not place.calls:
            return
        call = place.calls.pop(which % len(place.calls))
        cost = call.held * percent // 100
        self._charge(place, call.account, cost)
        if not call.purse.due:
            call.purse.tell()
            place.stock.mark(place.stock.allotments[call.account])
        call.purse.settle(call.held, cost)
        if cost > call.held:
            place.owed = True
            self.debt[call.account] = self.debt.get(call.account, 0) + cost - call.held

    def settle_above_what_was_held(self, number: int) -> None:
        self.settle(number, 0, 170)

    def files_are_dropped(self, number: int) -> None:
        """As soon as all that they say is with the store, and with the ledger."""
        place = self.places[number]
        if place.stock is None or place.message is not None or place.calls or place.epoch != self.bank.epoch:
            return
        self.exchange(place)
        self.drain(number)
        untold = {one.account for one in place.stock.allotments.values() if one.unsent or one.unsure}
        place.journal = {name: total for name, total in place.journal.items() if name in untold}

    def crash_and_restart(self, number: int) -> None:
        place = self.places[number]
        if place.message is not None:
            self.late.append(place.message)
        self.start(place)

    def crash_for_good(self, number: int) -> None:
        """Until somebody adopts what is left, its lease counts as spent."""
        place = self.places[number]
        if place.message is not None:
            self.late.append(place.message)
        place.stock = place.message = None

    def somebody_adopts(self, number: int) -> None:
        if self.places[number].stock is None:
            self._adopt(self.places[number])

    def _adopt(self, place: Place) -> None:
        self._bury(place)
        place.life += 1
        place.number = 1
        tells = [Tell(name, 0, spent, ends=lasts(name, self.wall)) for name, spent in place.journal.items()]
        self.bank.tell(Stamp(place.owner, place.life, 1), tells, self.now)

    def drain(self, number: int) -> None:
        place = self.places[number]
        for name, total in place.totals.items():
            self.ledger.setdefault(name, {})[place.owner] = total

    def a_minute_passes(self, _: int) -> None:
        self.time_passes(61.0)

    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds
        for place in self.alive():
            stock = place.stock
            assert stock is not None
            if stock.look_around(self.now):
                self.drain(self.places.index(place))
        if self.now - self.saved_at > 5:
            self.saved, self.saved_at = self.bank.copy(), self.now

    def an_hour_begins(self, _: int) -> None:
        self.wall += HOUR

    def the_clock_goes_back(self, _: int) -> None:
        self.wall -= HOUR

    def the_store_forgets_everything(self, _: int) -> None:
        self._forget({})

    def the_store_forgets_the_last_seconds(self, _: int) -> None:
        self._forget(self.saved)

    def _forget(self, accounts: dict[str, Account]) -> None:
        self.bank.accounts, self.bank.restored = accounts, set()
        self.bank.epoch += 1
        self.saved, self.saved_at = self.bank.copy(), self.now
        self.bank.settles = {place.owner for place in self.places}
        # Those who are gone are spoken for within the time to settle; the rows of their last calls are drained later.
        for place in self.places:
            if place.stock is None:
                self._adopt(place)
                self.drain(self.places.index(place))

    def quiesce(self) -> None:
        for place in self.places:
            if place.stock is None:
                self.start(place)
            while place.calls:
                self.settle(self.places.index(place), 0, 50)
        for _ in range(4):
            self.time_passes(1.5)
            for place in self.places:
                self.exchange(place)

    def stale(self, account: str) -> int:
        """What a process had leased that was killed before any call held of it: the journal doesn't name the account,
        so that its successor only gives it back when it comes to use the account.
        """
        parts = self.bank.accounts[account].parts if account in self.bank.accounts else {}
        return sum(
            parts[place.owner].leased
            for place in self.places
            if place.owner in parts and parts[place.owner].life < place.life
        )

    def the_limit_changes(self, number: int) -> None:
        """Everybody hears of it at once. Calls under way keep what they hold, words on their way ask by the former
        limit, and what is free goes back.
        """
        allowed = {name: self.allowed(name) for name in self._names()}
        self.limit = (500, 1000, 3000)[number]
        for place in self.alive():
            assert place.stock is not None
            self.allotment(place.stock)
        current = account(SCOPE, window(self.budget, self.wall))
        for name, former in allowed.items():
            if name != current or self._asked_for(name):
                self.ceiling[name] = former
            else:
                self.ceiling[name] = min(former, self._in_hand(name))

    @property
    def budget(self) -> Budget:
        return Budget(limit=self.limit, per="hour")

    def allowed(self, name: str) -> int:
        """What all calls may have cost and may yet cost, but for debt."""
        return max(self.limit, self.ceiling.get(name, 0))

    def held(self, name: str) -> int:
        return sum(call.held for place in self.places for call in place.calls if call.account == name)

    def _names(self) -> set[str]:
        stocks = [place.stock for place in self.alive() if place.stock is not None]
        return {*self.cost, *self.bank.accounts, *(name for stock in stocks for name in stock.allotments)}

    def _asked_for(self, name: str) -> bool:
        """By a word that the store has yet to answer, or whose answer has yet to be heard."""
        messages = [place.message for place in self.places if place.message is not None]
        return any(tell.account == name and tell.most for message in messages for _, tell in message.words)

    def _in_hand(self, name: str) -> int:
        """What was spent without debt, is held, and is free."""
        stocks = [place.stock for place in self.alive() if place.stock is not None]
        free = sum(stock.allotments[name].free for stock in stocks if name in stock.allotments)
        return self.cost.get(name, 0) - self.debt.get(name, 0) + self.held(name) + free
