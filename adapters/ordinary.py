"""What the ordinary events of a stream look like, so that a read full of them can go through whole.

Of an ordinary event's choices everything but one string is always the same. *opening* is what stands before that
string, from `"choices":` on, *closing* what stands behind it, two bytes beyond the end of the choices. No text can
fake either: it is escaped where it has a quote or a line feed, and both have one behind their first byte. So a read
with as many openings as closings, and twice as many line feeds, holds no finish, no usage report, no comment, no end
mark, and no delta of another kind.

What is looked for in bytes on this path is looked for by `find`: `in` takes them for a number first, and makes an
exception of that, which costs four times as much.
"""

import re
from itertools import islice
from typing import Any, NamedTuple

import orjson

from core.wire import Json

Swap = tuple[bytes, bytes]

ERROR = b'"error":'
FINISH = b'"finish_reason":'
TAIL = 600  # an error beside an ordinary delta would be the last that comes; further up it reaches the client as it is

_LONGEST = 8192  # bytes of an event from which it is worth to learn
_STRING = rb'"choices":.*?"%s": ?"([^"\\]*(?:\\.[^"\\]*)*)"'
_STRINGS = {
    name: re.compile(_STRING % name.encode())
    for name in ("content", "reasoning_content", "reasoning", "refusal", "arguments", "text")
}
_BRACKET = re.compile(rb"\]")
_MOST_LISTS = 8  # inside the choices
_MOST_ENDINGS = 8
_TELLING = 16  # bytes before a content that tell of what kind it is
_ROLES = tuple(
    role.replace(b" ", space) for role in (b'"role": "assistant", ', b', "role": "assistant"') for space in (b"", b" ")
)


CHOICES = b'"choices":'


class Shape:
    """How all ordinary events of one stream begin and end, to the byte, where nothing in them changes but content.

    *opening* and *closing* are as much of the two as can be counted quickly, and not be faked by text. *overhead* and
    *swaps* as with Ordinary.
    """

    __slots__ = ("after", "before", "closing", "opening", "overhead", "swaps")

    def __init__(self, before: bytes, after: bytes, closing: bytes, swaps: tuple[Swap, ...]) -> None:
        self.before = before
        self.after = after
        self.opening = before[-_TELLING:]
        self.closing = closing
        self.overhead = len(before) + len(after)
        self.swaps = swaps

    def without(self, head: int) -> "Shape":
        """The same, but for so many bytes at the beginning."""
        return Shape(self.before[head:], self.after, self.closing, self.swaps)

    def run(self, data: bytes, start: int) -> tuple[int, int]:
        """The ordinary events that *data* holds from *start* on: where they end, and how many they are."""
        before, after = self.before, self.after
        if not data.startswith(before, start):
            return 0, 0
        end = data.find(after, data.rfind(before, start) + len(before)) + len(after)
        if end < len(after):
            return 0, 0
        # What is beside them is short, and is what can be copied.
        count = self.events_in(data, feeds(data) - feeds(data[:start]) - feeds(data[end:]), start, end)
        return (end, count) if count else (0, 0)

    def events_in(self, data: bytes, lines: int, start: int, end: int) -> int:
        """How many ordinary events *data*, which begins and ends like one, consists of from *start* to *end*; 0 if
        there is anything else.

        Two short searches are quicker than one for all that is between two contents, above all in an interpreter that
        was built with a profile, which holds long searches to be rare.
        """
        count = data.count(self.closing, start, end)
        return count if 2 * count == lines and count == data.count(self.opening, start, end) else 0


def feeds(data: bytes) -> int:
    """How many line feeds there are. *replace* leaps from one to the next, where *count* would look at every byte."""
    return len(data) - len(data.replace(b"\n", b""))


def shaped(before: bytes, after: bytes, swaps: tuple[Swap, ...]) -> Shape | None:
    """None where an end could not be told from what text may hold, or where an event has more than one line."""
    if after.count(b"\n") != 2 or before.find(b"\n") >= 0:
        return None
    # A quote behind its first byte, or else the line feed, is what text can't hold.
    closing = after[:-2] if b'"' in after[1:] else after[:-1]
    return Shape(before, after, closing, swaps)


class Ordinary(NamedTuple):
    """*overhead* are the bytes of an event that aren't content; *swaps* what is replaced in its bytes.

    *shape* is that of the event it was learnt from.
    """

    opening: bytes
    closing: bytes
    overhead: int
    swaps: tuple[Swap, ...]
    shape: Shape | None = None


