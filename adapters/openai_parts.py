"""Choices, messages and deltas: what of them is content, and how to put a provider's words into OpenAI's."""

from typing import Any, Final

from adapters.accent import Accent
from adapters.endings import USUAL, in_our_words
from adapters.failure import broken
from core.wire import Json

SAID: Final = frozenset({str, list, type(None)})  # kinds of content: a list has parts, which some say instead of a text

_TEXTS = frozenset({"content", "refusal"})
_THOUGHTS = frozenset({"reasoning_content", "reasoning"})
_OTHERS = frozenset({"audio", "function_call", "images"})
_ROLE: Final = {"role": "assistant"}

# What became of a delta: left as it was, only a repeated role taken out, or something else mended.
KEPT: Final = 0
ROLE: Final = 1
MORE: Final = 2


def size_of(choice: Json, part: str) -> int:
    """How much visible content there is, roughly in bytes; 0 means none. *part*: message or delta."""
    content = choice.get(part)
    if not isinstance(content, dict):
        return _length(choice.get("text"))
    size = thoughts = 0
    for name, value in content.items():
        if name in _TEXTS:
            size += _length(value)
        elif name in _THOUGHTS:
            thoughts = max(thoughts, _length(value))  # the same text under two names, so only one counts
        elif name == "tool_calls" and isinstance(value, list):
            for call in value:
                size += _call_size(call)
        elif name in _OTHERS:
            size += bool(value)
    return size + thoughts


def renamed(choices: list[Json], part: str, accent: Accent) -> bool:
    """Put finish reasons and members in OpenAI's words, in place. Whether anything was changed."""
    changed = False
    for choice in choices:
        content = choice.get(part)
        if not isinstance(content, dict):
            content = {}
        reason = choice.get("finish_reason")
        if reason.__class__ is str and reason not in USUAL:
            ours = in_our_words(reason, accent)
            # An empty reason is one only beside tool calls; elsewhere it is a way to say "not yet".
            if ours is not None and (reason or content.get("tool_calls")):
                choice["finish_reason"] = ours
                changed = True
        for theirs, ours in accent.keys.items():
            if theirs in content and ours not in content:
                content[ours] = content.pop(theirs)
                changed = True
    return changed


def ends_oddly(choices: list[Json], accent: Accent) -> bool:
    """Whether a finish reason has another name with OpenAI."""
    for choice in choices:
        reason = choice.get("finish_reason")
        if reason.__class__ is str and reason not in USUAL and in_our_words(reason, accent) is not None:
            return True
    return False


def placed(choice: Json, only: int) -> int:
    """Number it. *only* is the index of the one choice that was asked for. Returns KEPT or MORE."""
    index = choice.get("index")
    if index.__class__ is int:
        if only == 0:
            return KEPT
        if index != only:
            raise broken("the answer has a choice that nobody asked for")
    choice["index"] = 0
    return MORE


class Heard:
    """What the client has heard of one choice, so that it hears nothing twice and can put the pieces together.

    OpenAI's own clients join strings that come again (`assistantassistant`), find pieces by their indexes, and break
    where there are none.
    """

    __slots__ = ("_calls", "_counts", "_role")

    def __init__(self, *, role: bool = False) -> None:
        self._role = role
        self._calls: Calls | None = None
        self._counts: dict[str, int] = {}

    @property
    def first_call(self) -> str:
        """The id of its first tool call; empty if there was none."""
        return self._calls.first if self._calls else ""

    def mend(self, choice: Json) -> int:
        """Mend the choice's delta, in place. Returns KEPT, ROLE or MORE."""
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            if delta is not None:
                raise broken("the answer has a delta that is none")
            choice["delta"] = {} if self._role else {**_ROLE}
            self._role = True
            return MORE
        if delta.get("content").__class__ not in SAID:
            raise broken("the answer has content that is no text")
        mended = KEPT
        if delta.get("role"):
            if self._role:
                del delta["role"]
                mended = ROLE
        elif not self._role:
            choice["delta"] = delta = {**_ROLE, **delta, **_ROLE}
            mended = MORE
        self._role = True
        for name, value in delta.items():
            if value and isinstance(value, (list, dict)):
                if name == "tool_calls" and isinstance(value, list):
                    self._calls = self._calls or Calls()
                    mended |= self._calls.mend(value)
                else:
                    mended |= self._count(name, value)
        return mended

    def _count(self, name: str, value: Any) -> int:
        """Give the entries of a list an index, and those of lists right inside an object."""
        if isinstance(value, dict):
            lists = [(f"{name}.{inner}", entries) for inner, entries in value.items()]
        else:
            lists = [(name, value)]
        mended = KEPT
        for path, entries in lists:
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    mended |= self._index(path, entry)
        return mended

    def _index(self, path: str, entry: Json) -> int:
        next = self._counts.get(path, 0)
        index = entry.get("index")
        if isinstance(index, int):
            self._counts[path] = max(next, index + 1)
            return KEPT
        entry["index"] = next
        self._counts[path] = next + 1
        return MORE


