"""Whether a whole answer in OpenAI's dialect is one: all of it is there, and nothing in it is of a wrong kind."""

from collections.abc import Mapping
from typing import Any, Final

from adapters.accent import Accent
from adapters.endings import USUAL, in_our_words, refuse_failed, withheld
from adapters.failure import broken, failure_inside, instead
from adapters.openai_parts import SAID
from core.call import Call
from core.faults import UpstreamError
from core.wire import Json

_CONTENT: Final[Mapping[str, tuple[str, type]]] = {"chat": ("message", dict), "completions": ("text", str)}
_NUMBERS: Final = frozenset({int, float})


def choices_of(answer: Json, call: Call, accent: Accent) -> tuple[list[Json], bool]:
    """The choices of an answer, each of them sound, and none missing; and whether one had to be changed for that."""
    content, kind = _CONTENT[call.endpoint]
    choices: Any = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise instead(answer, "the answer has no choices", signals=accent.signals)
    changed = False
    for choice in choices:
        said = choice.get(content) if isinstance(choice, dict) else None
        if not isinstance(said, kind):
            said = _kept_back(choice, content, accent)
            changed = True
        if "error" in choice and (error := choice["error"]):
            raise UpstreamError(failure_inside({"error": error}, signals=accent.signals))
        reason = choice.get("finish_reason")
        if reason.__class__ is str and reason not in USUAL:
            refuse_failed(reason)
            if (ours := in_our_words(reason, accent)) is not None and reason:
                choice["finish_reason"] = ours
                changed = True
        if isinstance(said, dict) and said.get("content").__class__ not in SAID:
            raise broken("the answer has content that is no text")
    owed = call.choices
    if len(choices) < owed and len(choices) < (owed := accent.owed(call)):
        raise broken(f"the answer has {len(choices)} of {owed} choices")
    return choices, changed


def _kept_back(choice: Any, content: str, accent: Accent) -> Json:
    """The message of a choice that has none, since a filter let nothing of it through."""
    reason = choice.get("finish_reason") if isinstance(choice, dict) else None
    if content == "message" and reason.__class__ is str and choice.get(content) is None:
        refuse_failed(reason)
        if (in_our_words(reason, accent) or reason) == "content_filter":
            message = choice[content] = {"role": "assistant", "content": None, "refusal": withheld(reason)}
            return message
    raise broken(f"the answer has a choice without {content}")


def alone_first(choices: list[Json]) -> bool:
    """Number the choices. One that is alone is the first, whatever it says. Whether that changed anything."""
    if len(choices) > 1:
        return _numbered(choices)
    if choices[0].get("index") == 0:
        return False
    choices[0]["index"] = 0
    return True


def refuse_unfinished(choices: list[Json]) -> None:
    """What doesn't say why it ended was cut, as with streams. The reasons are in OpenAI's words."""
    for choice in choices:
        reason = choice.get("finish_reason")
        if reason.__class__ is not str or not reason:
            raise broken("the answer has a choice that did not finish")


def mended_vectors(answer: Json, call: Call) -> bool:
    """Look whether each text has its vector, and number those that say no index. Whether that changed anything."""
    vectors, given = answer.get("data"), call.body["input"]
    if not isinstance(vectors, list):
        raise instead(answer, "the answer has no embeddings")
    # A list of numbers is one text, given as tokens.
    expected = len(given) if isinstance(given, list) and not isinstance(given[0], int) else 1
    if len(vectors) != expected:
        raise broken(f"the answer has {len(vectors)} embeddings for {expected} inputs")
    if not all(isinstance(one, dict) and _is_vector(one.get("embedding")) for one in vectors):
        raise broken("the answer has an embedding that is none")
    return _numbered(vectors)


def _is_vector(value: Any) -> bool:
    """Numbers, or base64. There are thousands: the first and the last stand for all."""
    if isinstance(value, list):
        return bool(value) and value[0].__class__ in _NUMBERS and value[-1].__class__ in _NUMBERS
    return isinstance(value, str) and bool(value)


def _numbered(entries: list[Json]) -> bool:
    """Give each that has no index that of its place. Whether any had none; in the end each must be there once."""
    expected = list(range(len(entries)))
    given = [entry.get("index") for entry in entries]
    if given == expected:
        return False
    for place, entry in enumerate(entries):
        if entry.get("index") is None:
            entry["index"] = place
    indexes = [entry["index"] for entry in entries]
    if not all(index.__class__ is int for index in indexes) or sorted(indexes) != expected:
        raise broken("the answer has two entries for one index, or one beyond them")
    return None in given
