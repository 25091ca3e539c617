"""A target that runs, the provider behind it, and the room both work in."""

import http.client
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.process import cores, family, free_port, start, stop, tail
from bench.prompts import SMALL, ask, check
from bench.targets import TARGETS, Site, Start, from_command

HERE = Path(__file__).resolve().parent
LONGEST_START = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """What all measurements share. *seconds* is how long one takes; *targets* are the ways to start one."""

    folder: Path
    upstream: int
    upstream_pid: int
    seconds: int
    targets: Mapping[str, Callable[[Site], Start]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """*process* is None where clients talk to the provider itself; *cold* is how long the first answer took."""

    name: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    cold: float = 0.0

    def pids(self) -> list[int]:
        return family(self.process.pid) if self.process else []

    def stop(self) -> None:
        if self.process:
            stop(self.process)


@contextmanager
def laboratory(
    *, seconds: int, command: str | None = None, targets: Mapping[str, Callable[[Site], Start]] = TARGETS
) -> Iterator[Lab]:
    """Compiles and starts the provider; all that was written or started is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    targets = {**targets, **({"command": from_command(command)} if command else {})}
    program = folder / "upstream"
    compiler, sources = os.environ.get("CC", "cc"), sorted(map(str, HERE.glob("*.c")))
    try:
        subprocess.run([compiler, "-O2", "-o", str(program), *sources], check=True)
        port = free_port()
        upstream = start([str(program), str(port)], core=cores()[1], environment={}, log=folder / "upstream.log")
        try:
            yield Lab(folder=folder, upstream=port, upstream_pid=upstream.pid, seconds=seconds, targets=targets)
        finally:
            stop(upstream)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def boot(lab: Lab, name: str, *, workers: int = 1, core: int | str | None = None) -> Subject:
    """Start a target and wait for its first good answer; raise RuntimeError if there is none."""
    if name == "direct":
        return Subject(name=name, port=lab.upstream)
    folder = Path(tempfile.mkdtemp(prefix=name, dir=lab.folder))
    log, port = folder / "log", free_port()
    how = lab.targets[name](Site(port=port, upstream=lab.upstream, folder=folder, workers=workers))
    began = time.monotonic()
    process = start(how.command, core=cores()[0] if core is None else core, environment=how.environment, log=log)
    try:
        _await_answer(process, port, began + LONGEST_START)
        cold = time.monotonic() - began
        check(port)
    except (TimeoutError, ValueError, ChildProcessError) as reason:
        stop(process)
        raise RuntimeError(f"{name}: {reason} {tail(log)}") from reason
    return Subject(name=name, port=port, process=process, cold=cold)


def _await_answer(process: subprocess.Popen[bytes], port: int, deadline: float) -> None:
    last = "nothing listens"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildProcessError(f"ended with {process.returncode}")
        with suppress(OSError, http.client.HTTPException):
            status, text = ask(port, SMALL)
            if status == 200:
                return
            last = f"answers {status} {text[:200]}"
        time.sleep(0.01)
    raise TimeoutError(f"gave no good answer in {LONGEST_START} s: {last}")
