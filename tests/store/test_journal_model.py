"""Whatever happens in whatever order, what is found after a crash is what there was."""

import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store.entry import Entry
from store.journal import Journal
from store.orphans import noted
from store.records import PLAIN_ROW, Beginning, framed, read

NAMES = [f"usd:{scope}:total" for scope in ("key/a", "key/b", "team/t", "service", "tag/x")]
THROUGH = st.sampled_from([False, False, False, True])  # it takes the disk's time
SEED = st.integers(min_value=0, max_value=2**32)


def note_of(id: str) -> bytes:
    return noted((1.0, id, "a", "t", "", "p/m", (), "chat", False))


def half(record: bytes, rng: random.Random) -> bytes:
    """Any part of it, the rest still zero."""
    since, until = sorted(rng.sample(range(len(record) + 1), 2))
    part = bytes(since) + record[since:until] + bytes(len(record) - until)
    return part if part != record else bytes(len(record))


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

    @initialize(size=st.sampled_from([2048, 4096]), through=THROUGH)
    def start(self, size: int, through: bool) -> None:
        self.size = size
        self.claim(through)
        self.first_row = self.journal._shelf.next_row

    def claim(self, through: bool) -> None:
        self.journal = Journal.claim(self.at, fsync=through, size=self.size)
        retired = self.at / "journal/0/retired"
        assert self.journal.owner.endswith("/0"), retired.exists() and retired.read_text()
        self.journal.totals = self.spent.__getitem__
        self.heard = 0, Counter[str]()

    # -- calls, and those who listen --

    @rule(seed=SEED, steps=st.integers(min_value=1, max_value=80), busy=st.sampled_from([2, 5, 12]))
    def work(self, seed: int, steps: int, busy: int) -> None:
        """Many steps at once, so that files fill. *busy*: about so many calls are under way."""
        rng = random.Random(seed)
        for _ in range(steps):
            enough = len(self.open) >= busy
            steps_to_take = [self.settle if enough else self.hold, self.grow, self.settle, self.free_call]
            others = [self.tell, self.drain, self.the_store_knew_more]
            rng.choice([*steps_to_take, *steps_to_take, *others])(rng)

    def hold(self, rng: random.Random) -> None:
        self.calls += 1
        accounts = tuple(rng.sample(NAMES, rng.randrange(1, 4)))
        amount = rng.randrange(10**15)
        self.journal.held(self.calls, amount, accounts, note_of(str(self.calls)))
        self.open[self.calls] = amount, accounts

    def grow(self, rng: random.Random) -> None:
        for number in sorted(self.open)[:1]:
            more = rng.randrange(10**15)
            self.journal.grown(number, more)
            self.open[number] = self.open[number][0] + more, self.open[number][1]

    def settle(self, rng: random.Random) -> None:
        """Seldom the oldest, so that some calls last for many files."""
        if self.open:
            number = rng.choice(sorted(self.open)[1:] or list(self.open)) if rng.random() < 0.95 else min(self.open)
            self.settle_this(number, rng.randrange(10**15), rng.choice([0, 50, 400]))

    def settle_this(self, number: int, amount: int, length: int) -> None:
        row = (b"%d " % number + b"r" * length) if length else b""
        self.journal.settled(number, amount, row)
        for account in self.open.pop(number)[1]:
            self.spent[account] += amount
        if row:
            self.written[row] += 1

    def free_call(self, rng: random.Random) -> None:
        row = b"f" * rng.randrange(1, 400)
        self.journal.row(row)
        self.written[row] += 1

    def the_store_knew_more(self, rng: random.Random) -> None:
        """As after a restore: the owner has spent more than it had known."""
        account = rng.choice(NAMES)
        self.spent[account] += rng.randrange(10**15)
        self.known[account] = max(self.known[account], self.spent[account])
        self.journal.corrected(account, self.spent[account])

    def tell(self, rng: random.Random) -> None:
        """Of what was so a while ago, or of everything."""
        if rng.random() < 0.5:
            self.heard = self.journal.position, self.spent.copy()
        position, spent = self.heard
        self.known |= spent
        self.journal.told(position)

    def drain(self, rng: random.Random) -> None:
        """What the ledger takes counts even if its answer is lost."""
        for _ in range(rng.randrange(4)):
            if batch := self.journal.take(rng.randrange(1, 9)):
                assert batch.owner == self.journal.owner
                for number, row in enumerate(batch.rows, batch.first):
                    assert self.ledger.setdefault(number, row) == row
                if rng.random() < 0.8:
                    self.journal.drained(batch.mark)

    @rule()
    def come_to_rest(self) -> None:
        """Nothing is left that anybody needs."""
        for number in list(self.open):
            self.settle_this(number, 1, 0)
        while batch := self.journal.take(50):
            for number, row in enumerate(batch.rows, batch.first):
                assert self.ledger.setdefault(number, row) == row
            self.journal.drained(batch.mark)
        self.known |= self.spent
        self.journal.told(self.journal.position)
        assert len(self.journal._shelf.segments) <= 1
        assert self.journal.idle()

    # -- ends --

    @rule(through=THROUGH)
    def end(self, through: bool) -> None:
        self.journal.close()
        self.come_back(through)

    @rule(through=THROUGH, seed=SEED)
    def crash(self, through: bool, seed: int) -> None:
        self.die()
        self.tear(random.Random(seed))
        self.come_back(through)

    @rule(through=THROUGH, seed=SEED)
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
            data[end : end + len(record)] = half(record, rng)
            newest.write_bytes(data)
        else:
            number = int(newest.name.split(".")[0]) + 1
            head = half(framed(Beginning(number, end, 1, 1, through=False).payload()), rng)
            (newest.parent / f"{number:010}.journal").write_bytes(head + bytes(self.size - len(head)))

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
TestLife.settings = settings(max_examples=20, stateful_step_count=15, deadline=None, phases=PHASES)
