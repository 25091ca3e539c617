"""All tests on two cores: what only computes and answers runs beside what looks at clocks. `python -m tests.parts`.

Each part is a `pytest` of its own, and both know all tests that there are; coverage is measured where decisions are
tested. A clock has to bear one neighbour and no more: that is why not everything is spread over all cores.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TIMED = {"dashboard", "gateway", "process", "quota", "server", "store", "telemetry", "upstream", "whole"}
PARTS = ("timed", "calm")
LAST = "calm"  # whose output comes last, and tells what all tests show
COVERED = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "--durations=10"]
PLAIN = [sys.executable, "-m", "pytest", "--durations=10"]


def part_of(file: Path) -> str:
    return "timed" if file.relative_to(HERE).parts[0] in TIMED else "calm"


def some(arguments: list[str]) -> int:
    """What *arguments* say, in one process."""
    return subprocess.run([*COVERED, *arguments], check=False).returncode


def everything() -> int:
    """Both parts, side by side; the exit status is that of the first that didn't do well."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as kept:
        calm = subprocess.Popen([*COVERED, "--part", "calm"], stdout=kept, stderr=subprocess.STDOUT)
        try:
            timed = subprocess.run([*PLAIN, "--part", "timed"], check=False).returncode
            status = timed or calm.wait()
        finally:
            calm.terminate()
            calm.wait()
        kept.seek(0)
        print("\nbeside it:", flush=True)
        os.write(1, kept.read())
    print(f"all tests: {'passed' if status == 0 else 'FAILED'}, in {time.monotonic() - begun:.0f} s")
    return status


if __name__ == "__main__":
    given = sys.argv[1:]
    raise SystemExit(some(given) if given else everything())
