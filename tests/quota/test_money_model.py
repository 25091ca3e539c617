"""Money, played at random: processes, a store, a journal and a ledger, and everything that can go wrong between them.

After every step: what calls have cost and may yet cost is within the limit, but for what some cost above their holds.
"""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from config.schema import Allowance, Budget
from quota.allotment import Allotment
from quota.stock import Stock
from quota.windows import lasts
from store.accounts import Account
from store.contract import Stamp, Tell
from tests.quota.play import TROUBLE, Bank, Call, Message, Place

HOUR = 3600.0
NOON = 1_800_000_000.0
SLOTS = 3
EXCHANGES = 3  # after which somebody with money left is served

amounts = st.integers(1, 400)
slots = st.integers(0, SLOTS - 1)


class Money(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now, self.wall = 1000.0, NOON
        self.bank = Bank()
        self.saved = (self.bank.copy(), set[str]())
        self.saved_at = self.now
        self.limit = 1000
        self.ceiling: dict[str, int] = {}
        self.places = [Place(f"machine/{number}") for number in range(SLOTS)]
        self.late: list[Message] = []
        self.ledger: dict[str, dict[str, int]] = {}
        self.cost: dict[str, int] = {}  # what calls really cost, by account
        self.debt: dict[str, int] = {}

    @initialize(limit=st.sampled_from([50, 1000, 1000, 100_000]))
    def begin(self, limit: int) -> None:
        self.limit = limit
        for place in self.places:
            self._start(place)

    # What the processes do

    def _start(self, place: Place) -> None:
        """A process takes the place, and settles what its last one has left open at what was held."""
        place.life, place.number = place.life + 1, 0
        place.stock, place.message, place.quiet = Stock(restores=True), None, False
        self._bury(place)
        place.epoch = self.bank.epoch
        place.stock.since = self.wall
        place.stock.inherit(place.journal, self.now, self.wall)
        self._exchange(place)

    def _bury(self, place: Place) -> None:
        for call in place.calls:
            self._charge(place, call.account, call.held)
        place.calls.clear()

    def _charge(self, place: Place, account: str, cost: int) -> None:
        place.totals[account] = place.totals.get(account, 0) + cost
        place.journal[account] += cost
        self.cost[account] = self.cost.get(account, 0) + cost

    def _account(self, stock: Stock) -> Allotment:
        budget = Budget(limit=self.limit, per="hour")
        (one,) = stock.of("key/alice", Allowance(budgets=(budget,)), self.now, self.wall)
        assert isinstance(one, Allotment)
        return one

    def _send(self, place: Place) -> Message:
        stock = place.stock
        assert stock is not None
        if place.epoch != self.bank.epoch:
            stock.mark_all()
            place.epoch, place.quiet, stock.since = self.bank.epoch, True, self.wall
        place.number += 1
        words = stock.words(self.now, self.wall, quiet=place.quiet)
        place.quiet = False
        place.message = Message(Stamp(place.owner, place.life, place.number), words, stock, self.bank.epoch)
        return place.message

    def _arrive(self, message: Message) -> None:
        message.answer = self.bank.tell(message.stamp, [tell for _, tell in message.words], self.now)

    def _hear(self, place: Place) -> None:
        message, place.message = place.message, None
        assert message is not None
        assert message.answer is not None
        for one in message.stock.digest(message.words, message.answer, self.now):
            self.bank.restore(one.account, self.ledger.get(one.account, {}), one.window.ends)
            message.stock.restored(one)

    def _exchange(self, place: Place) -> None:
        if place.message is None:
            self._send(place)
        assert place.message is not None
        if place.message.answer is None:
            self._arrive(place.message)
        self._hear(place)

    def alive(self) -> list[Place]:
        return [place for place in self.places if place.stock is not None]

    # Rules

    @rule(number=slots, wanted=st.lists(amounts, min_size=1, max_size=4))
    def calls_come(self, number: int, wanted: list[int]) -> None:
        """Those for whom there is too little ask the store."""
        for amount in wanted:
            self._call(self.places[number], amount)

    @rule(number=slots, amount=amounts)
    def a_call_comes(self, number: int, amount: int) -> None:
        self._call(self.places[number], amount)

    @rule(number=slots, amount=amounts)
    def a_call_waits(self, number: int, amount: int) -> None:
        """Until somebody makes the trip."""
        place = self.places[number]
        if place.stock is not None and not self._hold(place, self._account(place.stock), amount):
            one = self._account(place.stock)
            one.want(amount)
            place.stock.mark(one)

    def _call(self, place: Place, amount: int) -> None:
        if place.stock is None:
            return
        one = self._account(place.stock)
        if not self._hold(place, one, amount):
            one.want(amount)
            place.stock.mark(one)
            self._exchange(place)
            self._hold(place, one, amount)

    def _hold(self, place: Place, one: Allotment, amount: int) -> bool:
        if one.free < amount:
            return False
        place.journal.setdefault(one.account, one.spent)
        one.hold(amount)
        place.calls.append(Call(one.account, amount, place.life))
        return True

    @rule(number=slots, which=st.integers(0, 50), part=st.sampled_from([0, 1, 30, 70, 100, 100]))
    def settle(self, number: int, which: int, part: int) -> None:
        self._settle(number, which, part)

    @rule(number=slots, part=st.sampled_from([0, 50, 100]))
    def settle_all(self, number: int, part: int) -> None:
        while self.places[number].calls and self.places[number].stock is not None:
            self._settle(number, 0, part)

    def _settle(self, number: int, which: int, percent: int) -> None:
        place = self.places[number]
        if place.stock is None or not place.calls:
            return
        call = place.calls.pop(which % len(place.calls))
        cost = call.held * percent // 100
        self._charge(place, call.account, cost)
        one = place.stock.allotments[call.account]
        one.settle(call.held, cost)
        place.stock.mark(one)
        if cost > call.held:
            place.owed = True
            self.debt[call.account] = self.debt.get(call.account, 0) + cost - call.held

    @rule(number=slots, amount=amounts)
    def a_hold_grows(self, number: int, amount: int) -> None:
        place = self.places[number]
        if place.stock is None or not place.calls:
            return
        call = place.calls[-1]
        one = place.stock.allotments[call.account]
        if one.free >= amount:
            one.hold(amount)
            call.held += amount

    @rule(number=slots)
    def exchange(self, number: int) -> None:
        if self.places[number].stock is not None:
            self._exchange(self.places[number])

    @rule(number=slots)
    def send(self, number: int) -> None:
        place = self.places[number]
        if place.stock is not None and place.message is None:
            self._send(place)

    @rule(number=slots)
    def arrive(self, number: int) -> None:
        message = self.places[number].message
        if message is not None and message.answer is None:
            self._arrive(message)

    @rule(number=slots)
    def lose(self, number: int) -> None:
        """The answer, or the message itself, which may arrive later all the same, and twice."""
        place = self.places[number]
        if place.message is not None and place.stock is not None:
            place.stock.lost(place.message.words, self.now)
            self.late.append(place.message)
            place.message = None

    @precondition(lambda self: self.late)
    @rule(which=st.integers(0, 50), again=st.booleans())
    def arrive_late(self, which: int, again: bool) -> None:
        message = self.late[which % len(self.late)]
        # A store that was restarted closes its connections: nothing that was sent to the former one arrives.
        if message.epoch == self.bank.epoch:
            self._arrive(message)
        if not again:
            self.late.remove(message)

    @rule(number=slots, kind=st.sampled_from(TROUBLE))
    def trouble(self, number: int, kind: str) -> None:
        getattr(self, f"_{kind}")(number)

    def _settle_above_what_was_held(self, number: int) -> None:
        self._settle(number, 0, 170)

    def _files_are_dropped(self, number: int) -> None:
        """As soon as all that they say is with the store, and with the ledger."""
        place = self.places[number]
        if place.stock is None or place.message is not None or place.calls or place.epoch != self.bank.epoch:
            return
        self._exchange(place)
        self._drain(number)
        untold = {one.account for one in place.stock.allotments.values() if one.unsent or one.unsure}
        place.journal = {name: total for name, total in place.journal.items() if name in untold}

    def _crash_and_restart(self, number: int) -> None:
        place = self.places[number]
        if place.message is not None:
            self.late.append(place.message)
        self._start(place)

    def _crash_for_good(self, number: int) -> None:
        """Until somebody adopts what is left, its lease counts as spent."""
        place = self.places[number]
        if place.message is not None:
            self.late.append(place.message)
        place.stock = place.message = None

    def _somebody_adopts(self, number: int) -> None:
        if self.places[number].stock is None:
            self._adopt(self.places[number])

    def _adopt(self, place: Place) -> None:
        self._bury(place)
        place.life += 1
        place.number = 1
        tells = [Tell(name, 0, spent, ends=lasts(name, self.wall)) for name, spent in place.journal.items()]
        self.bank.tell(Stamp(place.owner, place.life, 1), tells, self.now)

    def _drain(self, number: int) -> None:
        place = self.places[number]
        for account, total in place.totals.items():
            self.ledger.setdefault(account, {})[place.owner] = total

    def _a_minute_passes(self, _: int) -> None:
        self.time_passes(61.0)

    @rule(seconds=st.sampled_from([0.15, 0.5, 1.5]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds
        for place in self.alive():
            stock = place.stock
            assert stock is not None
            if stock.look_around(self.now):
                self._drain(self.places.index(place))
        if self.now - self.saved_at > 5:
            self.saved, self.saved_at = (self.bank.copy(), set(self.bank.restored)), self.now

    def _an_hour_begins(self, _: int) -> None:
        self.wall += HOUR

    def _the_clock_goes_back(self, _: int) -> None:
        self.wall -= HOUR

    def _the_store_forgets_everything(self, _: int) -> None:
        self._forget({}, set())

    def _the_store_forgets_the_last_seconds(self, _: int) -> None:
        self._forget(*self.saved)

    def _forget(self, accounts: dict[str, Account], restored: set[str]) -> None:
        self.bank.accounts, self.bank.restored = accounts, set(restored)
        self.bank.epoch += 1
        self.saved, self.saved_at = (self.bank.copy(), set(restored)), self.now
        self.bank.settles = {place.owner for place in self.places}
        # Those who are gone are spoken for within the time to settle; the rows of their last calls are drained later.
        for place in self.places:
            if place.stock is None:
                self._adopt(place)
                self._drain(self.places.index(place))

    def _the_limit_changes(self, number: int) -> None:
        limit = (500, 1000, 3000)[number]
        used = {*self.cost, *(call.account for place in self.places for call in place.calls)}
        for name in {*self.bank.accounts, *used}:  # the store may have forgotten some
            allowed = max(self.ceiling.get(name, 0), self.limit, limit)
            if (one := self.bank.accounts.get(name)) is not None:
                sums = one.sums(self.now, lapses=False)
                allowed = max(allowed, sums.spent + sums.leased)
            self.ceiling[name] = allowed
        self.limit = limit

    @rule()
    def whoever_has_money_left_is_served(self) -> None:
        """When all is quiet, in a stated number of exchanges."""
        self._quiesce()
        place = self.places[0]
        assert place.stock is not None
        one = self._account(place.stock)
        left = self.limit - self.cost.get(one.account, 0) - self._stale(one.account)
        for _ in range(EXCHANGES):
            if one.free < 1:
                one.want(1)
                place.stock.mark(one)
                self._exchange(place)

        assert (one.free >= 1) == (left >= 1)

    def _quiesce(self) -> None:
        for place in self.places:
            if place.stock is None:
                self._start(place)
            while place.calls:
                self._settle(self.places.index(place), 0, 50)
        for _ in range(4):
            self.time_passes(1.5)
            for place in self.places:
                self._exchange(place)

    def _stale(self, account: str) -> int:
        """What a process had leased that was killed before any call held of it: the journal doesn't name the account,
        so that its successor only gives it back when it comes to use the account.
        """
        parts = self.bank.accounts[account].parts if account in self.bank.accounts else {}
        return sum(
            parts[place.owner].leased
            for place in self.places
            if place.owner in parts and parts[place.owner].life < place.life
        )

    # What always holds

    @invariant()
    def nothing_is_overspent(self) -> None:
        for account in {*self.cost, *(call.account for place in self.places for call in place.calls)}:
            held = sum(call.held for place in self.places for call in place.calls if call.account == account)
            spent = self.cost.get(account, 0)
            limit = max(self.limit, self.ceiling.get(account, 0))
            assert spent + held <= limit + self.debt.get(account, 0)

    @invariant()
    def what_a_process_has_adds_up(self) -> None:
        for place in self.alive():
            assert place.stock is not None
            for one in place.stock.allotments.values():
                held = sum(call.held for call in place.calls if call.account == one.account)
                assert one.held == held
                assert min(one.free, one.unsent) >= 0
                if not (place.message or one.unsure or one.beat < 0):
                    assert one.free + one.held + one.unsent >= one.kept
                    assert place.owed or one.free + one.held + one.unsent == one.kept

    def teardown(self) -> None:
        """In the end the store knows what calls have cost, and nobody holds anything."""
        self._quiesce()
        for account, cost in self.cost.items():
            if account in self.bank.restored:
                sums = self.bank.accounts[account].sums(self.now, lapses=False)
                assert (sums.spent, sums.leased) == (cost, self._stale(account))


def test_no_interleaving_overspends_a_budget() -> None:
    run_state_machine_as_test(
        Money,
        settings=settings(
            max_examples=400,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
