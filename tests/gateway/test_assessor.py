"""Evidence from finished calls: how much is kept, and how much is looked at."""

import asyncio
from contextlib import asynccontextmanager

import orjson

from core.call import Call
from gateway.ear import LARGEST, Ear
from gateway.watch.assessor import ASKED, AT_ONCE, BATCH, RECENT, Assessor
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


def finish(assessor, record, call, answer, produced, judged=None):
    assessor.finished(assessor.answered(record, call, answer, produced, judged))


def question(text="Why?"):
    return Call("chat", "m", {"messages": [{"role": "user", "content": text}]})


async def test_a_call_is_known_by_its_id_to_its_own_key_and_to_the_operator():
    async with assessing() as assessor:
        finish(assessor, record(), question(), None, 5)
        finish(assessor, record(key="bob", target="p/n"), question(), None, 5)
        found = [assessor.recall("one", key) for key in ("alice", "bob", None, "carol")]

    assert ["p/m", "p/n", "p/n", None] == [one and one.target for one in found]


async def test_only_so_many_calls_are_known():
    async with assessing() as assessor:
        for number in range(RECENT + 1):
            finish(assessor, record(f"{number}"), question(), None, 5)

        assert assessor.recall("0", None) is None
        assert assessor.recall("1", None) is not None


async def test_what_so_many_calls_have_said_is_not_kept_unless_somebody_waits_for_it():
    async with assessing() as assessor:
        kept = [assessor.answered(record(f"{number}"), question(), b"{}", 0) for number in range(BATCH + 1)]
        judged = assessor.answered(record("judged"), question(), b"{}", 0, Waiting(keen=False))
        assessor.finished(*kept)
        known = assessor.recall(f"{BATCH}", None)
        assessor.look(NOW)
        later = assessor.answered(record("later"), question(), b"{}", 0)

    assert [True] * BATCH + [False] == [call is not None for _, call, *_ in kept]
    assert known is not None
    assert (question(), question()) == (judged[1], later[1])


async def test_answers_are_read_behind_the_loops_back_and_only_so_many_at_once():
    async with assessing() as assessor:
        for number in range(3 * AT_ONCE):
            finish(assessor, record(f"{number}"), JSON, BAD if number % 2 else GOOD, 0)
        async with asyncio.timeout(15):
            while (found := evidence(assessor)) is None:
                await asyncio.sleep(0.01)

    assert (AT_ONCE / 2, AT_ONCE) == (round(found.flaws, 3), round(found.seen, 3))


async def test_what_is_too_large_is_not_read():
    async with assessing() as assessor:
        finish(assessor, record(), JSON, BAD + b" " * LARGEST, 0)
        ear = Ear()
        ear.hear(b"x" * LARGEST)
        whole = ear.whole
        ear.hear(b"x")

    assert [b"x" * LARGEST] == whole
    assert () == ear.whole
    assert evidence(assessor) is None


async def test_only_so_many_streams_are_listened_to_and_only_those_that_can_be_checked():
    async with assessing() as assessor:
        ears = [assessor.ear(JSON, None) for _ in range(3 * AT_ONCE)]
        plain = assessor.ear(question(), None)

    assert AT_ONCE <= sum(ear is not None for ear in ears) <= 2 * AT_ONCE
    assert plain is None


async def test_an_ear_hears_what_is_relayed():
    ear, sent = Ear(), []
    relay = ear.beside(lambda piece: sent.append(piece) or 1.5)

    assert relay(b"one") == 1.5
    assert [b"one"] == sent == list(ear.whole)


async def test_a_question_long_ago_or_from_somebody_else_is_another_one():
    async with assessing() as assessor:
        finish(assessor, record(), question(), None, 5)
        finish(assessor, record(key="bob", time=NOW + 1), question(), None, 5)
        finish(assessor, record(time=NOW + 100), question(), None, 5)
        finish(assessor, record(time=NOW + 101), question("How?"), None, 5)
        before = evidence(assessor).flaws
        finish(assessor, record(time=NOW + 102), question(), None, 5)

    assert (0, 0.5) == (before, round(evidence(assessor).flaws, 3))


async def test_a_question_is_remembered_for_a_while_but_not_all_of_them():
    async with assessing() as assessor:
        finish(assessor, record(), question(), None, 5)
        for number in range(ASKED - 1):
            finish(assessor, record(), question(f"{number}"), None, 5)
            assessor.look(NOW)  # of many at once only some are asked about
        finish(assessor, record(time=NOW + 1), question(), None, 5)
        remembered = evidence(assessor).flaws
        for number in range(3 * ASKED):
            finish(assessor, record(), question(f"again {number}"), None, 5)
            assessor.look(NOW)
        finish(assessor, record(time=NOW + 2), question(), None, 5)

    assert (0.5, 0.5) == (round(remembered, 3), round(evidence(assessor).flaws, 3))


class Waiting:
    """Somebody who waits for what is found."""

    def __init__(self, *, keen):
        self.keen = keen
        self.told = []

    def close(self, record, flaw):
        self.told.append(flaw)

    async def all(self, number):
        async with asyncio.timeout(15):
            while len(self.told) < number:
                await asyncio.sleep(0.01)
        return self.told


async def test_whoever_waits_for_it_is_told_what_was_found():
    waiting = Waiting(keen=False)
    async with assessing() as assessor:
        finish(assessor, record(), question(), None, 5, waiting)
        finish(assessor, record(), question("How?"), None, 0, waiting)
        finish(assessor, record(), JSON, BAD, 0, waiting)
        finish(assessor, record(endpoint="embeddings"), Call("embeddings", "m", {}), b"{}", 0, waiting)
        told = await waiting.all(4)

    assert ["", "empty", "", "invalid_json"] == told


async def test_whoever_is_keen_has_every_answer_read_unless_it_is_too_large():
    keen = Waiting(keen=True)
    async with assessing() as assessor:
        ears = [assessor.ear(JSON, keen) for _ in range(3 * AT_ONCE)]
        for _ in range(3 * AT_ONCE):
            finish(assessor, record(), JSON, BAD, 0, keen)
        finish(assessor, record(), JSON, BAD + b" " * LARGEST, 0, keen)
        told = await keen.all(3 * AT_ONCE + 1)

    assert all(ears)
    assert ["", *["invalid_json"] * 3 * AT_ONCE] == told


async def test_copies_are_judged_but_nobody_asks_for_them_again():
    async with assessing() as assessor:
        for number in range(3):
            assessor.copied(record(time=NOW + number), question(), None, 5)
        assessor.copied(record(), JSON, BAD, 0)
        async with asyncio.timeout(15):
            while (found := evidence(assessor)).flaws == 0:
                await asyncio.sleep(0.01)

    assert (1, 4) == (round(found.flaws, 3), round(found.seen, 3))


async def test_vectors_have_no_flaws():
    async with assessing() as assessor:
        finish(assessor, record(endpoint="embeddings", finish=None), Call("embeddings", "m", {}), b"{}", 0)

    assert evidence(assessor) is None
