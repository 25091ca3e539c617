"""Which trace a call belongs to: W3C trace context as it comes, and as it is sent on.

https://www.w3.org/TR/trace-context/: `traceparent` that isn't valid begins a new trace, and `tracestate` beside it
means nothing; `tracestate` that isn't valid is dropped by itself.
"""

import re
import time
from collections.abc import Sequence
from random import getrandbits
from typing import Final, NamedTuple

from core.target import Provider
from core.usage import Usage

PARENT: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_KEY = r"(?:[a-z0-9][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
MEMBER: Final = re.compile(rf"({_KEY})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{{0,255}}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
MOST_MEMBERS: Final = 32
LARGE: Final = 128  # characters of a member, which goes first where there are too many
MOST: Final = 512  # characters of a state that is sent on
SAMPLED: Final = 1
KNOWN: Final = 3  # the flags that we know: sampled, random
NO_TRACE: Final = "0" * 32
NO_SPAN: Final = "0" * 16


class Step(NamedTuple):
    """An attempt that is over. *began* is unix time, *ms* how long it took, *cost*
    nano-dollars. *usage* None: nothing is known of it. *sent*: its provider may have heard of it. *said*: what its
    answer calls the model, where that is known.
    """

    span: str
    provider: Provider
    model: str
    fault: str
    status: int
    began: float
    ms: float
    usage: Usage | None
    cost: int
    sent: bool
    said: str = ""


class Trace:
    """Of one call. *id* is the trace's, *parent* the client's span ("" if it begins here), *span* our own. *alike*:
    it got the answer to a question that means the same.
    """

    __slots__ = ("_state", "alike", "flags", "id", "parent", "span", "steps")

    def __init__(self, id: str, parent: str, flags: int, state: str = "") -> None:
        self.id = id
        self.parent = parent
        self.flags = flags
        self.span = new_span()
        self.steps: list[Step] = []
        self.alike = False
        self._state = state

    @property
    def sampled(self) -> bool:
        return bool(self.flags & SAMPLED)

    def onward(self, span: str) -> bytes:
        """The header lines of a request to a provider that is the span *span*."""
        line = f"traceparent: 00-{self.id}-{span}-{self.flags:02x}\r\n"
        return (f"{line}tracestate: {self._state}\r\n" if self._state else line).encode("ascii")

    def took(self, step: Step) -> None:
        """An attempt is over."""
        self.steps.append(step)


def begun(given: tuple[str, str] | None, share: float) -> Trace:
    """The trace of a call that came with *given* (`traceparent` and `tracestate`), or a new one, of which *share* are
    recorded.
    """
    taken = None if given is None else taken_over(*given)
    if taken is not None:
        return taken
    id = getrandbits(128) or 1
    return Trace(f"{id:032x}", "", SAMPLED if share >= 1 or (id & (2**56 - 1)) < share * 2**56 else 0)


def taken_over(parent: str, state: str) -> Trace | None:
    """None where *parent* isn't valid."""
    found = PARENT.fullmatch(parent)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or trace == NO_TRACE or span == NO_SPAN:
        return None
    return Trace(trace, span, int(flags, 16) & KNOWN, kept(state))


def kept(state: str) -> str:
    """`tracestate` as it is sent on; nothing where it isn't valid."""
    members = [member for one in state.split(",") if (member := one.strip(" \t"))]
    found = [MEMBER.fullmatch(member) for member in members]
    names = {one[1] for one in found if one is not None}
    if len(names) < len(members) or len(members) > MOST_MEMBERS:
        return ""  # not all are members, or two are of the same name
    return ",".join(_fitting(members))


def _fitting(members: Sequence[str]) -> Sequence[str]:
    """As the standard wants it: the large ones go first, then the last."""
    size = sum(len(one) + 1 for one in members) - 1
    if size <= MOST:
        return members
    left = list(members)
    for one in [*(one for one in reversed(members) if len(one) > LARGE), *reversed(members)]:
        if size > MOST and one in left:
            left.remove(one)
            size -= len(one) + 1
    return left


def new_span() -> str:
    return f"{getrandbits(64) or 1:016x}"


def unix(now: float, then: float) -> float:
    """Loop time *then* as unix time, where it is *now*."""
    return time.time() - (now - then)
