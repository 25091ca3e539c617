"""The messages of a call as Converse takes them: a system prompt, and turns of user and model one after the other.

Results of tools are the user's, all of one turn in one message and first in it. What the model thought before it
called a tool goes back unchanged in front of the call, if it was the same model.
"""

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from adapters.bedrock import media
from adapters.bedrock.families import Family
from adapters.bedrock.thoughts import restored
from adapters.digits import exact
from adapters.fields import Fields, unsupported
from adapters.tools import Names
from adapters.turns import Document, Mark, Part, Picture, Request, Text, Turn, merged
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

EMPTY = "(empty)"  # Converse takes no blank text, and no message without any
NOTE = "[Instruction of the operator]\n"
_MISSING = "No result was provided."
_ERROR = "The tool failed:"

Talk = list[Json]  # messages


class History(NamedTuple):
    """*called*: the tools that were called so far, in the provider's names. *thoughtless*: the tools whose results
    are due were called without thoughts that we could send back.
    """

    system: list[Json]
    messages: Talk
    called: tuple[str, ...]
    thoughtless: bool


class Historian:
    """Tells one call's history. *names* are those of tools, *ids* those of their calls."""

    __slots__ = ("_ask", "_called", "_documents", "_family", "_fields", "_ids", "_names", "_thoughtless")

    def __init__(self, ask: Ask, fields: Fields, family: Family, *, names: Names, ids: Names) -> None:
        self._ask = ask
        self._fields = fields
        self._family = family
        self._names = names
        self._ids = ids
        self._documents = media.Names()
        self._called: dict[str, None] = {}
        self._thoughtless = False

    def told(self, turns: list[Turn]) -> History:
        first = next((index for index, turn in enumerate(turns) if turn.role != "system"), len(turns))
        system = [block for turn in turns[:first] for block in self._words(turn)]
        messages = list(_alternating(self._messages(_results_first(turns[first:]))))
        if not messages:
            raise invalid("'messages' must hold a message of the user.", param="messages")
        if messages[0]["role"] != "user":
            messages.insert(0, {"role": "user", "content": [{"text": EMPTY}]})
        for message in messages:
            _with_words(message)
        self._finish(messages[-1], turns)
        return History(system, messages, tuple(self._called), self._thoughtless)

    def _messages(self, turns: list[Turn]) -> Iterator[Json]:
        groups = list(merged(turns))
        due: list[Request] = []
        for index, (side, group) in enumerate(groups):
            after = groups[index + 1][0] if index + 1 < len(groups) else ""
            if side == "system":
                if due:
                    yield {"role": "user", "content": self._missing(due, group[0].at)}
                    due = []
                yield self._late(group, before=groups[index - 1][0] if index else "", after=after)
            elif side == "assistant":
                due = [call for turn in group for call in turn.calls]
                yield {"role": "assistant", "content": [block for turn in group for block in self._said(turn)]}
            else:
                yield {"role": "user", "content": self._asked(group, due)}
                due = []
        if due:
            yield {"role": "user", "content": self._missing(due, groups[-1][1][-1].at)}

    def _late(self, group: list[Turn], *, before: str, after: str) -> Json:
        """A system message further down: as it is where the model takes it there, else as a note among the user's."""
        fits = before == "user" and after in {"", "assistant"}
        if self._family.claude is not None and self._family.claude.late_system and fits:
            return {"role": "system", "content": [block for turn in group for block in self._words(turn)]}
        texts = [{"text": NOTE + turn.text} for turn in group if turn.text.strip()]
        return {"role": "user", "content": texts}

    def _words(self, turn: Turn) -> Iterator[Json]:
        for part in turn.parts:
            if not isinstance(part, Text):
                raise invalid("A system message may hold text only.", param=part.at)
            if part.text.strip():
                yield {"text": part.text}
                yield from self._point(part.mark)
        yield from self._point(turn.mark)

    # The model's own turns

    def _said(self, turn: Turn) -> Iterator[Json]:
        blocks = list(self._parts(turn.parts))
        for call in turn.calls:
            name = self._names.theirs(call.name)
            self._called[name] = None
            blocks.append({"toolUse": {"toolUseId": self._ids.theirs(call.id), "name": name, "input": call.arguments}})
        ask = self._ask
        ids = [call.id for call in turn.calls]
        echo = self._family.claude is not None  # only Claude's thoughts can be told by their looks
        blocks = restored(turn.raw, blocks, calls=ids, model=ask.target.model, memory=ask.memory, echo=echo)
        self._thoughtless = bool(ids) and not any("reasoningContent" in block for block in blocks)
        yield from blocks
        yield from self._point(turn.mark)

    # The user's

    def _asked(self, group: list[Turn], due: list[Request]) -> list[Json]:
        """The results of the calls that are *due*, then whatever else the user says."""
        open_calls = {call.id for call in due}
        blocks: list[Json] = []
        for turn in group:
            if turn.role == "tool":
                if turn.answers not in open_calls:
                    message = f"'{turn.answers[:64]}' is the result of no call that waits for one."
                    raise invalid(message, param=f"{turn.at}.tool_call_id")
                open_calls.discard(turn.answers)
                blocks.append(self._result(turn))
                blocks += self._point(turn.mark)
        missing = [call for call in due if call.id in open_calls]
        blocks += self._missing(missing, group[0].at) if missing else []
        for turn in group:
            if turn.role == "user":
                said = [*self._parts(turn.parts), *self._point(turn.mark)]
                blocks += said or [{"text": EMPTY}]
        return blocks

    def _result(self, turn: Turn) -> Json:
        failed = turn.failed
        content = list(self._parts(turn.parts, marks=False))
        if self._family.objects:
            content = [_object(block) for block in content]
        elif failed and not self._family.status:
            content.insert(0, {"text": _ERROR})
        if not content:
            content = [{"json": {"output": EMPTY}} if self._family.objects else {"text": EMPTY}]
        status = {"status": "error"} if failed and self._family.status else {}
        return {"toolResult": {"toolUseId": self._ids.theirs(turn.answers), "content": content, **status}}

    def _missing(self, calls: list[Request], at: str) -> list[Json]:
        """Converse wants a result for every call, and a client may have none."""
        self._fields.changed(f"{at}.tool_calls", "no result")
        status = {"status": "error"} if self._family.status else {}
        block: Json = {"json": {"output": _MISSING}} if self._family.objects else {"text": _MISSING}
        return [
            {"toolResult": {"toolUseId": self._ids.theirs(call.id), "content": [block], **status}} for call in calls
        ]

    def _parts(self, parts: tuple[Part, ...], *, marks: bool = True) -> Iterator[Json]:
        for part in parts:
            match part:
                case Text(text, _):
                    if not text.strip():
                        continue
                    yield {"text": text}
                case Picture():
                    yield media.image(part)
                case Document():
                    yield media.document(part, self._documents)
                case _:
                    yield media.sound(part, self._family)
                    continue
            if marks:
                yield from self._point(part.mark)

    def _point(self, mark: Mark) -> Iterator[Json]:
        if mark is None:
            return
        if self._family.cache == "nowhere":
            self._fields.dropped("cache_control")
            return
        yield point(mark)

    def _finish(self, last: Json, turns: list[Turn]) -> None:
        """A model's own turn at the end is what it shall go on from."""
        if last["role"] != "assistant":
            return
        kind = self._family.claude
        if kind is not None and not kind.prefill:
            message = f"{self._ask.target.model} can't go on from an assistant message; the last must be another's."
            raise unsupported(message, param=turns[-1].at)
        for block in [block for block in last["content"] if "text" in block][-1:]:
            block["text"] = block["text"].rstrip()


