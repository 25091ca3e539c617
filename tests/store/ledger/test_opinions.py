"""What people say of answers, in every ledger."""

import asyncio
import math

import orjson

from store.books import Books
from store.opinions import Opinion, Said
from tests.store.ledger.entries import NOON, entry


def opinion(number: int = 1, **facts: object) -> Opinion:
    return Opinion(
        call=f"call-{number}",
        judge="key/alice",
        time=NOON + number,
        called=NOON,
        target="openai/gpt-5",
        task="chat",
        score=1.0,
        label="",
    )._replace(**facts)


async def test_the_newest_call_with_an_id_is_found(ledger: Books) -> None:
    old, new, other = entry(1, id="twice"), entry(2, id="twice"), entry(3)
    await ledger.add("me", 1, [old, new, other])

    assert new == await ledger.call("twice", None, 0.0)
    assert other == await ledger.call("call-3", "alice", NOON)


async def test_a_call_is_found_among_many(ledger: Books) -> None:
    for number in range(50):
        await ledger.add("me", 1 + number * 10, [entry(number * 10 + place) for place in range(10)])

    assert entry(123) == await ledger.call("call-123", None, 0.0)
    assert await ledger.call("call-12", "alice", 0.0) == entry(12)
    assert await ledger.call("call-1 ", None, 0.0) is None


async def test_what_a_call_was_for_is_known_of_new_rows_and_not_of_old_ones(ledger: Books) -> None:
    new, old = entry(1, task="vision", why=([1],)), entry(2)
    await ledger.add("me", 1, [new, old], [new.to_bytes(), orjson.dumps(tuple(old)[:20])])

    assert [old, new] == await ledger.rows(0.0, math.inf)


async def test_a_call_of_another_key_or_time_is_not_found(ledger: Books) -> None:
    await ledger.add("me", 1, [entry(1)])

    assert await ledger.call("call-1", "bob", 0.0) is None
    assert await ledger.call("call-1", "alice", NOON + 2) is None
    assert await ledger.call("call-2", None, 0.0) is None


async def test_a_second_opinion_of_the_same_judge_replaces_the_first(ledger: Books, other: Books) -> None:
    first, second = opinion(1, score=0.0, label="wrong"), opinion(1, time=NOON + 50)

    assert await ledger.judge(first) is None
    assert await other.judge(second) == first
    assert await ledger.judge(opinion(1, judge="operator")) is None
    assert await ledger.judge(second) == second
    assert await other.opinions(0.0) == [Said("openai/gpt-5", "chat", "", 2, 1.0)]


async def test_opinions_add_up_by_target_task_and_label(ledger: Books) -> None:
    for number, (target, label, score) in enumerate(
        [("a/b", "", 1.0), ("a/b", "", 0.5), ("a/b", "slow\0", 0.0), ("c/d", "", 0.25)]
    ):
        await ledger.judge(opinion(number, target=target, label=label, score=score))

    assert await ledger.opinions(0.0) == [
        Said("a/b", "chat", "", 2, 0.75),
        Said("a/b", "chat", "slow\ufffd", 1, 0.0),
        Said("c/d", "chat", "", 1, 0.25),
    ]
    assert [each.target for each in await ledger.opinions(NOON, "c/d")] == ["c/d"]
    assert await ledger.opinions(NOON + 10) == []


async def test_opinions_go_when_calls_go(ledger: Books) -> None:
    await ledger.judge(opinion(1))
    await ledger.judge(opinion(3))

    await ledger.forget(NOON + 2)

    assert [each.opinions for each in await ledger.opinions(0.0)] == [1]


async def test_opinions_said_at_once_replace_one_another_one_by_one(ledger: Books, other: Books) -> None:
    formers = await asyncio.gather(*(one.judge(opinion(1)) for one in (ledger, other) * 4))

    assert [former is None for former in formers].count(True) == 1
