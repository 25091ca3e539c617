"""Thoughts that a provider wants back with the results of its tool calls, and that clients don't send.

They are kept by the id of the first call that was thought out so.
"""

from typing import Any

from adapters.accent import Accent
from adapters.alike import Swap
from adapters.ears import Ear, calls_in
from adapters.openai_stream import OpenAIDecoder
from adapters.ordinary import Memory
from core.call import Call
from core.wire import NOTHING, Event, Json

_GROWING = ("text", "summary", "data")


class RememberingDecoder(OpenAIDecoder):
    """*member* names the thoughts in deltas. There is one choice."""

    __slots__ = ("_member", "_thoughts", "remember")

    def __init__(  # noqa: PLR0917  (those of its base, and one before them)
        self, member: str, call: Call, accent: Accent, swaps: tuple[Swap, ...], memory: Memory, ear: Ear | None
    ) -> None:
        super().__init__(call, accent, swaps, memory, ear)
        self.remember = NOTHING
        self._trusts = False  # the last stream may not have been listened to for thoughts
        self._member = member
        self._thoughts: list[Any] = []

    def feed(self, data: bytes) -> list[Event]:
        events = super().feed(data)
        self._keep()
        return events

    def close(self) -> list[Event]:
        events = super().close()
        self._keep()
        return events

    def _mend(self, choice: Json) -> int:
        delta = choice.get("delta")
        if isinstance(delta, dict) and (thought := delta.get(self._member)):
            # Lists are copied, since mending adds indexes, and these have to go back as they came.
            self._thoughts.append(
                [{**one} for one in thought if isinstance(one, dict)] if _listed(thought) else thought
            )
        return super()._mend(choice)

    def _learn(self, event: bytes, choices: list[Json], mended: int) -> None:
        """Events with thoughts are never ordinary: each has to be looked at."""
        if not any(choice["delta"].get(self._member) for choice in choices):
            super()._learn(event, choices, mended)

    def _keep(self) -> None:
        if self.finished and self._thoughts and not self.remember:
            heard = self._heard.get(0)
            if heard is not None and (id := heard.first_call):
                self.remember = {id: {self._member: joined(self._thoughts)}}


def remembered(message: Json, member: str) -> dict[str, Json]:
    """What a whole message gives to remember."""
    thought = message.get(member)
    id = next((call.get("id") for call in calls_in(message)), None)
    return {id: {member: thought}} if thought and isinstance(id, str) and id else {}


def joined(thoughts: list[Any]) -> Any:
    """The pieces of a stream as the whole message would have them: a text, or a list of details."""
    if all(isinstance(one, str) for one in thoughts):
        return "".join(thoughts)
    whole: list[Json] = []
    for pieces in thoughts:
        for piece in pieces if _listed(pieces) else ():
            _add(whole, piece)
    return whole


def _add(whole: list[Json], piece: Json) -> None:
    """A piece goes on where the last one ended if both are of one kind and place, and what is sealed stays whole."""
    last = whole[-1] if whole else None
    same = last is not None and all(last.get(name) == piece.get(name) for name in ("type", "index"))
    if last is None or not same or piece.get("type") == "reasoning.encrypted":
        whole.append(piece)
        return
    for name, value in piece.items():
        before = last.get(name)
        if name in _GROWING and isinstance(before, str) and isinstance(value, str):
            last[name] = before + value
        elif value is not None:
            last[name] = value


def _listed(value: Any) -> bool:
    return isinstance(value, list)
