"""One request from a client, parsed."""

from typing import Final, NamedTuple

from core.caching import CacheWish
from core.wire import Json
from core.wishes import NO_WISHES, Wishes

PRIORITIES: Final = ("high", "normal", "low")  # of calls that have to wait


class Call(NamedTuple):
    """Never changed once parsed; *body* belongs to everybody and is only read.

    *endpoint* is a name from api.ENDPOINTS. *needs* are capabilities that a target must have
    (tools, vision, audio, files, json_schema, reasoning). *wishes* is NO_WISHES itself where there are none.
    *include_usage* is whether the client asked to see the usage of its stream. *size* is the body's length in bytes, as
    it came. *cache* is None where it says nothing of answers that are kept.

    *plain*: a chat whose messages are a role and a text each, and nothing else; it needs and wishes nothing, offers no
    tools, says nothing of effort or of what has a price of its own, has no fields of ours, and isn't long. Most are,
    and nobody looks any further.
    """

    endpoint: str
    model: str
    body: Json
    stream: bool = False
    include_usage: bool = False
    size: int = 0
    choices: int = 1
    max_output: int | None = None
    needs: frozenset[str] = frozenset()
    wishes: Wishes = NO_WISHES
    cache: CacheWish | None = None
    plain: bool = False
