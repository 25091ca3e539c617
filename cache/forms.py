"""An answer that came in one form, told in the other: a stream as a whole, a whole as a stream."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from cache.entry import Entry
from cache.making import ODD
from core.wire import Json

FRAME: Final = ("id", "object", "created", "model", "system_fingerprint", "service_tier")
SHELL: Final = frozenset({*FRAME, "choices", "obfuscation", "usage"})  # one of them pads what others might measure
CHOICE: Final = frozenset({"index", "message", "delta", "text", "logprobs", "finish_reason"})
OBJECTS: Final[Mapping[str, str]] = {
    "chat.completion": "chat.completion.chunk",
    "text_completion": "text_completion",
}
WHOLES: Final = {stream: whole for whole, stream in OBJECTS.items()}
# What can be told piece by piece, and put together again. Answers that hold anything else are told as they came.
ADDED: Final = ("content", "reasoning", "reasoning_content", "refusal")  # texts that go on
LISTED: Final = ("reasoning_details", "annotations", "thinking_blocks")  # lists that grow
KNOWN: Final = frozenset({"role", "tool_calls", *ADDED})


def events(entry: Entry, *, usage: bool) -> tuple[bytes, ...] | None:
    """All events of its stream but `[DONE]`; with its usage, where that is wanted. None if it can't be streamed."""
    try:
        pieces = entry.pieces or _told(orjson.loads(entry.whole))
    except ODD:
        return None
    if pieces is None or not usage:
        return pieces
    frame = next((_frame(bodies) for bodies in map(_bodies, zip(pieces)) if _chosen(bodies)), {})
    return (*pieces, _event({**frame, "choices": [], "usage": orjson.Fragment(entry.usage)}))


def whole(entry: Entry) -> bytes | None:
    """In one piece. None if something in its stream isn't known well enough."""
    try:
        return entry.whole or _joined(_bodies(entry.pieces), entry.usage)
    except ODD:
        return None


def _event(body: Mapping[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(body) + b"\n\n"


def _bodies(pieces: Sequence[bytes]) -> list[Json]:
    lines = b"".join(pieces).split(b"\n\n")
    return [orjson.loads(line[6:]) for line in lines if line]


def _chosen(bodies: Sequence[Json]) -> list[Json]:
    """Without those that only say something of the prompt, and may have no name either."""
    return [body for body in bodies if body.get("choices")]


def _frame(bodies: Sequence[Json]) -> Json:
    first = next(iter(_chosen(bodies)), {})
    return {name: first[name] for name in FRAME if name in first}


def _beside(said: Json, known: frozenset[str]) -> Json:
    """What a provider has said that its dialect doesn't: citations, and the like."""
    return {name: value for name, value in said.items() if name not in known and value not in (None, [], {})}


def _agree(made: Json, said: Json, known: frozenset[str]) -> bool:
    """Add to *made* what stands beside in *said*; False where it was told otherwise before."""
    return all(made.setdefault(name, value) == value for name, value in _beside(said, known).items())


# A whole as a stream


def _told(body: Json) -> tuple[bytes, ...] | None:
    name = OBJECTS.get(str(body.get("object")))
    if name is None:
        return None
    frame = {**_frame([body]), "object": name}
    beside = _beside(body, SHELL)
    pieces: list[bytes] = []
    for choice in body["choices"]:
        chunks = [choice] if "text" in choice else _of_message(choice)
        if chunks is None:
            return None
        for chunk in chunks:
            pieces.append(_event({**frame, **beside, "choices": [chunk]}))
            beside = {}
    return tuple(pieces)


def _of_message(choice: Json) -> list[Json] | None:
    message = {name: value for name, value in choice["message"].items() if value not in (None, [])}
    if message.keys() - KNOWN - set(LISTED):
        return None
    delta = {"role": "assistant", **message}
    if "tool_calls" in delta:
        delta["tool_calls"] = [{"index": at, **call} for at, call in enumerate(delta["tool_calls"])]
    common: Json = {"index": choice.get("index", 0)}
    said = {**common, "delta": delta, "finish_reason": None}
    if choice.get("logprobs") is not None:
        said["logprobs"] = choice["logprobs"]
    return [said, {**common, **_beside(choice, CHOICE), "delta": {}, "finish_reason": choice["finish_reason"]}]


# A stream as a whole


def _joined(bodies: Sequence[Json], usage: bytes) -> bytes | None:
    frame = _frame(bodies)
    name = WHOLES.get(str(frame.get("object")))
    choices: dict[int, Json] = {}
    beside: Json = {}
    if not all(_agree(beside, body, SHELL) for body in bodies):
        return None
    for choice in (one for body in bodies for one in body.get("choices") or ()):
        at = choice.get("index", 0)
        text = "text" in choice
        made = choices.setdefault(at, {"index": at, **({"text": ""} if text else {"message": {"role": "assistant"}})})
        if not (_agree(made, choice, CHOICE) and (_add_text if text else _add_delta)(made, choice)):
            return None
    if name is None or not choices:
        return None
    done = [_finished(choices[at]) for at in sorted(choices)]
    return orjson.dumps({**frame, **beside, "object": name, "choices": done, "usage": orjson.Fragment(usage)})


def _add_text(made: Json, choice: Json) -> bool:
    if choice.get("logprobs") is not None:
        return False
    made["text"] += choice.get("text") or ""
    made["logprobs"] = None
    made["finish_reason"] = choice.get("finish_reason") or made.get("finish_reason")
    return True


def _add_delta(made: Json, choice: Json) -> bool:
    message = made["message"]
    if choice.get("finish_reason"):
        made["finish_reason"] = choice["finish_reason"]
    if (chances := choice.get("logprobs")) is not None and not _add_chances(made, chances):
        return False
    for name, value in (choice.get("delta") or {}).items():
        if value is None or name == "role":
            continue
        if name in ADDED and isinstance(value, str):
            message[name] = message.get(name, "") + value
        elif name == "tool_calls":
            for call in value:
                if not _add_call(message.setdefault("tool_calls", {}), call):
                    return False
        elif value != []:
            return False
    return True


def _add_chances(made: Json, chances: Any) -> bool:
    if not isinstance(chances, dict):
        return False
    whole = made.setdefault("logprobs", {})
    for name, more in chances.items():
        if more is not None and not isinstance(more, list):
            return False
        whole[name] = whole.get(name) if more is None else [*(whole.get(name) or ()), *more]
    return True


def _add_call(calls: dict[int, Json], piece: Json) -> bool:
    if piece.keys() - {"index", "id", "type", "function"}:
        return False
    call = calls.setdefault(piece.get("index", 0), {"id": "", "type": "function", "function": {}})
    call["id"] = piece.get("id") or call["id"]
    for name, text in (piece.get("function") or {}).items():
        if not isinstance(text, str) or name not in ("name", "arguments"):
            return False
        call["function"][name] = call["function"].get(name, "") + text
    return True


def _finished(choice: Json) -> Json:
    message = choice.get("message")
    if message is not None:
        message.setdefault("content", None)
        if "tool_calls" in message:
            message["tool_calls"] = [message["tool_calls"][at] for at in sorted(message["tool_calls"])]
            message["content"] = message["content"] or None
    return choice
