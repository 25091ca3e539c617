"""Content parts as Gemini takes them: text, and everything else as bytes inside the request."""

import re
from collections.abc import Mapping
from typing import Any

from adapters.fields import Fields, unsupported
from adapters.gemini.traits import Traits
from adapters.media import Blob, blob_of, remote
from adapters.turns import Document, Part, Picture, Sound, Text
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

# What Google itself can fetch for any model: its own files, and its own videos.
_GOOGLES = re.compile(
    r"https://(?:generativelanguage\.googleapis\.com/[^?#]*files/|(?:www\.|m\.)?youtube\.com/|youtu\.be/)",
    re.IGNORECASE,
)
_BUCKET = "gs://"  # where Vertex puts what it made
_FILES = "https://generativelanguage.googleapis.com/v1beta/"
_SOUNDS = {"pcm16": "audio/L16;rate=24000", "l16": "audio/L16;rate=24000"}
_BY_NAME = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "mp3": "audio/mp3",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "wav": "audio/wav",
    "xml": "text/xml",
}
_VAGUE = frozenset({"application/octet-stream", "binary/octet-stream"})
_LEVELS = {"low": "MEDIA_RESOLUTION_LOW", "high": "MEDIA_RESOLUTION_HIGH"}


def fetched(ask: Ask) -> list[str]:
    """The addresses in a call whose bytes have to be put into the request."""
    return [url for url in remote(ask.call.body["messages"]) if not _GOOGLES.match(url)]


def part_of(part: Part, traits: Traits, fields: Fields) -> Json | None:
    """Nothing for text that is empty, which would be refused."""
    match part:
        case Text(text=text):
            return {"text": text} if text else None
        case Picture(url=url, blob=blob, at=at):
            made = _inline(blob, at) if blob is not None else _by_address(url, at)
            return {**made, **_resolution(part, traits, fields)}
        case Sound(data=data, format=format):
            return {"inlineData": {"mimeType": _SOUNDS.get(format, f"audio/{format}"), "data": data}}
        case _:
            return _document(part)


def signature_in(owner: Mapping[str, Any]) -> str | None:
    """The signature that stands where Google's own OpenAI-compatible endpoint puts it."""
    extra = owner.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) and signature else None


def signed(signature: str) -> Json:
    """What `signature_in` reads."""
    return {"extra_content": {"google": {"thought_signature": signature}}}


def pictures_of(message: Json, at: str) -> list[Json]:
    """The images that a model made in an earlier answer, as we told them, with their signatures."""
    made: list[Json] = []
    images = message.get("images")
    for index, image in enumerate(images if isinstance(images, list) else ()):
        place = f"{at}.images.{index}"
        given = image.get("image_url") if isinstance(image, dict) else None
        url = given.get("url") if isinstance(given, dict) else given
        if not isinstance(url, str):
            raise invalid("An image needs a 'url'.", param=place)
        part: Json
        if url.startswith(_BUCKET):
            part = {"fileData": {"fileUri": url}}
        else:
            blob = blob_of(url, {}, place)
            part = _inline(blob, place) if blob is not None else _by_address(url, place)
        if signature := signature_in(image):
            part["thoughtSignature"] = signature
        made.append(part)
    return made


def _document(part: Document) -> Json:
    if part.id is not None:
        if part.id.startswith("files/"):
            return {"fileData": {"fileUri": _FILES + part.id}}
        raise unsupported("Files of another provider can't be sent to this model.", param=f"{part.at}.file.file_id")
    if part.blob is not None:
        return _inline(part.blob, part.at, part.name or "")
    return _by_address(part.url or "", part.at)


def _inline(blob: Blob, at: str, name: str = "") -> Json:
    kind = blob.kind
    if not kind or kind in _VAGUE:
        kind = _BY_NAME.get(name.rpartition(".")[2].lower(), "")
        if not kind:
            raise invalid("It isn't said of what media type this is.", param=at)
    return {"inlineData": {"mimeType": kind, "data": blob.data}}


def _by_address(url: str, at: str) -> Json:
    if _GOOGLES.match(url):
        return {"fileData": {"fileUri": url}}
    raise unsupported("This model can't fetch anything by itself; send a data: URL.", param=at)


def _resolution(part: Picture, traits: Traits, fields: Fields) -> Json:
    level = _LEVELS.get(part.detail or "")
    if level is None:
        return {}
    if not traits.third:
        fields.dropped("detail")
        return {}
    return {"mediaResolution": {"level": level}}
