"""The top-level fields of a call for a dialect of its own: each is used, dropped by name, or refused."""

from typing import Any

from core.ask import Ask
from core.errors import Refusal
from core.wire import Json

# The gateway's own, and what only says how the answer is sent.
_NOT_THE_PROVIDERS = frozenset({"model", "messages", "models", "routing", "stream", "stream_options"})


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
            raise unsupported(f"{self._model} doesn't take '{name}'.", param=name.partition("=")[0])
        if name not in self._dropped:
            self._dropped.append(name)

    def clamped(self, name: str, value: float, least: float, most: float) -> float:
        """*value* within bounds; said as `name=value` where it wasn't."""
        fitting = min(max(value, least), most)
        if fitting != value:
            self.changed(name, fitting)
        return fitting

    def changed(self, name: str, value: object) -> None:
        """Say that a field goes out with another value."""
        self.dropped(f"{name}={value}")


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
        """What was dropped, in order of the names."""
        self.drop(*list(self._left))
        return tuple(sorted(self._dropped))


def unsupported(message: str, *, param: str | None) -> Refusal:
    """A refusal by one target; another one may be able to."""
    return Refusal(400, message, param=param, code="unsupported_value")
