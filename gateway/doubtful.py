"""What a configuration says that can't ever come about, or hardly as it was meant: for `check`, and for the log."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from math import ldexp
from typing import Final

from adapters import ADAPTERS
from catalog.current import answers, gone
from catalog.lookup import NOTHING_KNOWN, Catalog, Model, row
from config.load import is_loopback
from config.problems import printable
from config.schema import Config, Retry, Route, Stage
from core.faults import Fault
from core.target import Target
from routing.joined import targets_of

# Of their models all are in the catalog that can be called, but for one's own, whose names hold a colon.
WHOLE: Final = frozenset({"anthropic", "deepseek", "google", "openai", "xai"})
TOO_SMALL: Final = frozenset({Fault.CONTEXT_LENGTH.code})

Facts = Callable[[Target], Model]


def doubtful(config: Config) -> tuple[str, ...]:
    """Sentences, each with the place that it is about."""
    catalog = Catalog(config.models)

    def facts(target: Target) -> Model:
        provider = config.providers[target.provider]
        return catalog.facts(provider.name, provider.dialect, target.model) or NOTHING_KNOWN

    told = list(_reach(config))
    of_targets: set[str] = set()
    for route in config.routes.values():
        fresh = [sentence for sentence in _targets(config, route, facts) if sentence not in of_targets]
        of_targets.update(fresh)
        told += (f"routes.{route.name}: {sentence}" for sentence in (*_timers(route), *fresh, *_stages(route, facts)))
    return tuple(told)


def expired(config: Config, now: float) -> tuple[str, ...]:
    """A sentence for each key that nobody can use any more at *now*, in unix time, though it isn't disabled."""
    in_use = (key for key in config.keys.values() if not key.disabled)
    over = [key for key in in_use if key.expires is not None and key.expires <= now]
    return tuple(f"keys.{printable(key.name)}.expires: is over, so that nobody can use this key" for key in over)


def _reach(config: Config) -> Iterator[str]:
    """Pages that are open where calls are not."""
    server = config.server
    if config.keys and not server.metrics_key and not is_loopback(server.host):
        yield (
            "server.metrics_key: calls need a key and /metrics needs none, so that whoever can reach "
            f"{server.host} reads there which keys and targets there are, how much is called and what it costs: set one"
        )


def _timers(route: Route) -> Iterator[str]:
    timeouts, several = route.timeouts, len(targets_of(route)) > 1 and route.fallback
    for name, seconds in (("first_content", timeouts.first_content), ("attempt", timeouts.attempt)):
        if several and seconds >= timeouts.total:
            yield (
                f"timeouts.{name} ({seconds:g} s) is no shorter than timeouts.total ({timeouts.total:g} s), so that "
                "nobody stands in for a target that keeps silent"
            )
    if (waits := _waits(route.retry)) >= timeouts.total:
        yield (
            f"the waits of retry ({waits:g} s together) are no shorter than timeouts.total ({timeouts.total:g} s), so "
            "that the last tries may never come"
        )


def _waits(retry: Retry) -> float:
    """The longest that all tries at one target can wait."""
    return sum(min(retry.max_backoff, ldexp(retry.backoff, number)) for number in range(retry.attempts - 1))


def _targets(config: Config, route: Route, facts: Facts) -> Iterator[str]:
    """Of targets that calls would go to."""
    usable = [target for target in targets_of(route) if "*" not in target.id and _asked(config, target)]
    for target in usable:
        provider = config.providers[target.provider]
        if gone(provider.name, provider.dialect, target.model) and target.id not in config.models:
            yield f"{target.id} was switched off{_since(provider.name, provider.dialect, target.model)}"
        elif _unheard_of(config, target, facts):
            yield f"{target.id} is in no list of that provider's models; if it is there, say its price under `models:`"
    chats = {target.id: answers(target.model, facts(target), "chat") for target in usable}
    mute = [name for name, able in chats.items() if not able]
    if mute and any(chats.values()):
        yield f"{mute[0]} isn't made for chat, and others here are: they can't stand in for each other"


def _asked(config: Config, target: Target) -> bool:
    provider = config.providers[target.provider]
    return provider.configured and provider.dialect != "demo"


def _since(name: str, dialect: str, model: str) -> str:
    found = row(name, dialect, model) or {}
    day, other = found.get("retired"), found.get("replacement")
    return (f" on {day}" if day else "") + (f"; {other} took its place" if other else "")


def _unheard_of(config: Config, target: Target, facts: Facts) -> bool:
    provider = config.providers[target.provider]
    at_home = provider.base_url == ADAPTERS[provider.dialect].base_url
    return at_home and provider.dialect in WHOLE and ":" not in target.model and not facts(target).source


def _stages(route: Route, facts: Facts) -> Iterator[str]:
    """Stages that are for prompts too long for those before, and hold no more."""
    earlier: list[Target] = []
    for number, (before, stage) in enumerate(pairwise(route.stages), 1):
        earlier += before.targets
        if stage.on == TOO_SMALL and _no_bigger(stage, earlier, facts):
            yield f"stage {number + 1} waits for context_length, and its context is no bigger than those before"


def _no_bigger(stage: Stage, earlier: Iterable[Target], facts: Facts) -> bool:
    here = [facts(target).abilities.context for target in stage.targets]
    there = [facts(target).abilities.context for target in earlier]
    known = [size for size in (*here, *there) if size is not None]
    return len(known) == len(here) + len(there) and max(known[: len(here)]) <= min(known[len(here) :])
