"""What was observed of targets and breakers, brought into the meters once a second and before each look."""

from routing.vitals import Vitals
from telemetry.meters import BREAKER, Meters

States = dict[tuple[str, str], int]


def observe(vitals: Vitals, meters: Meters, counted: States, now: float) -> None:
    """*counted* remembers, between looks, which changes of breakers have been counted."""
    flying: dict[str, int] = {}
    for name, target in vitals.targets().items():
        meters.gauge("switchyard_breaker_state", name).value = BREAKER[target.circuit.state]
        flying[name] = target.in_flight
        for state, times in target.circuit.transitions.items():
            new = times - counted.get((name, state), 0)
            if new:
                counted[name, state] = times
                meters.counter("switchyard_breaker_transitions_total", name, state).value += new
    _spread(flying, meters)
    for name, credential in vitals.credentials().items():
        meters.gauge("switchyard_credential_resting", name).value = int(credential.rests(now))


def _spread(flying: dict[str, int], meters: Meters) -> None:
    """Several targets may share the label `other`: their gauges add up."""
    gauges = {name: meters.gauge("switchyard_target_in_flight", name) for name in flying}
    for gauge in gauges.values():
        gauge.value = 0
    for name, gauge in gauges.items():
        gauge.value += flying[name]
