"""What we accept as the head of a response."""

from collections.abc import Sequence
from typing import Final

MOST_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 256

# Providers send the same few names over and over. Bounded, since what they send is theirs to choose.
_NAMES: Final[dict[bytes, str]] = {}
_MOST_NAMES: Final = 1024

RawFields = Sequence[tuple[bytes, bytes]]


def named(raw: RawFields) -> dict[str, str]:
    """Header fields by lower-case name; those that came more than once joined with a comma."""
    known = _NAMES.get
    fields = {known(name) or _learn(name): value.decode("latin-1") for name, value in raw}
    return fields if len(fields) == len(raw) else _joined(raw)


def _learn(name: bytes) -> str:
    key = name.lower().decode("latin-1")
    if len(_NAMES) < _MOST_NAMES:
        _NAMES[name] = key
    return key


def _joined(raw: RawFields) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in raw:
        key, text = _learn(name), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields


def size(raw: RawFields) -> int:
    """Bytes these fields took on the wire."""
    return sum(len(name) + len(value) + 4 for name, value in raw)


def objection(fields: dict[str, str]) -> str | None:
    """Why we can't read a body under these headers, if so. The parser has refused everything ambiguous before."""
    transfer = fields.get("transfer-encoding")
    if transfer is not None and transfer.lower() != "chunked":
        return "answered with a transfer encoding that was not asked for"
    content = fields.get("content-encoding")
    if content and content.lower() != "identity":
        return "answered with a compressed body, which was not asked for"
    return None
