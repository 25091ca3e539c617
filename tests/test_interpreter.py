"""Which interpreter `make setup` takes, of those on the PATH."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FAKE = """#!/bin/sh
case "$*" in
  *"import sys, venv, ensurepip"*) exit {works} ;;
  *profiled*) echo {plain} ;;
  "-m venv .venv") mkdir -p .venv/bin && echo {name} > .venv/made-by ;;
esac
"""


@pytest.fixture
def taken(tmp_path):
    """Makes what *interpreters* say, each in a folder of its own, and tells whose environment it is in the end."""
    (tmp_path / "bench").mkdir()
    for file in ("Makefile", "bench/__init__.py", "bench/tools.py"):
        (tmp_path / file).write_text((ROOT / file).read_text())

    def take(*interpreters, **variables):
        folders = []
        for name, file, plain, works in interpreters:
            folder = tmp_path / name
            folder.mkdir()
            folders.append(str(folder))
            (folder / file).write_text(FAKE.format(name=name, plain=int(plain), works=int(not works)))
            (folder / file).chmod(0o755)
        path = os.pathsep.join([*folders, "/usr/bin", "/bin"])
        given = [f"{name}={value}" for name, value in variables.items()]
        subprocess.run(
            ["make", ".venv/bin/python", *given], cwd=tmp_path, env={"PATH": path}, check=True, capture_output=True
        )
        return (tmp_path / ".venv/made-by").read_text().strip()

    return take


PLAIN = ("plain", "python3.11", True, True)
SWIFT = ("swift", "python3.11", False, True)
BROKEN = ("broken", "python3.11", False, False)
NEWER = ("newer", "python3.13", False, True)


def test_one_that_was_built_with_a_profile_goes_before_a_plain_one(taken):
    assert "swift" == taken(PLAIN, SWIFT)


def test_of_two_such_the_first_name_on_the_path_is_taken(taken):
    assert "swift" == taken(NEWER, SWIFT)


def test_one_that_cannot_make_environments_is_passed_over(taken):
    assert "swift" == taken(BROKEN, SWIFT)


def test_whoever_runs_it_decides(taken, tmp_path):
    assert "plain" == taken(SWIFT, PLAIN, PYTHON=tmp_path / "plain/python3.11")