class Calls:
    """Tool calls of one choice, counted from 0 without gaps, whatever indexes they came with."""

    __slots__ = ("_by_id", "_by_index", "_count", "_last")

    def __init__(self) -> None:
        self._by_id: dict[tuple[str, int | None], _Call] = {}
        self._by_index: dict[int | None, _Call] = {}
        self._count = 0
        self._last: _Call | None = None

    @property
    def first(self) -> str:
        return next((id for id, _ in self._by_id), "")

    def mend(self, pieces: list[Any]) -> int:
        mended = KEPT
        for piece in pieces:
            if isinstance(piece, dict):
                mended |= self._mend(piece)
        return mended

    def _mend(self, piece: Json) -> int:
        given, function = piece.get("index"), piece.get("function")
        index = given if isinstance(given, int) else None
        id, name = _word(piece.get("id")), _word(function.get("name")) if isinstance(function, dict) else ""
        call = self._call(id, index, name)
        if id:
            self._by_id[id, index] = call
        if index is not None:
            self._by_index[index] = call
        self._last = call
        piece["index"] = call.number
        told = call.tell(piece, id, name)
        return MORE if told or index != call.number else KEPT

    def _call(self, id: str, index: int | None, name: str) -> "_Call":
        """A new id is a new call; so is a new index, and another name after arguments. All else goes on."""
        call = self._by_id.get((id, index)) or self._by_index.get(index)
        if call is None and (index is None or not (id or name)):
            call = self._last
        if call is None or (id and call.id and id != call.id) or (name and call.begun and name != call.name):
            call = _Call(self._count)
            self._count += 1
        return call


class _Call:
    """*begun*: there were arguments."""

    __slots__ = ("begun", "id", "name", "number", "typed")

    def __init__(self, number: int) -> None:
        self.number = number
        self.id = ""
        self.name = ""
        self.typed = False
        self.begun = False

    def tell(self, piece: Json, id: str, name: str) -> bool:
        """Take out what was told before. Whether anything was changed."""
        changed = _without_nulls(piece)
        if id and self.id:
            del piece["id"]
            changed = True
        self.id = id or self.id
        function = piece.get("function")
        if piece.get("type"):
            if self.typed:
                del piece["type"]
                changed = True
            self.typed = True
        elif name and not self.typed:
            piece["type"] = "function"
            self.typed = changed = True
        if name and self.name and (name == self.name or self.begun):
            del piece["function"]["name"]
            changed = True
        else:
            self.name += name
        self.begun = self.begun or (isinstance(function, dict) and bool(function.get("arguments")))
        return changed


def _without_nulls(piece: Json) -> bool:
    """OpenAI's own clients take a null for a new id, type or name. Whether there were any."""
    changed = False
    for part, name in ((piece, "id"), (piece, "type"), (piece.get("function"), "name")):
        if isinstance(part, dict) and name in part and part[name] is None:
            del part[name]
            changed = True
    return changed


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _length(value: Any) -> int:
    return len(value) if isinstance(value, (str, list)) else 0


def _call_size(call: Any) -> int:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return 1
    return 1 + _length(function.get("name")) + _length(function.get("arguments"))
