"""Whatever happens in whatever order, what is found after a crash is what there was."""

import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from store.entry import Entry
from store.journal import Journal
from store.orphans import note
from store.records import PLAIN_ROW, Beginning, framed, read

NAMES = [f"usd:{scope}:total" for scope in ("key/a", "key/b", "team/t", "service", "tag/x")]
ACCOUNTS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(tuple)
MONEY = st.integers(min_value=0, max_value=10**15)
CALL = st.integers(min_value=0, max_value=1000)


def note_of(id: str) -> bytes:
    return note(time=1.0, id=id, key="a", team="t", route="", target="p/m", tags=(), endpoint="chat", stream=False)


class Life(RuleBasedStateMachine):
    """One slot, its crashes, and what must be remembered: *spent* of each account, *open* calls, and *written* rows.

    The till and the ledger are played: *known* is what the store was told, *ledger* the rows by number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spent: Counter[str] = Counter()
        self.known: Counter[str] = Counter()
        self.open: dict[int, tuple[int, tuple[str, ...]]] = {}
        self.written: Counter[bytes] = Counter()
        self.lost_calls: Counter[str] = Counter()
        self.ledger: dict[int, bytes] = {}
        self.calls = 0
        self.at = Path(tempfile.mkdtemp(prefix="journal-"))
        self.journal: Journal

    @initialize(size=st.sampled_from([2048, 4096]), through=st.booleans())
    def start(self, size: int, through: bool) -> None:
        self.size = size
        self.claim(through)
        self.first_row = self.journal._shelf.next_row

    def claim(self, through: bool) -> None:
        self.journal = Journal.claim(self.at, fsync=through, size=self.size)
        assert self.journal.owner.endswith("/0")
        self.journal.totals = self.spent.__getitem__

    # -- calls --

    @rule(accounts=ACCOUNTS, amount=MONEY)
    def hold(self, accounts: tuple[str, ...], amount: int) -> None:
        self.calls += 1
        self.journal.held(self.calls, amount, accounts, note_of(str(self.calls)))
        self.open[self.calls] = amount, accounts

    @precondition(lambda self: self.open)
    @rule(which=CALL, more=MONEY)
    def grow(self, which: int, more: int) -> None:
        number = sorted(self.open)[which % len(self.open)]
        self.journal.grown(number, more)
        self.open[number] = self.open[number][0] + more, self.open[number][1]

    @precondition(lambda self: self.open)
    @rule(which=CALL, amount=MONEY, length=st.integers(min_value=0, max_value=400))
    def settle(self, which: int, amount: int, length: int) -> None:
        number = sorted(self.open)[which % len(self.open)]
        row = (b"%d " % number + b"r" * length) if length else b""
        self.journal.settled(number, amount, row)
        for account in self.open.pop(number)[1]:
            self.spent[account] += amount
        if row:
            self.written[row] += 1

    @rule(length=st.integers(min_value=1, max_value=400))
    def free_call(self, length: int) -> None:
        self.journal.row(b"f" * length)
        self.written[b"f" * length] += 1

    @rule(account=st.sampled_from(NAMES), more=MONEY)
    def the_store_knew_more(self, account: str, more: int) -> None:
        """As after a restore: the owner has spent more than it had known."""
        self.spent[account] += more
        self.known[account] = max(self.known[account], self.spent[account])
        self.journal.corrected(account, self.spent[account])

    # -- those who listen --

    @rule()
    def tell(self) -> None:
        self.known |= self.spent
        self.journal.told(self.journal.position)

    @rule(most=st.integers(min_value=1, max_value=9), added=st.booleans())
    def drain(self, most: int, added: bool) -> None:
        """Not *added*: the ledger has taken it, and its answer was lost."""
        if batch := self.journal.take(most):
            assert batch.owner == self.journal.owner
            for number, row in enumerate(batch.rows, batch.first):
                assert self.ledger.setdefault(number, row) == row
            if added:
                self.journal.drained(batch.mark)

    # -- ends --

    @rule(through=st.booleans())
    def end(self, through: bool) -> None:
        self.journal.close()
        self.come_back(through)

    @rule(through=st.booleans(), seed=st.integers(min_value=0, max_value=2**32))
    def crash(self, through: bool, seed: int) -> None:
        self.die()
        self.tear(random.Random(seed))
        self.come_back(through)

    @rule(through=st.booleans(), seed=st.integers(min_value=0, max_value=2**32))
    def crash_twice(self, through: bool, seed: int) -> None:
        """The second time while the next process is settling what the first had left open."""
        rng = random.Random(seed)
        self.die()
        ends = {path.name: read(path.read_bytes()).end for path in self.files()}
        self.come_back(through)
        self.die()
        if self.files():
            newest = self.files()[-1]
            data = newest.read_bytes()
            places = [at for at, _ in read(data).records if at >= ends.get(newest.name, 1)]
            at = rng.choice([*places, len(data)])
            newest.write_bytes(data[:at] + bytes(len(data) - at))
        self.tear(rng)
        self.claim(through)
        self.check_totals()

    def die(self) -> None:
        """What a dead process leaves: its files as they are, which another then works on."""
        left = Path(tempfile.mkdtemp(prefix="journal-"))
        self.journal._shelf._stock.close()
        shutil.copytree(self.at, left, dirs_exist_ok=True)
        self.journal._slot.free()
        shutil.rmtree(self.at)
        self.at = left

    def tear(self, rng: random.Random) -> None:
        """Half a record at the end, or a file that has half a beginning."""
        if not self.files():
            return
        newest = self.files()[-1]
        data = bytearray(newest.read_bytes())
        end = read(bytes(data)).end
        record = framed(PLAIN_ROW + rng.randbytes(rng.randrange(1, 300)))
        if end + len(record) <= len(data):
            kept = sorted(rng.sample(range(len(record) + 1), 2))
            if kept != [0, len(record)]:
                data[end + kept[0] : end + kept[1]] = record[kept[0] : kept[1]]
            newest.write_bytes(data)
        else:
            number = int(newest.name.split(".")[0]) + 1
            head = framed(Beginning(number, end, 1, 1, through=False).payload())
            (newest.parent / f"{number:010}.journal").write_bytes(head[: rng.randrange(len(head))] + bytes(self.size))

    def files(self) -> list[Path]:
        return sorted(self.at.glob("journal/0/*.journal"))

    def come_back(self, through: bool) -> None:
        self.claim(through)
        heritage = self.journal.heritage
        assert Counter((one.amount, one.accounts) for one in heritage.open) == Counter(self.open.values())
        for number, (amount, accounts) in self.open.items():
            self.lost_calls[str(number)] += 1
            for account in accounts:
                self.spent[account] += amount
        self.open.clear()
        self.check_totals()

    def check_totals(self) -> None:
        for account, total in self.journal.heritage.totals[self.journal.owner].items():
            assert total == self.spent[account], account
            self.known[account] = max(self.known[account], total)
        assert +self.known == +self.spent

    @invariant()
    def what_is_pending_is_what_the_ledger_lacks(self) -> None:
        if hasattr(self, "first_row"):
            rows = sum(self.written.values()) + sum(self.lost_calls.values())
            assert self.journal._shelf.next_row - self.first_row == rows

    def teardown(self) -> None:
        if sys.exc_info()[0] is not None or not hasattr(self, "journal"):
            return
        self.die()
        self.come_back(through=False)
        while batch := self.journal.take(50):
            for number, row in enumerate(batch.rows, batch.first):
                assert self.ledger.setdefault(number, row) == row
            self.journal.drained(batch.mark)
        self.journal.close()
        shutil.rmtree(self.at)
        assert sorted(self.ledger) == list(range(self.first_row, self.first_row + len(self.ledger)))
        estimates = [Entry.from_bytes(row) for row in self.ledger.values() if row.startswith(b"[")]
        assert Counter(entry.id for entry in estimates) == self.lost_calls
        assert Counter(row for row in self.ledger.values() if not row.startswith(b"[")) == self.written


# Without shrinking, which takes minutes where each step writes files; what failed is shown as it was.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
TestLife = Life.TestCase
TestLife.settings = settings(max_examples=25, stateful_step_count=60, deadline=None, phases=PHASES)
