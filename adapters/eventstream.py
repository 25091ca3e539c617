"""AWS's binary event streams: bytes in, however they are cut, whole messages out.

A message is its length, the length of its headers and a checksum of the two; headers; a payload; and a checksum of
all of that. What doesn't add up is an answer that got damaged on its way, or no event stream at all.
"""

from binascii import crc32
from collections.abc import Iterator, Mapping
from functools import lru_cache
from struct import Struct, unpack_from
from struct import error as StructError  # noqa: N812  (its own name says nothing)
from typing import NamedTuple

from adapters.failure import broken
from core.faults import UpstreamError

LIMIT = 24 * 1024 * 1024  # bytes of one message, as in AWS's own reader
_MOST_HEADERS = 128 * 1024
_PRELUDE = Struct("!III")
_CHECKSUM = Struct("!I")
PRELUDE = _PRELUDE.size
_LEAST = PRELUDE + _CHECKSUM.size

# How long a header's value is, by its type; those of the two types of text begin with their length.
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_TEXTS = frozenset({6, 7})

Headers = Mapping[str, str]


class Message(NamedTuple):
    """*headers* that aren't text are left out; nobody needs them."""

    headers: Headers
    payload: bytes


class Messages:
    """Holds back what isn't a whole message yet. *rest* is only looked at from outside, never changed."""

    __slots__ = ("_needed", "rest")

    def __init__(self) -> None:
        self.rest = bytearray()
        self._needed = _LEAST  # how long the rest must be before it is worth another look

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Messages for *opened*, undamaged. To be exhausted.

        Raise UpstreamError for what is damaged, after the good messages before it.
        """
        rest = self.rest
        if rest:
            rest += data
            if len(rest) < self._needed:
                return
            data = bytes(rest)
            rest.clear()
        start, size = 0, len(data)
        self._needed = _LEAST
        while size - start >= _LEAST:
            total, _ = _lengths(data[start : start + PRELUDE])
            end = start + total - _CHECKSUM.size
            if size - start < total:
                self._needed = total
                break
            whole = data[start:end]
            if crc32(whole) != _CHECKSUM.unpack_from(data, end)[0]:
                raise broken("a message of the event stream is damaged")
            yield whole
            start += total
        rest += data[start:]


def only(data: bytes) -> bytes | None:
    """The message that is all of *data*, if there is one, and it is undamaged."""
    whole = data[: -_CHECKSUM.size]
    try:
        total, _ = _lengths(whole[:PRELUDE])
        sound = total == len(data) and crc32(whole) == _CHECKSUM.unpack_from(data, total - _CHECKSUM.size)[0]
    except (UpstreamError, StructError):
        return None
    return whole if sound else None


def opened(whole: bytes) -> Message:
    """What is in a message that `Messages.feed` gave."""
    _, middle = _lengths(whole[:PRELUDE])
    return Message(_headers(whole[PRELUDE:middle]), whole[middle:])


# A provider sends a handful of kinds of messages, and of lengths a few dozen.


@lru_cache(maxsize=1024)
def _lengths(prelude: bytes) -> tuple[int, int]:
    """How long the whole message is that begins so, and where its payload begins."""
    total, headers_size, checksum = _PRELUDE.unpack(prelude)
    if crc32(prelude[:8]) != checksum:
        raise broken("the answer is no event stream, or a damaged one")
    if not (_LEAST + headers_size <= total <= LIMIT and headers_size <= _MOST_HEADERS):
        raise broken("a message of the event stream has an impossible length")
    return total, PRELUDE + headers_size


@lru_cache(maxsize=64)
def _headers(raw: bytes) -> Headers:
    headers: dict[str, str] = {}
    at = 0
    try:
        while at < len(raw):
            name = raw[at + 1 : at + 1 + raw[at]].decode()
            at += 1 + raw[at]
            kind = raw[at]
            at += 1
            if kind in _TEXTS:
                size = unpack_from("!H", raw, at)[0]
                at += 2
                headers[name] = raw[at : at + size].decode()
            else:
                size = _SIZES[kind]
            at += size
    except (LookupError, UnicodeDecodeError, StructError):
        raise broken("a message of the event stream has unreadable headers") from None
    if at != len(raw):
        raise broken("a message of the event stream has unreadable headers")
    return headers
