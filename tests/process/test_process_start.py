"""What somebody sees who starts it, and what is served then."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.process.running import FORM, HOME, PATIENCE, holds_back, run, until

SHIPPED = HOME / "config.yaml"
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def asked(text: str) -> tuple[str, dict]:
    """The address and the body of the curl line that was printed."""
    words = shlex.split(re.search(r"^try: (.*)$", text, re.MULTILINE).group(1))
    return words[1], json.loads(words[-1])


async def test_a_person_is_told_where_what_and_how(start, written):
    async with start(
        written(more="  lost: openai/gpt-4o\n").replace("  demo: {", "  openai: {}\n  demo: {")
    ) as gateway:
        lines = gateway.out.splitlines()

    address = f"http://127.0.0.1:{gateway.port}"
    assert f"address: {address}/v1 (no keys: open to everyone who can reach it)" in lines
    assert f"health: {address}/health" in lines
    assert f"metrics: {address}/metrics" in lines
    assert "  a: configured" in lines
    assert "  openai: not configured (it has no api_key)" in lines
    assert "  demo: configured, local" in lines
    assert "  m: a/one" in lines
    assert "  lost: openai/gpt-4o (no provider of it is configured)" in lines
    assert lines[-1].startswith(f"try: curl {address}/v1/chat/completions ")
    assert "sk-secret" not in gateway.out + gateway.err


async def test_the_file_as_shipped_serves_the_line_it_prints(start):
    async with start(SHIPPED, "--port", "0") as gateway:
        address, body = asked(gateway.out)
        answer = await gateway.request("POST", address.removeprefix(gateway.url), body)

    assert ("demo", 200) == (body["model"], answer.status)
    assert "demo/echo" == answer.headers["x-switchyard-target"]
    assert answer.body["choices"][0]["message"]["content"]


async def test_the_demo_streams_calls_a_tool_and_falls_back(start):
    async with start(SHIPPED, "--port", "0") as gateway:
        streamed = await gateway.chat("demo", stream=True)
        tool = await gateway.chat("demo", tools=[WEATHER], tool_choice="required")
        fallen = await gateway.chat("demo-fallback")

    assert "[DONE]" == streamed.events[-1]
    assert streamed.text
    assert "weather" == tool.body["choices"][0]["message"]["tool_calls"][0]["function"]["name"]
    assert (200, "demo/echo") == (fallen.status, fallen.headers["x-switchyard-target"])
    assert int(fallen.headers["x-switchyard-attempts"]) >= 2


def queued(process: int) -> float:
    """For so many seconds somebody else had the cores that it could have used."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[1]) / 1e9


async def test_a_second_start_answers_soon(start, written):
    async with start(written(), folder="first"):
        pass

    began, others = time.monotonic(), queued(os.getpid())
    async with start(written(), folder="second") as gateway:
        answer = await gateway.chat("demo")
        took = time.monotonic() - began - queued(gateway.pid) - queued(os.getpid()) + others

    assert 200 == answer.status
    assert took < 3


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("second", [1, 2])
async def test_a_port_in_use_is_one_line(start, written, tmp_path, first, second):
    async with start(written(workers=first)) as gateway:
        (tmp_path / "config.yaml").write_text(written())
        done = await asyncio.to_thread(run, "--port", str(gateway.port), "--workers", str(second), folder=tmp_path)
        answer = await gateway.chat("demo")

    assert (1, "") == (done.returncode, done.stdout)
    assert f"cannot listen on 127.0.0.1:{gateway.port}: Address already in use\n" == done.stderr
    assert 200 == answer.status


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_address_that_is_not_ours_is_one_line(tmp_path, written, workers):
    (tmp_path / "config.yaml").write_text(written(more="keys: {alice: {key: 0123456789abcdef}}\n"))

    done = run("--host", "192.0.2.7", "--workers", workers, folder=tmp_path)

    assert (1, "") == (done.returncode, done.stdout)
    assert 1 == len(done.stderr.splitlines())
    assert done.stderr.startswith("cannot listen on 192.0.2.7:0: ")


def test_a_state_directory_that_cannot_be_is_one_line(tmp_path, written):
    (tmp_path / "config.yaml").write_text(written(workers=2))
    (tmp_path / "state").write_text("a file")

    done = run(folder=tmp_path)

    assert (1, "") == (done.returncode, done.stdout)
    assert "cannot write to state.directory state: Not a directory\n" == done.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_journal_that_cannot_be_written_ends_the_start(tmp_path, written, workers):
    (tmp_path / "config.yaml").write_text(written(workers=workers, more="service: {budget: 5/day}\n"))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal").write_text("a file")

    done = run(folder=tmp_path)

    assert 1 == done.returncode
    assert workers == done.stderr.count("cannot write to state.directory state: File exists\n")


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_reload_that_is_asked_for_during_the_start_is_no_end(start, written, workers):
    async with start(written(workers=workers), hangups=True) as gateway:
        answer = await gateway.chat("demo")

    assert 200 == answer.status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_start_can_be_ended(tmp_path, written, number):
    (tmp_path / "config.yaml").write_text(written())
    process = subprocess.Popen(
        [sys.executable, str(HOME / "proxy.py")], cwd=tmp_path, env=FORM, stderr=subprocess.DEVNULL
    )
    try:
        await until(lambda: holds_back(process.pid, signal.SIGHUP))
        process.send_signal(number)
        code = await asyncio.to_thread(process.wait, PATIENCE)
    finally:
        process.kill()
        process.wait()

    assert code not in {None, 1}


@pytest.mark.plain  # what a thread raised keeps fewer of its places where a compiled coroutine awaited it
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_start_that_fails_says_why_and_ends(start, written, workers):
    async with start(written(workers=workers)) as gateway:
        state = gateway.folder / "state" / "state.db"
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as sql:
        sql.execute("INSERT INTO key_changes (digests) VALUES ('no JSON')")

    command = [sys.executable, str(HOME / "proxy.py"), "--config", str(gateway.config)]
    process = subprocess.Popen(command, cwd=gateway.folder, env=FORM, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        said = await asyncio.to_thread(process.stderr.readline)
        code = await asyncio.to_thread(process.wait, PATIENCE)
    finally:
        process.kill()
        process.communicate()

    assert re.fullmatch(rb"cannot start: JSONDecodeError at sqlite_keys\.py:\d+\n", said)
    assert 1 == code


async def test_it_outlives_the_shell_that_started_it(tmp_path, written):
    (tmp_path / "config.yaml").write_text(written())
    (tmp_path / "out").touch()
    inside = f"{shlex.quote(sys.executable)} {shlex.quote(str(HOME / 'proxy.py'))} > out 2> err & echo $!; read end"
    shell = subprocess.Popen(["sh", "-c", inside], cwd=tmp_path, env={}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = int(shell.stdout.readline())
    try:
        address = await until(lambda: re.search(r"^health: (\S+)", (tmp_path / "out").read_text(), re.MULTILINE))
        await until(lambda: answers(address.group(1)))
        await asyncio.sleep(0.5)  # so that it knows its parent

        shell.communicate(b"\n", timeout=PATIENCE)
        await asyncio.sleep(2.5)  # it looks for its parent, if it does, once a second
        alive = answers(address.group(1))
    finally:
        shell.kill()
        shell.communicate()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    assert alive


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status == 200
    except OSError:
        return False
