"""What was observed of targets, breakers and answers, brought into the meters once a second and before each look."""

import math
import time

from gateway.generation import Generation, Shared
from routing.vitals import Vitals
from telemetry.meters import BREAKER, Meters

States = dict[tuple[str, str], int]
Figures = dict[str, float]  # by target


def observe(vitals: Vitals, meters: Meters, counted: States, now: float) -> None:
    """*counted* remembers, between looks, which changes of breakers have been counted."""
    flying: Figures = {}
    queued: Figures = {}
    limits: Figures = {}
    for name, target in vitals.targets().items():
        meters.gauge("switchyard_breaker_state", name).value = BREAKER[target.circuit.state]
        flying[name] = target.in_flight
        queued[name] = target.gate.waiting
        if target.gate.most < math.inf:
            limits[name] = target.gate.most
        for state, times in target.circuit.transitions.items():
            new = times - counted.get((name, state), 0)
            if new:
                counted[name, state] = times
                meters.counter("switchyard_breaker_transitions_total", name, state).value += new
    for name, credential in vitals.credentials().items():
        meters.gauge("switchyard_credential_resting", name).value = int(credential.rests(now))
    _spread(flying, "switchyard_target_in_flight", meters)
    _spread(queued, "switchyard_queued", meters)
    _spread(limits, "switchyard_target_limit", meters)


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


def _spread(figures: Figures, metric: str, meters: Meters) -> None:
    """Several targets may share the label `other`: their gauges add up. Those of nobody are shown no longer."""
    gauges = {name: meters.gauge(metric, name) for name in figures}
    for gauge in gauges.values():
        gauge.value = 0
    for name, gauge in gauges.items():
        gauge.value += figures[name]
    meters.keep(metric, gauges.values())
