"""Random histories that can be played on any store, and what each step of them was answered."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from store.contract import Draw, Drawn, Heard, Stamp, Store, Tell

PER = 3600.0


class Say(NamedTuple):
    owner: str
    life: int
    number: int
    tells: tuple[Tell, ...]


class Restore(NamedTuple):
    account: str
    spent: dict[str, int]


class Take(NamedTuple):
    """*back*: how many units go back of which draw before."""

    account: str
    limit: int
    least: int
    most: int
    back: tuple[tuple[int, int], ...]


class Wait(NamedTuple):
    seconds: float


Step = Say | Restore | Take | Wait

OWNERS = st.sampled_from(["here/1", "here/2", "there/1"])
AMOUNTS = st.one_of(st.integers(0, 40), st.integers(0, 2000), st.just(2**50))
LIMITS = st.one_of(st.integers(-5, 2000), st.just(2**53 - 1))


def tells(account: str) -> st.SearchStrategy[Tell]:
    return st.builds(
        Tell,
        st.just(account),
        LIMITS,
        AMOUNTS,
        AMOUNTS,
        AMOUNTS,
        AMOUNTS,
        st.just(9e9),
        st.just(account.startswith("run")),
    )


ACCOUNTS = ["usd:a", "usd:b", "run:a"]
SAYS = st.builds(
    Say,
    OWNERS,
    st.integers(1, 2),
    st.integers(1, 12),
    st.tuples(*(tells(name) for name in ACCOUNTS)) | st.sampled_from(ACCOUNTS).flatmap(tells).map(lambda tell: (tell,)),
)
RESTORES = st.builds(Restore, st.sampled_from(ACCOUNTS), st.dictionaries(OWNERS, AMOUNTS, max_size=3))
TAKES = st.builds(
    Take,
    st.sampled_from(["req:a", "req:b"]),
    st.integers(0, 300),
    st.integers(0, 40),
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 50)), max_size=2).map(tuple),
)
WAITS = st.builds(Wait, st.sampled_from([0.1, 3.0, 14.9, 16.0, 59.0, 61.0, 600.0, 3700.0, -3.0, -100.0]))


async def play(store: Store, step: Step, drawn: list[Drawn], room: str) -> Sequence[Heard] | Sequence[Drawn]:
    """*drawn* grows with each draw of this store; *room* keeps histories apart."""
    match step:
        case Say(owner, life, number, tells):
            stamp = Stamp(owner, life, number)
            return await store.tell(stamp, [tell._replace(account=tell.account + room) for tell in tells])
        case Restore(account, spent):
            await store.restore(account + room, spent, 9e9)
        case Take(account, limit, least, most, back):
            known = tuple((drawn[which].slot, units) for which, units in back if which < len(drawn))
            answer = await store.draw([Draw(account + room, limit, PER, least, most, known)])
            drawn += answer
            return answer
    return []
