"""What a run of all tests says at its end: what each dialect can do. And how chance is dealt with."""

import os

import pytest
from hypothesis import settings

from catalog import dialects
from tests.matrix import is_whole, marks, matrix

# What a change is judged by must not depend on chance. Everywhere else each run looks for what no run has found yet.
settings.register_profile("judged", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("judged")

ITEMS = pytest.StashKey[list[pytest.Item]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    session.config.stash[ITEMS] = list(session.items)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if is_whole(config) and not config.option.collectonly:
        terminalreporter.section("what these tests show of each dialect")
        terminalreporter.write_line(dialects.text(matrix(marks(config.stash[ITEMS]))))
        terminalreporter.write_line(dialects.LEGEND)


@pytest.fixture
def shown(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """All tests that there are, if this is a run of all of them."""
    if not is_whole(request.config):
        pytest.skip("only a run of all tests knows what all of them show")
    return request.config.stash[ITEMS]
