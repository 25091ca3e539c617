"""MiniMax, which answers 200 to everything, and may put its thoughts between tags into the answer."""

from typing import Any, Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import Ear, Part, Thinker, heard, number_of, put, unthought
from adapters.fields import unsupported
from adapters.manners import Manners
from adapters.signals import Signal
from adapters.wording import one_choice
from core.ask import Ask
from core.faults import Failure, Fault, UpstreamError
from core.wire import Json, WireRequest

_KIND: Final = "reasoning.text"


def _thinks(draft: Draft) -> bool:
    """All but the models of the -01 family and their like."""
    return draft.model.lower().startswith("minimax-m") and not draft.model.lower().endswith("-01")


def _switch(draft: Draft) -> None:
    """Thinking has no levels. It goes on and off since M3, and M2 can't help it."""
    wanted = draft.body.get("reasoning_effort")
    if _thinks(draft):
        draft.body["reasoning_split"] = True
    if not isinstance(wanted, str):
        return
    if not _thinks(draft) or draft.model.lower().startswith("minimax-m2"):
        if _thinks(draft) and wanted != "none":
            draft.take("reasoning_effort")
        draft.drop("reasoning_effort")
    else:
        del draft.body["reasoning_effort"]
        draft.body.setdefault("thinking", {"type": "disabled" if wanted == "none" else "adaptive"})


def _choice(draft: Draft) -> None:
    """Tools are offered or not; no one of them can be forced."""
    chosen = draft.body.get("tool_choice")
    if chosen is not None and chosen not in ("auto", "none"):
        raise unsupported(f"{draft.model} can't be made to call a tool.", param="tool_choice")


def _history(draft: Draft) -> None:
    """Thoughts go back in the shape in which they came."""
    given = draft.ask.call.body["messages"]
    told = []
    for message, before in zip(draft.body["messages"], given, strict=True):
        if message["role"] == "assistant" and (details := _details(before, draft)):
            message = {**message, "reasoning_details": details}
        told.append(message)
    draft.body["messages"] = told


def _details(message: Json, draft: Draft) -> Any:
    if details := message.get("reasoning_details"):
        return details
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str) and thought:
        return [{"type": _KIND, "text": thought}]
    calls = message.get("tool_calls")
    kept = draft.ask.memory.recall(calls[0]["id"]) if calls else None
    return kept.get("reasoning_content") and [{"type": _KIND, "text": kept["reasoning_content"]}] if kept else None


class _Ear:
    """What each choice has said and thought so far: pieces may come as the whole up to there."""

    __slots__ = ("_said", "_thinkers", "_thought")

    def __init__(self) -> None:
        self._thinkers: dict[int, Thinker] = {}
        self._thought: dict[int, Growing] = {}
        self._said: set[int] = set()

    @property
    def attentive(self) -> bool:
        return not (self._thinkers and all(thinker.speaks for thinker in self._thinkers.values()))

    def hear(self, body: Json, part: Part) -> bool:
        _refuse_sensitive(body)
        changed = False
        for choice, content in heard(body, part):
            if part == "message":
                changed |= unthought(choice, content) | _told(content)
            else:
                changed |= self._piece(choice)
        return changed

    def _piece(self, choice: Json) -> bool:
        index = number_of(choice)
        last = choice.pop("message", None)  # the whole once more, at the end
        changed = last is not None
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice["delta"] = last if isinstance(last, dict) and index not in self._said else {}
        details = delta.pop("reasoning_details", None)
        if details is not None:
            changed = True
            thought = self._thought.setdefault(index, Growing()).fresh(_text_of(details))
            if thought and not delta.get("reasoning_content"):
                delta["reasoning_content"] = thought
        if any(delta.values()):
            self._said.add(index)
        return changed | self._spoken(choice, delta, self._thinkers.setdefault(index, Thinker()))

    @staticmethod
    def _spoken(choice: Json, delta: Json, thinker: Thinker) -> bool:
        text = delta.get("content")
        thought, said = thinker.take(text) if isinstance(text, str) and text else ("", text)
        if choice.get("finish_reason") or delta.get("tool_calls"):
            rest_thought, rest = thinker.end()
            thought += rest_thought
            said = f"{said or ''}{rest}" if rest else said
        return put(delta, thought, said)


class Growing:
    """A text whose pieces are either new, or all of it so far; the second piece shows which."""

    __slots__ = ("_so_far", "_whole")

    def __init__(self) -> None:
        self._so_far = ""
        self._whole: bool | None = None

    def fresh(self, piece: str) -> str:
        """What is new of *piece*."""
        before = self._so_far
        if self._whole is None and before and piece:
            self._whole = len(piece) > len(before) and piece.startswith(before)
        if self._whole and piece.startswith(before):
            self._so_far = piece
            return piece[len(before) :]
        self._so_far = before + piece if self._whole is None else before
        return piece


def _refuse_sensitive(body: Json) -> None:
    for name in ("input_sensitive", "output_sensitive"):
        if body.get(name) is True:
            raise UpstreamError(Failure(Fault.CONTENT_POLICY, f"the provider's filter objects: {name}"))


def _told(message: Json) -> bool:
    text = _text_of(message.get("reasoning_details"))
    if not text or message.get("reasoning_content"):
        return False
    message["reasoning_content"] = text
    return True


def _text_of(details: Any) -> str:
    listed = details if isinstance(details, list) else ()
    texts = [detail.get("text") for detail in listed if isinstance(detail, dict)]
    return "".join([text for text in texts if isinstance(text, str)])


def _ear(_ask: Ask, _request: WireRequest) -> Ear:
    return _Ear()


MINIMAX: Final = Accent(
    base_url="https://api.minimax.io/v1",
    endpoints=frozenset({"chat"}),
    manners=Manners(),
    says=(one_choice, _switch, _choice, _history),
    rename={"max_tokens": "max_completion_tokens"},
    drop=frozenset(
        {
            "audio",
            "frequency_penalty",
            "logit_bias",
            "metadata",
            "modalities",
            "parallel_tool_calls",
            "prediction",
            "presence_penalty",
            "store",
            "verbosity",
            "web_search_options",
        }
    ),
    clamp={"temperature": (0.01, 1.0)},
    nulls=False,
    hears=_ear,
    remembers="reasoning_content",
    signals=(
        Signal(Fault.RATE_LIMITED, codes=("1002", "1041")),
        Signal(Fault.BAD_CREDENTIAL, codes=("1004", "2049")),
        Signal(Fault.OUT_OF_CREDIT, codes=("1008", "2056")),
        Signal(Fault.CONTENT_POLICY, codes=("1026", "1027")),
        Signal(Fault.CONTEXT_LENGTH, codes=("1039",)),
        Signal(Fault.CONTEXT_LENGTH, "context window exceeds limit", codes=("2013",)),
        Signal(Fault.BAD_REQUEST, codes=("2013",)),
        Signal(Fault.BROKEN, codes=("1000", "1013", "1024", "1033")),
        Signal(Fault.TIMEOUT, codes=("1001",)),
    ),
)
