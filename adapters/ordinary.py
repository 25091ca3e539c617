"""What the ordinary events of a stream look like, so that a read full of them can go through whole.

Of an ordinary event's choices everything but one string is always the same. *opening* is what stands before that
string, from `"choices":` on, *closing* what stands behind it, two bytes beyond the end of the choices. Between the two
there has to be one JSON string. So a read of events that each have them holds no finish, no usage report, no comment,
no end mark, and no delta of another kind.
"""

import re
from itertools import islice
from typing import Any, NamedTuple

import orjson

from adapters.alike import Shape, Swap, content_end, is_text, shaped
from core.wire import Json

ERROR = b'"error":'
FINISH = b'"finish_reason":'

_LONGEST = 8192  # bytes of an event from which it is worth to learn
_STRING = rb'"choices":.*?"%s": ?"([^"\\]*(?:\\.[^"\\]*)*)"'
_STRINGS = {
    name: re.compile(_STRING % name.encode())
    for name in ("content", "reasoning_content", "reasoning", "refusal", "arguments", "text")
}
_BRACKET = re.compile(rb"\]")
_MOST_LISTS = 8  # inside the choices
_MOST_ENDINGS = 8
_ROLES = tuple(
    role.replace(b" ", space) for role in (b'"role": "assistant", ', b', "role": "assistant"') for space in (b"", b" ")
)


CHOICES = b'"choices":'


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
    """The ordinary events that *data* holds from *start* on: where they end, and how many they are; 0, 0 if there are
    none, or an error is among them.
    """
    opening, closing, *_ = ordinary
    count, at = 0, start
    while data[at : at + 5] == b"data:":
        line = data.find(b"\n", at)
        content = data.find(opening, at, max(line, 0))
        if content < 0:
            break
        end = content_end(data, content + len(opening))
        # The closing may reach into the blank line.
        if data[end : end + len(closing)] != closing or data[line : line + 2] != b"\n\n":
            break
        at = line + 2
        count += 1
    if not count or data.find(ERROR, start, at) >= 0 or not is_text(data):
        return 0, 0
    return at, count


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
