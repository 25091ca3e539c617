"""The messages of a call as Anthropic takes them: one side after the other, results of tools before all else."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from adapters.anthropic.blocks import marked, result, shown, told, words
from adapters.anthropic.model import Model
from adapters.anthropic.thoughts import restored
from adapters.fields import unsupported
from adapters.tools import Names
from adapters.turns import Text, Turn, turns
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

# A model without system messages in between reads this as the user's words, and must know that they aren't.
NOTE: Final = "[Note from the operator of this conversation, not from the user:]\n"
NO_RESULT: Final = "no result was provided"
NOTHING_SAID: Final = "."

_ID = re.compile(r"[a-zA-Z0-9_-]+")
_LONGEST_ID = 64


class Conversation(NamedTuple):
    """*called*: the tools that were called, in Anthropic's spelling. *patched* says where results had to be made up."""

    system: list[Json]
    messages: list[Json]
    called: tuple[str, ...]
    patched: tuple[str, ...]


def conversation(ask: Ask, model: Model, names: Names) -> Conversation:
    """*names* are those of tools."""
    everything = turns(ask.call.body, ask.media)
    leading = next((at for at, turn in enumerate(everything) if turn.role != "system"), len(everything))
    script = _Script(ask, model, names)
    heard = [turn for turn in everything[leading:] if not _silent(turn)]
    for speaks, group in groupby(heard, key=lambda turn: turn.role == "assistant"):
        if speaks:
            script.assistant(list(group))
        else:
            script.others(list(group))
    script.end()
    system = [block for turn in everything[:leading] for block in told(turn)]
    return Conversation(system, script.messages, tuple(script.called), tuple(script.patched))


class _Script:
    """Works on one call. *_open*: the calls of the last assistant's message, by the client's id, and their path."""

    def __init__(self, ask: Ask, model: Model, names: Names) -> None:
        self.messages: list[Json] = []
        self.called: dict[str, None] = {}
        self.patched: list[str] = []
        self._ask = ask
        self._model = model
        self._names = names
        self._ids = Names(lambda given: _ID.fullmatch(given) is not None, _LONGEST_ID, stand_in="_")
        self._used: dict[str, int] = {}
        self._open: dict[str, str] = {}
        self._answered: set[str] = set()
        self._at = ""
        self._last = ""

    def assistant(self, group: Sequence[Turn]) -> None:
        self._open, self._answered = {}, set()
        content = [block for turn in group for block in self._spoken(turn)]
        if not self.messages:
            self._open_up(group[0].at)
        self.messages.append({"role": "assistant", "content": content})
        self._at, self._last = group[0].at, group[-1].at

    def others(self, group: Sequence[Turn]) -> None:
        """Users, tools, and system messages in between."""
        content = [self._result(turn) for turn in group if turn.role == "tool"]
        content += self._missing(group[0].at)
        rest = [turn for turn in group if turn.role != "tool"]
        late: list[Turn] = []
        while self._model.systems and rest and rest[-1].role == "system" and (content or _asks(rest)):
            late.insert(0, rest.pop())
        for turn in rest:
            content += _notes(turn) if turn.role == "system" else shown(turn)
        system = [block for turn in late for block in told(turn)]
        if not content and _asks(group):
            content = self._placeholder(group[0].at)
        if content:
            self.messages.append({"role": "user", "content": content})
        if system:
            self.messages.append({"role": "system", "content": system})

    def end(self) -> None:
        """The conversation as it stands must be one that Anthropic can go on with."""
        if missing := self._missing(self._last):
            self.messages.append({"role": "user", "content": missing})
        if not self.messages:
            self._open_up("messages")
        last = self.messages[-1]
        if last["role"] != "assistant":
            return
        if not self._model.prefill:
            raise unsupported(
                f"{self._ask.target.model} doesn't go on from an assistant's message: the last must be a user's.",
                param=self._last,
            )
        last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()

    def _spoken(self, turn: Turn) -> list[Json]:
        blocks = told(turn._replace(mark=None) if turn.mark else turn)
        for call in turn.calls:
            count = self._used[call.id] = self._used.get(call.id, 0) + 1
            id = self._ids.theirs(call.id if count == 1 else f"{call.id}#{count}")
            name = self._names.theirs(call.name)
            self._open[call.id] = id
            self.called[name] = None
            blocks.append({"type": "tool_use", "id": id, "name": name, "input": call.arguments})
        if turn.mark:
            marked(blocks[-1], turn.mark)
        calls = [call.id for call in turn.calls]
        return restored(turn.raw, blocks, calls=calls, model=self._ask.target.model, memory=self._ask.memory)

    def _result(self, turn: Turn) -> Json:
        id = self._open.get(turn.answers)
        if id is None or turn.answers in self._answered:
            raise invalid(
                "The result of a tool call must come right after the message that makes it, and once.",
                param=f"{turn.at}.tool_call_id",
            )
        self._answered.add(turn.answers)
        return result(turn, id)

    def _missing(self, at: str) -> list[Json]:
        """Anthropic wants an answer to every call; a client that was interrupted may have none."""
        open_calls = [id for call, id in self._open.items() if call not in self._answered]
        self._open = {}
        if not open_calls:
            return []
        if self._ask.strict:
            raise invalid("Every tool call needs a result, in a message right after it.", param=at)
        self.patched.append(f"{at}=tool_result")
        return [{"type": "tool_result", "tool_use_id": id, "is_error": True, "content": NO_RESULT} for id in open_calls]

    def _open_up(self, at: str) -> None:
        """Anthropic's conversations begin with the user."""
        self.messages.append({"role": "user", "content": self._placeholder(at)})

    def _placeholder(self, at: str) -> list[Json]:
        if self._ask.strict:
            raise invalid("Anthropic needs something that the user says here.", param=at)
        return words(NOTHING_SAID)


def _silent(turn: Turn) -> bool:
    """An assistant's message in which nothing is said or called: Anthropic refuses it, and nobody misses it."""
    if turn.role != "assistant" or turn.calls:
        return False
    return all(isinstance(part, Text) and not part.text.strip() for part in turn.parts)


def _asks(group: Sequence[Turn]) -> bool:
    return any(turn.role == "user" for turn in group)


def _notes(turn: Turn) -> list[Json]:
    blocks = told(turn)
    if blocks:
        blocks[0]["text"] = NOTE + blocks[0]["text"]
    return blocks
