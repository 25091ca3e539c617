"""The file itself: reading it, and noticing that it is another one now."""

from pathlib import Path

from config.problems import ConfigErrors, Problem

LARGEST = 4 * 1024 * 1024


class Missing(ConfigErrors):
    """There is no file, which may be back in a moment."""


class Watch:
    """Remembers what *path* looked like. Links are followed, as Kubernetes swaps a link and leaves the file alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._look()

    def changed(self) -> bool:
        """Whether the file is another one than when last asked. A file that is missing for a moment is the old one."""
        looks = self._look()
        if looks is None or looks == self._seen:
            return False
        self._seen = looks
        return True

    def forget(self) -> None:
        """As soon as there is a file it is another one, even if it's the one that was there before."""
        self._seen = None

    def _look(self) -> tuple[int, ...] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        # With the time of the last chmod: what couldn't be read may be readable now.
        return (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino, stat.st_dev)


def read(path: Path) -> str:
    """Raise ConfigErrors if there is no such text."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except IsADirectoryError:
        raise _refused(path, "is a directory; expected a YAML file") from None
    except OSError as error:
        kind = Missing if isinstance(error, FileNotFoundError | NotADirectoryError) else ConfigErrors
        raise kind((Problem(str(path), 0, "", f"can't be read: {error.strerror}"),)) from None
    if len(raw) > LARGEST:
        raise _refused(path, f"is larger than {LARGEST} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, "is not UTF-8", line=raw.count(b"\n", 0, error.start) + 1) from None


def _refused(path: Path, message: str, *, line: int = 0) -> ConfigErrors:
    return ConfigErrors((Problem(str(path), line, "", message),))
