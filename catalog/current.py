"""Which models chat, and which a provider offers today: what `auto` chooses among."""

import re
from functools import cache
from typing import Final

from catalog.lookup import Model, of_provider, row
from catalog.published import Row

# What is made for one thing other than to answer: by a word of its name.
_SPECIAL: Final = re.compile(
    r"(?:^|[-_./])(?:image|audio|embed(?:ding)?|guard|safeguard|moderation|tts|transcribe|realtime|rerank|ocr|whisper)"
    r"(?=$|[-_.:/\d])"
)
_CHATS: Final = frozenset({"chat/completions", "responses"})
_PLACES: Final = {"chat": _CHATS, "completions": frozenset({"completions"})}


@cache
def current(dialect: str) -> tuple[str, ...]:
    """The models that *dialect*'s provider offers today, that chat, and of which a price is known."""
    rows = of_provider(dialect)
    return tuple(name for name, one in rows.items() if name == one["model"] and _current(one))


def gone(provider: str, dialect: str, model: str) -> bool:
    """Whether the provider is known to have switched *model* off."""
    found = row(provider, dialect, model)
    return found is not None and found["status"] == "retired"


def answers(name: str, model: Model, endpoint: str) -> bool:
    """Whether the model called *name* is of use at *endpoint* (chat or completions), as far as anybody knows."""
    price = model.price
    if _SPECIAL.search(name.lower()) or (price is not None and price.input > 0 and price.output == 0):
        return False
    endpoints = model.abilities.flags.get("endpoints")
    return not isinstance(endpoints, tuple) or not _PLACES[endpoint].isdisjoint(endpoints)


def _current(one: Row) -> bool:
    price = one.get("price", {})
    return one["status"] == "active" and "input" in price and "output" in price
