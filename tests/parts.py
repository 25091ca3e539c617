"""All tests on two cores: what only computes and answers runs beside what looks at clocks. `python -m tests.parts`.

Each lane begins with a part of all tests, which is a `pytest` of its own and knows all that there are; coverage is
measured where decisions are tested. Then come those again that meet what can be compiled. A clock has to bear one
neighbour and no more: that is why not everything is spread over all cores.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from compiling.found import ALWAYS, VARIABLE

HERE = Path(__file__).resolve().parent
TIMED = {"dashboard", "gateway", "process", "quota", "server", "store", "telemetry", "upstream", "whole"}
PARTS = ("timed", "calm")
LAST = "calm"  # whose output comes last, and tells what all tests show
COVERED = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "--durations=10"]
PLAIN = [sys.executable, "-m", "pytest", "--durations=10"]
# What runs in modules that can be compiled, and what meets them from outside, is tested in that form, too.
AGAIN_TIMED = ["tests/whole"]
AGAIN_CALM = [
    *("tests/adapters", "tests/api", "tests/catalog", "tests/config", "tests/core", "tests/quota", "tests/routing"),
    *("tests/server", "tests/store", "tests/telemetry", "tests/upstream", "tests/clients"),
]
LANES: Mapping[str, tuple[list[str], list[str]]] = {
    "timed": ([*PLAIN, "--part", "timed"], [*PLAIN, *AGAIN_TIMED]),
    "calm": ([*COVERED, "--part", "calm"], [*PLAIN, *AGAIN_CALM]),
}
LANE = "--lane"


def part_of(file: Path) -> str:
    return "timed" if file.relative_to(HERE).parts[0] in TIMED else "calm"


def some(arguments: list[str]) -> int:
    """What *arguments* say, in one process."""
    return subprocess.run([*COVERED, *arguments], check=False).returncode


def lane(name: str) -> int:
    """A part of all tests and then what is compiled, one after the other; a part that failed ends its lane."""
    first, again = LANES[name]
    return (
        subprocess.run(first, check=False).returncode
        or subprocess.run(again, check=False, env={**os.environ, VARIABLE: ALWAYS}).returncode
    )


def everything() -> int:
    """Both lanes at once; the exit status is that of the first that didn't do well."""
    begun = time.monotonic()
    status = side_by_side(*([sys.executable, "-m", "tests.parts", LANE, name] for name in PARTS))
    print(f"all tests: {'passed' if status == 0 else 'FAILED'}, in {time.monotonic() - begun:.0f} s")
    return status


def side_by_side(timed: Sequence[str], calm: Sequence[str]) -> int:
    """What *timed* says is seen at once, what *calm* does when both are over."""
    with tempfile.TemporaryFile() as kept:
        beside = subprocess.Popen(calm, stdout=kept, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            status = subprocess.run(timed, check=False).returncode or beside.wait()
        finally:
            with suppress(ProcessLookupError):  # and whatever it runs at the moment
                os.killpg(beside.pid, signal.SIGTERM)
            beside.wait()
        kept.seek(0)
        print("\nbeside it:", flush=True)
        os.write(1, kept.read())
    return status


if __name__ == "__main__":
    given = sys.argv[1:]
    if given[:1] == [LANE]:
        raise SystemExit(lane(given[1]))
    raise SystemExit(some(given) if given else everything())
