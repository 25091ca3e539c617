"""Routes within routes, written out: what is left is stages of targets, and no name to look up."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from config.problems import Notes, printable
from config.routes import Reference, Step, Written
from config.schema import Route, Stage
from core.target import Target

DEEPEST = 32
MOST_STAGES = 100
MOST_TARGETS = 250


def unfold(written: Mapping[str, Written], notes: Notes) -> dict[str, Route]:
    """Every route with its stages. Trouble goes to *notes*, at the place that names the other route."""
    unfolding = _Unfolding(written, notes)
    return {name: replace(one.route, stages=unfolding.stages(name, ())) for name, one in written.items()}


class _Unfolding:
    """Each route is unfolded once, and read from memory where others name it."""

    def __init__(self, written: Mapping[str, Written], notes: Notes) -> None:
        self._written = written
        self._notes = notes
        self._done: dict[str, tuple[Stage, ...]] = {}

    def stages(self, name: str, trail: tuple[str, ...]) -> tuple[Stage, ...]:
        """*trail* are the routes on the way here."""
        if name not in self._done:
            self._done[name] = self._unfolded(self._written[name], (*trail, name))
        return self._done[name]

    def _unfolded(self, written: Written, trail: tuple[str, ...]) -> tuple[Stage, ...]:
        self._check_stars(written)
        # What a variable chose may well stand in the chain a second time.
        chosen = any(reference.chosen for step in written.steps for reference in step.references)
        stages: list[Stage] = []
        for step in written.steps:
            added = _not_tried(stages, self._staged(step, written, trail), step.on)
            if not added and not chosen:
                self._notes.warn(step, "can never be reached: all its targets stand in earlier stages")
            stages += added
            if len(stages) > MOST_STAGES or sum(len(stage.targets) for stage in stages) > MOST_TARGETS:
                self._notes.error(written, f"unfolds to more than {MOST_STAGES} stages or {MOST_TARGETS} targets")
                return ()
        if stages and written.steps[0].on:
            self._notes.warn(written.steps[0], "can never be reached: `on:` waits for a fault, but this stage is first")
        return tuple(stages)

    def _check_stars(self, written: Written) -> None:
        most = written.route.name.count("*")
        for reference in (one for step in written.steps for one in step.references if one.provider):
            if reference.name.count("*") > most:
                self._notes.error(reference, "a target may hold one *, and only where the route's name holds one")

    def _staged(self, step: Step, written: Written, trail: tuple[str, ...]) -> Sequence[Stage]:
        first, *others = step.references
        if not first.provider and not others:
            nested = self._nested(first, trail)
            return [replace(stage, strategy=step.strategy or stage.strategy) for stage in nested]
        if len(step.references) > MOST_TARGETS:
            self._notes.error(step, f"names more than {MOST_TARGETS} targets")
            return []
        targets: dict[str, Target] = {}
        for target in (one for reference in step.references for one in self._joined(reference, trail)):
            before = targets.get(target.id)
            targets[target.id] = replace(before, weight=before.weight + target.weight) if before else target
        strategy, weights = step.strategy or written.strategy, written.route.weights
        return [Stage(targets=tuple(targets.values()), strategy=strategy, weights=weights)] if targets else []

    def _joined(self, reference: Reference, trail: tuple[str, ...]) -> Sequence[Target]:
        """The targets that *reference* adds to a stage of several."""
        if reference.provider:
            return [Target(reference.provider, reference.name, reference.weight)]
        stages = self._nested(reference, trail)
        if len(stages) > 1:
            message = f"{printable(reference.name)} has {len(stages)} stages; it can only be a stage by itself"
            self._notes.error(reference, message)
            return []
        return [replace(one, weight=one.weight * reference.weight) for stage in stages for one in stage.targets]

    def _nested(self, reference: Reference, trail: tuple[str, ...]) -> tuple[Stage, ...]:
        name = reference.name
        if "*" in name:
            self._notes.error(reference, "a route whose name holds a * can't be named by another route")
        elif name in trail:
            circle = " -> ".join((*trail[trail.index(name) :], name))
            self._notes.error(reference, f"goes round in a circle: {printable(circle)}")
        elif len(trail) >= DEEPEST:
            self._notes.error(reference, f"routes name each other more than {DEEPEST} deep")
        else:
            return self.stages(name, trail)
        return ()


def _not_tried(earlier: Sequence[Stage], stages: Sequence[Stage], on: frozenset[str]) -> list[Stage]:
    """*stages* without those that could only repeat; the first of what is left is entered by the faults *on*."""
    added: list[Stage] = []
    for stage in stages:
        entered = on or stage.on
        before = (one for one in (*earlier, *added) if not one.on or (entered and entered <= one.on))
        tried = {target.id for one in before for target in one.targets}
        if all(target.id in tried for target in stage.targets):
            continue
        added.append(replace(stage, on=entered))
        on = frozenset()
    return added
