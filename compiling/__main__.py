"""Compile what nearly every call runs: python -m compiling [--unfitted]

Needs mypy, a C compiler and Python's headers, and takes about six minutes: GCC is shown what calls do most of the time,
and compiles once more to fit that. `--unfitted` spares half the time. What is made lies in `compiled/`, which can be
removed at any time; proxy.py finds it there by itself.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, Final

from mypyc.build import mypycify
from setuptools import Distribution
from setuptools.command.build_ext import build_ext

from compiling.chosen import CHOSEN
from compiling.exercise import Unfit, exercise
from compiling.found import FOLDER, HOME, MANIFEST, NotCompiled, digest, fitting

NAME: Final = "switchyard"
# Packages without types are none of its business: `make check` judges types, with all that this needn't have.
OPTIONS: Final = ("--config-file=pyproject.toml", "--ignore-missing-imports", "--no-warn-unused-ignores")

# To see what is run, and to make use of it. What no call showed stays as fast as it would be: calls differ.
WATCHED: Final = ("-fprofile-generate",)
# The linker then sees all files as one, so that calls from one into another can be written out where they are made.
FITTED: Final = ("-fprofile-use", "-fprofile-partial-training", "-Wno-missing-profile", "-flto=auto", "-g0")
NEEDLESS: Final = (".*", "__pycache__", "tests", "bench", "docs", "deploy", "data", "compiled", "node_modules")


class SideBySide(build_ext):
    """A C file on each core, where setuptools would take one after the other."""

    def build_extensions(self) -> None:
        self.compiler.compile = partial(_all, self.compiler.compile)
        super().build_extensions()


def _all(compile: Callable[..., list[str]], sources: Sequence[str], *rest: Any, **named: Any) -> list[str]:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        made = threads.map(lambda source: compile([source], *rest, **named), sources)
        return [file for files in made for file in files]


def translated(folder: Path) -> list[Any]:
    """What has to be built; its C lies in *folder*."""
    made: list[Any] = mypycify(
        [*OPTIONS, *CHOSEN], opt_level="2", debug_level="0", multi_file=True, target_dir=str(folder), group_name=NAME
    )
    _mend(folder / "bytes_ops.c")
    for one in made:  # whose functions call each other without a table between
        one.extra_compile_args = [*one.extra_compile_args, "-fvisibility=hidden"]
    return made


def _mend(runtime: Path) -> None:
    """As of mypy 2.4 `data[3:2]` of bytes raises SystemError where Python has nothing: nothing it shall be."""
    said, wrong, right = (
        runtime.read_text(),
        "slice_len = endn - startn;",
        "slice_len = endn > startn ? endn - startn : 0;",
    )
    if said.count(wrong) != 1:
        raise SystemExit(f"{runtime.name} of mypyc has changed: is {wrong!r} mended?")
    runtime.write_text(said.replace(wrong, right))


def build(wanted: list[Any], folder: Path, objects: Path, *, more: Sequence[str] = ()) -> dict[str, str]:
    """Compile and link into *folder*: the files by the modules they are. *more* is for compiler and linker."""
    extensions = [copy(one) for one in wanted]
    for one in extensions:
        one.extra_compile_args = [*one.extra_compile_args, *more]
        one.extra_link_args = [*one.extra_link_args, *more]
    command = SideBySide(Distribution({"name": NAME, "ext_modules": extensions}))
    command.build_lib, command.build_temp = str(folder), str(objects)
    command.ensure_finalized()
    command.run()
    files = sorted(file.relative_to(folder) for file in folder.rglob("*.so"))
    return {".".join([*file.parts[:-1], file.name.partition(".")[0]]): str(file) for file in files}


def learns() -> bool:
    """Whether the compiler can be shown what is done most: GCC, of those who can, is the one that is known here."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    command = [*compiler, *FITTED, "-dM", "-E", "-"]
    asked = subprocess.run(command, input="", capture_output=True, text=True, check=False)  # noqa: S603  (as setuptools does)
    return not asked.returncode and "__GNUC__" in asked.stdout and "__clang__" not in asked.stdout


def build_fitted(wanted: list[Any], folder: Path, objects: Path, noted: Mapping[str, Any]) -> dict[str, str]:
    """The same, twice: in between, calls show which branches are taken, and which functions are called."""
    house = folder.with_name("house")
    shutil.copytree(HOME, house, ignore=shutil.ignore_patterns(*NEEDLESS))
    modules = build(wanted, house / FOLDER.name, objects, more=WATCHED)
    note(house / FOLDER.name, modules, noted)
    try:
        calls = exercise(house)
    except Unfit as reason:
        raise SystemExit(f"what was compiled does not serve, which --unfitted does not try: {reason}") from reason
    if not next(objects.rglob("*.gcda"), None):
        raise SystemExit(f"{calls} calls were answered, and nothing was noted of what they run")
    sys.stdout.write(f"compiled once, and {calls} calls answered to see what they run\n")
    return build(wanted, folder, objects, more=FITTED)


def read_meanwhile() -> list[str]:
    """All that mypyc may have taken something from: constants and types of modules that aren't compiled, too."""
    packages = [file.parent for file in HOME.glob("*/__init__.py") if file.parent.name != "bench"]
    return sorted(str(file.relative_to(HOME)) for package in packages for file in package.rglob("*.py"))


def note(folder: Path, modules: Mapping[str, str], noted: Mapping[str, Any]) -> None:
    """What proxy.py holds the modules against before it takes them."""
    (folder / MANIFEST).write_text(json.dumps({**noted, "modules": modules}, indent=1), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m compiling")
    parser.add_argument("--unfitted", action="store_true", help="compile once, without calls that show what is run")
    fits = not parser.parse_args().unfitted
    os.chdir(HOME)
    if fits and not learns():
        sys.stdout.write("what is compiled will not be fitted to calls, which takes a GCC that can link them as one\n")
        fits = False
    with suppress(NotCompiled):
        there = len(fitting())
        if not fits or json.loads((FOLDER / MANIFEST).read_bytes()).get("fitted"):
            sys.stdout.write(f"{FOLDER.name}/ holds {there} modules already\n")
            return
    sources = read_meanwhile()
    noted = {"python": sys.implementation.cache_tag, "digest": digest(sources), "sources": sources, "fitted": fits}
    with tempfile.TemporaryDirectory(prefix="compiling") as name:
        temporary = Path(name)
        wanted, result, objects = translated(temporary / "c"), temporary / "result", temporary / "objects"
        modules = build_fitted(wanted, result, objects, noted) if fits else build(wanted, result, objects)
        note(result, modules, noted)
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(result, FOLDER)
    sys.stdout.write(f"{FOLDER.name}/ holds {len(modules)} modules\n")


if __name__ == "__main__":
    main()
