"""Workers that can't live, and what their supervisor makes of it."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from server.supervisor import PortInUse, listening, reserved

HOME = Path(__file__).resolve().parents[2]
SCRIPT = """
import os, sys
from server import signs, supervisor
from server.supervisor import Supervisor

supervisor.LOOK, signs.EVERY, signs._LEAST, signs.PATIENCE = 0.1, 0.1, 0.09, 10
SIGNS = signs.Signs(3)

def say(text):
    sys.stdout.write(text + "\\n")
    sys.stdout.flush()

def work(number):
    {work}

say("begun")
sys.exit(Supervisor(3, work, drain=0.1, say=say, signs=SIGNS, look=lambda: None, up=lambda: {up}).run())
"""

# What a worker does that gives signs of life, until it does *then* a moment later.
SIGNING = """import asyncio, pathlib, signal, time
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    async def living():
        sign = signs.Sign(SIGNS, number)
        sign.begin(asyncio.get_running_loop())
        say(f"worker {number} (pid {os.getpid()}) serves")
        await asyncio.sleep(0.3)
        {then}
        await asyncio.sleep(60)
    asyncio.run(living())"""


@pytest.fixture
def supervise():
    """A supervisor of three workers that do *work*, as a process."""
    begun: list[subprocess.Popen[str]] = []

    def begin(work: str, up: str = "True") -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(work=work, up=up)],
            cwd=HOME,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(process)
        assert "begun\n" == process.stdout.readline()
        return process

    yield begin
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_workers_that_die_at_once_are_not_started_again_at_once(supervise):
    began = time.monotonic()
    process = supervise("os._exit(3)")

    lines = [process.stdout.readline() for _ in range(9)]
    took = time.monotonic() - began

    assert all("ended with code 3; starting another" in line for line in lines)
    assert {"worker 0", "worker 1", "worker 2"} == {line[:8] for line in lines}
    assert took > 1.9


def test_workers_of_whom_none_ever_served_are_not_started_again(supervise):
    process = supervise("os._exit(3)", up="False")

    said, _ = process.communicate(timeout=10)

    assert 1 == process.returncode
    assert ["worker 0", "worker 1", "worker 2"] == sorted(line[:8] for line in said.splitlines())
    assert all("ended with code 3; another waits until one serves" in line for line in said.splitlines())


def test_those_that_failed_are_started_again_once_another_serves(supervise, tmp_path):
    sign = tmp_path / "up"
    work = f"""import pathlib, time
    sign = pathlib.Path({str(sign)!r})
    if not number:
        time.sleep(1.5)
        sign.touch()
        time.sleep(4)
    say(f"try {{number}}") if sign.exists() else None
    time.sleep(4 if sign.exists() else 0)"""
    process = supervise(work, up=f"os.path.exists({str(sign)!r})")

    lines = [process.stdout.readline() for _ in range(4)]
    process.send_signal(signal.SIGKILL)  # its workers hold its output, and end by themselves

    assert all("; another waits until one serves" in line for line in lines[:2])
    assert ["try 1\n", "try 2\n"] == sorted(lines[2:])


def test_it_can_be_told_to_stop_while_its_workers_die(supervise):
    process = supervise("os._exit(3)")
    process.stdout.readline()

    process.send_signal(signal.SIGTERM)
    code = process.wait(10)

    assert 0 == code


def test_why_a_worker_could_not_live_is_told(supervise):
    process = supervise("raise RuntimeError('no such luck')")
    said = process.stdout.readline()

    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=10)

    assert "ended with code 1; starting another" in said
    assert "RuntimeError: no such luck" in err


def test_signals_wait_until_a_worker_can_heed_them(supervise):
    process = supervise("""import signal, time
    asked = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    say("blocked" if asked <= signal.pthread_sigmask(signal.SIG_BLOCK, ()) else "open")
    signal.sigwait({signal.SIGTERM})""")

    said = process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    code = process.wait(10)

    assert ("blocked\n", 0) == (said, code)


@pytest.mark.parametrize("hang", ["os.kill(os.getpid(), signal.SIGSTOP)", "while True: pass"])
def test_a_worker_that_hangs_is_ended_and_another_started(supervise, tmp_path, hang):
    sign = tmp_path / "hung"
    then = f"""once = pathlib.Path({str(sign)!r})
        if number == 1 and not once.exists():
            once.touch()
            {hang}"""
    process = supervise(SIGNING.replace("{then}", then))

    first = sorted(process.stdout.readline() for _ in range(3))
    rest = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=10)

    hung = first[1].removesuffix(" serves\n")
    assert [f"{hung} gives no sign of life; ending it\n", f"{hung} was ended by SIGKILL; starting another\n"] == rest[
        :2
    ]
    assert "worker 1 (pid " == rest[2][:14]
    assert "" == said


def test_one_that_starts_or_drains_is_not_taken_for_one_that_hangs(supervise):
    """A third hangs that was seen last when they were."""
    begins = """if number == 0:
        time.sleep(60)
    """
    then = """if number == 1:
            sign.end()
        time.sleep(60)"""
    work = SIGNING.replace("async def", begins + "async def", 1).replace("{then}", then)
    process = supervise(work)

    lines = [process.stdout.readline() for _ in range(6)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)

    assert {"worker 1", "worker 2"} == {line[:8] for line in lines[:2]}
    assert {"worker 2"} == {line[:8] for line in lines[2:]}
    assert 2 == sum("ending it" in line for line in lines)


def test_nobody_hangs_who_was_stopped_together_with_the_supervisor(supervise):
    process = supervise(SIGNING.replace("{then}", "pass"))
    for _ in range(3):
        process.stdout.readline()

    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(2)
    os.killpg(process.pid, signal.SIGCONT)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=10)

    assert (0, "") == (process.returncode, said)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_is_listened_on_once_but_by_a_family(host):
    with reserved(host, 0) as port:
        first = listening(host, port, shared=True)
        second = listening(host, port, shared=True)
        with pytest.raises(PortInUse, match=f"cannot listen on {host}:{port}: Address already in use"):
            listening(host, port, shared=False)
        with pytest.raises(PortInUse), reserved(host, port):
            pass
        first.close()
        second.close()


def test_a_host_that_nobody_knows_is_said_so():
    with pytest.raises(PortInUse, match=r"cannot listen on no\.such\.host\.invalid:0: "):
        listening("no.such.host.invalid", 0, shared=False)
