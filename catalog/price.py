"""What an answer costs, to the nano-dollar.

Every bucket of a usage costs something: one whose price nobody published costs what the dearest thing does that it
could be. So an estimate may be too high, and is never silently nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from core.usage import Usage

PER: Final = 1_000_000  # prices are per so many tokens
PER_SEARCH: Final = 1_000  # and those of searches per so many searches
FACTOR: Final = 1_000  # factors of tiers are in thousandths
UNIT: Final = PER * FACTOR  # parts of a nano-dollar in which a sum is made
HALF: Final = UNIT // 2
SEARCHED: Final = UNIT // PER_SEARCH
SEARCH: Final = 35_000_000_000  # the dearest that is published (Google's grounding of Gemini 2), where none is known
TIERS: Final = ("flex", "priority", "batch")

# What else a tier is called. Any other name is the standard one.
_CALLED: Final = {"fast": "priority", "performance": "priority"} | {
    f"{start}{name}": name for name in TIERS for start in ("", "on_demand_")
}
_UNKNOWN: Final = {"priority": 2 * FACTOR}  # a discount that nobody published is none


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per million tokens; *search* per thousand.

    *steps*: a prompt of more than so many tokens makes the whole call cost what the price beside it says; the largest
    comes first. *tiers*: a factor in thousandths for all but searches, or prices of their own.
    """

    input: int
    output: int
    cache_read: int
    cache_write: int
    cache_write_long: int
    audio_input: int
    audio_output: int
    image_output: int
    search: int
    steps: "tuple[tuple[int, Price], ...]" = ()
    tiers: "Mapping[str, int | Price]" = field(default_factory=dict)

    @classmethod
    def of(cls, figures: Mapping[str, Any], base: "Price | None" = None) -> Self | None:
        """Nothing where the input's or the output's price is missing.

        *base* is the price that this one takes the place of: what isn't said here is not cheaper than there.
        """
        if "input" not in figures or "output" not in figures:
            return None

        def known(name: str, *else_: int) -> int:
            least = () if base is None else (getattr(base, name),)
            figure: int = figures[name] if name in figures else max(*else_, *least, 0)
            return figure

        into, out = figures["input"], figures["output"]
        written = known("cache_write", into)
        price = cls(
            input=into,
            output=out,
            cache_read=known("cache_read", into),
            cache_write=written,
            cache_write_long=known("cache_write_long", written, into),
            audio_input=known("audio_input", into),
            audio_output=known("audio_output", out),
            image_output=known("image_output", out),
            search=figures.get("search", SEARCH if base is None else base.search),
        )
        return replace(price, steps=_steps(figures, price), tiers=_tiers(figures, price))

    def cost(self, usage: Usage) -> int:
        """Nano-dollars, rounded half up once, over the sum. What the provider says that it charged comes first."""
        into, read, write, out, _, _, said, long, heard, spoken, drawn, searches, tier, _, _ = usage
        if said is not None:
            return said
        rate, factor = self, FACTOR
        if tier:
            rate, factor = factor_of(self, tier)
        if rate.steps:
            rate = next((step for above, step in rate.steps if usage.prompt > above), rate)
        sum = into * rate.input + out * rate.output
        if read or write or long or heard or spoken or drawn:
            sum += (
                read * rate.cache_read
                + write * rate.cache_write
                + long * rate.cache_write_long
                + heard * rate.audio_input
                + spoken * rate.audio_output
                + drawn * rate.image_output
            )
        if factor == FACTOR and not searches:
            return (sum + HALF // FACTOR) // PER  # the same, in smaller numbers
        return (sum * factor + searches * rate.search * SEARCHED + HALF) // UNIT


def tier_of(name: str) -> str:
    """What prices call the service tier *name*, whoever calls it so; empty for the standard one."""
    return _CALLED.get(name.lower(), "")


def factor_of(price: Price, tier: str) -> tuple[Price, int]:
    """The price that counts in *tier*, and the thousandths of it that are charged."""
    if not (known := tier_of(tier)):
        return price, FACTOR
    own = price.tiers.get(known, _UNKNOWN.get(known, FACTOR))
    return (own, FACTOR) if isinstance(own, Price) else (price, own)


def _steps(figures: Mapping[str, Any], base: Price) -> tuple[tuple[int, Price], ...]:
    long = figures.get("long", ())
    given = [(one["above"], Price.of(one, base)) for one in (long if isinstance(long, (list, tuple)) else (long,))]
    return tuple(sorted(((above, price) for above, price in given if price is not None), key=lambda it: -it[0]))


def _tiers(figures: Mapping[str, Any], base: Price) -> dict[str, int | Price]:
    given = {name: figures[name] for name in TIERS if name in figures}
    read = {name: own if isinstance(own, int) else Price.of(own, base) for name, own in given.items()}
    return {name: own for name, own in read.items() if own is not None}
