"""One of three providers falls ill at two hundred calls a second, in every way that there is; callers don't notice.

Figures are printed (`pytest -s`).
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.process.actor import Actor, Callers, dripping, half_dead, lying, percentile, silent, slow
from tests.process.running import Running

RATE = 200  # calls a second
BEFORE, GRACE, ILL = 0.6, 1.0, 3.0  # seconds: healthy, until it has to be noticed, afterwards
BLIND = ("least_loaded", "round_robin")  # to how fast anybody is
SLOWER, SLACK = 1.2, 5.0  # than in health; the latter in milliseconds, for percentiles of few calls
SHARE = 0.02
TRIES = 4  # of which one has to be good: other programs make everybody slow, but not always
AGAIN = 30.0
CONTROL = "order"  # the name of a route where nobody falls ill; what it suffers is the machine's doing
BEGUN = "switchyard_(?:attempts_total|target_in_flight)"
CONFIG = """
server: {{port: 0, workers: 1}}
state: {{directory: state}}
log: {{level: error}}
providers:
{providers}
defaults: {{timeouts: {{connect: 700ms, first_content: 700ms, attempt: 700ms, total: 10s}}{more}}}
routes:
{routes}
"""


def config(stages: dict[str, list[Actor]], more: str) -> str:
    providers = [
        f'  {name}-{number}: {{dialect: openai, api_key: sk, base_url: "{actor.url}"}}'
        for name, actors in stages.items()
        for number, actor in enumerate(actors)
    ]
    routes = [
        f"  {name}: {{chain: [{{targets: [{name}-0/x, {name}-1/x, {name}-2/x]}}], strategy: {name}}}" for name in stages
    ]
    return CONFIG.format(providers="\n".join(providers), routes="\n".join(routes), more=more)


@dataclass
class Stage:
    """A route and its three providers, of which the first may fall ill."""

    name: str
    actors: list[Actor]
    callers: Callers
    gateway: Running

    @property
    def ill(self) -> Actor:
        return self.actors[0]

    async def attempts(self) -> list[float]:
        """Begun so far at each target."""
        page = (await self.gateway.get("/metrics")).raw.decode()
        found = re.findall(rf'^{BEGUN}\{{.*target="{self.name}-(\d)/x"\}} (\S+)', page, re.MULTILINE)
        return [sum(float(count) for each, count in found if int(each) == number) for number in range(3)]


@asynccontextmanager
async def stages(start: Any, *names: str, more: str = "", folder: str = "run") -> AsyncIterator[list[Stage]]:
    async with AsyncExitStack() as stack:
        actors = {name: [await stack.enter_async_context(Actor()) for _ in range(3)] for name in names}
        gateway = await stack.enter_async_context(start(config(actors, more), folder=folder))
        yield [
            Stage(name, each, Callers(gateway.port, name, RATE if name != CONTROL else RATE // 2), gateway)
            for name, each in actors.items()
        ]


@dataclass
class Outcome:
    """Of one route: what went wrong in the first second and after it, milliseconds of calls after it (percentiles 50,
    95, 99), and the share of attempts that the first target got after it.
    """

    name: str
    early: list[str]
    late: list[str]
    times: tuple[float, float, float]
    share: float

    def __str__(self) -> str:
        times = "/".join(f"{each:.0f}" for each in self.times)
        return f"{self.name:13} errors {len(self.early)}+{len(self.late)}  p50/p95/p99 {times} ms  {self.share:.1%}"


async def play(stage: Stage, script: Callable[[Actor], Any]) -> Outcome:
    began = time.monotonic()
    calls = asyncio.create_task(stage.callers.call(BEFORE + GRACE + ILL))
    await asyncio.sleep(BEFORE)
    acted = asyncio.create_task(script(stage.ill))
    await asyncio.sleep(GRACE)
    earlier = await stage.attempts()
    await calls
    later = await stage.attempts()
    await acted
    spent = [after - before for before, after in zip(earlier, later, strict=True)]
    ill = began + BEFORE
    late = stage.callers.between(ill + GRACE)
    return Outcome(
        stage.name,
        [one.wrong for one in stage.callers.between(ill, ill + GRACE) if one.wrong],
        [one.wrong for one in late if one.wrong],
        (percentile(late, 50), percentile(late, 95), percentile(late, 99)),
        spent[0] / max(sum(spent), 1),
    )


async def dies(actor: Actor) -> None:
    actor.die()


async def flaps(actor: Actor) -> None:
    """Dead for a second, well for a second."""
    actor.die()
    await asyncio.sleep(1.0)
    await actor.rise()
    await asyncio.sleep(1.0)
    actor.die()


def falls(mood: Any) -> Callable[[Actor], Any]:
    async def script(actor: Actor) -> None:
        actor.mood = mood

    return script


SCRIPTS = {
    "dead": dies,
    "silent": falls(silent),
    "slow": falls(slow),
    "dripping": falls(dripping),
    "lying": falls(lying),
    "half dead": falls(half_dead),
    "flapping": flaps,
}


async def nothing(_: Actor) -> None:
    pass


def flaws(control: Outcome, outcomes: list[Outcome], *, fast: bool) -> list[str]:
    """What callers would notice, and what they may not; unless *fast*, they may notice that somebody is slow."""
    found = [f"{each.name}: {wrong}" for each in outcomes for wrong in each.early + each.late]
    for each in outcomes if fast else ():
        if any(one > SLOWER * other + SLACK for one, other in zip(each.times, control.times, strict=True)):
            found.append(f"{each} is slower than {control}")
        if each.share >= SHARE:
            found.append(f"{each} still goes to the sick one")
    return found


async def judged(start: Any, script: str, strategies: tuple[str, ...], *, fast: bool = True) -> list[str]:
    """The flaws of the best try."""
    best: list[str] | None = None
    for number in range(TRIES):
        async with stages(start, CONTROL, *strategies, folder=f"run{number}") as (control, *sick):
            plays = [play(control, nothing), *(play(stage, SCRIPTS[script]) for stage in sick)]
            well, *outcomes = await asyncio.gather(*plays)
        print(*(f"{script:10} {outcome}" for outcome in (well, *outcomes)), sep="\n")
        found = flaws(well, outcomes, fast=fast)
        best = found if best is None or len(found) < len(best) else best
        if not best:
            break
    return best or []


@pytest.mark.parametrize("script", SCRIPTS)
async def test_callers_do_not_notice_when_one_of_three_is(script, start):
    assert [] == await judged(start, script, ("latency", "balanced"))


@pytest.mark.parametrize("script", ["dead", "silent", "half dead"])
async def test_strategies_that_do_not_see_how_fast_anybody_is_notice_that_it_is(script, start):
    assert [] == await judged(start, script, BLIND)


async def test_strategies_that_do_not_see_how_fast_anybody_is_get_answers_from_who_is_slow(start):
    assert [] == await judged(start, "slow", BLIND, fast=False)


async def test_who_is_well_again_gets_its_share_within_seconds(start):
    more = ", breaker: {cooldown: 1s}"
    async with stages(start, "latency", "balanced", "round_robin", more=more) as found:
        assert {stage.name: True for stage in found} == dict(await asyncio.gather(*map(returns, found)))


async def returns(stage: Stage) -> tuple[str, bool]:
    """Dead for a second and a half; whether it gets a quarter of the calls again in time."""
    calls = asyncio.create_task(stage.callers.call(60))
    await asyncio.sleep(1.0)
    stage.ill.die()
    await asyncio.sleep(1.5)
    await stage.ill.rise()
    back = time.monotonic()
    got = 0.0
    while got < 0.25 and time.monotonic() < back + AGAIN:
        before = await stage.attempts()
        await asyncio.sleep(1.0)
        spent = [after - earlier for after, earlier in zip(await stage.attempts(), before, strict=True)]
        got = spent[0] / max(sum(spent), 1)
    print(f"back again {stage.name:13} {time.monotonic() - back:.1f} s")
    calls.cancel()
    await asyncio.gather(calls, return_exceptions=True)
    return stage.name, got >= 0.25
