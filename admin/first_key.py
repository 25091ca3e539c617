"""The admin key of those who have configured none: made at the first start, and kept where only they can read it."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from config.schema import Config
from core.secret import Secret

FILE: Final = "admin.key"
PREFIX: Final = "sk-sy-admin-"


class AdminKey(NamedTuple):
    """*path* is where it stands, unless it is configured. *made*: just now. *trouble*: why there is none."""

    secret: Secret | None
    path: Path | None = None
    made: bool = False
    trouble: str = ""

    def sentence(self) -> str:
        """For whoever starts it; never the key. Empty where there is nothing to say."""
        if self.trouble:
            return f"admin key: none ({self.trouble})"
        if self.path is None:
            return ""
        return f"admin key: {'made, ' if self.made else ''}in {self.path}"


def admin_key(config: Config, random: Callable[[], str] = secrets.token_urlsafe) -> AdminKey:
    """That of the configuration, else that in the state directory, which is made if need be.

    Any number of processes may ask at once: all get the same. Without a place to write there is none.
    """
    if config.admin_key:
        return AdminKey(config.admin_key)
    path = Path(config.state.directory) / FILE
    try:
        made = not path.exists() and _write(path, PREFIX + random())
        text = path.read_text(encoding="ascii").strip()
        if path.stat().st_mode & 0o077:
            return AdminKey(None, trouble=f"{path} can be read by others; remove it, and another is made")
    except OSError as error:
        return AdminKey(None, trouble=f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        text = ""
    if len(text) < len(PREFIX) or not text.isprintable() or " " in text:
        return AdminKey(None, trouble=f"{path} holds no key; remove it, and another is made")
    return AdminKey(Secret(text), path, made)


def _write(path: Path, text: str) -> bool:
    """Whole or not at all; False if somebody else was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        # Unlike a renaming, this fails where there is one already.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
