"""How tests are run: from memory, in parts if one likes, chance as one likes it; and what they show, at the end of all.

`make test` runs the parts of `PARTS` by itself (see `tests/parts.py`); `pytest` by hand runs what it is told to.
"""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from compiling.found import NEVER, VARIABLE, prefer

# Whatever is tested is Python as it stands, here and in what tests start, unless it is asked for in the other form.
COMPILED = os.environ.setdefault(VARIABLE, NEVER) != NEVER
prefer()

from catalog import dialects
from tests.matrix import is_whole, marks, matrix
from tests.parts import LAST, PARTS, part_of

# What a change is judged by must not depend on chance. Everywhere else each run looks for what no run has found yet.
settings.register_profile("judged", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("judged")

ITEMS = pytest.StashKey[list[pytest.Item]]()
MEMORY = Path("/dev/shm")
ROOM = 3 << 30  # bytes; a run of all tests wants less than a third of that at a time


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=PARTS, help="run only the tests of a part; `make test` runs them side by side")


def pytest_configure() -> None:
    """A commit waits until the disk has it. Nearly each test makes some, and none can pull the plug of this machine."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it has looked already


def pytest_collection() -> None:
    gc.disable()  # nothing of all that comes now will be garbage


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    config.stash[ITEMS] = list(items)
    if COMPILED:
        left = [item for item in items if item.get_closest_marker("plain")]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("plain")]
    if part := config.option.part:
        left = [item for item in items if part_of(item.path) != part]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if part_of(item.path) == part]


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # tens of thousands of tests, which no look for garbage need see again
    gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if is_whole(config) and not config.option.collectonly and config.option.part in {None, LAST}:
        terminalreporter.section("what these tests show of each dialect")
        terminalreporter.write_line(dialects.text(matrix(marks(config.stash[ITEMS]))))
        terminalreporter.write_line(dialects.LEGEND)


@pytest.fixture
def shown(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """All tests that there are, if this is a run of all of them, or of a part of such a run."""
    if not is_whole(request.config):
        pytest.skip("only a run of all tests knows what all of them show")
    return request.config.stash[ITEMS]
