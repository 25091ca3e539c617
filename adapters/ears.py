"""How a provider's answers are understood, where its words aren't OpenAI's: pieces that Ears are made of."""

from collections.abc import Callable, Iterator
from typing import Final, Literal, Protocol

from adapters.whole import written
from core.ask import Ask
from core.wire import Json, WireRequest

Part = Literal["message", "delta"]

_OPEN: Final = "<think>"
_CLOSE: Final = "</think>"


class Ear(Protocol):
    """Made for each answer that needs one. While it is *attentive*, no event may go by unheard."""

    @property
    def attentive(self) -> bool: ...

    def hear(self, body: Json, part: Part) -> bool:
        """Put a whole answer, or an event of a stream, into OpenAI's words, in place. Whether anything changed."""
        ...


EarMaker = Callable[[Ask, WireRequest], Ear | None]
Change = Callable[[Json, Json], bool]  # of a choice and its message or delta


class EachChoice:
    """An Ear that looks at one choice after the other, and remembers nothing."""

    __slots__ = ("_changes",)

    attentive = False

    def __init__(self, *changes: Change) -> None:
        self._changes = changes

    def hear(self, body: Json, part: Part) -> bool:
        changed = False
        for choice, content in heard(body, part):
            for change in self._changes:
                changed |= change(choice, content)
        return changed


def heard(body: Json, part: Part) -> Iterator[tuple[Json, Json]]:
    """Each choice with its message or delta; an empty one, in nobody's place, where it has none."""
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict):
            content = choice.get(part)
            yield choice, content if isinstance(content, dict) else {}


def number_of(choice: Json) -> int:
    """Which of the choices it is."""
    index = choice.get("index")
    return index if isinstance(index, int) else 0


def calls_in(content: Json) -> Iterator[Json]:
    """The tool calls of a message or delta."""
    calls = content.get("tool_calls")
    yield from (call for call in (calls if isinstance(calls, list) else ()) if isinstance(call, dict))


def arguments_as_text(_choice: Json, content: Json) -> bool:
    """Some give the arguments of a call as the object that OpenAI gives as text."""
    changed = False
    for call in calls_in(content):
        function = call.get("function")
        if isinstance(function, dict) and isinstance(function.get("arguments"), dict):
            function["arguments"] = written(function["arguments"]).decode()
            changed = True
    return changed


def unthought(_choice: Json, content: Json) -> bool:
    """Of a whole message: what it thinks aloud at its beginning goes where thoughts belong."""
    text = content.get("content")
    if not isinstance(text, str):
        return False
    thinker = Thinker()
    thought, said = thinker.take(text)
    rest_thought, rest_said = thinker.end()
    return put(content, thought + rest_thought, said + rest_said)


def put(content: Json, thought: str, said: str | None) -> bool:
    """Thoughts and words in place of `content`. Whether that changed anything."""
    if not thought and said == content.get("content"):
        return False
    if said is not None:
        content["content"] = said
    if thought:
        before = content.get("reasoning_content")
        content["reasoning_content"] = before + thought if isinstance(before, str) else thought
    return True


class Thinker:
    """Takes a text that may begin with `<think>…</think>` apart, however it is cut."""

    __slots__ = ("_held", "_state")

    def __init__(self) -> None:
        self._held = ""
        self._state: Literal["begins", "thinks", "turns", "speaks"] = "begins"

    @property
    def speaks(self) -> bool:
        """Whether everything from here on is said, not thought."""
        return self._state == "speaks"

    def take(self, text: str) -> tuple[str, str]:
        """What of it is thought, and what is said; the rest waits for more."""
        thought = ""
        text = self._held + text
        self._held = ""
        if self._state == "begins":
            begun = text.lstrip()
            if begun.startswith(_OPEN):
                self._state = "thinks"
                text = begun[len(_OPEN) :]
            elif _OPEN.startswith(begun):
                self._held = text
                return "", ""
            else:
                self._state = "speaks"
        if self._state == "thinks":
            thought, closed, text = text.partition(_CLOSE)
            if not closed:
                kept = _beginning_of(_CLOSE, thought)
                self._held = thought[len(thought) - kept :]
                return thought[: len(thought) - kept], ""
            self._state = "turns"
        if self._state == "turns":
            text = text.lstrip()
            if text:
                self._state = "speaks"
        return thought, text

    def end(self) -> tuple[str, str]:
        """What was still waiting."""
        held, self._held = self._held, ""
        return (held, "") if self._state == "thinks" else ("", held)


def _beginning_of(mark: str, text: str) -> int:
    """How many of the last characters of *text* may be the beginning of *mark*."""
    return next((size for size in range(min(len(mark) - 1, len(text)), 0, -1) if text.endswith(mark[:size])), 0)


class FillIn:
    """Chat answers to a request for text that fills in a gap, told as the completions that the client asked for."""

    __slots__ = ()

    attentive = True

    def hear(self, body: Json, part: Part) -> bool:
        body["object"] = "text_completion"
        for choice, content in heard(body, part):
            text = content.get("content")
            choice.pop("message", None)
            choice.pop("delta", None)
            choice["text"] = text if isinstance(text, str) else ""
            choice.setdefault("logprobs", None)
        return True
