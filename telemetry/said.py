"""What was asked and answered, as the GenAI conventions want messages on a span. Only where the operator asks for it.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

LONGEST: Final = 64 * 1024  # bytes of all messages of one side
DATA: Final = b"data: "
HEAD: Final = 512  # bytes of an answer in which it says whose it is
_MODEL: Final = re.compile(rb'"model": ?"([^"\\]{1,200})"')


def model(answer: bytes) -> str:
    """What an answer, or the first piece of a stream, calls the model; empty where it doesn't say so before all that
    the model itself has said, which is in lists.
    """
    head = answer[:HEAD].partition(b"[")[0]
    found = _MODEL.search(head)
    return "" if found is None else found[1].decode("utf-8", "replace")


def asked(body: bytes | None) -> str | None:
    """The input messages of a request in any of the formats that clients speak; None where there are none."""
    read = _read(body)
    turns = read.get("messages")
    if not isinstance(turns, list):
        prompt = read.get("prompt", read.get("input"))
        turns = None if prompt is None else [{"role": "user", "content": prompt}]
    if turns is None:
        return None
    return _written([{"role": _word(turn, "role"), "parts": _parts(_of(turn, "content"))} for turn in turns])


def answered(body: bytes | bytearray | None, finish: str | None) -> str | None:
    """The output messages of an answer, whole or as the events of a stream."""
    if body is None:
        return None
    found = [_read(bytes(body))] if not _is_stream(body) else list(_events(bytes(body)))
    texts: dict[int, str] = {}
    for piece in found:
        for choice in _list(piece.get("choices")):
            said = _of(choice, "message") or _of(choice, "delta") or choice
            text = _of(said, "content") or _of(said, "text")
            at = _of(choice, "index")
            if isinstance(text, str):
                at = at if isinstance(at, int) else 0
                texts[at] = texts.get(at, "") + text
        text = _of(_of(piece, "delta"), "text")  # of the Messages API
        for part in ({"text": text}, *_list(piece.get("content"))):
            if isinstance(text := _of(part, "text"), str):
                texts[0] = texts.get(0, "") + text
    messages = [{"role": "assistant", "parts": _parts(text), "finish_reason": finish or ""} for text in texts.values()]
    return _written(messages) if messages else None


def _parts(content: object) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "content": content}]
    return [
        {"type": "text", "content": part} if isinstance(part, str) else _part(part)
        for part in _list(content)
        if isinstance(part, str | dict)
    ]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Text as it is; of everything else its kind, since pictures and files are too large for a span."""
    text = part.get("text")
    kind = str(part.get("type", "other"))
    return {"type": "text", "content": text} if isinstance(text, str) else {"type": kind}


def _events(body: bytes) -> Iterator[dict[str, Any]]:
    return (_read(line.removeprefix(DATA)) for line in body.splitlines() if line.startswith(DATA))


def _is_stream(body: bytes | bytearray) -> bool:
    return body.startswith((DATA, b"event: ", b": "))


def _read(body: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _of(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _word(value: object, name: str) -> str:
    found = _of(value, name)
    return found if isinstance(found, str) else ""


def _written(messages: list[dict[str, Any]]) -> str:
    """The latest messages that fit; the first that doesn't goes with all before it."""
    kept: list[bytes] = []
    size = 0
    for message in reversed(messages):
        text = orjson.dumps(message)
        size += len(text)
        if size > LONGEST:
            break
        kept.append(text)
    return b"[%b]".replace(b"%b", b",".join(reversed(kept))).decode()
