"""The head of a response: what of it we accept, and what it says, which is read only where somebody asks.

Providers send dozens of header fields with each answer, and mostly nobody looks at one. So the parser of a connection
isn't asked for them; whoever wants them has the head read once more.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.utils import formatdate
from typing import Final

from httptools import HttpParserError, HttpResponseParser

MOST_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 256

RawFields = Sequence[tuple[bytes, bytes]]


def plain(head: bytes) -> bool:
    """Whether *head*, of an answer with a known end, has nothing in it that would have to be looked at.

    That is: no other status, no interim answer before it, and no encoding of the body but chunks.
    """
    if not head.startswith(b"HTTP/1.1 200") or len(head) > MOST_BYTES:
        return False
    lower = head.lower()
    chunked = lower.count(b"\r\ntransfer-encoding: chunked\r\n")
    return lower.count(b"-encoding:") == chunked and lower.count(b"\n") <= MOST_FIELDS


def headers_of(head: bytes) -> dict[str, str]:
    """Header fields by lower-case name; those that came more than once joined with a comma.

    *head* may have interim answers before it, and anything behind.
    """
    return named(fields_in(head))


def dated(headers: Mapping[str, str]) -> Mapping[str, str]:
    """*headers* of an answer that has just come, with its date: RFC 9110 (6.6.1) has the recipient add it."""
    return headers if "date" in headers else {**headers, "date": formatdate(usegmt=True)}


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    """A head that says this, for answers that came over no network."""
    lines = [f"HTTP/1.1 {status} -\r\n", *(f"{name}: {value}\r\n" for name, value in headers.items()), "\r\n"]
    return "".join(lines).encode("latin-1")


class _Reader:
    """Hears the fields of one head from the parser."""

    __deletable__ = ["_parser"]

    def __init__(self) -> None:
        self.fields: list[tuple[bytes, bytes]] = []
        self._over = False
        self._parser = HttpResponseParser(self)

    def read(self, head: bytes) -> None:
        with suppress(HttpParserError):  # whoever read it first has judged it
            self._parser.feed_data(head)
        del self._parser  # which holds our methods

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._over:  # else it is a trailer, which must not pass for a header
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self.fields.clear()
        else:
            self._over = True


def fields_in(head: bytes) -> RawFields:
    """The fields of *head* as they came."""
    reader = _Reader()
    reader.read(head)
    return reader.fields


def named(raw: RawFields) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in raw:
        key, text = name.lower().decode("latin-1"), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields


def size(raw: RawFields) -> int:
    """Bytes these fields took on the wire."""
    return sum(len(name) + len(value) + 4 for name, value in raw)


def objection(status: int, fields: Mapping[str, str]) -> str | None:
    """Why we can't read a body under these headers, if so. The parser has refused everything ambiguous before.

    The text of an error may be compressed: what we can't read of it is less than what its status says.
    """
    transfer = fields.get("transfer-encoding")
    if transfer is not None and transfer.lower() != "chunked":
        return "answered with a transfer encoding that was not asked for"
    content = fields.get("content-encoding")
    if status < 400 and content and content.lower() != "identity":
        return "answered with a compressed body, which was not asked for"
    return None
