"""What of a request's body is no text: images, sounds and files, as each dialect writes them.

Only where a dialect has them are they looked for, so that nobody can pass text off as an image.
"""

from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from core.wire import Json

Kind = Literal["image", "sound", "file"]

_TEXTS: Final = frozenset(
    {"text", "refusal", "input_text", "output_text", "reasoning_text", "reference", "summary_text", "thinking"}
)
_WRITTEN: Final = frozenset({"csv", "html", "txt", "md"})  # Bedrock's documents that are text


class Piece(NamedTuple):
    """*size* is how many bytes of the body it takes: none where there is only an address. *data* is base64."""

    kind: Kind
    size: int = 0
    detail: str = ""
    form: str = ""
    data: str = ""


def pieces(dialect: str, body: Json) -> Iterator[Piece]:
    """Everything in *body* that isn't charged by its letters. A file that is text is not among them."""
    match dialect:
        case "anthropic":
            for message in body["messages"]:
                yield from _claude(message["content"])
        case "bedrock":
            for message in body["messages"]:
                yield from _converse(message["content"])
        case "gemini" | "google":
            for content in body.get("contents", ()):
                yield from _gemini(content["parts"])
        case "ollama":
            for message in body.get("messages", ()):
                for data in message.get("images", ()):
                    yield Piece("file", len(data))  # a sound may be among the images
        case _:
            for message in (*_listed(body.get("messages")), *_listed(body.get("input"))):
                yield from _openai(message)


def _claude(blocks: Any) -> Iterator[Piece]:
    for block in _listed(blocks):
        kind, source = block.get("type"), block.get("source")
        if kind == "tool_result":
            yield from _claude(block.get("content"))
        elif isinstance(source, dict) and source.get("type") != "text":
            yield Piece("image" if kind == "image" else "file", _size(source.get("data")))


def _converse(blocks: Any) -> Iterator[Piece]:
    for block in _listed(blocks):
        if "toolResult" in block:
            yield from _converse(block["toolResult"].get("content"))
        for kind in ("image", "document", "audio", "video"):
            given = block.get(kind)
            if isinstance(given, dict) and given.get("format") not in _WRITTEN:
                source = given.get("source")
                size = _size(source.get("bytes")) if isinstance(source, dict) else 0
                yield Piece("image" if kind == "image" else "file", size)


def _gemini(parts: Any) -> Iterator[Piece]:
    for part in _listed(parts):
        if isinstance(result := part.get("functionResponse"), dict):
            yield from _gemini(result.get("parts"))
        if "fileData" in part:
            yield Piece("file")
        if isinstance(inline := part.get("inlineData"), dict):
            form, data = str(inline.get("mimeType")), str(inline.get("data"))
            main = form.partition("/")[0]
            if main == "image":
                yield Piece("image", len(data))
            elif main == "audio":
                yield Piece("sound", len(data), form=form, data=data)
            elif main != "text":
                yield Piece("file", len(data))


def _openai(message: Json) -> Iterator[Piece]:
    """A message of a chat, or an item of /responses."""
    if isinstance(message.get("audio"), dict):
        yield Piece("file")  # an earlier answer, which the provider has kept
    for part in _listed(message.get("images")):
        yield _picture(part)
    for content in (message.get("content"), message.get("output")):
        for part in _listed(content):
            kind = part.get("type")
            if kind in {"image_url", "input_image"}:
                yield _picture(part)
            elif kind == "input_audio":
                yield _sound(part)
            elif kind not in _TEXTS:
                yield _file(part)


def _picture(part: Json) -> Piece:
    given = part.get("image_url", part.get("input_image"))
    detail = part.get("detail")
    if isinstance(given, dict):
        detail, given = given.get("detail", detail), given.get("url")
    if not isinstance(given, str):
        return Piece("file")  # by its id, or in a spelling of the provider's own
    if given[:5].lower() == "data:":
        return Piece("image" if given[:11].lower() == "data:image/" else "file", len(given), str(detail))
    return Piece("image", detail=str(detail))


def _sound(part: Json) -> Piece:
    given = part.get("input_audio")
    data = given.get("data") if isinstance(given, dict) else given
    if not isinstance(data, str) or data[:4].lower() == "http":
        return Piece("file")
    form = given.get("format") if isinstance(given, dict) else ""
    return Piece("sound", len(data), form=str(form or "wav"), data=data)


def _file(part: Json) -> Piece:
    given = part.get("file")
    owner = given if isinstance(given, dict) else part
    return Piece("file", _size(owner.get("file_data")) or _size(owner.get("document_url")))


def _size(data: Any) -> int:
    return len(data) if isinstance(data, str) else 0


def _listed(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
