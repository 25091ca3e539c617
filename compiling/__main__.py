"""Compile what nearly every call runs: python -m compiling

Needs mypy, a C compiler and Python's headers, and takes about three minutes. What it makes lies in `compiled/`, which
can be removed at any time; proxy.py finds it there by itself.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from mypyc.build import mypycify
from setuptools import Distribution
from setuptools.command.build_ext import build_ext

from compiling.chosen import CHOSEN
from compiling.found import FOLDER, HOME, MANIFEST, NotCompiled, digest, fitting

NAME: Final = "switchyard"
# Packages without types are none of its business: `make check` judges types, with all that this needn't have.
OPTIONS: Final = ("--config-file=pyproject.toml", "--ignore-missing-imports", "--no-warn-unused-ignores")


class SideBySide(build_ext):
    """A C file on each core, where setuptools would take one after the other."""

    def build_extensions(self) -> None:
        self.compiler.compile = partial(_all, self.compiler.compile)
        super().build_extensions()


def _all(compile: Callable[..., list[str]], sources: Sequence[str], *rest: Any, **named: Any) -> list[str]:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        made = threads.map(lambda source: compile([source], *rest, **named), sources)
        return [file for files in made for file in files]


def extensions(folder: Path) -> list[Any]:
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


def build(wanted: list[Any], folder: Path, objects: Path) -> dict[str, str]:
    """Compile and link into *folder*: the files by the modules they are."""
    command = SideBySide(Distribution({"name": NAME, "ext_modules": wanted}))
    command.build_lib, command.build_temp = str(folder), str(objects)
    command.ensure_finalized()
    command.run()
    files = sorted(file.relative_to(folder) for file in folder.rglob("*.so"))
    return {".".join([*file.parts[:-1], file.name.partition(".")[0]]): str(file) for file in files}


def read_meanwhile() -> list[str]:
    """All that mypyc may have taken something from: constants and types of modules that aren't compiled, too."""
    packages = [file.parent for file in HOME.glob("*/__init__.py") if file.parent.name != "bench"]
    return sorted(str(file.relative_to(HOME)) for package in packages for file in package.rglob("*.py"))


def main() -> None:
    os.chdir(HOME)
    with suppress(NotCompiled):
        sys.stdout.write(f"{FOLDER.name}/ holds {len(fitting())} modules already\n")
        return
    sources = read_meanwhile()
    made_of = digest(sources)
    with tempfile.TemporaryDirectory(prefix="compiling") as name:
        temporary = Path(name)
        result = temporary / "result"
        modules = build(extensions(temporary / "c"), result, temporary / "objects")
        manifest = {
            "python": sys.implementation.cache_tag,
            "digest": made_of,
            "sources": sources,
            "modules": modules,
        }
        (result / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        shutil.rmtree(FOLDER, ignore_errors=True)
        shutil.copytree(result, FOLDER)
    sys.stdout.write(f"{FOLDER.name}/ holds {len(modules)} modules\n")


if __name__ == "__main__":
    main()
