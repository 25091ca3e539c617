"""An account and processes that say what is true, over a network that loses, delays and repeats what they say.

What they can have spent is never more than the limit, whatever happens to their messages and to themselves.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from store.accounts import Account
from store.contract import LEASE, Heard, Stamp, Tell

LIMIT = 1000
AMOUNTS = st.sampled_from([0, 1, 50, 300])
NAMES = ("a", "b", "c")


class Process:
    """*free* is in hand; *spent* is all that its owner ever spent, as a journal would know."""

    def __init__(self) -> None:
        self.life = 1
        self.number = 0
        self.free = 0
        self.spent = 0
        self.overspent = 0

    def word(self, name: str, least: int, most: int) -> tuple[Stamp, Tell]:
        self.number += 1
        tell = Tell("", LIMIT, self.spent, max(0, self.free), least, most)
        return Stamp(name, self.life, self.number), tell


class Processes(RuleBasedStateMachine):
    on_their_way = Bundle("on_their_way")

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000.0
        self.account = Account()
        self.known_before = 0
        self.processes = {name: Process() for name in NAMES}

    @rule(target=on_their_way, name=st.sampled_from(NAMES), least=AMOUNTS, most=AMOUNTS)
    def asks(self, name: str, least: int, most: int) -> tuple[Stamp, Tell]:
        """And hears the answer; the same word may arrive once more."""
        process = self.processes[name]
        word = process.word(name, least, most)
        heard = self.account.tell(*word, self.now)
        assert not heard.late
        assert process.spent == heard.own
        process.free += heard.granted
        return word

    @rule(target=on_their_way, name=st.sampled_from(NAMES), least=AMOUNTS, most=AMOUNTS)
    def sends_and_hears_nothing(self, name: str, least: int, most: int) -> tuple[Stamp, Tell]:
        return self.processes[name].word(name, least, most)

    @rule(word=on_their_way)
    def arrives(self, word: tuple[Stamp, Tell]) -> None:
        """Now or later, once or often; its answer is lost."""
        self.account.tell(*word, self.now)

    @rule(word=consumes(on_their_way))
    def is_lost(self, word: tuple[Stamp, Tell]) -> None: ...

    @rule(name=st.sampled_from(NAMES), part=st.integers(1, 16))
    def spends(self, name: str, part: int) -> None:
        process = self.processes[name]
        amount = process.free * part // 16
        process.free -= amount
        process.spent += amount

    @rule(name=st.sampled_from(NAMES), amount=st.integers(1, 50))
    def is_billed_more_than_it_held(self, name: str, amount: int) -> None:
        process = self.processes[name]
        process.overspent += max(0, amount - process.free)
        process.free = max(0, process.free - amount)
        process.spent += amount

    @rule(name=st.sampled_from(NAMES))
    def dies_and_is_followed(self, name: str) -> None:
        process = self.processes[name]
        process.life, process.number, process.free = process.life + 1, 0, 0

    @rule(seconds=st.sampled_from([1.0, LEASE + 1, -30.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(name=st.sampled_from(NAMES))
    def the_ledger_says_what_it_knows(self, name: str) -> None:
        """It may be ahead of what was told; until its owner speaks, that counts beside what it had in hand."""
        before = self.account.sums(self.now, lapses=False).spent
        self.account.restore({name: self.processes[name].spent}, 9e9)
        self.known_before += self.account.sums(self.now, lapses=False).spent - before

    @invariant()
    def nobody_can_spend_more_than_there_is(self) -> None:
        real = sum(process.spent + process.free for process in self.processes.values())
        assert real <= LIMIT + self.debt()

    @invariant()
    def the_store_knows_of_all_that_and_gives_no_more_than_there_is(self) -> None:
        sums = self.account.sums(self.now, lapses=False)
        real = sum(process.spent + process.free for process in self.processes.values())
        assert real - self.debt() <= sums.spent + sums.leased <= LIMIT + self.debt() + self.known_before
        assert 0 <= sums.lost <= sums.leased

    def debt(self) -> int:
        return sum(process.overspent for process in self.processes.values())

    def teardown(self) -> None:
        """In the end everybody says where it stands, and the store knows it to the nano-dollar."""
        heard = Heard()
        for name, process in self.processes.items():
            process.free = 0
            heard = self.account.tell(*process.word(name, 0, 0), self.now)
        assert sum(process.spent for process in self.processes.values()) == heard.spent
        assert 0 == heard.leased


TestProcesses = Processes.TestCase
TestProcesses.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
