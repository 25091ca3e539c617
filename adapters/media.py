"""Images and documents as they travel in a call: data URLs, and addresses that somebody has to fetch."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from core.ask import Media
from core.errors import invalid
from core.wire import Json

# How the base64 of a kind of file begins, whatever its sender calls it.
_BEGINNINGS = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "JVBERi0": "application/pdf",
}
_SPELLINGS = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "application/x-pdf": "application/pdf"}
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream"})
# RIFF holds sound and video as well; the second half says what it is: "WEBP", of which "EBP" is a group of its own.
_RIFF, _WEBP = "UklGR", slice(12, 16)
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class Blob(NamedTuple):
    """*kind* is a media type; *data* is base64."""

    kind: str
    data: str

    @property
    def bytes(self) -> bytes:
        return base64.b64decode(self.data)


def blob_of(url: str, media: Mapping[str, Media], at: str) -> Blob | None:
    """The bytes behind *url*, where they are here: inside of it, or fetched. *at* is where it stands in the call."""
    if url[:5].lower() == "data:":
        return _inside(url, at)
    if url.startswith(("https://", "http://")):
        fetched = media.get(url)
        return None if fetched is None else Blob(kind_of(fetched.kind, fetched.data), fetched.data)
    raise invalid("Only data:, https:// and http:// URLs are accepted.", param=at, code="invalid_image_url")


def kind_of(claimed: str, data: str) -> str:
    """The media type of base64 *data* which is *claimed* to be of some kind."""
    claimed = claimed.partition(";")[0].strip().lower()
    claimed = _SPELLINGS.get(claimed, claimed)
    if claimed.startswith("image/") or claimed in _VAGUE or claimed == "application/pdf":
        if data.startswith(_RIFF) and data[_WEBP] == "RUJQ":
            return "image/webp"
        found = next((kind for start, kind in _BEGINNINGS.items() if data.startswith(start)), None)
        return found or claimed
    return claimed


def remote(messages: list[Json]) -> list[str]:
    """The http URLs of images and documents in *messages*, each once."""
    return list(dict.fromkeys(url for _, url in _addresses(messages)))


def place(messages: Any, url: str) -> str | None:
    """The path of the field where *url* stands first."""
    return next((at for at, one in _addresses(messages) if one == url), None)


def _addresses(messages: Any) -> Iterator[tuple[str, str]]:
    """Paths and http URLs."""
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        content = message.get("content")
        for index, part in enumerate(content if isinstance(content, list) else ()):
            for field, url in _given(part):
                if isinstance(url, str) and url.startswith(("https://", "http://")):
                    yield f"messages.{number}.content.{index}.{field}", url


def _given(part: Json) -> Iterator[tuple[str, Any]]:
    image = part.get("image_url", part.get("input_image"))
    yield "image_url.url", image.get("url") if isinstance(image, dict) else image
    file = part.get("file", part)
    if isinstance(file, dict):
        yield "file.file_data", file.get("file_data")
        yield "file.file_url", file.get("file_url")


def _inside(url: str, at: str) -> Blob:
    head, comma, data = url[5:].partition(",")
    if not comma:
        raise invalid("A data: URL needs a comma.", param=at, code="invalid_image_url")
    if not head.lower().endswith(";base64"):
        data = base64.b64encode(unquote_to_bytes(data)).decode("ascii")
        return Blob(kind_of(head or "text/plain", data), data)
    data = "".join(data.split())
    if not data:
        raise invalid("The data: URL is empty.", param=at, code="invalid_base64_image")
    # Providers answer bad base64 with an error that names no field. The matcher is C and stops at the first mistake.
    if len(data) % 4 or _BASE64.fullmatch(data) is None:
        raise invalid("The data: URL holds no valid base64.", param=at, code="invalid_base64_image")
    return Blob(kind_of(head[:-7], data), data)
