"""What we know about a model at a provider: the published figures under the operator's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from catalog.price import Price
from catalog.published import Row, of_thinkers, published
from catalog.quality import NOTHING_SAID, family
from catalog.weights import family as vendor_of
from core.ask import UNKNOWN, Abilities

REMEMBERED = 4_096  # models; clients may make names up, so this has an end
LONGEST = 256  # characters of a name worth remembering

# What may follow the name of a model without making it another one: a date, and with Ollama the size or quantisation.
_DATE = re.compile(r"[-@](?:20\d{6}|20\d\d-\d\d-\d\d)$")
_SUFFIXES = {"ollama": re.compile(r":[^:/]+$")}

# What may precede it: at Bedrock the part of the world in which one lets it run, and the rest of a resource's name.
_PREFIXES = {
    "bedrock": re.compile(r"^(?:arn:.*/)?(?:(?:af|amer|apac|au|ca|eu|global|in|jp|me|sa|us|us-gov)\.)?"),
}
# Another name of a dialect -> what the catalog calls its provider.
_ALSO = {"gemini": "google"}

# How OpenRouter spells a vendor -> what the catalog calls it, for models that OpenRouter passes on at their own price.
_VENDORS = {"openai": "openai", "anthropic": "anthropic", "google": "google", "mistralai": "mistral", "x-ai": "xai"}


class Override(Protocol):
    """What the operator says about a model; None is what they leave to the catalog."""

    @property
    def price(self) -> Mapping[str, Any] | None: ...
    @property
    def context(self) -> int | None: ...
    @property
    def max_output(self) -> int | None: ...
    @property
    def capabilities(self) -> tuple[str, ...] | None: ...
    @property
    def flags(self) -> Mapping[str, object]: ...
    @property
    def quality(self) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class Model:
    """*price* None means unknown, which is not free. *quality* is by task, from 0 to 1. *source* says who claims it.

    *vouched*: the price is the operator's own.
    """

    price: Price | None
    abilities: Abilities
    quality: Mapping[str, float]
    source: str
    vouched: bool = False


NOTHING_KNOWN = Model(None, UNKNOWN, NOTHING_SAID, "")


class Catalog:
    """*overrides* are by target id (provider/model) and win field by field; a price is replaced as a whole."""

    __slots__ = ("_overrides", "_remembered")

    def __init__(self, overrides: Mapping[str, Override]) -> None:
        self._overrides = overrides
        self._remembered: dict[tuple[str, str, str], Model | None] = {}

    def facts(self, provider: str, dialect: str, model: str) -> Model | None:
        """Nothing if neither the operator nor the published figures know the model."""
        key = (provider, dialect, model)
        try:
            return self._remembered[key]
        except KeyError:
            pass
        found = self._look_up(provider, dialect, model)
        if len(model) <= LONGEST:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[key] = found
        return found

    def _look_up(self, provider: str, dialect: str, model: str) -> Model | None:
        found = row(provider, dialect, model)
        override = self._overrides.get(f"{provider}/{model}")
        if override is not None:
            return _with_kin(_overridden(found, override, model), vendor_of(dialect, model))
        return None if found is None else _with_kin(_listed(found), vendor_of(dialect, model))


def row(provider: str, dialect: str, model: str) -> Row | None:
    """What is published of *model*, if anything is."""
    return _row(dialect, model) or _row(provider, model)


def of_provider(name: str) -> Mapping[str, Row]:
    """All that is published of the provider that a dialect called *name* means, by model or alias."""
    return published().get(_ALSO.get(name, name), {})


def unlisted(model: str) -> Model:
    """What the name of a model tells that nobody has listed: how good others of its family are."""
    found = family(model)
    return replace(NOTHING_KNOWN, quality=found) if found else NOTHING_KNOWN


def _row(provider: str, model: str) -> Row | None:
    """By exact id or alias, then without its suffix; a router's models also by their vendor."""
    models = of_provider(provider)
    if (row := models.get(model) or models.get(_SUFFIXES.get(provider, _DATE).sub("", model))) is not None:
        return row
    if provider in _PREFIXES and (name := _PREFIXES[provider].sub("", model)) != model:
        return models.get(name)
    vendor, slash, name = model.partition("/")
    if provider == "openrouter" and slash and vendor in _VENDORS:
        return _row(_VENDORS[vendor], name)
    return None


def _listed(row: Row) -> Model:
    return Model(
        price=Price.of(row.get("price", {})),
        abilities=Abilities(row["context"], row.get("max_output"), frozenset(row["capabilities"]), _flags(row)),
        quality=family(row["model"]),
        source=row["source"],
    )


def _overridden(row: Row | None, own: Override, model: str) -> Model:
    base = unlisted(model) if row is None else _listed(row)
    can = base.abilities
    return Model(
        price=base.price if own.price is None else Price.of(own.price),
        abilities=Abilities(
            can.context if own.context is None else own.context,
            can.max_output if own.max_output is None else own.max_output,
            can.capabilities if own.capabilities is None else frozenset(own.capabilities),
            {**can.flags, **own.flags},
        ),
        quality={**base.quality, **own.quality} if own.quality else base.quality,
        source=f"configuration, {base.source}" if base.source else "configuration",
        vouched=own.price is not None,
    )


def _with_kin(model: Model, vendor: str) -> Model:
    """*model*, and what all of its *vendor*'s models that reason have in common."""
    can = model.abilities
    if "reasoning" not in can.capabilities or not (common := of_thinkers(vendor)):
        return model
    return replace(model, abilities=can._replace(flags={**common, **can.flags}))


def _flags(row: Row) -> Mapping[str, object]:
    """With the endpoints that a model is confined to among them."""
    flags: Mapping[str, object] = row.get("flags", {})
    endpoints = row.get("endpoints")
    return {**flags, "endpoints": tuple(endpoints)} if endpoints else flags