def point(mark: Mark) -> Json:
    """Up to here the provider shall remember."""
    return {"cachePoint": {"type": "default", **({"ttl": "1h"} if mark == "1h" else {})}}


def _results_first(turns: list[Turn]) -> list[Turn]:
    """What the system says between a call and its results comes behind the results."""
    ordered: list[Turn] = []
    held: list[Turn] = []
    waiting = False
    for turn in turns:
        if turn.role == "system" and waiting:
            held.append(turn)
            continue
        if turn.role != "tool":
            waiting = bool(turn.calls)
            ordered += held
            held = []
        ordered.append(turn)
    return ordered + held


def _alternating(messages: Iterator[Json]) -> Iterator[Json]:
    """Neighbours of one role as one message, and none that says nothing."""
    last: Json | None = None
    for message in messages:
        if not message["content"]:
            continue
        if last is not None and last["role"] == message["role"]:
            last["content"] += message["content"]
            continue
        if last is not None:
            yield last
        last = message
    if last is not None:
        yield last


def _with_words(message: Json) -> None:
    """A document goes out with some text beside it, or not at all."""
    content: list[Json] = message["content"]
    if any("document" in block for block in content) and not any("text" in block for block in content):
        at = next(index for index, block in enumerate(content) if "document" in block)
        content.insert(at, {"text": EMPTY})


def _object(block: Json) -> Json:
    """A result as the JSON object that some models insist on."""
    if "text" not in block:
        return block
    try:
        value = exact(orjson.loads(block["text"]), block["text"])
    except ValueError:
        value = block["text"]
    return {"json": value if isinstance(value, dict) else {"output": value}}
