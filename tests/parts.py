"""All tests on two cores: what only computes and answers runs beside what looks at clocks. `python -m tests.parts`.

Each part is a `pytest` of its own. The last one, which tests decisions, knows all tests that there are, and measures
coverage. The others wait more than they compute. A clock has to bear that and no more: that is why not everything is
spread over all cores.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
TIMED = {"dashboard", "gateway", "quota", "server", "store", "telemetry", "upstream", "whole"}
PARTS = ("timed", "process", "calm")
LAST = "calm"  # whose output comes last, and tells what all tests show
COVERED = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "--durations=10"]
PLAIN = [sys.executable, "-m", "pytest", "--durations=10"]


def part_of(file: Path) -> str:
    first = file.relative_to(HERE).parts[0]
    return first if first == "process" else "timed" if first in TIMED else "calm"


def some(arguments: list[str]) -> int:
    """What *arguments* say, in one process."""
    return subprocess.run([*COVERED, *arguments], check=False).returncode


def everything() -> int:
    """All parts, side by side; the exit status is that of the first that didn't do well."""
    begun = time.monotonic()
    status = 0
    with ExitStack() as open_:
        running = [(part, *_begin(part, open_)) for part in PARTS]
        for part, process, kept in running:
            status = status or process.wait()
            if kept is not None:
                kept.seek(0)
                print(f"\n{part}, beside it:", flush=True)
                os.write(1, kept.read())
    print(f"all tests: {'passed' if status == 0 else 'FAILED'}, in {time.monotonic() - begun:.0f} s")
    return status


def _begin(part: str, open_: ExitStack) -> "tuple[subprocess.Popen[bytes], IO[bytes] | None]":
    """What it prints is kept until it is over, but for the first one."""
    kept = None
    if part != PARTS[0]:
        kept = open_.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  (closed by *open_*)
    folders = sorted(str(folder) for folder in HERE.iterdir() if folder.is_dir() and part_of(folder) == part)
    command = [*COVERED, "--part", part] if part == LAST else [*PLAIN, *folders]
    process = subprocess.Popen(command, stdout=kept, stderr=None if kept is None else subprocess.STDOUT)
    open_.callback(process.wait)
    open_.callback(process.terminate)
    return process, kept


if __name__ == "__main__":
    given = sys.argv[1:]
    raise SystemExit(some(given) if given else everything())
