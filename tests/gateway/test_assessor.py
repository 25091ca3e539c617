"""Evidence from finished calls: how much is kept, and how much is looked at."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from core.call import Call
from gateway.assessor import ASKED, AT_ONCE, LARGEST, RECENT, Assessor, Ear
from routing.quality import Qualities
from telemetry.meters import Meters
from telemetry.record import Record

NOW = 1_800_000_000.0
JSON = Call("chat", "m", {"response_format": {"type": "json_object"}}, max_output=10)
GOOD, BAD = (
    orjson.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})
    for text in ('{"a": 1}', "Sure!")
)


def record(id="one", *, key="alice", time=NOW, **facts):
    made = Record(id, time, endpoint="chat", key=key)
    made.target, made.task, made.finish, made.total = "p/m", "chat", "stop", 100.0
    for name, value in facts.items():
        setattr(made, name, value)
    return made


@asynccontextmanager
async def assessing():
    assessor = Assessor(asyncio.get_running_loop(), Qualities(NOW), Meters())
    yield assessor
    await assessor.end()


def evidence(assessor):
    assessor.look(NOW)
    return assessor._qualities.known().get(("p/m", "chat"))


def question(text="Why?"):
    return Call("chat", "m", {"messages": [{"role": "user", "content": text}]})


async def test_a_call_is_known_by_its_id_to_its_own_key_and_to_the_operator():
    async with assessing() as assessor:
        assessor.finished(record(), question(), None, 5)
        assessor.finished(record(key="bob", target="p/n"), question(), None, 5)
        found = [assessor.recall("one", key) for key in ("alice", "bob", None, "carol")]

    assert ["p/m", "p/n", "p/n", None] == [one and one.target for one in found]


async def test_only_so_many_calls_are_known():
    async with assessing() as assessor:
        for number in range(RECENT + 1):
            assessor.finished(record(f"{number}"), question(), None, 5)

        assert assessor.recall("0", None) is None
        assert assessor.recall("1", None) is not None


async def test_answers_are_read_behind_the_loops_back_and_only_so_many_at_once():
    async with assessing() as assessor:
        for number in range(3 * AT_ONCE):
            assessor.finished(record(f"{number}"), JSON, BAD if number % 2 else GOOD, 0)
        async with asyncio.timeout(5):
            while (found := evidence(assessor)) is None:
                await asyncio.sleep(0.01)

    assert (AT_ONCE / 2, AT_ONCE) == (round(found.flaws, 3), round(found.seen, 3))


async def test_what_is_too_large_is_not_read():
    async with assessing() as assessor:
        assessor.finished(record(), JSON, BAD + b" " * LARGEST, 0)
        ear = Ear()
        ear.hear(b"x" * LARGEST)
        whole = ear.whole
        ear.hear(b"x")

    assert [b"x" * LARGEST] == whole
    assert () == ear.whole
    assert evidence(assessor) is None


async def test_only_so_many_streams_are_listened_to_and_only_those_that_can_be_checked():
    async with assessing() as assessor:
        ears = [assessor.ear(JSON) for _ in range(3 * AT_ONCE)]
        plain = assessor.ear(question())

    assert AT_ONCE <= sum(ear is not None for ear in ears) <= 2 * AT_ONCE
    assert plain is None


async def test_an_ear_hears_what_is_relayed():
    ear, sent = Ear(), []
    relay = ear.beside(lambda piece: sent.append(piece) or 1.5)

    assert relay(b"one") == 1.5
    assert [b"one"] == sent == list(ear.whole)


async def test_a_question_long_ago_or_from_somebody_else_is_another_one():
    async with assessing() as assessor:
        assessor.finished(record(), question(), None, 5)
        assessor.finished(record(key="bob", time=NOW + 1), question(), None, 5)
        assessor.finished(record(time=NOW + 100), question(), None, 5)
        assessor.finished(record(time=NOW + 101), question("How?"), None, 5)
        before = evidence(assessor).flaws
        assessor.finished(record(time=NOW + 102), question(), None, 5)

    assert (0, 0.5) == (before, round(evidence(assessor).flaws, 3))


async def test_a_question_is_remembered_for_a_while_but_not_all_of_them():
    async with assessing() as assessor:
        assessor.finished(record(), question(), None, 5)
        for number in range(ASKED - 1):
            assessor.finished(record(), question(f"{number}"), None, 5)
        assessor.finished(record(time=NOW + 1), question(), None, 5)
        remembered = evidence(assessor).flaws
        for number in range(3 * ASKED):
            assessor.finished(record(), question(f"again {number}"), None, 5)
        assessor.finished(record(time=NOW + 2), question(), None, 5)

    assert (0.5, 0.5) == (round(remembered, 3), round(evidence(assessor).flaws, 3))


async def test_vectors_have_no_flaws():
    async with assessing() as assessor:
        assessor.finished(record(endpoint="embeddings", finish=None), Call("embeddings", "m", {}), b"{}", 0)

    assert evidence(assessor) is None
