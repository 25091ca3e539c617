"""The parts of a message as Anthropic's content blocks."""

from collections.abc import Mapping
from typing import Final

from adapters.fields import unsupported
from adapters.media import Blob
from adapters.turns import Document, Mark, Part, Picture, Sound, Text, Turn
from core.errors import invalid
from core.wire import Json

IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TEXTS: Final = frozenset({"application/json", "application/xml", "application/yaml"})
_CACHE: Mapping[str, Json] = {"5m": {"type": "ephemeral"}, "1h": {"type": "ephemeral", "ttl": "1h"}}


def marked(block: Json, mark: Mark) -> Json:
    """*block* as the end of what shall be cached, where the client marked it."""
    if mark is not None:
        block["cache_control"] = dict(_CACHE[mark])
    return block


def words(text: str, mark: Mark = None) -> list[Json]:
    """A text block; none where there is nothing to read, which Anthropic refuses."""
    return [marked({"type": "text", "text": text}, mark)] if text.strip() else []


def told(turn: Turn) -> list[Json]:
    """What an assistant or a system message says: text, and nothing else."""
    blocks: list[Json] = []
    for part in turn.parts:
        if not isinstance(part, Text):
            raise unsupported(f"Anthropic takes only text in {turn.role} messages.", param=part.at)
        blocks += words(part.text, part.mark)
    if blocks and turn.mark:
        marked(blocks[-1], turn.mark)
    return blocks


def shown(turn: Turn) -> list[Json]:
    """What a user's message says and shows."""
    blocks = [block for part in turn.parts for block in _blocks(part)]
    if blocks and turn.mark:
        marked(blocks[-1], turn.mark)
    return blocks


def result(turn: Turn, id: str) -> Json:
    """What came of the tool call *id*. Anthropic caches the result as a whole, never parts of it."""
    block: Json = {"type": "tool_result", "tool_use_id": id}
    content = turn.raw.get("content")
    mark = turn.mark
    if isinstance(content, str):
        if content.strip():
            block["content"] = content
    elif blocks := [block for part in turn.parts for block in _blocks(part)]:
        mark = next((part.mark for part in turn.parts if not isinstance(part, Sound) and part.mark), mark)
        for inner in blocks:
            inner.pop("cache_control", None)
        block["content"] = blocks
    if turn.failed:
        block["is_error"] = True
    return marked(block, mark)


def _blocks(part: Part) -> list[Json]:
    match part:
        case Text(text, mark):
            return words(text, mark)
        case Picture(url, blob, _, at, mark):
            return [marked(_picture(url, at) if blob is None else _file(blob, None, at), mark)]
        case Document(blob, url, id, name, at, mark):
            return [marked(_document(url, id, name, at) if blob is None else _file(blob, name, at), mark)]
    raise unsupported("Anthropic's models don't listen: audio can't be sent to them.", param=part.at)


def _picture(url: str, at: str) -> Json:
    return {"type": "image", "source": {"type": "url", "url": _secure(url, f"{at}.image_url.url")}}


def _document(url: str | None, id: str | None, name: str | None, at: str) -> Json:
    if id is None:
        source = {"type": "url", "url": _secure(url or "", f"{at}.file.file_data")}
    elif id.startswith("file_"):
        source = {"type": "file", "file_id": id}
    else:
        raise unsupported("Anthropic knows only files that were sent to itself.", param=f"{at}.file.file_id")
    return {"type": "document", "source": source, **({"title": name} if name else {})}


def _secure(url: str, at: str) -> str:
    if not url.startswith("https://"):
        raise unsupported("Anthropic fetches from https:// addresses only.", param=at)
    return url


def _file(blob: Blob, name: str | None, at: str) -> Json:
    """Bytes by what they are, not by the part that they came in."""
    if blob.kind in IMAGES:
        return {"type": "image", "source": {"type": "base64", "media_type": blob.kind, "data": blob.data}}
    title = {"title": name} if name else {}
    if blob.kind == "application/pdf":
        return {"type": "document", "source": {"type": "base64", "media_type": blob.kind, "data": blob.data}, **title}
    if blob.kind.startswith("text/") or blob.kind in _TEXTS:
        source = {"type": "text", "media_type": "text/plain", "data": _text(blob, at)}
        return {"type": "document", "source": source, **title}
    raise unsupported(f"Anthropic takes no files of the type '{blob.kind[:64]}'.", param=at)


def _text(blob: Blob, at: str) -> str:
    try:
        return blob.bytes.decode()
    except ValueError:
        raise invalid("A text file must be UTF-8.", param=at) from None
