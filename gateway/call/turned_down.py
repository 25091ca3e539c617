"""What a client is told whose call came to nothing; of `auto`, also what can be done about it."""

from functools import partial
from typing import Final

from config.schema import Config, Key, Route
from core.call import Call
from core.errors import Refusal
from core.faults import Fault
from gateway.auto import AUTO, DEMO
from gateway.generation import Generation
from routing.exhausted import Exhausted, refusal

MOST_NAMED: Final = 3
ALONE: Final = (
    "'auto' has nobody to choose: {} can't be reached, and {}. Start {}, or give another provider its API key{}."
)


def turned_down(exhausted: Exhausted, generation: Generation, route: Route, *, call: Call, key: Key) -> Refusal:
    """For the call of *key*, which went by *route*."""
    refused = refusal(exhausted, partial(generation.able, call, key))
    if route.name != AUTO or not generation.auto.on or not _away(generation.config, exhausted):
        return refused
    message = _alone(generation.config)
    return Refusal(503, message, code="no_target_available", headers=refused.headers, extra=refused.extra)


def _away(config: Config, exhausted: Exhausted) -> bool:
    """Whether there are none but machines of the operator's own, and none of them answers."""
    asked = all(failure.fault is Fault.UNREACHABLE for _, failure in exhausted.failures)
    left_alone = all(each.tripped for each in exhausted.skipped)
    return asked and left_alone and all(config.providers[name].local for name in _real(config))


def _real(config: Config) -> list[str]:
    return [name for name, one in config.providers.items() if one.configured and one.dialect != DEMO]


def _alone(config: Config) -> str:
    names = _real(config)
    missing = [name for name, one in config.providers.items() if not one.configured]
    nobody = "no other provider has an API key" if missing else "there is no other provider"
    such = f" ({', '.join(missing[:MOST_NAMED])}{', ...' if len(missing) > MOST_NAMED else ''})" if missing else ""
    start = names[0] if len(names) == 1 else "one of them"
    return ALONE.format(", ".join(names[:MOST_NAMED]), nobody, start, such)
