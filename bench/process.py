"""Starting processes, ending them, and reading what they cost from the kernel."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

MOST_FILES = 65536
TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def cores() -> tuple[int, int]:
    """The core for the target, and the one for load and provider; they are the same where there is but one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def pinned(core: int | str) -> list[str]:
    """What goes before a command so that it runs on *core* (or on several, as `0,1`)."""
    return ["taskset", "-c", str(core)]


def allow_many_files() -> None:
    """A thousand streams are two thousand sockets; children inherit the limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, MOST_FILES), hard))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def start(
    command: Sequence[str], *, core: int | str, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Its own session, so that *stop* reaches whatever it starts itself."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [*pinned(core), *command],
            env={**os.environ, **environment},
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait five seconds, insist."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                parent = int(stat[stat.rindex(")") + 2 :].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [root]
    while left:
        pid = left.pop()
        found.append(pid)
        left += children.get(pid, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of all threads, to the nanosecond: the clock that clock_getcpuclockid names."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~pid << 3) | 2)
    return total


def pss_mb(pids: Iterable[int]) -> float:
    """Memory with shared pages divided among their owners, so that workers add up."""
    kilobytes = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
            kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def descriptors(pids: Iterable[int]) -> int:
    """Open files and sockets."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
    return total


def busy_seconds() -> dict[int, float]:
    """How long each core has worked since the machine started, for whomever."""
    busy = {}
    for line in (PROC / "stat").read_text().splitlines():
        if line.startswith("cpu") and line[3].isdigit():
            core, *spent = line[3:].split()
            ticks = [int(number) for number in spent[:8]]
            busy[int(core)] = (sum(ticks) - ticks[3] - ticks[4]) / TICKS  # less idle and waiting for disks
    return busy


def tail(log: Path) -> str:
    """The end of what a process had to say."""
    with contextlib.suppress(OSError):
        return log.read_bytes()[-600:].decode(errors="replace")
    return ""
