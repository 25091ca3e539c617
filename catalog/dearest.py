"""The highest price that can apply: which buckets a token may fall into, in which tier, on which step."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple

from catalog.price import PER_SEARCH, UNIT, Price, factor_of

"""What rates of a ladder are divided by to be nano-dollars."""


class Wish(NamedTuple):
    """*tiers* are the service tiers that may be served; empty is the standard one. *writes*: what may be kept in a
    cache, for minutes or for hours. *hears* and *speaks*: whether sound may come in and go out.
    """

    tiers: tuple[str, ...] = ("",)
    writes: str = ""
    hears: bool = False
    speaks: bool = False


class Ladder(NamedTuple):
    """*into* and *out* are rates in UNITs for a prompt of at most *flat* tokens; above, *steps* say.

    Each step holds for prompts of more tokens than *above* says at the same place, and is never cheaper than those
    below it, so that a prompt that is shorter than it may be costs no more.
    """

    into: int
    out: int
    flat: float
    above: tuple[int, ...] = ()
    steps: tuple[tuple[int, int], ...] = ()

    def cost(self, input: int, output: int) -> int:
        """Nano-dollars, rounded up."""
        into, out = self.into, self.out
        if input > self.flat:
            into, out = self.steps[bisect_left(self.above, input) - 1]
        return -(-(input * into + output * out) // UNIT)


def ladder(price: Price, wish: Wish) -> Ladder:
    """The highest of all prices that *wish* may meet."""
    rungs = sorted(rung for tier in wish.tiers for rung in _rungs(price, tier, wish))
    into = out = 0
    highest: dict[int, tuple[int, int]] = {}
    for above, dear_in, dear_out in rungs:
        into, out = max(into, dear_in), max(out, dear_out)
        highest[above] = (into, out)
    (into, out), *steps = highest.values()
    starts = tuple(highest)[1:]
    return Ladder(into, out, starts[0] if starts else float("inf"), starts, tuple(steps))


def searches(price: Price, number: int) -> int:
    """What so many searches cost, in nano-dollars."""
    return -(-number * price.search // PER_SEARCH)


def _rungs(price: Price, tier: str, wish: Wish) -> Iterable[tuple[int, int, int]]:
    """(above how many tokens, rate of input, rate of output) of one tier."""
    rate, factor = factor_of(price, tier)
    for above, step in ((-1, rate), *rate.steps):
        yield above, _into(step, wish) * factor, _out(step, wish) * factor


def _into(price: Price, wish: Wish) -> int:
    rates = [price.input, price.cache_read]
    if wish.writes:
        rates.append(price.cache_write)
    if wish.writes == "hours":
        rates.append(price.cache_write_long)
    if wish.hears:
        rates.append(price.audio_input)
    return max(rates)


def _out(price: Price, wish: Wish) -> int:
    """Images are drawn by models that can whether asked or not; sound only by who is asked for it."""
    return max(price.output, price.image_output, price.audio_output if wish.speaks else 0)
