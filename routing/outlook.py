"""What is known of targets before they are asked: prices, abilities, quality. Looked up once for each, and kept."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from core.call import Call
from core.target import Target
from routing.forecast import Forecast

T = TypeVar("T")
Prices = list[tuple[float, float]]
Quality = Callable[[Target, str, float], float]

MILLION: Final = 1_000_000
LONG: Final = 100_000  # tokens of a prompt; shorter ones have no other price anywhere
RENEWED: Final = 5.0  # seconds, after which qualities are asked for again
_MOST: Final = 10_000
_MOST_TASKS: Final = 64
_MOST_STAGES: Final = 256


class Rates(NamedTuple):
    """Nano-dollars for a million tokens. *long*: those of longer prompts, and above which length, the longest first."""

    input: int
    output: int
    cached: int
    long: tuple[tuple[int, "Rates"], ...] = ()


class Known(dict[str, T]):
    """By target id; what isn't there yet is asked for."""

    __slots__ = ("_ask",)

    def __init__(self, ask: Callable[[Target], T]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, id: str) -> T:
        if len(self) >= _MOST:
            self.clear()
        provider, _, model = id.partition("/")
        found = self[id] = self._ask(Target(provider, model))
        return found


def unpriced(_: Target) -> Rates | None:
    return None


def unable(_: Target) -> frozenset[str]:
    return frozenset()


def middling(_target: Target, _task: str, _now: float) -> float:
    return 0.5


class Outlook:
    """*rates* are a target's prices, None where nobody knows them; *capabilities* what its model can do. *quality* is
    from 0 to 1, for a task and at a time. *declared* is how much is left (0 to 1) of the limits that the operator has
    written down for it, None where there are none.
    """

    __slots__ = ("_prepared", "_qualities", "_quality", "_renewed", "capabilities", "declared", "forecast", "rates")

    def __init__(
        self,
        *,
        rates: Callable[[Target], Rates | None] = unpriced,
        capabilities: Callable[[Target], frozenset[str]] = unable,
        quality: Quality = middling,
        declared: Callable[[Target, float], float | None] | None = None,
        forecast: Forecast | None = None,
    ) -> None:
        self.rates = Known(rates)
        self.capabilities = Known(capabilities)
        self.declared = declared
        self.forecast = forecast or Forecast()
        self._quality = quality
        self._qualities: dict[str, Known[float]] = {}
        self._renewed = 0.0
        self._prepared: dict[int, tuple[Sequence[Target], Prices | None]] = {}

    def qualities(self, task: str, now: float) -> Known[float]:
        """By target id; a few seconds old at most."""
        if now - self._renewed > RENEWED or len(self._qualities) > _MOST_TASKS:
            self._qualities.clear()
            self._renewed = now
        known = self._qualities.get(task)
        if known is None:
            known = self._qualities[task] = Known(lambda target: self._quality(target, task, now))
        return known

    def cost(self, target: Target, call: Call) -> int | None:
        """Nano-dollars that *call* will probably cost at *target*; None where nobody knows its price."""
        forecast, shares = self.forecast, self.forecast.cached(call) or {}
        share = shares.get(target.id, 0.0)
        return _cost(self.rates[target.id], forecast.input(call), forecast.output(call), share)

    def costs(self, targets: Sequence[Target], call: Call) -> list[float | None]:
        """The same of several, where parts of a nano-dollar don't matter."""
        forecast = self.forecast
        tokens, output, cached = forecast.input(call), forecast.output(call), forecast.cached(call)
        if cached is None and tokens <= LONG and (prices := self._prices(targets)) is not None:
            read, written = float(tokens), float(output)
            return [read * into + written * out for into, out in prices]
        shares, rates = cached or {}, self.rates
        return [_cost(rates[one.id], tokens, output, shares.get(one.id, 0.0)) for one in targets]

    def _prices(self, targets: Sequence[Target]) -> Prices | None:
        """For a token of input and of output at each, prepared once for each stage; None where one isn't known."""
        prepared = self._prepared.get(id(targets))
        if prepared is not None and prepared[0] is targets:
            return prepared[1]
        rates = [self.rates[one.id] for one in targets]
        prices = [(one.input / MILLION, one.output / MILLION) for one in rates if one is not None]
        known = prices if len(prices) == len(rates) else None
        if isinstance(targets, tuple):  # nobody can change it
            if len(self._prepared) >= _MOST_STAGES:
                self._prepared.clear()
            self._prepared[id(targets)] = targets, known
        return known


def _cost(rates: Rates | None, tokens: int, output: int, share: float) -> int | None:
    if rates is None:
        return None
    rates = next((rate for above, rate in rates.long if tokens > above), rates)
    kept = int(tokens * share)
    return ((tokens - kept) * rates.input + kept * rates.cached + output * rates.output) // MILLION
