"""One call as one target gets it: everything that an adapter may know."""

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

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


UNKNOWN: Final = Abilities()
NOTHING_FETCHED: Final[Mapping[str, Media]] = {}
FORGETFUL: Final[Memory] = Forgetful()


class Ask(NamedTuple):
    """*strict*: what the target can't take is refused, where it would else be dropped and named.

    *id* and *created* (unix time) are those of the gateway, for answers that have none of their own. *media* is what
    the adapter's `fetches` asked for, by URL.
    """

    call: Call
    target: Target
    model: Abilities = UNKNOWN
    strict: bool = False
    id: str = ""
    created: int = 0
    media: Mapping[str, Media] = NOTHING_FETCHED
    memory: Memory = FORGETFUL
