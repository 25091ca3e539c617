"""Takes compiled modules in the place of their files, as long as they were made of just these files.

A file that was changed since then is never shadowed by what it was before: all of them count as they stand until
`make compiled` has been run again.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

HOME: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = HOME / "compiled"
MANIFEST: Final = "manifest.json"
VARIABLE: Final = "SWITCHYARD_COMPILED"
NEVER: Final = "0"
ALWAYS: Final = "1"
HOW: Final = "`make compiled` makes calls cheaper"


class NotCompiled(Exception):  # noqa: N818  (says what it is)
    """Compiled modules were demanded, and there are none that fit."""


class Finder:
    """A finder of modules, as Python's import knows them; *files* are by a module's full name."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if (file := self.files.get(name)) is None:
            return None
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, str(file)))


def digest(sources: Iterable[str]) -> str:
    """Of what the files say, and of their names; *sources* are relative to the project's folder."""
    told = hashlib.sha256()
    for source in sources:
        told.update(f"{source}\n".encode())
        told.update((HOME / source).read_bytes())
    return told.hexdigest()


def prefer(wish: str | None = None) -> str:
    """Let the compiled modules be taken, if there are any that fit; how calls are served, in a sentence.

    Has to come before anything else of ours is imported. *wish* stands for the environment variable. Raises
    NotCompiled.
    """
    wish = os.environ.get(VARIABLE, "") if wish is None else wish
    if wish == NEVER:
        return f"code: Python as it stands, as {VARIABLE} wants it"
    try:
        files = fitting()
    except NotCompiled as reason:
        if wish == ALWAYS:
            raise
        return f"code: Python as it stands, since {reason}; {HOW}"
    sys.meta_path.insert(0, Finder(files))
    return f"code: {len(files)} modules compiled"


def fitting() -> dict[str, Path]:
    """The compiled modules, by name, if they are those of the files as they stand. Raises NotCompiled."""
    try:
        manifest = json.loads((FOLDER / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise NotCompiled("nothing is compiled") from None
    except (OSError, ValueError) as error:
        raise NotCompiled(f"{FOLDER.name}/{MANIFEST} can't be read: {error}") from None
    if manifest["python"] != sys.implementation.cache_tag:
        raise NotCompiled(f"they were compiled for {manifest['python']}")
    try:
        same = digest(manifest["sources"]) == manifest["digest"]
    except OSError:
        same = False
    if not same:
        raise NotCompiled("files have changed since they were compiled")
    return {name: FOLDER / file for name, file in manifest["modules"].items()}
