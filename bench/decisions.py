"""What a decision costs: microseconds of each strategy over 3, 10 and 300 targets that have all been observed.

It is the real routing code, with everything that a choice may have to look at, and no network. A call over a chain
decides once for each stage of several targets; 300 are what `auto` may have to choose from.
"""

import time
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Final

from config.schema import Breaker, Stage
from core.call import Call
from core.secret import Secret
from core.target import Provider, Target
from core.usage import Usage
from routing.candidates import View
from routing.decision import decide
from routing.forecast import Forecast
from routing.outlook import Outlook, Rates
from routing.retry_budget import RetryBudget
from routing.strategies import STRATEGIES
from routing.vitals import Vitals

SIZES: Final = (3, 10, 300)
MOST: Final = {10: 30.0, 300: 300.0}  # microseconds
PROVIDERS: Final = 12
NOW: Final = 1000.0
MESSAGES: Final = [
    {"role": "system", "content": "You answer in one sentence. " * 20},
    {"role": "user", "content": "Why is the sky blue?"},
]
CALL: Final = Call("chat", "bench", {"messages": MESSAGES}, size=4000)
HEADERS: Final = {
    "x-ratelimit-limit-requests": "5000",
    "x-ratelimit-remaining-requests": "4000",
    "x-ratelimit-reset-requests": "60s",
}


def world(size: int) -> tuple[Stage, View]:
    """*size* targets at a dozen providers, and what one knows of them after a while."""
    rng = Random(size)
    providers = {
        f"p{number}": Provider(name=f"p{number}", dialect="openai", keys=(Secret("k"),), local=number == 0)
        for number in range(PROVIDERS)
    }
    targets = tuple(Target(f"p{number % PROVIDERS}", f"model-{number}") for number in range(size))
    vitals, forecast = Vitals(rng), Forecast()
    for target in targets:
        _observe(vitals, target, rng)
    forecast.learn(CALL, targets[0].id, Usage(1000, output=250))
    prices = {target.id: Rates(rng.randrange(10**8, 10**10), rng.randrange(10**9, 10**11), 10**8) for target in targets}
    able = frozenset({"tools", "vision", "json_schema"})
    outlook = Outlook(rates=lambda it: prices[it.id], capabilities=lambda _: able, forecast=forecast)
    view = View(
        vitals=vitals,
        pools={name: vitals.pool(each) for name, each in providers.items()},
        providers=providers,
        clock=lambda: NOW,
        rng=rng,
        budget=RetryBudget(),
        turns={},
        fits=lambda _target, call: None if call.endpoint == "chat" else "it has no endpoint for that",
        outlook=outlook,
    )
    return Stage(targets=targets), view


def _observe(vitals: Vitals, target: Target, rng: Random) -> None:
    it = vitals.target(target.id)
    for number in range(3):
        it.end(NOW - 9, None, probe=it.begin(NOW - 9), policy=Breaker(), first_content=0.5)
        it.pulse.answered(NOW - 9 + number, rng.uniform(1, 9), 200, rng.uniform(0.2, 2))
    it.rooms.told(0, HEADERS, NOW, 0.0, number=3, tokens=500)
    it.in_flight = rng.randrange(8)


def microseconds(work: Callable[[], object], *, seconds: float) -> float:
    """Of one *work*: the fastest of many small groups, since others use this machine, too."""
    fastest, group = float("inf"), 1
    while _timed(work, group) < seconds / 100:
        group *= 2
    for _ in range(100):
        fastest = min(fastest, _timed(work, group) / group)
    return fastest * 1e6


def _timed(work: Callable[[], object], times: int) -> float:
    began = time.thread_time()
    for _ in range(times):
        work()
    return time.thread_time() - began


def measured(*, seconds: float = 0.1) -> dict[str, dict[int, float]]:
    """By strategy and number of targets."""
    found: dict[str, dict[int, float]] = {}
    turns = count()
    for size in SIZES:
        stage, view = world(size)
        for name in STRATEGIES:
            one = Stage(targets=stage.targets, strategy=name)
            found.setdefault(name, {})[size] = microseconds(
                lambda one=one, view=view: decide(one, 0, CALL, view, turn=next(turns), now=NOW, caller="alice"),  # type: ignore[misc]
                seconds=seconds,
            )
    return found


def table(found: dict[str, dict[int, float]]) -> str:
    head = f"| strategy | {' | '.join(f'{size} targets' for size in SIZES)} |\n|---|{'---|' * len(SIZES)}"
    rows = [f"| `{name}` | {' | '.join(f'{row[size]:.1f}' for size in SIZES)} |" for name, row in found.items()]
    return "\n".join((head, *rows))


def slow(found: dict[str, dict[int, float]]) -> list[str]:
    """Sentences on those that take longer than they may."""
    return [
        f"{name} takes {row[size]:.0f} µs over {size} targets, and may take {most:.0f}"
        for name, row in found.items()
        for size, most in MOST.items()
        if row[size] > most
    ]


def main() -> int:
    found = measured()
    print(f"\nMicroseconds of a decision:\n\n{table(found)}\n")
    print(*(slow(found) or ["Every decision is as fast as it must be."]), sep="\n")
    return 0
