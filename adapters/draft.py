"""A request while it is being put into a provider's words."""

from collections.abc import Callable
from typing import Any, Final

from adapters.fields import Dropped
from core.ask import Ask
from core.wire import Json

# Who can't take one of these loses nothing where it says what happens anyway.
_AS_IF_ABSENT: Final[Json] = {
    "best_of": 1,
    "echo": False,
    "frequency_penalty": 0,
    "logprobs": False,
    "modalities": ["text"],
    "n": 1,
    "parallel_tool_calls": True,
    "presence_penalty": 0,
    "service_tier": "auto",
    "store": False,
}
_ABSENT: Final = object()


class Draft(Dropped):
    """*body* is a copy of the client's, all else in it is shared and must be replaced, never changed.

    *path* follows the provider's base URL, whose own path is *base*. *notes* is what the answer's Ear has to know.
    """

    __slots__ = ("ask", "base", "body", "notes", "path")

    def __init__(self, ask: Ask, body: Json, path: str, base: str) -> None:
        super().__init__(ask)
        self.ask = ask
        self.body = body
        self.path = path
        self.base = base
        self.notes: Any = None

    @property
    def chat(self) -> bool:
        return self.ask.call.endpoint == "chat"

    @property
    def model(self) -> str:
        """The model's name as the provider will read it."""
        name: str = self.body["model"]
        return name

    def take(self, name: str) -> Any:
        """The value of a field, which is then gone; None if there is none."""
        return self.body.pop(name, None)

    def drop(self, *names: str) -> None:
        """Fields that the provider, or the model, has nothing for."""
        for name in names:
            value = self.body.pop(name, None)
            if value is not None and value != _AS_IF_ABSENT.get(name, _ABSENT):
                self.dropped(name)

    def note(self, name: str) -> None:
        """Say of something that it isn't as it should be, for no fault of the client's: no reason to refuse it."""
        if name not in self._dropped:
            self._dropped.append(name)

    def narrow(self, known: frozenset[str]) -> None:
        """Drop every field that isn't among the *known* ones."""
        self.drop(*[name for name in self.body if name not in known])

    def end(self) -> tuple[str, ...]:
        """What was dropped, in order of the names."""
        return self.names


Step = Callable[[Draft], None]
