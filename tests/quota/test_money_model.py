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

from tests.chance import unswayed
from tests.quota.play import TROUBLE
from tests.quota.world import SLOTS, World

EXCHANGES = 3  # after which somebody with money left is served

amounts = st.integers(1, 400)
slots = st.integers(0, SLOTS - 1)


class Money(RuleBasedStateMachine):
    world: World

    @initialize(limit=st.sampled_from([50, 1000, 1000, 100_000]))
    def begin(self, limit: int) -> None:
        self.world = World(limit)

    @rule(number=slots, wanted=st.lists(amounts, min_size=1, max_size=4))
    def calls_come(self, number: int, wanted: list[int]) -> None:
        """Those for whom there is too little ask the store."""
        for amount in wanted:
            self.world.call(self.world.places[number], amount)

    @rule(number=slots, amount=amounts)
    def a_call_comes(self, number: int, amount: int) -> None:
        self.world.call(self.world.places[number], amount)

    @rule(number=slots, amount=amounts)
    def a_call_waits(self, number: int, amount: int) -> None:
        """Until somebody makes the trip."""
        place = self.world.places[number]
        if place.stock is not None and not self.world.hold(place, self.world.allotment(place.stock), amount):
            one = self.world.allotment(place.stock)
            one.want(amount)
            place.stock.mark(one)

    @rule(number=slots, which=st.integers(0, 50), part=st.sampled_from([0, 1, 30, 70, 100, 100]))
    def settle(self, number: int, which: int, part: int) -> None:
        self.world.settle(number, which, part)

    @rule(number=slots, part=st.sampled_from([0, 50, 100]))
    def settle_all(self, number: int, part: int) -> None:
        place = self.world.places[number]
        while place.calls and place.stock is not None:
            self.world.settle(number, 0, part)

    @rule(number=slots, amount=amounts)
    def a_hold_grows(self, number: int, amount: int) -> None:
        place = self.world.places[number]
        if place.stock is None or not place.calls:
            return
        call = place.calls[-1]
        if call.purse.cash >= amount or call.purse.draw(amount):
            call.purse.hold(amount)
            call.held += amount

    @rule(number=slots)
    def exchange(self, number: int) -> None:
        if self.world.places[number].stock is not None:
            self.world.exchange(self.world.places[number])

    @rule(number=slots)
    def send(self, number: int) -> None:
        place = self.world.places[number]
        if place.stock is not None and place.message is None:
            self.world.send(place)

    @rule(number=slots)
    def arrive(self, number: int) -> None:
        message = self.world.places[number].message
        if message is not None and message.answer is None:
            self.world.arrive(message)

    @rule(number=slots)
    def lose(self, number: int) -> None:
        """The answer, or the message itself, which may arrive later all the same, and twice."""
        place = self.world.places[number]
        if place.message is not None and place.stock is not None:
            place.stock.lost(place.message.words, self.world.now)
            self.world.late.append(place.message)
            place.message = None

    @precondition(lambda self: self.world.late)
    @rule(which=st.integers(0, 50), again=st.booleans())
    def arrive_late(self, which: int, again: bool) -> None:
        message = self.world.late[which % len(self.world.late)]
        # A store that was restarted closes its connections: nothing that was sent to the former one arrives.
        if message.epoch == self.world.bank.epoch:
            self.world.arrive(message)
        if not again:
            self.world.late.remove(message)

    @rule(number=slots)
    def drain(self, number: int) -> None:
        """The ledger may know of what was settled before the store does."""
        self.world.drain(number)

    @rule(number=slots, kind=st.sampled_from(TROUBLE))
    def trouble(self, number: int, kind: str) -> None:
        getattr(self.world, kind)(number)

    @rule(seconds=st.sampled_from([0.15, 0.5, 1.5]))
    def time_passes(self, seconds: float) -> None:
        self.world.time_passes(seconds)

    @rule()
    def whoever_has_money_left_is_served(self) -> None:
        """When all is quiet, in a stated number of exchanges."""
        world = self.world
        world.quiesce()
        place = world.places[0]
        assert place.stock is not None
        one = world.allotment(place.stock)
        left = world.limit - world.cost.get(one.account, 0) - world.stale(one.account)
        for _ in range(EXCHANGES):
            if one.free < 1:
                one.want(1)
                place.stock.mark(one)
                world.exchange(place)

        assert (one.free >= 1) == (left >= 1)

    # What always holds

    @invariant()
    def nothing_is_overspent(self) -> None:
        world = self.world
        for name in {*world.cost, *(call.account for place in world.places for call in place.calls)}:
            used = world.cost.get(name, 0) + world.held(name)
            assert used <= world.allowed(name) + world.debt.get(name, 0)

    @invariant()
    def what_a_process_has_adds_up(self) -> None:
        for place in self.world.alive():
            assert place.stock is not None
            for one in place.stock.allotments.values():
                assert one.held == sum(call.held for call in place.calls if call.account == one.account)
                assert min(one.free, one.unsent) >= 0
                if not (place.message or one.unsure or one.beat < 0):
                    assert one.free + one.held + one.unsent >= one.kept
                    assert place.owed or one.free + one.held + one.unsent == one.kept

    def teardown(self) -> None:
        """In the end the store knows what calls have cost, and nobody holds anything."""
        world = self.world
        world.quiesce()
        for name, cost in world.cost.items():
            if name in world.bank.restored:
                sums = world.bank.accounts[name].sums(world.now, lapses=False)
                assert (sums.spent, sums.leased) == (cost, world.stale(name))


def test_no_interleaving_overspends_a_budget() -> None:
    with unswayed():
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
