"""The thread that writes log lines, against real pipes."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import orjson
import pytest

from telemetry import log
from telemetry.log import Scribe
from telemetry.record import Record

OTHERS: set[threading.Thread] = set()


class Pipe:
    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.read = b""

    def lines(self) -> list[bytes]:
        """All that was written, once the writing end is closed."""
        os.close(self.writing)
        while data := os.read(self.reading, 65_536):
            self.read += data
        return self.read.splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for fd in (pipe.reading, pipe.writing):
        with suppress(OSError):
            os.close(fd)


@pytest.fixture
def reader(pipe: Pipe) -> Iterator[threading.Thread]:
    """Reads on, as a log collector does; ends when the writing end is closed."""

    def read_on() -> None:
        while data := os.read(pipe.reading, 65_536):
            pipe.read += data

    thread = threading.Thread(target=read_on)
    thread.start()
    yield thread
    with suppress(OSError):
        os.close(pipe.writing)
    thread.join()


def test_records_and_events_are_written_as_json_in_their_order(pipe, finished):
    scribe = Scribe(fd=pipe.writing)
    scribe.event("info", "reloaded", generation="abc", routes=3)
    scribe.put(finished())

    scribe.start()
    scribe.close()
    first, second = (orjson.loads(each) for each in pipe.lines())

    assert (first["message"], first["level"], first["generation"], first["routes"]) == ("reloaded", "info", "abc", 3)
    assert (second["message"], second["id"]) == ("call", "req_1")


def test_records_and_events_are_written_as_text(pipe, finished):
    scribe = Scribe(format="text", fd=pipe.writing)
    scribe.event("warning", "breaker opened", target="openai/gpt-4o", failures=5)
    scribe.put(finished())

    scribe.close()
    first, second = pipe.lines()

    assert first.endswith(b'Z warning "breaker opened" target=openai/gpt-4o failures=5')
    assert b" info call id=req_1 status=200 " in second


def test_lines_come_without_being_asked_for(pipe):
    scribe = Scribe(fd=pipe.writing)
    scribe.start()

    scribe.event("info", "hello")
    said = os.read(pipe.reading, 1_000)
    scribe.close()

    assert orjson.loads(said)["message"] == "hello"


@pytest.mark.parametrize(
    ("level", "messages"),
    [
        ("debug", ["d", "i", "w", "e", "call", "call"]),
        ("info", ["i", "w", "e", "call", "call"]),
        ("warning", ["w", "e", "call"]),
        ("error", ["e"]),
    ],
)
def test_the_level_filters_events_and_calls(pipe, finished, level, messages):
    scribe = Scribe(level=level, fd=pipe.writing)
    for each in ("debug", "info", "warning", "error"):
        scribe.event(each, each[0])
    scribe.put(finished())
    scribe.put(finished(status=502))

    scribe.close()

    assert messages == [orjson.loads(each)["message"] for each in pipe.lines()]


@pytest.mark.parametrize("content", [False, True])
def test_no_prompt_is_written_unless_wanted(pipe, finished, content):
    scribe = Scribe(content=content, fd=pipe.writing)
    scribe.put(finished(asked=b"my secret diary", answered=b"dear diary"))

    scribe.close()

    assert content == (b"diary" in pipe.lines()[0])


def test_a_reader_that_went_away_stops_nothing(pipe, finished):
    os.close(pipe.reading)
    scribe = Scribe(fd=pipe.writing)
    scribe.start()

    for _ in range(10):
        scribe.put(finished())
    scribe.close()

    assert scribe.dropped == 10


def test_a_closed_stream_stops_nothing(finished):
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    scribe = Scribe(fd=writing)
    scribe.start()
    scribe.put(finished())

    scribe.close()

    assert scribe.dropped == 1


def test_a_reader_that_does_not_read_costs_lines_and_no_time(pipe, finished, monkeypatch):
    monkeypatch.setattr(log, "PATIENCE", 0.1)
    monkeypatch.setattr(log, "LIMIT", 300)
    scribe = Scribe(fd=pipe.writing)
    record = finished(error="x" * 1_000)
    scribe.start()
    for _ in range(200):
        scribe.put(record)
    time.sleep(0.15)  # by now the pipe is full and the thread is stuck in it
    begun = time.perf_counter()

    for _ in range(2_000):
        scribe.put(record)
        scribe.event("info", "still here")
    taken = time.perf_counter() - begun
    scribe.close()

    assert taken < 0.1
    assert scribe.dropped >= 4_000 - 300
    os.close(pipe.reading)
    _await_threads()


def test_a_stream_that_somebody_made_non_blocking_is_waited_for(pipe, reader, finished):
    os.set_blocking(pipe.writing, False)
    scribe = Scribe(fd=pipe.writing)
    for _ in range(3_000):
        scribe.put(finished())

    scribe.start()
    scribe.close()
    os.close(pipe.writing)
    reader.join()

    assert scribe.dropped == 0
    assert len([orjson.loads(each) for each in pipe.read.splitlines()]) == 3_000


def test_a_full_non_blocking_stream_is_given_up_in_the_end(pipe, finished, monkeypatch):
    monkeypatch.setattr(log, "PATIENCE", 0.05)
    os.set_blocking(pipe.writing, False)
    scribe = Scribe(fd=pipe.writing)
    for _ in range(200):
        scribe.put(finished())

    scribe.close()

    assert 0 < scribe.dropped <= 200


def test_a_line_that_can_not_be_written_is_not_the_last(pipe, finished):
    scribe = Scribe(fd=pipe.writing)
    scribe.put(finished(time=float("inf")))
    scribe.put(finished())

    scribe.start()
    scribe.close()

    assert len(pipe.lines()) == 1
    assert scribe.dropped == 1


def test_after_a_fork_each_process_writes_its_own_lines_once(pipe, finished):
    scribe = Scribe(fd=pipe.writing)
    scribe.put(finished(id="parents"))

    def work() -> None:
        scribe.start()
        scribe.put(finished(id="childs"))
        scribe.close()

    child = _forked(work)
    os.waitpid(child, 0)

    scribe.close()

    assert [orjson.loads(each)["id"] for each in pipe.lines()] == ["childs", "parents"]


def test_workers_that_share_a_pipe_never_break_each_others_lines(pipe, reader, finished):
    children = [_forked(lambda: _write_many(pipe.writing, finished(error="x" * 500))) for _ in range(3)]
    for child in children:
        os.waitpid(child, 0)

    os.close(pipe.writing)
    reader.join()

    assert ["id" in orjson.loads(each) for each in pipe.read.splitlines()] == [True] * 2_700


def test_workers_that_share_a_file_write_many_lines_at_once_and_break_none(tmp_path, finished):
    file = tmp_path / "log"
    fd = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)  # without O_APPEND, as `2> log` has it
    children = [_forked(lambda: _write_many(fd, finished(error="x" * 500))) for _ in range(3)]

    assert [os.waitpid(each, 0)[1] for each in children] == [0, 0, 0]
    os.close(fd)
    assert ["id" in orjson.loads(each) for each in file.read_bytes().splitlines()] == [True] * 2_700


def _forked(work: Callable[[], None]) -> int:
    """The pid of a process that does *work* and ends."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def _write_many(fd: int, record: Record) -> None:
    scribe = Scribe(fd=fd)
    scribe.start()
    for _ in range(900):
        scribe.put(record)
    scribe.close()


@pytest.fixture(autouse=True)
def others() -> None:
    """Threads of gateways that other tests share."""
    OTHERS.clear()
    OTHERS.update(threading.enumerate())


def _await_threads() -> None:
    """A thread that was left behind must not write to the next test's file descriptors."""
    for thread in set(threading.enumerate()) - OTHERS:
        if thread.name == "log":
            thread.join()
