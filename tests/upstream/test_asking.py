"""A small question of our own, and its whole answer, from real servers."""

import asyncio
from dataclasses import dataclass
from functools import partial

import pytest

from core.faults import Failure, Fault
from upstream.asking import MOST_ERROR, Answer, asked
from upstream.deadlines import Deadlines
from upstream.origin import Origin
from upstream.request import request_head

MOST = 1 << 20


def response(status: int, body: bytes, *, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"HTTP/1.1 %d X\r\nX-Mine: 7\r\ncontent-length: %d\r\n\r\n%b" % (status, size, body)


@dataclass
class Question:
    """Asked of *origin*."""

    origin: Origin
    deadlines: Deadlines

    async def ask(self, seconds: float = 5.0) -> Answer | Failure:
        head = request_head("GET", "/v1/models", self.origin.host_header, ())
        return await asked(partial(self.origin.send, head, b""), self.deadlines, seconds=seconds, most=MOST)

    @property
    def watched(self) -> int:
        return len(self.deadlines._watched)


@pytest.fixture
def question(origin_of):
    return lambda url: Question(origin_of(url), Deadlines(asyncio.get_running_loop()))


@pytest.mark.parametrize("size", [0, 1, MOST])
async def test_an_answer_comes_whole_and_its_connection_serves_again(start, question, says, size):
    peer = await start(says(response(200, b"x" * size)))
    it = question(peer.url)

    answers = [await it.ask() for _ in range(2)]

    assert [(200, size, "7")] * 2 == [(each.status, len(each.body), each.headers["x-mine"]) for each in answers]
    assert (1, 1, 0) == (peer.connections, it.origin.idle_count, it.watched)
    assert peer.requests[0].startswith(b"GET /v1/models HTTP/1.1\r\n")


async def test_one_that_is_too_large_is_refused_and_its_connection_closed(start, question, says, until):
    peer = await start(says(response(200, b"x" * (MOST + 1), length=1 << 30)))
    it = question(peer.url)

    outcome = await it.ask()
    await until(lambda: peer.open == 0)

    assert Failure(Fault.BROKEN, "the answer is larger than 1 MiB", status=200) == outcome
    assert 0 == it.watched


@pytest.mark.parametrize(("size", "kept"), [(0, 0), (7, 7), (3 * MOST_ERROR, MOST_ERROR)])
async def test_of_an_error_only_the_beginning_is_read(start, question, says, size, kept):
    peer = await start(says(response(503, b"x" * size)))

    outcome = await question(peer.url).ask()

    assert 503 == outcome.status
    assert len(outcome.body) <= kept


@pytest.mark.parametrize("sent", [b"", response(200, b"[", length=99), response(500, b"no", length=99)])
async def test_one_that_doesnt_come_in_time_is_a_timeout(start, question, says, until, sent):
    peer = await start(says(sent) if sent else silent)
    it = question(peer.url)

    outcome = await it.ask(seconds=0.05)
    await until(lambda: peer.open == 0)

    assert Failure(Fault.TIMEOUT, "no answer within 0.05 s") == outcome
    assert 0 == it.watched


@pytest.mark.parametrize(
    ("sent", "fault"),
    [(b"", Fault.BROKEN), (b"SSH-2.0-x\r\n\r\n", Fault.BROKEN), (response(200, b"[", length=99), Fault.BROKEN)],
)
async def test_one_that_breaks_is_a_failure(start, question, says_once, sent, fault):
    peer = await start(says_once(sent) if sent else says_once())

    outcome = await question(peer.url).ask()

    assert isinstance(outcome, Failure)
    assert fault is outcome.fault


async def test_nobody_there_is_a_failure(question):
    outcome = await question("http://127.0.0.1:9").ask()

    assert Failure(Fault.UNREACHABLE, "connection refused") == outcome


@pytest.mark.parametrize("turned", range(6))
async def test_who_stops_waiting_leaves_nothing_behind(start, question, until, turns, turned):
    peer = await start(silent)
    it = question(peer.url)
    task = asyncio.ensure_future(it.ask())
    await turns(turned)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: it.origin.busy_count == peer.open == 0)

    assert (True, 0) == (task.cancelled(), it.watched)


async def silent(_peer, reader, _writer):
    while await reader.read(65536):
        pass
