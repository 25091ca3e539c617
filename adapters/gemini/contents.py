"""The messages of a call as Gemini's contents.

Gemini counts: the results of a step's function calls stand in one content right after the calls, as many as there
are calls and in their order, wherever the client put them. Thoughts are signed on the first call of each step.
"""

from typing import Any

import orjson

from adapters.digits import exact
from adapters.fields import Fields, unsupported
from adapters.gemini.parts import part_of, pictures_of, signature_in
from adapters.gemini.traits import Traits
from adapters.tools import Names
from adapters.turns import Request, Text, Turn, turns
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

# Google documents it for history that the model didn't write itself; as it is, though the field is base64.
SKIP = "skip_thought_signature_validator"
_NO_RESULT = {"error": "no result was provided"}


class _Slot:
    """A function call that waits for its results."""

    __slots__ = ("at", "call", "results")

    def __init__(self, call: Request, at: str) -> None:
        self.call = call
        self.at = at
        self.results: list[Turn] = []


class _Step:
    """The calls of one turn of the model; *results* and *media* are contents that are filled at the end."""

    __slots__ = ("media", "results", "slots")

    def __init__(self) -> None:
        self.slots: list[_Slot] = []
        self.results: Json = {"role": "user", "parts": []}
        self.media: Json = {"role": "user", "parts": []}


class Contents:
    """Made for one call. *system* are the parts of what was said before anything else."""

    __slots__ = ("_ask", "_fields", "_list", "_model", "_names", "_open", "_role", "_steps", "_traits", "system")

    def __init__(self, ask: Ask, fields: Fields, traits: Traits, names: Names) -> None:
        self.system: list[Json] = []
        self._ask = ask
        self._fields = fields
        self._traits = traits
        self._names = names
        self._list: list[Json] = []
        self._steps: list[_Step] = []
        self._open: dict[str, _Slot] = {}
        self._model: tuple[Json, _Step] | None = None  # the content that the model's next words belong to
        self._role = ""  # of the turn before

    def told(self) -> list[Json]:
        told = turns(self._ask.call.body, self._ask.media)
        start = next((index for index, turn in enumerate(told) if turn.role != "system"), len(told) - 1)
        self.system = [part for turn in told[:start] for part in self._parts(turn)]
        rest = told[start:]
        asked = max((index for index, turn in enumerate(rest) if turn.role in {"user", "system"}), default=-1)
        for index, turn in enumerate(rest):
            if turn.role == "assistant":
                self._assistant(turn, current=index > asked)
            elif turn.role == "tool":
                self._result(turn)
            else:
                self._user(turn)
            self._role = turn.role
        for step in self._steps:
            self._answer(step)
        contents = [content for content in self._list if content["parts"]]
        if not contents:
            raise invalid("At least one message must have content.", param="messages")
        return contents

    def _parts(self, turn: Turn) -> list[Json]:
        return [made for part in turn.parts if (made := part_of(part, self._traits, self._fields)) is not None]

    def _user(self, turn: Turn) -> None:
        """What a system message says later on, it says in its place."""
        parts = self._parts(turn)
        if self._role in {"user", "system"} and self._list:
            self._list[-1]["parts"] += parts
        else:
            self._list.append({"role": "user", "parts": parts})

    def _assistant(self, turn: Turn, *, current: bool) -> None:
        if self._role != "assistant" or self._model is None:
            step = _Step()
            self._model = ({"role": "model", "parts": []}, step)
            self._steps.append(step)
            self._list += [self._model[0], step.results, step.media]
        content, step = self._model
        parts: list[Json] = content["parts"]
        texts = self._parts(turn)
        if texts and (signature := signature_in(turn.raw)):
            texts[-1]["thoughtSignature"] = signature
        parts += texts
        parts += pictures_of(turn.raw, turn.at)
        if turn.raw.get("audio") and not turn.parts:
            raise unsupported("A sound that was made before can't be sent to this model.", param=f"{turn.at}.audio")
        used: set[str] = set()
        for number, call in enumerate(turn.calls):
            self._call(call, parts, step, used, current=current, at=f"{turn.at}.tool_calls.{number}")

    def _call(self, call: Request, parts: list[Json], step: _Step, used: set[str], *, current: bool, at: str) -> None:
        function: Json = {"name": self._names.theirs(call.name), "args": call.arguments}
        if self._traits.ids:
            function["id"] = call.id
        part: Json = {"functionCall": function}
        signature, before = self._remembered(call)
        if signature is None and current and self._traits.signatures and not step.slots:
            signature = SKIP
        # The same signature on a second part would be billed again.
        if signature is not None and signature not in used:
            part["thoughtSignature"] = signature
            used.add(signature)
        slot = self._open[call.id] = _Slot(call, at)
        step.slots.append(slot)
        parts += [*before, part]

    def _remembered(self, call: Request) -> tuple[str | None, list[Json]]:
        """The signature of *call*, and what the model did at Google's side before it."""
        state = self._ask.memory.recall(call.id)
        echoed = signature_in(call.extra)
        if state is None:
            return echoed, []
        if state.get("model") != self._ask.target.model:
            return None, []  # signatures are good for the model that made them
        return echoed or state.get("thought_signature"), state.get("before") or []

    def _result(self, turn: Turn) -> None:
        slot = self._open.get(turn.answers)
        if slot is None:
            shown = turn.answers[:64]
            raise invalid(f"'{shown}' is the result of no tool call.", param=f"{turn.at}.tool_call_id")
        slot.results.append(turn)

    def _answer(self, step: _Step) -> None:
        """The results of a step, one for each call."""
        for slot in step.slots:
            response: Json = {"name": self._names.theirs(slot.call.name), "response": self._response(slot)}
            if self._traits.ids:
                response["id"] = slot.call.id
            media = [
                made
                for turn in slot.results
                for part in turn.parts
                if not isinstance(part, Text)
                if (made := part_of(part, self._traits, self._fields)) is not None
            ]
            if media and self._traits.third:
                response["parts"] = media
            else:
                step.media["parts"] += media
            step.results["parts"].append({"functionResponse": response})

    def _response(self, slot: _Slot) -> Json:
        if slot.results:
            text = "".join([turn.text for turn in slot.results])
            return {"error": text} if any(turn.failed for turn in slot.results) else shaped(text)
        if self._ask.strict:
            raise invalid(f"The tool call '{slot.call.id[:64]}' has no result.", param=slot.at)
        return _NO_RESULT


def shaped(text: str) -> Json:
    """A result as the object that it must be."""
    value: Any = text
    if text.lstrip()[:1] in {"{", "["}:
        try:
            value = exact(orjson.loads(text), text)
        except ValueError:
            value = text
    return value if isinstance(value, dict) else {"output": value}
