"""The steps that Redis makes for us, each atomic, as Lua scripts; what one of them touches stands in one slot."""

from hashlib import sha1
from pathlib import Path
from typing import Final, NamedTuple


class Script(NamedTuple):
    text: bytes
    sha: bytes


def _read(*names: str) -> Script:
    """One of several files, of which each goes on where the one before ended."""
    text = b"".join((Path(__file__).parent / f"{name}.lua").read_bytes() for name in names)
    return Script(text, sha1(text).hexdigest().encode())  # noqa: S324  (Redis names scripts so)


FENCE: Final = _read("fence")
TELL: Final = _read("tell")
RESTORE: Final = _read("restore")
DRAW: Final = _read("draw")
ONCE: Final = _read("once")
KEY_FIND: Final = _read("key_find")
KEY_PUT: Final = _read("key_put")
KEY_DROP: Final = _read("key_drop")
KEY_LIST: Final = _read("key_list")
KEY_CHANGES: Final = _read("key_changes")
POST: Final = _read("post")
POSTED: Final = _read("posted")
ANSWER_FIND: Final = _read("wanted", "answer_find")
ANSWER_KEEP: Final = _read("fits", "answer_keep")
ANSWER_FORGET: Final = _read("fits", "answer_forget")
ANSWER_FIGURES: Final = _read("answer_figures")
ANSWER_HAS: Final = _read("answer_has")
LIKE_KNOWN: Final = _read("like_known")
LIKE_READ: Final = _read("like_room", "like_read")
LIKE_ADD: Final = _read("like_room", "like_add")
LIKE_SETTLE: Final = _read("like_room", "like_settle")
LIKE_DROP: Final = _read("like_room", "like_drop")
LIKE_ROOMS: Final = _read("like_room", "like_rooms")
LIKE_FORGET: Final = _read("fits", "like_room", "like_forget")
ANSWER_LOOK: Final = _read("wanted", "answer_look")
ANSWER_ATTEND: Final = _read("answer_attend")
ANSWER_LEAVE: Final = _read("answer_leave")

ALL: Final = (FENCE, TELL, RESTORE, DRAW, ONCE, KEY_FIND, KEY_PUT, KEY_DROP, KEY_LIST, KEY_CHANGES, POST, POSTED)
