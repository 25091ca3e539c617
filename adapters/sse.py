"""Server-sent events: bytes in, however they are cut, whole events out.

Lines end in LF, CRLF or CR, an event ends with a blank line. Never splitlines(): it also cuts at U+2028 and friends.
"""

import re
from typing import NamedTuple

from core.faults import Failure, Fault, UpstreamError

LIMIT = 8 * 1024 * 1024  # bytes of one event

_BLANK = re.compile(rb"\r?\n\r?\n|\r\r")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_BLANK = 4
_BOM = b"\xef\xbb\xbf"  # may stand before the first event


class Event(NamedTuple):
    """*data* is None where the event had no data at all, as with comments."""

    name: bytes
    data: bytes | None


class Frames:
    """Holds back what isn't a whole event yet. *rest* is only looked at from outside, never changed."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = bytearray()

    def whole(self, data: bytes) -> bytes:
        """Everything up to the last blank line; what follows waits for the next bytes. May be empty."""
        rest = self.rest
        if not rest:
            end = _last_blank(data, 0)
            rest += data[end:]
            _within(len(rest))
            return data[:end]
        start = max(0, len(rest) - _LONGEST_BLANK + 1)
        rest += data
        end = _last_blank(rest, start)
        _within(len(rest) - end)
        if not end:
            return b""
        taken = bytes(rest[:end])
        del rest[:end]
        return taken

    def end(self) -> bytes:
        """What is left when the body is over: an event that lacks its blank line, or half of one."""
        left = bytes(self.rest)
        self.rest.clear()
        return left


def next_event(whole: bytes, start: int) -> tuple[bytes, int]:
    """The event of *whole* that begins at *start*, with its blank line, and where the next one begins.

    *whole* ends at a blank line.
    """
    if whole.startswith(b"\r", whole.find(b"\n", start) - 1):
        end = _careful_end(whole, start)  # not after a look for two line feeds, which may be far away
    else:
        end = whole.find(b"\n\n", start) + 2
        if end < 2 or whole.find(b"\r", start, end) >= 0:
            end = _careful_end(whole, start)
    if end - start > LIMIT:
        raise _too_long()
    return whole[start:end].lstrip(b"\r\n"), end


def _careful_end(whole: bytes, start: int) -> int:
    end = whole.find(b"\r\n\r\n", start) + 4
    if end > 3 and whole.count(b"\r", start, end) == whole.count(b"\n", start, end) == whole.count(b"\r\n", start, end):
        return end  # all lines end alike
    blank = _BLANK.search(whole, start)
    return blank.end() if blank is not None else len(whole)


def event(raw: bytes) -> Event:
    """Name and data of one event, with or without its blank line."""
    if plain(raw):
        return Event(b"", raw[6:-2] if raw.startswith(b"data: ") else raw[5:-2])
    if raw.startswith(b"event:"):
        start = raw.find(b"\n") + 1
        if plain(rest := raw[start:]) and raw.find(b"\r") < 0:  # as most write it who name their events
            return Event(raw[6 : start - 1].removeprefix(b" "), rest[5:-2].removeprefix(b" "))
    if (
        raw.startswith(b"data: ")
        and raw.endswith(b"\r\n\r\n")
        and raw.find(b"\n") == raw.find(b"\r") + 1 == len(raw) - 3
    ):
        return Event(b"", raw[6:-4])  # as Google writes them
    name = b""
    lines: list[bytes] = []
    for line in _LINE_END.split(raw.removeprefix(_BOM)):
        field, _, value = line.partition(b":")
        if field == b"data":
            lines.append(value.removeprefix(b" "))
        elif field == b"error":  # as llama.cpp wrote it until 2025
            name = field
            lines.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Event(name, b"\n".join(lines) if lines else None)


def plain(raw: bytes) -> bool:
    """Whether an event is one `data:` line with LF line ends, as OpenAI writes them."""
    return raw.startswith(b"data:") and raw.find(b"\n") == len(raw) - 2 and raw.find(b"\r") < 0


def framed(data: bytes) -> bytes:
    """JSON as an event. Line feeds between JSON's tokens may as well be spaces."""
    return b"data: " + data.replace(b"\n", b" ") + b"\n\n"


def _last_blank(data: bytes | bytearray, start: int) -> int:
    """Where the last blank line after *start* ends; 0 if there is none."""
    if data.endswith((b"\n\n", b"\r\n\r\n")):
        return len(data)
    if b"\r" not in data:
        at = data.rfind(b"\n\n", start)
        return at + 2 if at >= 0 else 0
    end = 0
    for blank in _BLANK.finditer(data, start):
        end = blank.end()
    return end


def _within(size: int) -> None:
    if size > LIMIT:
        raise _too_long()


def _too_long() -> UpstreamError:
    return UpstreamError(Failure(Fault.BROKEN, "an event of the stream is longer than 8 MiB"))
