"""Which compilers are shown what calls do."""

from pathlib import Path

import pytest

from compiling.__main__ import learns

GCC = "#define __GNUC__ 12"


def compiler(folder: Path, *defines: str, takes: bool = True) -> str:
    """One that knows nothing but what it is; and an option before what it is asked, as CC often has."""
    program = folder / "cc"
    told = "".join(f"echo '{one}'\n" for one in defines)
    program.write_text(f"#!/bin/sh\ncat > /dev/null\n{told}exit {int(not takes)}\n")
    program.chmod(0o755)
    return f"{program} -pthread"


@pytest.mark.parametrize(
    ("defines", "does"),
    [((GCC,), True), ((GCC, "#define __clang__ 1"), False), (("#define __TINYC__ 1",), False)],
)
def test_gcc_learns_and_what_only_looks_like_it_does_not(tmp_path, monkeypatch, defines, does):
    monkeypatch.setenv("CC", compiler(tmp_path, *defines))

    assert does == learns()


def test_who_does_not_know_what_it_is_asked_for_does_not_learn(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", compiler(tmp_path, GCC, takes=False))

    assert not learns()
