"""Measure the gateway beside nginx, in turns: python -m bench [--rounds N] [--scenario small,burst] [--out FILE]

With --dialects [anthropic,ollama] only streams that have to be translated are measured, of all dialects or of some;
with --money what budgets, limits and the ledger cost; with --decisions what it costs to choose among targets.
The target has one core, the load and the provider another. Targets take turns within each round, so that a ratio
compares seconds of the same minute; the table at the end gives medians and, in brackets, the range of the rounds.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from compiling.found import NotCompiled, prefer

with suppress(NotCompiled):
    prefer()  # decisions are measured here, in the form that serves

from bench import decisions, dialects, money
from bench.dialects import TONGUES
from bench.process import allow_many_files
from bench.report import ROWS, Results, Row, against, line, table, verdicts
from bench.scaling import scaling
from bench.scenarios import EACH_ROUND, Figures, Scenario, slow
from bench.subject import Lab, Subject, boot, laboratory
from bench.targets import TARGETS, Site, Start, form, litellm_command
from bench.tools import interpreter, require

UNTOUCHED = ("direct", "nginx", "relay")  # what the others are compared with; not judged themselves
VARIANTS = ("bare", "sqlite", "redis")  # of ourselves; judged in the table of `switchyard`
NOISY = 0.35  # beyond this, caches are cold and times of waiting mean little
FOR_DIRECT = ("paced", "rate")
FOR_RELAY = ("small", "large", "burst", "dense")
FAILURES = (ArithmeticError, LookupError, OSError, RuntimeError, ValueError, subprocess.SubprocessError)
APART = ("slow", "scaling")  # each with a process of its own, when the others are gone


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def options() -> argparse.Namespace:
    every = [*EACH_ROUND, *APART]
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--target", type=names, help=f"some of direct,{','.join(TARGETS)},command")
    parser.add_argument("--scenario", type=names, default=every, help=f"some of {','.join(every)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="for each measurement under full load")
    parser.add_argument("--minutes", type=float, default=6.5, help="after this no measurement begins")
    parser.add_argument("--command", help="another gateway; {port}, {upstream} and {workers} are filled in")
    parser.add_argument("--out", type=Path, help="append every measurement to this file, as JSON lines")
    parser.add_argument(
        "--dialects", nargs="?", const=",".join(TONGUES), type=names, help=f"some of {','.join(TONGUES)}"
    )
    parser.add_argument("--money", action="store_true", help="what budgets, limits and the ledger cost")
    parser.add_argument("--decisions", action="store_true", help="only what it costs to choose among targets")
    chosen = parser.parse_args()
    if chosen.dialects:
        translated(parser, chosen)
    if chosen.money:
        chosen.target = chosen.target or [*money.SIDES]
    chosen.target = chosen.target or default_targets(chosen.command)
    known = {"direct", *TARGETS, *(money.SIDES if chosen.money else ()), *(["command"] if chosen.command else [])}
    if unknown := ({*chosen.target} - known) | ({*chosen.scenario} - {*every}):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return chosen


def translated(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> None:
    """The other choices, where streams are to be translated."""
    if unknown := {*chosen.dialects} - {*TONGUES}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    chosen.target = ["nginx", "switchyard"]


def default_targets(command: str | None) -> list[str]:
    peers = ["litellm"] if litellm_command() else []
    return ["direct", "nginx", "relay", "switchyard", "sqlite", *(["command"] if command else []), *peers]


class Plan(NamedTuple):
    """One of the comparisons there are. *takes_part* says of a target whether it is measured in a scenario."""

    sides: Mapping[str, Callable[[Site], Start]]
    scenarios: Mapping[str, Scenario]
    rows: Sequence[Row]
    takes_part: Callable[[str, str], bool]


def plan(chosen: argparse.Namespace, redis: int) -> Plan:
    if chosen.dialects:
        names = chosen.dialects
        return Plan(dialects.sides(names), dialects.scenarios(names), dialects.rows(names), dialects.takes_part)
    every, sides, rows, part = (
        (money.scenarios(), money.sides(redis), money.rows(), money.takes_part)
        if chosen.money
        else (EACH_ROUND, TARGETS, ROWS, takes_part)
    )
    return Plan(sides, {name: every[name] for name in every if name in chosen.scenario}, rows, part)


def takes_part(target: str, scenario: str) -> bool:
    if target in VARIANTS:
        return scenario == "small"
    if target == "relay":
        return scenario in FOR_RELAY
    return target != "direct" or scenario in FOR_DIRECT


class Bench:
    """One run: what was chosen, the room it happens in, and the results so far."""

    def __init__(self, chosen: argparse.Namespace, lab: Lab, plan: Plan) -> None:
        self.chosen = chosen
        self.lab = lab
        self.plan = plan
        self.results = Results()
        self.failures: list[str] = []
        self.deadline = time.monotonic() + 60 * chosen.minutes

    def run(self) -> None:
        for turn in range(self.chosen.rounds):
            self._round(turn, [target for target in self.chosen.target if target != "litellm"])
            # It has work of its own while idle and takes long to start: so it runs alone, and once.
            self._round(turn, [target for target in self.chosen.target if target == "litellm" and not turn])
            if not (self.chosen.dialects or self.chosen.money):
                self._apart(turn)

    def _round(self, turn: int, targets: list[str]) -> None:
        subjects = list(self._booted(targets))
        try:
            for scenario, load in self.plan.scenarios.items():
                for subject in subjects:
                    if self.plan.takes_part(subject.name, scenario):
                        self._measure(turn, scenario, subject.name, lambda: load(self.lab, subject))  # noqa: B023  (called at once)
        finally:
            for subject in subjects:
                subject.stop()

    def _booted(self, targets: list[str]) -> Iterator[Subject]:
        for target in targets:
            try:
                yield boot(self.lab, target)
            except (RuntimeError, OSError) as reason:
                self._fail(f"{target} did not start: {reason}")

    def _apart(self, turn: int) -> None:
        """A thousand slow readers once, since memory hardly varies; two workers in each round, since the clock does."""
        for target in self.chosen.target:
            if target in ("direct", "relay", *VARIANTS):
                continue
            if "slow" in self.chosen.scenario and not turn:
                self._measure(turn, "slow", target, lambda: self._alone(target))  # noqa: B023  (called at once)
            if "scaling" in self.chosen.scenario and target != "litellm":
                self._measure(turn, "scaling", target, lambda: scaling(self.lab, target))  # noqa: B023  (called at once)

    def _alone(self, target: str) -> Figures:
        subject = boot(self.lab, target)
        try:
            return slow(self.lab, subject)
        finally:
            subject.stop()

    def _measure(self, turn: int, scenario: str, target: str, work: Callable[[], Figures]) -> None:
        if time.monotonic() > self.deadline:
            self._fail(f"{target} {scenario} was left out in round {turn + 1}: the time is up (--minutes)")
            return
        try:
            figures = work()
        except FAILURES as reason:  # the others are still worth having
            self._fail(f"{target} {scenario}: {reason!r}")
            return
        self.results.add(target, scenario, turn, figures)
        print(line(turn, scenario, target, figures), flush=True)
        if self.chosen.out:
            with self.chosen.out.open("a") as out:
                out.write(json.dumps({"target": target, "scenario": scenario, "round": turn, **figures}) + "\n")

    def _fail(self, sentence: str) -> None:
        self.failures.append(sentence)
        print(sentence, file=sys.stderr, flush=True)

    def conclude(self) -> int:
        """Print the table; 1 if something could not be measured, else 0."""
        for subject in (target for target in self.chosen.target if target not in (*UNTOUCHED, *VARIANTS, "litellm")):
            if shown := table(self.results, subject, self.plan.rows):
                missed = verdicts(self.results, subject, self.plan.rows) or ["Everything measured is as it must be."]
                print(
                    "",
                    f"{interpreter()}, {form()}:",
                    "",
                    shown,
                    "",
                    *missed,
                    *against(self.results, subject, "litellm"),
                    sep="\n",
                )
        if (noise := self.results.noise()) > NOISY:
            print(f"\nOthers took {noise:.0%} of the target's core meanwhile; on a quieter machine they mean more.")
        wrong = [*self.failures, *self.results.bad()]
        print(*wrong, sep="\n", file=sys.stderr)
        return 1 if wrong else 0


def main() -> int:
    chosen = options()
    if chosen.decisions:
        return decisions.main()
    redis = "redis" in chosen.target
    require(["cc", "wrk", "taskset", *(["nginx"] if "nginx" in chosen.target else []), *["redis-server"] * redis])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    allow_many_files()
    with ExitStack() as stack:
        chosen_plan = plan(chosen, stack.enter_context(money.redis()) if redis else 0)
        lab = stack.enter_context(laboratory(seconds=chosen.seconds, command=chosen.command, targets=chosen_plan.sides))
        bench = Bench(chosen, lab, chosen_plan)
        bench.run()
    if not (chosen.dialects or chosen.money):
        decisions.main()
    return bench.conclude()


if __name__ == "__main__":
    sys.exit(main())
