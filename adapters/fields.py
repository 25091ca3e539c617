"""The top-level fields of a call for a dialect of its own: each is used, dropped by name, or refused."""

from typing import Any

import orjson

from core.ask import Ask
from core.errors import Refusal, invalid
from core.wire import Json

# The gateway's own, and what only says how the answer is sent.
_NOT_THE_PROVIDERS = frozenset({"cache", "model", "messages", "models", "routing", "stream", "stream_options"})

_LONGEST = 64  # characters of a name that is told
_MOST = 40  # names


class Dropped:
    """What of a call doesn't go out as it came. Under `strict` that is a Refusal which names the field."""

    __slots__ = ("_dropped", "_model", "_strict")

    def __init__(self, ask: Ask) -> None:
        self._strict = ask.strict
        self._model = ask.target.model
        self._dropped: list[str] = []

    def dropped(self, name: str) -> None:
        """Say of a field, or of a part of one, that it doesn't go out."""
        if self._strict:
            raise unsupported(f"{self._model} doesn't take '{name[:_LONGEST]}'.", param=name.partition("=")[0])
        self._dropped.append(name)

    def clamped(self, name: str, value: float, least: float, most: float) -> float:
        """*value* within bounds; said as `name=value` where it wasn't."""
        fitting = min(max(value, least), most)
        if fitting != value:
            self.changed(name, fitting)
        return fitting

    def changed(self, name: str, value: object) -> None:
        """Say that a field goes out with another value."""
        if self._strict:
            raise unsupported(f"{self._model} takes '{name}' only as {value}.", param=name)
        self.dropped(f"{name}={value}")

    @property
    def names(self) -> tuple[str, ...]:
        """What was dropped, in order of the names, each once. Clients make names up, so both numbers have an end."""
        names = sorted({name[:_LONGEST] for name in self._dropped})
        more = len(names) - _MOST
        return tuple(names) if more <= 0 else (*names[:_MOST], f"and {more} more")


class Fields(Dropped):
    """Null means absent. What nobody took is unknown to the dialect: it is dropped too, and named."""

    __slots__ = ("_left",)

    def __init__(self, ask: Ask) -> None:
        super().__init__(ask)
        body = ask.call.body
        self._left: Json = {
            name: value for name, value in body.items() if value is not None and name not in _NOT_THE_PROVIDERS
        }

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def peek(self, name: str) -> Any:
        """Its value, or None; it still has to be taken or dropped."""
        return self._left.get(name)

    def take(self, name: str) -> Any:
        """Its value, or None where the client didn't send it."""
        return self._left.pop(name, None)

    def ignore(self, *names: str) -> None:
        """Fields that change nothing about the answer, such as `store: false`: gone without a word."""
        for name in names:
            self._left.pop(name, None)

    def drop(self, *names: str) -> None:
        """Fields that the dialect or the model has nothing for."""
        for name in names:
            if self._left.pop(name, None) is not None:
                self.dropped(name)

    def end(self) -> tuple[str, ...]:
        """All names of what was dropped, with what nobody has taken."""
        self.drop(*list(self._left))
        return self.names


def unsupported(message: str, *, param: str | None) -> Refusal:
    """A refusal by one target; another one may be able to."""
    return Refusal(400, message, param=param, code="unsupported_value")


def written(body: Json) -> bytes:
    """A request's body. What a client wrote may be read, and yet be nested more deeply than can be written."""
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise invalid("The request is nested too deeply.", param=None) from None
