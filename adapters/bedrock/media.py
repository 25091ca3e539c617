"""Images, documents and sounds as Converse takes them: their bytes, a format by name, and names for documents."""

import base64
import re
from collections.abc import Mapping

from adapters.bedrock.families import Family
from adapters.fields import unsupported
from adapters.media import Blob
from adapters.turns import Document, Picture, Sound
from core.errors import invalid
from core.wire import Json

_OFFICE = "application/vnd.openxmlformats-officedocument"
_IMAGES: Mapping[str, str] = {"image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS: Mapping[str, str] = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    f"{_OFFICE}.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    f"{_OFFICE}.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/json": "txt",
}
_VIDEOS: Mapping[str, str] = {
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_SOUNDS = frozenset({"mp3", "wav", "flac", "opus", "aac", "ogg", "m4a", "mp4", "webm", "pcm"})
_ENDINGS = frozenset(_DOCUMENTS.values())
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream"})

_FORBIDDEN = re.compile(r"[^A-Za-z0-9 ()\[\]-]+")
_BLANKS = re.compile(r" {2,}")
_LONGEST_NAME = 200
_ROOM = 10  # for the number that keeps two names apart


class Names:
    """Names of documents: in Bedrock's alphabet, and never two alike in a request, however they are cased."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, given: str | None) -> str:
        """The same request always gets the same names, so that it is found in caches."""
        stem, dot, ending = (given or "").rpartition(".")
        words = stem if dot and stem and ending.lower() in _ENDINGS else given or ""
        clean = _BLANKS.sub(" ", _FORBIDDEN.sub("-", words)).strip(" -")[: _LONGEST_NAME - _ROOM].strip() or "document"
        name, number = clean, 1
        while name.lower() in self._taken:
            number += 1
            name = f"{clean} ({number})"
        self._taken.add(name.lower())
        return name


def image(part: Picture) -> Json:
    if part.blob is None:
        raise unsupported("The image could not be fetched, and this provider takes no URLs.", param=part.at)
    return _image(part.blob, part.at)


def document(part: Document, names: Names) -> Json:
    """A file of any kind: what is no document becomes what it is."""
    blob = part.blob
    if blob is None:
        raise unsupported("This provider takes files by their data only, neither by id nor by URL.", param=part.at)
    if blob.kind.startswith("image/"):
        return _image(blob, part.at)
    if (video := _VIDEOS.get(blob.kind)) is not None:
        return {"video": {"format": video, "source": {"bytes": blob.data}}}
    form = _format(blob.kind, part.name)
    if form is None:
        raise unsupported(f"Files of type '{blob.kind[:64]}' can't be sent to this provider.", param=part.at)
    return {"document": {"format": form, "name": names.name(part.name), "source": {"bytes": blob.data}}}


def sound(part: Sound, family: Family) -> Json:
    if not family.audio or part.format not in _SOUNDS:
        raise unsupported("Audio of this kind can't be sent to this model.", param=part.at)
    try:
        base64.b64decode(part.data, validate=True)
    except ValueError:
        # AWS answers bad base64 with an error that names no field.
        raise invalid("The audio is no valid base64.", param=f"{part.at}.input_audio.data") from None
    return {"audio": {"format": part.format, "source": {"bytes": part.data}}}


def _image(blob: Blob, at: str) -> Json:
    form = _IMAGES.get(blob.kind)
    if form is None:
        raise unsupported(f"Images of type '{blob.kind[:64]}' can't be sent to this provider.", param=at)
    return {"image": {"format": form, "source": {"bytes": blob.data}}}


def _format(kind: str, name: str | None) -> str | None:
    known = _DOCUMENTS.get(kind)
    if known is None and kind in _VAGUE:
        ending = (name or "").rpartition(".")[2].lower()
        return ending if ending in _ENDINGS else None
    if known is None and kind.startswith("text/"):
        return "txt"
    return known
