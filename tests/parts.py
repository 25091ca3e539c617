"""All tests on two cores: what only computes and answers runs beside what looks at clocks. `python -m tests.parts`.

Each part is a `pytest` of its own, and both know all tests that there are; coverage is measured where decisions are
tested. Then come those again that meet what can be compiled. A clock has to bear one neighbour and no more: that is
why not everything is spread over all cores.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from compiling.found import ALWAYS, VARIABLE

HERE = Path(__file__).resolve().parent
TIMED = {"dashboard", "gateway", "process", "quota", "server", "store", "telemetry", "upstream", "whole"}
PARTS = ("timed", "calm")
LAST = "calm"  # whose output comes last, and tells what all tests show
COVERED = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "--durations=10"]
PLAIN = [sys.executable, "-m", "pytest", "--durations=10"]
# What runs in modules that can be compiled, and what meets them from outside, is tested in that form, too.
AGAIN_TIMED = ["tests/whole", "tests/clients"]
AGAIN_CALM = [
    *("tests/adapters", "tests/api", "tests/catalog", "tests/config", "tests/core", "tests/quota", "tests/routing"),
    *("tests/server", "tests/store", "tests/telemetry", "tests/upstream"),
]
NOTHING: Mapping[str, str] = {}


def part_of(file: Path) -> str:
    return "timed" if file.relative_to(HERE).parts[0] in TIMED else "calm"


def some(arguments: list[str]) -> int:
    """What *arguments* say, in one process."""
    return subprocess.run([*COVERED, *arguments], check=False).returncode


def everything() -> int:
    """Both parts, and then what is compiled; the exit status is that of the first that didn't do well."""
    begun = time.monotonic()
    status = side_by_side([*PLAIN, "--part", "timed"], [*COVERED, "--part", "calm"]) or side_by_side(
        [*PLAIN, *AGAIN_TIMED], [*PLAIN, *AGAIN_CALM], {VARIABLE: ALWAYS}
    )
    print(f"all tests: {'passed' if status == 0 else 'FAILED'}, in {time.monotonic() - begun:.0f} s")
    return status


def side_by_side(timed: Sequence[str], calm: Sequence[str], variables: Mapping[str, str] = NOTHING) -> int:
    """What *timed* says is seen at once, what *calm* does when both are over."""
    environment = {**os.environ, **variables}
    with tempfile.TemporaryFile() as kept:
        beside = subprocess.Popen(calm, stdout=kept, stderr=subprocess.STDOUT, env=environment)
        try:
            status = subprocess.run(timed, check=False, env=environment).returncode or beside.wait()
        finally:
            beside.terminate()
            beside.wait()
        kept.seek(0)
        print("\nbeside it:", flush=True)
        os.write(1, kept.read())
    return status


if __name__ == "__main__":
    given = sys.argv[1:]
    raise SystemExit(some(given) if given else everything())
