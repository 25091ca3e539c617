"""Whether compiled modules are taken, and which."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from compiling import found
from compiling.found import NotCompiled, digest, fitting, prefer


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A project of one file, compiled; and Python's ways to find modules as they are now."""
    monkeypatch.setattr(found, "HOME", tmp_path)
    monkeypatch.setattr(found, "FOLDER", tmp_path / "compiled")
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    (tmp_path / "some.py").write_text("ONE = 1\n")
    (tmp_path / "compiled").mkdir()
    note(tmp_path)
    return tmp_path


def note(home: Path, **other) -> None:
    manifest = {
        "python": sys.implementation.cache_tag,
        "sources": ["some.py"],
        "digest": digest(["some.py"]),
        "modules": {"some": "some.so"},
    }
    (home / "compiled/manifest.json").write_text(json.dumps(manifest | other))


def test_what_was_made_of_the_files_that_are_there_is_taken(home):
    assert {"some": home / "compiled/some.so"} == fitting()

    assert "code: 1 modules compiled" == prefer("")
    found_by = sys.meta_path[0]
    assert str(home / "compiled/some.so") == found_by.find_spec("some").origin
    assert found_by.find_spec("other") is None


def nothing(home):
    (home / "compiled/manifest.json").unlink()


def half(home):
    (home / "compiled/manifest.json").write_text("{")


def changed(home):
    (home / "some.py").write_text("ONE = 2\n")


def gone(home):
    (home / "some.py").unlink()


def older(home):
    note(home, python="cpython-27")


@pytest.mark.parametrize(
    ("happened", "why"),
    [
        (nothing, "nothing is compiled"),
        (half, "can't be read"),
        (changed, "files have changed"),
        (gone, "files have changed"),
        (older, "were compiled for cpython-27"),
    ],
)
def test_otherwise_python_serves_as_it_stands_and_says_why(home, happened, why):
    before = list(sys.meta_path)
    happened(home)

    told = prefer("")

    assert told.startswith("code: Python as it stands, since ")
    assert why in told
    assert before == sys.meta_path
    with pytest.raises(NotCompiled, match=why):
        prefer("1")


def test_they_can_be_left_out(home):
    before = list(sys.meta_path)

    assert "code: Python as it stands, as SWITCHYARD_COMPILED wants it" == prefer("0")
    assert before == sys.meta_path


def test_a_start_that_demands_them_ends_without_them(tmp_path):
    """In a copy of nothing but what looks for them."""
    (tmp_path / "compiling").mkdir()
    for file in ("compiling/__init__.py", "compiling/found.py", "proxy.py"):
        (tmp_path / file).write_bytes((found.HOME / file).read_bytes())

    ended = subprocess.run(
        [sys.executable, "proxy.py", "check"],
        cwd=tmp_path,
        env={"SWITCHYARD_COMPILED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (1, "nothing is compiled\n") == (ended.returncode, ended.stderr)