def learnt(event: bytes, choice: Json, swaps: tuple[Swap, ...], *, role: bool) -> Ordinary | None:
    """What can be learnt from *event*, whose only choice is *choice*; None if it isn't an ordinary one.

    *role*: it repeats the role, which was taken out of *choice* already.
    """
    name = _streamed(choice)
    string = _STRINGS[name].search(event) if name and len(event) <= _LONGEST else None
    if string is None or ERROR in event or event.count(b'"choices":') != 1:
        return None
    opening = event[string.start() : string.start(1)]
    end = _end(event, string.end(1), opening)
    closing = event[string.end(1) : end + 2]
    if b'"' not in closing[1:] and b"\n" not in closing:
        return None
    if name == "text" and FINISH not in opening + closing:
        return None  # the last one, which says why it is, could look no different
    if role:
        spelt = next((spelt for spelt in _ROLES if spelt in opening or spelt in closing), None)
        if spelt is None:
            return None
        swaps = ((spelt, b""), *swaps)
    behind = next((theirs for theirs, _ in swaps if event.startswith(theirs, end)), b"")
    parts = (opening, event[string.end(1) : end] + behind)
    needed = _swaps_in(event, parts, swaps)
    shape = shaped(event[: string.start(1)], event[string.end(1) :], needed)
    return Ordinary(opening, closing, len(event) - len(string[1]), needed, shape)


class Memory:
    """What the last stream of a provider taught, for the next one: providers don't change their spelling.

    *endings*: what follows the head of an event that tells the role, or a finish, and nothing else -> the reason to
    finish, empty for the role.
    """

    __slots__ = ("_headless", "endings", "last")

    def __init__(self) -> None:
        self.last: Ordinary | None = None
        self._headless: Shape | None = None  # that of *last* from its choices on
        self.endings: dict[bytes, str] = {}

    def learn(self, ordinary: Ordinary) -> None:
        """The events of a stream look like *ordinary*, in which choices are told once."""
        self.last, shape = ordinary, ordinary.shape
        self._headless = None if shape is None else shape.without(shape.before.find(CHOICES))

    def learn_ending(self, ending: bytes, reason: str) -> None:
        if len(self.endings) >= _MOST_ENDINGS:
            self.endings.clear()
        self.endings[ending] = reason

    def shape(self, head: bytes) -> Shape | None:
        """How ordinary events will look in a stream whose events all begin with *head*, if they look as before."""
        rest = self._headless
        return None if rest is None else shaped(head + rest.before, rest.after, rest.swaps)

    def recall(self, event: bytes, choice: Json) -> Ordinary | None:
        """What is known of events such as *event*, whose only choice is *choice*; None if it looks new."""
        last = self.last
        if last is None or event.count(last.opening) != 1 or event.count(last.closing) != 1:
            return None
        if _streamed(choice) is None or ERROR in event:
            return None
        content = event.find(last.closing) - event.find(last.opening) - len(last.opening)
        start = event.find(last.opening) + len(last.opening)
        shape = shaped(event[:start], event[event.find(last.closing) :], last.swaps)
        return Ordinary(last.opening, last.closing, len(event) - content, last.swaps, shape)


def run(data: bytes, start: int, ordinary: Ordinary) -> tuple[int, int]:
    """The ordinary events that *data* holds from *start* on: where they end, at its end or before the last few, and
    how many they are. 0, 0 if there are none, or others between them.
    """
    opening, closing, *_ = ordinary
    last = data.rfind(closing, start)
    if last < 0:
        return 0, 0
    # The closing may reach into the blank line.
    end = data.find(b"\n\n", last + len(closing) - 1) + 2
    count = data.count(closing, start, end)
    if (
        not count
        or count != data.count(opening, start, end)
        or 2 * count != feeds(data[start:end])
        or data.find(ERROR, max(start, end - TAIL), end) >= 0
    ):
        return 0, 0
    return end, count


def _streamed(choice: Json) -> str | None:
    """The name of the one string that is all that this choice says."""
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return "text"
    said = [name for name, value in delta.items() if value]
    if len(said) != 1:
        return None
    if said == ["tool_calls"]:
        return "arguments" if _goes_on(delta["tool_calls"]) else None
    return said[0] if said[0] in _STRINGS else None


def _goes_on(calls: Any) -> bool:
    """Whether this is but a further piece of one call's arguments."""
    if not (isinstance(calls, list) and len(calls) == 1 and isinstance(calls[0], dict)):
        return False
    function = calls[0].get("function")
    return (
        isinstance(function, dict)
        and [name for name, value in function.items() if value] == ["arguments"]
        and not any(value for name, value in calls[0].items() if name not in {"index", "function"})
    )


def _end(event: bytes, start: int, opening: bytes) -> int:
    """Where the choices end, whose one string ends at *start*; 0 where that can't be found."""
    for bracket in islice(_BRACKET.finditer(event, start), _MOST_LISTS):
        if _is_json(b"{" + opening + event[start : bracket.end()] + b"}"):
            return bracket.end()
    return 0


def _is_json(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except ValueError:
        return False
    return True


def _swaps_in(event: bytes, parts: tuple[bytes, ...], swaps: tuple[Swap, ...]) -> tuple[Swap, ...]:
    """Those of *swaps* that *event* needs, made as long as may be: what is longer is found faster."""
    found: list[Swap] = []
    for part in parts:
        event = event.replace(part, b"")
        if (swapped := replaced(part, swaps)) != part:
            found.append((part, swapped))
    return (*found, *(swap for swap in swaps if swap[0] in event))


def replaced(data: bytes, swaps: tuple[Swap, ...]) -> bytes:
    for theirs, ours in swaps:
        data = data.replace(theirs, ours)
    return data
