"""What a page of the operators' interface is asked, and the table that pages stand in."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

import orjson
from aiohttp import web

from core.errors import Refusal, invalid
from server.reply import Reply

JSON: Final = frozenset({"application/json"})


class Asked(NamedTuple):
    """*names* are what stood in the path for each `{}` of the pattern. *kind* is the body's content type."""

    names: tuple[str, ...] = ()
    query: Mapping[str, str] = {}
    raw: bytes = b""
    authorization: str | None = None
    kind: str = ""

    def json(self) -> Any:
        """What the body says; an empty object where there is none."""
        if not self.raw.strip():
            return {}
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError as error:
            message = f"We could not parse the JSON body of your request: {error}."
            raise Refusal(400, message, code="invalid_json") from None

    def fields(self) -> Mapping[str, Any]:
        """The same, which has to be an object."""
        found = self.json()
        if not isinstance(found, dict):
            raise Refusal(400, "The JSON body of your request must be an object.", code="invalid_json")
        return found

    def only(self, *names: str) -> Mapping[str, Any]:
        """The same, with no other fields than these: what is misspelt would be taken for absent."""
        found = self.fields()
        for name in found:
            if name not in names:
                raise unknown(name, names)
        return found

    def whole(self, name: str, usual: int, lowest: int, highest: int) -> int:
        """A number in the query."""
        text = self.query.get(name)
        if text is None:
            return usual
        if not (text.isascii() and text.isdigit() and len(text) < 10 and lowest <= int(text) <= highest):
            raise invalid(f"Expected a whole number from {lowest} to {highest}.", param=name)
        return int(text)

    def truth(self, name: str) -> bool:
        text = self.query.get(name, "false").lower()
        if text not in {"", "1", "true", "0", "false"}:
            raise invalid("Expected true or false.", param=name)
        return text in {"", "1", "true"}


def unknown(name: str, names: Collection[str]) -> Refusal:
    """Of a field or parameter that nobody reads."""
    shown = name.encode("unicode_escape").decode("ascii")[:64]
    message = f"'{shown}' is unknown here. There are: {', '.join(sorted(names)) or 'none'}."
    return Refusal(400, message, code="unknown_parameter", param=shown)


class Sheet(NamedTuple):
    """An answer that isn't JSON, or not 200. *lines* are further header lines, each with its line end."""

    body: bytes
    kind: str = "application/json"
    status: int = 200
    lines: bytes = b""


class Flowing(NamedTuple):
    """An answer of server-sent events, as they come. Closed when whoever asked for it leaves."""

    pieces: AsyncIterator[bytes]


Page = Callable[[Asked], Awaitable[object]]
"""Returns what can be written as JSON, or a Sheet, or what is Flowing; or raises Refusal."""


class Door(NamedTuple):
    """In the place of a page: it reads the request and writes the answer by itself; last comes the `Authorization`
    that whoever asks has shown. Raises Refusal.
    """

    serve: Callable[[web.BaseRequest, Reply, str | None], Awaitable[None]]


class Row(NamedTuple):
    """One page. In *pattern* each `{}` stands for one segment, which may hold anything.

    *operator*: only the holder of the admin key may ask; else the page looks at `authorization` itself. *shielded*:
    once begun it is done to its end, even if whoever asked for it leaves (a GET never is). *kinds* are the
    content types of the bodies that it reads. What it is asked and answers stands in admin/told, by method and path.
    """

    method: str
    pattern: str
    page: Page | Door
    operator: bool = True
    shielded: bool = True
    kinds: Collection[str] = JSON
