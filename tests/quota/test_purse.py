"""Purses that take money out of the same accounts: nothing is there twice, and nothing is missing."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from config.schema import Budget
from quota.allotment import Allotment
from quota.purse import Purse
from tests.quota.desk import MODEL, TARGET, key

NOW = 1000.0
NAMES = "abc"
PURSES = ("a", "ab", "ac", "abc")


class Book(NamedTuple):
    """What an account should say of itself."""

    free: int
    held: int
    spent: int
    drawn: int


def allotment(name: str) -> Allotment:
    return Allotment(f"usd:{name}:total", name, limit=10**9, now=NOW, budget=Budget(limit=10**9))


def purse(*accounts: Allotment) -> Purse:
    return Purse(key("alice"), TARGET, MODEL, accounts, when_down="allotment")


def said(one: Allotment) -> Book:
    return Book(one.free, one.held, one.spent, one.drawn)


amounts = st.integers(1, 50)
steps = st.one_of(
    st.tuples(st.just("lend"), st.sampled_from(NAMES), st.integers(1, 200)),
    st.tuples(st.just("hold"), st.sampled_from(PURSES), amounts),
    st.tuples(st.just("settle"), st.integers(0, 20), st.integers(0, 60)),
    st.tuples(st.just("ask"), st.sampled_from(NAMES), st.just(0)),
)


@given(st.lists(steps, max_size=60))
def test_accounts_say_what_they_would_if_each_call_had_asked_them_all(played: list[tuple[str, str | int, int]]) -> None:
    accounts = {name: allotment(name) for name in NAMES}
    purses = {names: purse(*(accounts[name] for name in names)) for names in PURSES}
    books = {name: Book(0, 0, 0, 0) for name in NAMES}
    held: list[tuple[str, int]] = []
    for kind, which, amount in played:
        if kind == "lend":
            accounts[str(which)].lend(amount)
            books[str(which)] = books[str(which)]._replace(free=books[str(which)].free + amount)
        elif kind == "hold":
            names = str(which)
            there = all(books[name].free >= amount for name in names)
            one = purses[names]
            assert there == (one.cash >= amount or one.draw(amount))
            if there:
                one.hold(amount)
                held.append((names, amount))
                for name in names:
                    book = books[name]
                    books[name] = Book(book.free - amount, book.held + amount, book.spent, book.drawn + amount)
        elif kind == "settle" and held:
            names, was = held.pop(int(which) % len(held))
            if not purses[names].due:
                purses[names].tell()
            purses[names].settle(was, amount)
            for name in names:
                book = books[name]
                free = max(0, book.free + was - amount)
                books[name] = Book(free, book.held - was, book.spent + amount, book.drawn)
        elif kind == "ask":
            assert said(accounts[str(which)]) == books[str(which)]

    assert {name: said(one) for name, one in accounts.items()} == books


def test_a_call_after_the_first_looks_at_no_account() -> None:
    one, other = allotment("a"), allotment("b")
    one.lend(1000)
    other.lend(400)
    mine = purse(one, other)

    assert mine.draw(10)

    assert (mine.cash, one.loose, other.loose) == (100, 900, 300)


def test_what_another_purse_has_taken_out_is_there_for_everybody() -> None:
    one = allotment("a")
    one.lend(100)
    mine, yours = purse(one), purse(one)
    assert mine.draw(10)
    assert mine.cash == 25

    assert yours.draw(100)

    assert (mine.cash, yours.cash) == (0, 100)
    assert (one.free, yours.cash) == (100, 0)
