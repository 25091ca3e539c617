"""One operation as it is told of: what it is asked, what it answers, and with which statuses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from admin.shapes.words import FLAG, NAME, TEXT, Schema, about

Place = Literal["query", "path", "header"]
Open = Literal["operator", "key", "anybody"]
Bodies = Mapping[str, Schema]  # by content type

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
OPERATOR: Final = "operator"
KEY: Final = "key"
ANYBODY: Final = "anybody"

# What may become of any request: the second for those with a body, the others by who may ask.
ALWAYS: Final = (400,)
WITH_BODY: Final = (408, 413, 415)
GUARDED: Final[Mapping[str, Sequence[int]]] = {OPERATOR: (401, 403), KEY: (401,), ANYBODY: ()}
MEANINGS: Final[Mapping[int, str]] = {
    101: "From here on it is a WebSocket.",
    200: "Done.",
    204: "Done; there is nothing to say.",
    304: "It is what `if-none-match` names.",
    308: "It is where `location` says.",
    400: "Something in the request is wrong; `param` says what.",
    401: "No key, or one that isn't known.",
    402: "The provider wants to be paid first.",
    403: "The key isn't for this.",
    404: "There is no such thing, or it is somebody else's.",
    406: "It can be answered in none of the kinds that `accept` names.",
    408: "The body did not come in time.",
    409: "It is so already, or somebody else was quicker.",
    413: "The body is too large.",
    415: "The body is compressed, or of a kind that isn't read here.",
    422: "Refused; the answer says why.",
    429: "A budget or limit has too little left, or all targets are limited.",
    502: "Every target failed.",
    503: "It can't be done now; `retry-after` says when it may be.",
    504: "Every target was too slow.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """*schema* is that of its text."""

    name: str
    about: str
    schema: Schema = field(default_factory=lambda: TEXT)
    place: Place = "query"
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """*summary* is what it does, in few words; *more* what else there is to know of it.

    *body* is what it reads, if anything, *answers* what a good one is; both are schemas of JSON, or schemas by content
    type, and *status* is that one's. *may* are the statuses of refusals, besides those that anything can end with;
    *also* are other answers, by status; *besides* are other kinds that a refusal may have; *bare* are statuses of
    answers without a body. *example* is a body. *open_to* says who may ask. *everywhere*: it is served with and without
    `/v1` in front.
    """

    summary: str
    tag: str
    answers: Schema | None = None
    kinds: Bodies | None = None
    body: Schema | None = None
    body_kinds: Bodies | None = None
    body_needed: bool = False
    example: Any = None
    parameters: Sequence[Parameter] = ()
    may: Sequence[int] = ()
    also: Mapping[int, Schema] = field(default_factory=dict)
    besides: Mapping[int, Bodies] = field(default_factory=dict)
    bare: Sequence[int] = ()
    status: int = 200
    open_to: Open = "operator"
    more: str = ""
    everywhere: bool = False

    @property
    def sent(self) -> Bodies:
        """What it reads, by content type."""
        return self.body_kinds or ({} if self.body is None else {JSON: self.body})

    @property
    def good(self) -> Bodies:
        """What it answers, by content type."""
        return self.kinds or ({} if self.answers is None else {JSON: self.answers})

    @property
    def refusals(self) -> Sequence[int]:
        return sorted({*ALWAYS, *(WITH_BODY if self.sent else ()), *GUARDED[self.open_to], *self.may})


Told = Mapping[tuple[str, str], Operation]
"""By method and path, which has its names in braces."""


def within(name: str, said: str) -> Parameter:
    """What stands in the path."""
    return Parameter(name=name, about=said, schema=NAME, place="path", required=True)


def asked(name: str, said: str, schema: Schema = TEXT) -> Parameter:
    """What may stand in the query."""
    return Parameter(name=name, about=said, schema=schema)


def whole(name: str, said: str, usual: int, *, least: int, most: int) -> Parameter:
    """A whole number in the query."""
    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most, "default": usual}
    return Parameter(name=name, about=said, schema=schema)


def truth(name: str, said: str) -> Parameter:
    return Parameter(name=name, about=said, schema=about(FLAG, said))
