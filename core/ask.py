"""One call as one target gets it: everything that an adapter may know."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, Protocol

from core.call import Call
from core.target import Target
from core.wire import Json


class Abilities(NamedTuple):
    """What is known of a model. *flags* are those of the catalog (`sampling_params`, `effort_none` ...).

    What isn't known is None, an empty set or an absent flag, and never a reason to refuse anything.
    """

    context: int | None = None
    max_output: int | None = None
    capabilities: frozenset[str] = frozenset()
    flags: Mapping[str, object] = {}

    def allows(self, flag: str, *, unknown: bool = True) -> bool:
        """Whether *flag* is set; *unknown* where the catalog doesn't say."""
        value = self.flags.get(flag)
        return unknown if value is None else bool(value)


class Media(NamedTuple):
    """An image or a document that the gateway has fetched. *data* is base64."""

    kind: str
    data: str


class Memory(Protocol):
    """Opaque state of earlier turns, for clients that don't send it back: by the id of a tool call as they know it."""

    def recall(self, call_id: str) -> Json | None:
        """What was to be remembered of this call by the same provider, for the same client."""
        ...


class Forgetful:
    """Remembers nothing."""

    __slots__ = ()

    def recall(self, call_id: str) -> Json | None:
        del call_id
        return None


# How a model goes on from the beginning of its answer, handed to it as the last message: to the letter (exact), so but
# without the blanks at its end, which don't reach it (trimmed), so but perhaps after repeating it (echoed), or as if a
# new message were to be written ("").
Onward = Literal["exact", "trimmed", "echoed", ""]
UNKNOWN: Final = Abilities()
NOTHING_FETCHED: Final[Mapping[str, Media]] = {}
FORGETFUL: Final[Memory] = Forgetful()


class Ask(NamedTuple):
    """*strict*: what the target can't take is refused, where it would else be dropped and named.

    *id* and *created* (unix time) are those of the gateway, for answers that have none of their own. *media* is what
    the adapter's `fetches` asked for, by URL. *goes_on*: the last message, or the prompt, ends with what the answer has
    already said, and only the rest of it is wanted.
    """

    call: Call
    target: Target
    model: Abilities = UNKNOWN
    strict: bool = False
    id: str = ""
    created: int = 0
    media: Mapping[str, Media] = NOTHING_FETCHED
    memory: Memory = FORGETFUL
    goes_on: bool = False
