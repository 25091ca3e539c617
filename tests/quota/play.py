"""What the money model is played with: places that processes fill, messages on their way, and the bank."""

from dataclasses import dataclass, field

from quota.allotment import Allotment
from quota.purse import Purse
from quota.stock import Stock
from store.accounts import Account
from store.contract import Heard, Stamp, Tell

SETTLE = 20.0
TROUBLE = (
    "settle_above_what_was_held",
    "files_are_dropped",
    "crash_and_restart",
    "crash_for_good",
    "somebody_adopts",
    "a_minute_passes",
    "an_hour_begins",
    "the_clock_goes_back",
    "the_store_forgets_everything",
    "the_store_forgets_the_last_seconds",
    "the_limit_changes",
)


@dataclass
class Call:
    account: str
    held: int
    life: int
    purse: Purse


@dataclass
class Message:
    """On its way: *answer* once the store has seen it."""

    stamp: Stamp
    words: list[tuple[Allotment, Tell]]
    stock: Stock
    epoch: int
    answer: list[Heard] | None = None


@dataclass
class Place:
    """A slot, and the process that fills it, if one does. *totals*: what it has spent, ever; *journal*: as far as its
    files are still there; *calls*: those that are open.
    """

    owner: str
    life: int = 0
    number: int = 0
    epoch: int = -1
    stock: Stock | None = None
    message: Message | None = None
    quiet: bool = False
    totals: dict[str, int] = field(default_factory=dict)
    journal: dict[str, int] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    purses: dict[tuple[str, int], Purse] = field(default_factory=dict)
    owed: bool = False  # somebody cost more than was held


class Bank:
    """The store: real accounts of the reference store, an epoch, and a time in which nothing is granted."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.restored: set[str] = set()
        self.epoch = 0
        self.settles: set[str] = set()  # who has to speak before anything is granted

    def copy(self) -> dict[str, Account]:
        return {
            name: Account(dict(one.parts), ends=one.ends, refused=one.refused) for name, one in self.accounts.items()
        }

    def tell(self, stamp: Stamp, tells: list[Tell], now: float) -> list[Heard]:
        self.settles.discard(stamp.owner)
        return [self._tell(stamp, tell, now) for tell in tells]

    def _tell(self, stamp: Stamp, tell: Tell, now: float) -> Heard:
        one = self.accounts.setdefault(tell.account, Account())
        if self.settles:
            tell = tell._replace(least=0, most=0)
        heard = one.tell(stamp, tell, now)
        return heard._replace(fresh=tell.account not in self.restored, settling=SETTLE if self.settles else 0.0)

    def restore(self, account: str, spent: dict[str, int], ends: float) -> None:
        self.restored.add(account)
        self.accounts.setdefault(account, Account()).restore(spent, ends)
