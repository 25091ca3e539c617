"""What an answer costs, to the nano-dollar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from core.usage import Usage

PER = 1_000_000  # prices are per so many tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per million tokens.

    A prompt of more than *above* tokens makes the whole call cost what *long* says.
    """

    input: int
    output: int
    cache_read: int
    cache_write: int
    above: int | None = None
    long: "Price | None" = None

    @classmethod
    def of(cls, figures: Mapping[str, int]) -> Self | None:
        """Nothing where the input's or the output's price is missing; unknown cache prices are the input's."""
        if "input" not in figures or "output" not in figures:
            return None
        each = figures["input"]
        return cls(each, figures["output"], figures.get("cache_read", each), figures.get("cache_write", each))

    def cost(self, usage: Usage) -> int:
        """Nano-dollars, rounded half up once, over the sum. What the provider says that it charged comes first."""
        if usage.cost is not None:
            return usage.cost
        rate = self
        if self.long is not None and self.above is not None and usage.prompt > self.above:
            rate = self.long
        sum = (
            usage.input * rate.input
            + usage.cache_read * rate.cache_read
            + usage.cache_write * rate.cache_write
            + usage.output * rate.output
        )
        return (sum + PER // 2) // PER
