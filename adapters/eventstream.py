"""AWS's binary event streams: bytes in, however they are cut, whole messages out.

A message is its length, the length of its headers and a checksum of the two; headers; a payload; and a checksum of
all of that. What doesn't add up is an answer that got damaged on its way, or no event stream at all.
"""

from binascii import crc32
from collections.abc import Iterator
from struct import Struct, unpack_from
from struct import error as StructError  # noqa: N812  (its own name says nothing)
from typing import NamedTuple

from adapters.failure import broken

LIMIT = 24 * 1024 * 1024  # bytes of one message, as in AWS's own reader
_MOST_HEADERS = 128 * 1024
_PRELUDE = Struct("!III")
_CHECKSUM = Struct("!I")
_LEAST = _PRELUDE.size + _CHECKSUM.size
_MOST_KNOWN = 64

# How long a header's value is, by its type; those of the two types of text begin with their length.
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_TEXTS = frozenset({6, 7})

Headers = dict[str, str]


class Message(NamedTuple):
    """*headers* that aren't text are left out; nobody needs them."""

    headers: Headers
    payload: bytes


class Messages:
    """Holds back what isn't a whole message yet."""

    __slots__ = ("_known", "_needed", "_rest")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._needed = _LEAST  # how long the rest must be before it is worth another look
        # A stream has a handful of kinds of messages, and each kind always has the same headers.
        self._known: dict[bytes, Headers] = {}

    def feed(self, data: bytes) -> Iterator[Message]:
        """To be exhausted. Raise UpstreamError for what is damaged, after the good messages before it."""
        rest = self._rest
        if rest:
            rest += data
            if len(rest) < self._needed:
                return
            data = bytes(rest)
            rest.clear()
        start, size = 0, len(data)
        self._needed = _LEAST
        while size - start >= _LEAST:
            total, headers_size, checksum = _PRELUDE.unpack_from(data, start)
            if crc32(data[start : start + 8]) != checksum:
                raise broken("the answer is no event stream, or a damaged one")
            if not (_LEAST + headers_size <= total <= LIMIT and headers_size <= _MOST_HEADERS):
                raise broken("a message of the event stream has an impossible length")
            if size - start < total:
                self._needed = total
                break
            yield self._message(data[start : start + total], headers_size)
            start += total
        rest += data[start:]

    def _message(self, whole: bytes, headers_size: int) -> Message:
        end = len(whole) - _CHECKSUM.size
        if crc32(whole[:end]) != _CHECKSUM.unpack_from(whole, end)[0]:
            raise broken("a message of the event stream is damaged")
        middle = _PRELUDE.size + headers_size
        raw = whole[_PRELUDE.size : middle]
        headers = self._known.get(raw)
        if headers is None:
            headers = _headers(raw)
            if len(self._known) < _MOST_KNOWN:
                self._known[raw] = headers
        return Message(headers, whole[middle:end])


def _headers(raw: bytes) -> Headers:
    headers: Headers = {}
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
