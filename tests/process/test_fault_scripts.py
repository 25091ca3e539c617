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

RATE = 200
BEFORE, GRACE, ILL = 1.5, 1.0, 2.5  # seconds: healthy, until it has to be noticed, afterwards
STRATEGIES = ("latency", "balanced", "least_loaded", "round_robin")
CONTROL = "order"  # the name of a route where nobody falls ill; what it suffers is the machine's doing
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
        found = re.findall(
            rf'^switchyard_(?:attempts_total|target_in_flight)\{{.*target="{self.name}-(\d)/x"\}} (\S+)', page, re.M
        )
        return [sum(float(count) for each, count in found if int(each) == number) for number in range(3)]


@asynccontextmanager
async def stages(start: Any, *names: str, more: str = "") -> AsyncIterator[list[Stage]]:
    async with AsyncExitStack() as stack:
        actors = {name: [await stack.enter_async_context(Actor()) for _ in range(3)] for name in names}
        gateway = await stack.enter_async_context(start(config(actors, more)))
        yield [Stage(name, each, Callers(gateway.port, name, RATE), gateway) for name, each in actors.items()]


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
        spent[0] / sum(spent),
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


@pytest.mark.parametrize("script", SCRIPTS)
async def test_callers_do_not_notice_when_one_of_three_is(script, start):
    async with stages(start, CONTROL, *STRATEGIES) as (control, *sick):
        plays = [play(control, nothing), *(play(stage, SCRIPTS[script]) for stage in sick)]
        outcomes = await asyncio.gather(*plays)

    for outcome in outcomes:
        print(f"{script:10} {outcome}")
    assert [] == [wrong for outcome in outcomes for wrong in outcome.early + outcome.late]
