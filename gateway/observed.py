"""What was observed of targets, breakers and answers, brought into the meters once a second and before each look."""

import time

from gateway.generation import Generation, Shared
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


def appraise(shared: Shared, generation: Generation) -> None:
    """How good answers are, of the targets that routes name."""
    shared.assessor.look(time.time())
    known = shared.qualities.places()
    if not known:
        return
    targets = {
        target.id: target
        for route in generation.config.routes.values()
        for stage in route.stages
        for target in stage.targets
    }
    for id, task in known:
        if (target := targets.get(id)) is not None:
            shared.meters.gauge("switchyard_quality", id, task).value = generation.quality(target, task)


def _spread(flying: dict[str, int], meters: Meters) -> None:
    """Several targets may share the label `other`: their gauges add up."""
    gauges = {name: meters.gauge("switchyard_target_in_flight", name) for name in flying}
    for gauge in gauges.values():
        gauge.value = 0
    for name, gauge in gauges.items():
        gauge.value += flying[name]
