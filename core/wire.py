"""What travels between the folders: requests to providers, answers, and the events of a stream.

The canonical form of everything is OpenAI's own JSON. A stream is a list of events; an event is

* Verbatim: whole SSE events, already in canonical form, to be passed on untouched;
* Chunk: one `chat.completion.chunk` (or `text_completion`) as a dictionary;
* Report: the usage chunk, which the client sees only if it asked for it.

The finish and the end of a stream are not events: a Decoder says `finished` and `done`.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from core.usage import Usage

Json = dict[str, Any]
NOTHING: Final[Mapping[str, Json]] = {}
Headers = tuple[tuple[str, str], ...]
# Bytes that go out in one write. A body of so many bytes isn't laid next to its head for that: it would be a copy.
Parcel = bytes | tuple[bytes, ...]
APART: Final = 16384


class WireRequest(NamedTuple):
    """A request to a provider. *path* follows the provider's base URL; *headers* come on top of the credential's.

    *dropped* names the client's fields that don't go out. *notes* is what the adapter has to know again when the
    answer comes, such as names that it had to change; nobody else looks at it.
    """

    path: str
    body: bytes
    headers: Headers = ()
    dropped: tuple[str, ...] = ()
    notes: Any = None


class Verbatim(NamedTuple):
    data: bytes


class Chunk(NamedTuple):
    body: Json


class Report(NamedTuple):
    """*raw* is the provider's own usage event, whole, where it is already canonical."""

    usage: Usage
    body: Json
    raw: bytes | None = None


Event = Verbatim | Chunk | Report


class Completion(NamedTuple):
    """A whole answer. *body* is canonical JSON as bytes; *usage* None means that the provider didn't say.

    *finish* is the first choice's finish_reason; *produced* the bytes of text in the answer, for estimates.
    *remember*: opaque state that must be there when the results of a tool call come, by the call's id.
    """

    body: bytes
    usage: Usage | None
    finish: str | None = None
    produced: int = 0
    remember: Mapping[str, Json] = NOTHING
