"""The short way in: a plain request is taken off the wire before aiohttp's parser sees it.

aiohttp's own way costs a call more than everything else that is done for it. A request is taken here only if its head
came whole and nothing about it can be read in two ways; any doubt sends the very same bytes to aiohttp, which answers
or refuses them as if this file didn't exist. tests/server shows that both ways give the same answers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LONGEST_HEAD: Final = 8190
MOST_LINES: Final = 64
LONGEST_LENGTH: Final = 9  # digits
LARGEST_BODY: Final = 256 * 1024  # larger ones are left to aiohttp

# A name of RFC 9110's characters, a colon and a space, a value of printable ASCII: nobody reads it in another way.
LINES: Final = re.compile(rb"(?:[!#-'*+.^-`|~0-9A-Za-z-]+: [\x20-\x7e]*\r\n)+")
NAMES: Final = re.compile(rb"(?m)^[^:]+")

# What changes how a message is framed or answered. Anywhere in the head, even in a value, it is a doubt.
ODD: Final = (
    b"transfer-encoding",
    b"content-encoding",
    b"expect",
    b"upgrade",
    b"trailer",
    b"sec-websocket",
    b"proxy-connection",
)
CONNECTION: Final = b"\r\nconnection: "
LENGTH: Final = b"\r\ncontent-length: "


@dataclass(frozen=True, slots=True)
class Head:
    """What we need of a head, all but the length of what follows it.

    *before* and *after* are the bytes around the length: another head that has the same ones differs in nothing else.
    The length is *at* its place, and *reach* is how far *after* may.
    """

    path: str
    authorization: str | None
    request_id: str | None
    origin: str | None
    priority: str | None
    trace: tuple[str, str] | None
    before: bytes
    after: bytes
    at: int
    reach: int


def body_in(data: bytes, head: Head) -> tuple[int, int] | None:
    """Where the body of *data* begins, and where it ends, which may be past what is there.

    None if it doesn't begin with *head*, as nearly every next request of a connection does, or if it is too large.
    """
    after, at = head.after, head.at
    end = data.find(after, at, head.reach)
    if end < 0 or not data.startswith(head.before) or not (length := data[at:end]).isdigit():
        return None
    start, size = end + len(after), int(length)
    return (start, start + size) if 0 < size <= LARGEST_BODY else None


def read_head(data: bytes, short: Mapping[bytes, str]) -> Head | None:
    """The head that *data* begins with; None if there is any doubt about it, or if it isn't for one of *short*."""
    end = data.find(b"\r\n\r\n")
    path = short.get(data[: data.find(b"\r\n")]) if end > 0 else None
    if path is None:
        return None
    head = data[: end + 2]
    lines = data.find(b"\r\n") + 2
    if end > LONGEST_HEAD or LINES.fullmatch(head, lines) is None:
        return None
    low = head.lower()
    if any(odd in low for odd in ODD) or low.count(CONNECTION) != low.count(CONNECTION + b"keep-alive\r\n"):
        return None
    names = NAMES.findall(low, lines)
    if len(names) > MOST_LINES or len(set(names)) != len(names) or b"host" not in names:
        return None
    at = low.find(LENGTH) + len(LENGTH)
    stop = low.find(b"\r", at)
    length = head[at:stop]
    if at < len(LENGTH) or not length.isdigit() or len(length) > LONGEST_LENGTH:
        return None
    return Head(
        path,
        _value(head, low, b"\r\nauthorization: "),
        _value(head, low, b"\r\nx-request-id: "),
        _value(head, low, b"\r\norigin: "),
        _value(head, low, b"\r\nx-switchyard-priority: "),
        _trace(head, low),
        data[:at],
        data[stop : end + 4],
        at,
        at + LONGEST_LENGTH + end + 4 - stop,
    )


def _trace(head: bytes, low: bytes) -> tuple[str, str] | None:
    parent = _value(head, low, b"\r\ntraceparent: ")
    return None if parent is None else (parent, _value(head, low, b"\r\ntracestate: ") or "")


def _value(head: bytes, low: bytes, name: bytes) -> str | None:
    """The value of the first header called *name*, as aiohttp would give it."""
    at = low.find(name)
    if at < 0:
        return None
    at += len(name)
    return head[at : head.index(b"\r\n", at)].decode("ascii").strip(" \t")
