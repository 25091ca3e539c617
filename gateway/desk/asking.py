"""A request as pages are asked it: names from the path, the query, the kind of body; or what is wrong with them."""

import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import unquote_to_bytes

from admin.asked import unknown
from core.errors import Refusal, invalid

BROKEN: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
MOST: Final = 100  # parameters in one query
UNTOLD: Final = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
"""What clients say of JSON who say nothing: the first two stand for no header, the last is what curl adds to `-d`."""


def plain(text: str, param: str) -> str:
    """*text* as it was before it was encoded for a URL."""
    if "%" not in text and text.isascii():
        return text
    if BROKEN.search(text):
        raise invalid("A percent sign is followed by two hex digits here.", param=param, code="invalid_encoding")
    try:
        decoded = unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8")
    except UnicodeError:
        raise invalid("Expected UTF-8.", param=param, code="invalid_encoding") from None
    if "\0" in decoded:
        # Not every store can keep it, so nothing is called that.
        raise invalid("A name holds no NUL.", param=param, code="invalid_encoding")
    return decoded


def query_of(text: str, known: Collection[str] | None = None) -> Mapping[str, str]:
    """The parameters of a query, each of which stands there once. *known* are those that are read; None: any."""
    found: dict[str, str] = {}
    parts = [part for part in text.split("&") if part]
    if len(parts) > MOST:
        raise invalid(f"A query has at most {MOST} parameters.", param="query")
    for part in parts:
        name, _, value = part.replace("+", " ").partition("=")
        name = plain(name, "query")
        if name in found:
            raise invalid(f"'{name}' stands there twice.", param=name)
        if known is not None and name not in known:
            raise unknown(name, known)
        found[name] = plain(value, name)
    return found


def expect_kind(kind: str, charset: str | None, read: Collection[str]) -> None:
    """Refuse a body of another content type than those that a page reads."""
    fine = kind in read or kind in UNTOLD or (kind.endswith("+json") and "application/json" in read)
    if not fine or (charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        message = f"Expected {' or '.join(sorted(read))} in UTF-8, got {_shown(kind)}."
        raise Refusal(415, message, code="unsupported_media_type", param="content-type")


def _shown(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")[:128]
