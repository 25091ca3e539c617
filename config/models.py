"""What the operator says about models, beside and above what the catalog knows."""

from collections.abc import Collection, Mapping
from typing import Any

from config.problems import Notes, printable
from config.readers import MONEY, TEXT, number, several, whole
from config.schema import ModelFacts
from config.section import Entry, Reader, Section, changed

PRICES = ("input", "output", "cache_read", "cache_write")


def read_models(entry: Entry | None, notes: Notes, *, providers: Collection[str]) -> dict[str, ModelFacts]:
    models: dict[str, ModelFacts] = {}
    for name, one in Section(entry, notes).every():
        provider, _, model = name.partition("/")
        if not model:
            notes.error(one, "expected the name of a model such as openai/gpt-4o")
        elif provider not in providers:
            meant = notes.meant(provider, providers)
            notes.error(one, f"no provider is called {printable(provider)}{meant}")
        section = Section(one, notes)
        models[name] = ModelFacts(**changed(section, _FACTS))
        section.close()
    return models


def _price(entry: Entry, notes: Notes) -> dict[str, int]:
    """Nano-dollars per million tokens. A price that lacks input or output would make some calls free."""
    section = Section(entry, notes)
    price = changed(section, dict.fromkeys(PRICES, MONEY))
    section.close()
    for name in ("input", "output"):
        if not section.says(name):
            notes.error(section.at(name), "is missing (dollars per million tokens)")
    return price


_FACTS: Mapping[str, Reader[Any]] = {
    "price": _price,
    "context": whole(1, 1_000_000_000),
    "max_output": whole(1, 1_000_000_000),
    "capabilities": several(TEXT),
    "quality": number(0, 1),
}
