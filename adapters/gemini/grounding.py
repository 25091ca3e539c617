"""Where an answer's claims come from: grounding as OpenAI's annotations."""

from collections.abc import Sequence
from typing import Any

from core.wire import Json


def searches_of(candidate: Json) -> int:
    """How many searches on the web the answer took."""
    grounding = candidate.get("groundingMetadata")
    queries = grounding.get("webSearchQueries") if isinstance(grounding, dict) else None
    return len(queries) if isinstance(queries, list) else 0


def annotations(candidate: Json, parts: Sequence[str]) -> list[Json]:
    """*parts* is the text of each part, empty for those that are no part of the message.

    Gemini counts bytes within a part, OpenAI characters within the message.
    """
    grounding = candidate.get("groundingMetadata")
    if not isinstance(grounding, dict):
        return []
    sources, text = _listed(grounding, "groundingChunks"), "".join(parts)
    made = []
    for support in _listed(grounding, "groundingSupports"):
        segment = support.get("segment")
        start, end = _span(segment if isinstance(segment, dict) else {}, parts, text)
        indices = support.get("groundingChunkIndices")
        for index in indices if isinstance(indices, list) else ():
            source = _source(sources, index)
            if source is not None and end > start:
                cited = {"start_index": start, "end_index": end, **source}
                made.append({"type": "url_citation", "url_citation": cited})
    return made


def _span(segment: Json, parts: Sequence[str], text: str) -> tuple[int, int]:
    """First character and the one after the last. A zero is left out on the wire."""
    number = _whole(segment.get("partIndex"))
    data = parts[number].encode() if number < len(parts) else b""
    before = sum(map(len, parts[:number]))
    start, end = (
        before + len(data[: _whole(segment.get(name))].decode("utf-8", "ignore")) for name in ("startIndex", "endIndex")
    )
    said = segment.get("text")
    if isinstance(said, str) and said and text[start:end] != said and (at := text.find(said)) >= 0:
        return at, at + len(said)  # in a stream, parts come in pieces
    return start, end


def _source(sources: list[Json], index: Any) -> Json | None:
    chunk = sources[index] if isinstance(index, int) and 0 <= index < len(sources) else {}
    for kind in ("web", "retrievedContext", "maps"):
        place = chunk.get(kind)
        if isinstance(place, dict) and isinstance(url := place.get("uri"), str):
            title = place.get("title")
            return {"url": url, "title": title if isinstance(title, str) else ""}
    return None


def _listed(owner: Json, name: str) -> list[Json]:
    value = owner.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
