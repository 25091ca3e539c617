"""What is kept of an answer, if it may be kept: only what is whole, and what nobody has filtered or cut."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import orjson

from core.usage import Usage, shown
from core.wire import Json

WHOLE: Final = frozenset({"stop", "tool_calls", "function_call"})  # how a whole answer ends
ODD: Final = (AttributeError, LookupError, TypeError, ValueError)  # what reading something of another shape raises
SAID: Final = ("content", "tool_calls", "function_call", "audio")
# Events that hold none of these go on with the text and do nothing else. Quotes within a text have a backslash.
_REMARKABLE: Final = (b'"usage"', b'"refusal"', b'"error"', b"[DONE]")


class Kept(NamedTuple):
    """As in Entry."""

    usage: bytes
    whole: bytes = b""
    pieces: tuple[bytes, ...] = ()
    pauses: tuple[float, ...] = ()


def free(reported: Any, usage: Usage | None) -> dict[str, Any]:
    """`usage` as whoever gets the answer from here reads it: what was counted, and that it costs nothing."""
    counted = reported if isinstance(reported, dict) else shown(usage or Usage())
    return {**counted, "cost": 0}


def of_whole(body: bytes, usage: Usage | None) -> Kept | None:
    """A whole answer as it went to the client; None if it isn't to be kept."""
    try:
        answer = orjson.loads(body)
        if answer.get("error") or not (_chosen(answer) or _embedded(answer)):
            return None
        answer["usage"] = free(answer.get("usage"), usage)
        return Kept(orjson.dumps(answer["usage"]), orjson.dumps(answer))
    except ODD:
        return None


def of_stream(pieces: Sequence[bytes], pauses: Sequence[float], usage: Usage | None, choices: int) -> Kept | None:
    """What a client heard of a stream, but for its end. *choices* is how many it was to have."""
    heard = _Heard(alone=choices == 1)
    kept: list[bytes] = []
    since: list[float] = []
    before = 0.0
    for piece, pause in zip(pieces, pauses, strict=True):
        before += pause
        try:
            told = heard.piece(piece)
        except ODD:
            return None
        if told is None:
            return None
        if told:
            kept.append(told)
            since.append(round(before, 4))
            before = 0.0
    if not heard.whole(choices):
        return None
    return Kept(orjson.dumps(free(heard.usage, usage)), b"", tuple(kept), tuple(since))


class _Heard:
    """A stream as it is read once more."""

    __slots__ = ("_alone", "_finished", "_said", "usage")

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._finished: dict[int, str] = {}
        self._said: set[int] = set()
        self.usage: Any = None

    def whole(self, choices: int) -> bool:
        finished = self._finished
        return len(finished) == choices and self._said >= finished.keys() and WHOLE.issuperset(finished.values())

    def piece(self, piece: bytes) -> bytes | None:
        """What is kept of it; None if nothing of all that may be."""
        if self._alone and self._goes_on(piece):
            return piece
        *events, rest = piece.split(b"\n\n")
        if rest:
            return None
        kept = []
        for event in events:
            for line in event.split(b"\n"):
                if not line.startswith(b"data:"):
                    continue
                told = self._event(line[5:])
                if told is None:
                    return None
                if told:
                    kept.append(told)
        return b"".join(kept)

    def _goes_on(self, piece: bytes) -> bool:
        """Whether it is nothing but more of what was begun, as most pieces are; told without reading it."""
        count = piece.count
        if not (0 in self._said and piece.startswith(b"data: {") and piece.endswith(b"}\n\n")):
            return False
        if count(b"\n") != 2 * count(b"}\n\ndata: {") + 2 or any(mark in piece for mark in _REMARKABLE):
            return False
        return count(b'"finish_reason":null') == count(b'"finish_reason"')

    def _event(self, text: bytes) -> bytes | None:
        try:
            body = orjson.loads(text)
        except orjson.JSONDecodeError:
            return b"" if text.strip() == b"[DONE]" else None
        if not isinstance(body, dict) or body.get("error"):
            return None
        choices = body.get("choices") or ()
        for choice in choices:
            if not self._hear(choice):
                return None
        if "usage" not in body:
            return b"data: " + text.strip() + b"\n\n"
        reported = body.pop("usage")
        self.usage = reported or self.usage
        return b"data: " + orjson.dumps(body) + b"\n\n" if choices or not reported else b""

    def _hear(self, choice: Json) -> bool:
        at, delta = choice.get("index", 0), choice.get("delta") or {}
        if delta.get("refusal"):
            return False
        if choice.get("text") or any(delta.get(name) for name in SAID):
            self._said.add(at)
        if finish := choice.get("finish_reason"):
            self._finished[at] = finish
        return True


def _chosen(answer: Json) -> bool:
    choices = answer.get("choices")
    return isinstance(choices, list) and bool(choices) and all(_good(_things(choices)))


def _things(choices: Iterable[Any]) -> Iterable[Json]:
    return (choice if isinstance(choice, dict) else {} for choice in choices)


def _good(choices: Iterable[Json]) -> Iterable[bool]:
    for choice in choices:
        message = choice.get("message") or {}
        said = choice.get("text") or any(message.get(name) for name in SAID)
        yield choice.get("finish_reason") in WHOLE and bool(said) and not message.get("refusal")


def _embedded(answer: Json) -> bool:
    given = answer.get("data")
    return (
        "choices" not in answer and isinstance(given, list) and bool(given) and all("embedding" in one for one in given)
    )
