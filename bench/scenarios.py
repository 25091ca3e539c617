"""The loads, and the figures each gives. Compare CPU time: other work on the machine moves it least."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.process import busy_seconds, cores, cpu_seconds, pinned, pss_mb
from bench.prompts import BURST, DENSE, LARGE, PACED, SLOW, SMALL, Prompt
from bench.subject import HERE, Lab, Subject
from bench.targets import HEADERS, HOME

Figures = dict[str, float]
CONNECTIONS = 32
CHUNKS_IN_BURST = 100
RATE = 100
SLOW_STREAMS = 1000
SLOW_RAMP = 3
PATIENCE = 60  # seconds beyond its own time that a load may take


class Cost(NamedTuple):
    """*cpu* and *wall* in seconds; *foreign* is the share of the target's core that others took."""

    load: dict[str, Any]
    cpu: float
    wall: float
    foreign: float


def measured(subject: Subject, load: Callable[[], dict[str, Any]]) -> Cost:
    pids, core = subject.pids(), cores()[0]
    busy, cpu, began = busy_seconds()[core], cpu_seconds(pids), time.monotonic()
    answer = load()
    wall = time.monotonic() - began
    spent = cpu_seconds(pids) - cpu
    foreign = busy_seconds()[core] - busy - spent
    return Cost(answer, spent, wall, max(0.0, foreign / wall))


def wrk(lab: Lab, port: int, prompt: Prompt, *, seconds: int, core: int | str | None = None) -> dict[str, Any]:
    """As many calls as 32 connections can make."""
    body = lab.folder / "body"
    body.write_bytes(prompt.body())
    headers = "\n".join(f"{name}: {value}" for name, value in HEADERS.items())
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", "-s", str(HERE / "post.lua")]
    done = subprocess.run(
        [*pinned(cores()[1] if core is None else core), *command, f"http://127.0.0.1:{port}{prompt.path}"],
        env={**os.environ, "BENCH_BODY_FILE": str(body), "BENCH_HEADERS": headers},
        capture_output=True,
        text=True,
        timeout=seconds + PATIENCE,
        check=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _load_command(lab: Lab, subject: Subject, prompt: Prompt, kind: str, **options: float) -> list[str]:
    body = lab.folder / "body"
    body.write_bytes(prompt.body())
    command = [sys.executable, "-m", "bench.load", kind, "--port", str(subject.port), "--body", str(body)]
    command += ["--path", prompt.path, "--mark", prompt.mark]
    return [*pinned(cores()[1]), *command, *(f"--{name}={value}" for name, value in options.items())]


def load(lab: Lab, subject: Subject, prompt: Prompt, kind: str, **options: float) -> dict[str, Any]:
    command = _load_command(lab, subject, prompt, kind, **options)
    done = subprocess.run(command, cwd=HOME, stdout=subprocess.PIPE, text=True, timeout=2 * PATIENCE, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def cold(_lab: Lab, subject: Subject) -> Figures:
    """From the start of the process to its first good answer."""
    return {"seconds": subject.cold}


def rss(_lab: Lab, subject: Subject) -> Figures:
    """Memory of all its processes while nothing happens."""
    return {"mb": pss_mb(subject.pids())}


def _saturated(lab: Lab, subject: Subject, prompt: Prompt, *, parts: int = 1) -> Figures:
    """Full load; CPU time for each of the *parts* that a call's answer has."""
    wrk(lab, subject.port, prompt, seconds=1)
    cost = measured(subject, lambda: wrk(lab, subject.port, prompt, seconds=lab.seconds))
    done = max(1, cost.load["requests"])
    return {
        "cpu_us": cost.cpu * 1e6 / done / parts,
        "per_second": done / cost.load["seconds"] * parts,
        "p99_ms": cost.load["p99_ms"],
        "core": cost.cpu / cost.wall,
        "foreign": cost.foreign,
        "bad": cost.load["errors"] + cost.load["timeouts"],
    }


def small(lab: Lab, subject: Subject) -> Figures:
    """A prompt of 300 bytes, an answer of 1 KB."""
    return _saturated(lab, subject, SMALL)


def large(lab: Lab, subject: Subject) -> Figures:
    """A prompt of 30 KB, an answer of 20 KB."""
    return _saturated(lab, subject, LARGE)


def burst(lab: Lab, subject: Subject, prompt: Prompt = BURST) -> Figures:
    """Streams of a hundred chunks that the provider sends at once."""
    return _saturated(lab, subject, prompt, parts=CHUNKS_IN_BURST)


def _paced(lab: Lab, subject: Subject, prompt: Prompt, streams: int) -> Figures:
    cost = measured(subject, lambda: load(lab, subject, prompt, "streams", streams=streams))
    return {
        "cpu_us": cost.cpu * 1e6 / max(1, cost.load["chunks"]),
        "per_second": cost.load["chunks"] / cost.load["seconds"],
        "first_us": cost.load["first_us"]["p50"],
        "delay_p50_us": cost.load["delay_us"]["p50"],
        "delay_p99_us": cost.load["delay_us"]["p99"],
        "foreign": cost.foreign,
        "bad": cost.load["bad"],
    }


def dense(lab: Lab, subject: Subject, prompt: Prompt = DENSE) -> Figures:
    """200 streams with a chunk every 10 ms each: chunks that come alone."""
    return _paced(lab, subject, prompt, 200)


def paced(lab: Lab, subject: Subject) -> Figures:
    """50 streams with a chunk every 20 ms each: how long the first takes."""
    return _paced(lab, subject, PACED, 50)


def rate(lab: Lab, subject: Subject) -> Figures:
    """A hundred calls a second, whether answered or not: what a gateway adds to an answer's time."""
    cost = measured(subject, lambda: load(lab, subject, SMALL, "rate", rate=RATE, seconds=lab.seconds + 1))
    waited = {f"{name}_us": value for name, value in cost.load["latency_us"].items()}
    return {**waited, "foreign": cost.foreign, "bad": cost.load["bad"]}


def slow(lab: Lab, subject: Subject) -> Figures:
    """A thousand open streams with a chunk a second each: the memory that each takes."""
    before = pss_mb(subject.pids())
    command = _load_command(lab, subject, SLOW, "streams", streams=SLOW_STREAMS, ramp=SLOW_RAMP)
    with subprocess.Popen(command, cwd=HOME, stdout=subprocess.PIPE) as load:
        end, peak = time.monotonic() + PATIENCE, before
        while load.poll() is None and time.monotonic() < end:
            peak = max(peak, pss_mb(subject.pids()))
            time.sleep(0.5)
        load.kill()
        answer = json.loads(load.communicate()[0])
    return {
        "kb_per_stream": (peak - before) * 1024 / SLOW_STREAMS,
        "peak_mb": peak,
        "delay_p99_us": answer["delay_us"]["p99"],
        "bad": answer["bad"],
    }


Scenario = Callable[[Lab, Subject], Figures]
EACH_ROUND: dict[str, Scenario] = {
    "cold": cold,
    "rss": rss,
    "small": small,
    "large": large,
    "burst": burst,
    "dense": dense,
    "paced": paced,
    "rate": rate,
}
