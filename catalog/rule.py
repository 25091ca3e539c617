"""What a model's provider bills, and how far a call's own limits hold: settled once for a model, read on every call."""

import re
from math import gcd
from typing import Final

from catalog.dearest import Ladder, Wish, ladder
from catalog.lookup import Model
from catalog.price import UNIT, Price, tier_of
from catalog.verdict import Unbounded
from catalog.weights import family

# Tokens that a provider puts before every prompt, with room to spare: instructions of its own, what introduces tools
# and schemas, the frame of the conversation. OpenAI and Google are known for few; Anthropic publishes up to 530 for
# tools; others' templates bring some hundreds. xAI was seen to charge 680 for a greeting; Cohere has a long preamble.
_HIDDEN: Final = {"openai": 256, "google": 512, "xai": 2_048, "cohere": 2_048}
_ANY_HIDDEN = 1_024

# Where the tier that answers is a matter of the account unless a call names one of these: OpenAI's projects have a
# default tier, Anthropic and Mistral use up first what capacity was bought.
_SAYING_SO: Final = {
    "anthropic": frozenset({"default"}),
    "azure": frozenset({"default", "flex", "scale"}),
    "mistral": frozenset({"default", "standard_only"}),
    "openai": frozenset({"default", "flex", "scale"}),
}

# Whose caches are written only where a call says so, by a mark; elsewhere any call may be charged for it.
_MARKING: Final = frozenset({"anthropic", "bedrock", "openrouter"})
_MARKED: Final = re.compile(r"claude|amazon\.")

_LONG_WRITES: Final = re.compile(rb'"prompt_cache_(?:retention|options|breakpoint)":')

# Who never sends more than the catalog's limit, whatever the client asks for.
_CLAMPING: Final = frozenset({"anthropic", "bedrock"})

# They search the web or run programs by themselves, as often as they like, and charge for what they find.
_WILFUL: Final = re.compile(
    r"deep-research|search-(?:preview|api)|(?:^|[/-])compound(?:-|$)|multi-agent|computer-use|:online$"
)
# Whose models OpenRouter gets at one price wherever it goes; of all others it may choose a dearer host than the listed.
_ONE_PRICE: Final = ("openai/", "anthropic/", "google/", "x-ai/")
# xAI's models that don't think. For how long the others do, nobody can see.
_XAI_PLAIN: Final = re.compile(r"non-reasoning|grok-2|grok-3(?!-mini)")

# Whose requests have to be looked at for what they do to the limits.
_ODD: Final = frozenset({"bedrock"})

UNSAID: Final = 131_072
"""Tokens of an answer or a window that nobody states, of models that cost nothing."""


class Rule:
    """*refusal*: there is no bound, whatever the call. *free*: nothing that it does costs anything.

    *hidden* are tokens that come on top of what is sent. *most* is the longest answer to a call that sets no limit,
    None if that isn't known. *listed*: OpenRouter keeps to the price that is known here. *loose*: a limit under any but
    the newest name doesn't hold back all that is billed. *fees* are searches that every call is charged for. *marked*:
    it writes to caches where a call says so; *mark* is what stands in a body then, if that makes it dearer. *clamps*:
    no limit goes out that is above the model's. *simple*: the plainest calls need nothing but *hidden*, *most* and
    *usual*, which for prompts of at most *flat* tokens is *into* and *out* over *unit*: the same in small numbers.
    """

    __slots__ = (
        "_ladders",
        "clamps",
        "dialect",
        "family",
        "fees",
        "flat",
        "free",
        "hidden",
        "into",
        "listed",
        "loose",
        "mark",
        "marked",
        "model",
        "most",
        "name",
        "out",
        "refusal",
        "simple",
        "unit",
        "usual",
    )

    def __init__(self, model: Model, dialect: str, name: str) -> None:
        price, can = model.price, model.abilities
        self.model, self.dialect, self.name = model, dialect, name
        self.family = family(dialect, name)
        self.refusal = _refusal(price, name)
        self.free = price is not None and _free(price)
        self.hidden = _HIDDEN.get(self.family, _ANY_HIDDEN)
        self.most = can.max_output or can.context or (UNSAID if self.free else None)
        self.listed = dialect != "openrouter" or model.vouched or name.startswith(_ONE_PRICE)
        self.loose = _loose(model, dialect, name)
        self.marked = dialect in _MARKING and _MARKED.search(name) is not None
        self.clamps = dialect in _CLAMPING
        self.fees = 1 if dialect == "perplexity" else 0
        self._ladders: dict[Wish, Ladder] = {}
        self.usual = self.ladder(Wish(self.tiers(None), self.writes(b"")))
        into, out, self.flat, _, _ = self.usual
        shared = gcd(into, out, UNIT)
        self.into, self.out, self.unit = into // shared, out // shared, UNIT // shared
        self.mark = self._mark()
        self.simple = not (self.refusal or self.fees or self.loose or dialect in _ODD) and self.listed

    def _mark(self) -> bytes:
        dear = self.ladder(Wish(self.tiers(None), "hours"))
        if dear == self.usual:
            return b""
        return b'"cache_control":' if self.marked else b'"prompt_cache_'

    def ladder(self, wish: Wish) -> Ladder:
        """The highest prices under *wish*."""
        found = self._ladders.get(wish)
        if found is None:
            found = Ladder(0, 0, float("inf")) if self.model.price is None else ladder(self.model.price, wish)
            self._ladders[wish] = found
        return found

    def tiers(self, asked: str | None) -> tuple[str, ...]:
        """The tiers that may serve a call that asks for this one."""
        asked = tier_of(asked or "") or asked or ""
        sure = self.dialect not in _SAYING_SO or asked in _SAYING_SO[self.dialect]
        return tuple(dict.fromkeys(("", tier_of(asked), *(() if sure else ("priority",)))))

    def writes(self, body: bytes) -> str:
        """Whether what is sent may be charged as written to a cache, and for how long."""
        if self.marked:
            if b'"cache_control":' not in body and b'"cachePoint":' not in body:
                return ""
            return "hours" if b'"ttl":"1h"' in body else "minutes"
        if self.dialect == "openrouter" and not self.name.startswith("openai/"):
            return ""
        return "hours" if b'"prompt_cache_' in body and _LONG_WRITES.search(body) else "minutes"


def _loose(model: Model, dialect: str, name: str) -> bool:
    """Of `max_completion_tokens` alone xAI says that it counts thoughts; Cohere says nothing. An image comes whole."""
    price = model.price
    if price is not None and price.image_output > price.output:
        return True
    if dialect == "cohere":
        return "reasoning" in model.abilities.capabilities or "reasoning" in name
    return dialect == "xai" and not _XAI_PLAIN.search(name)


def _refusal(price: Price | None, name: str) -> Unbounded | None:
    if price is None:
        return Unbounded(f"no price is known for {name}")
    if not _free(price) and _WILFUL.search(name):
        return Unbounded(f"{name} uses tools of its provider by itself, and they have no limit")
    return None


def _free(price: Price) -> bool:
    """*price* without its search, which nobody lists for models of their own."""
    rates = (
        price.input,
        price.output,
        price.cache_read,
        price.cache_write,
        price.cache_write_long,
        price.audio_input,
        price.audio_output,
        price.image_output,
    )
    return not any(rates) and all(_free(step) for _, step in price.steps)
