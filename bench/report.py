"""The figures in words: a line for each measurement, and the table at the end with what must be and what we aim at.

Ratios are paired: both sides of one were measured in the same round, seconds apart.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Round = int
Rounds = Mapping[Round, Mapping[str, float]]


class Results:
    """All figures: by target and scenario, then by round."""

    def __init__(self) -> None:
        self._rounds: dict[tuple[str, str], dict[Round, dict[str, float]]] = {}

    def add(self, target: str, scenario: str, turn: Round, figures: dict[str, float]) -> None:
        self._rounds.setdefault((target, scenario), {})[turn] = figures

    def of(self, target: str, scenario: str) -> Rounds:
        return self._rounds.get((target, scenario), {})

    def bad(self) -> list[str]:
        """The measurements in which calls went wrong: their figures mean nothing."""
        return [
            f"{target} {scenario}: {figures['bad']:.0f} calls went wrong in round {turn + 1}"
            for (target, scenario), rounds in self._rounds.items()
            for turn, figures in rounds.items()
            if figures.get("bad")
        ]

    def noise(self) -> float:
        """The share of a target's core that others took, in the median measurement."""
        shares = [
            figures["foreign"]
            for rounds in self._rounds.values()
            for figures in rounds.values()
            if "foreign" in figures
        ]
        return statistics.median(shares) if shares else 0.0


def paired(ours: Rounds, theirs: Rounds, _baseline: Rounds, name: str) -> list[float]:
    return [figures[name] / theirs[turn][name] for turn, figures in ours.items() if turn in theirs]


def added(ours: Rounds, theirs: Rounds, baseline: Rounds, name: str) -> list[float]:
    """What each adds to the provider's own time."""
    both = [turn for turn in ours if turn in theirs and turn in baseline]
    return [
        _over(ours[turn], baseline[turn], name) / max(1.0, _over(theirs[turn], baseline[turn], name)) for turn in both
    ]


def _over(figures: Mapping[str, float], baseline: Mapping[str, float], name: str) -> float:
    return figures[name] - baseline[name]


def itself(ours: Rounds, _theirs: Rounds, _baseline: Rounds, name: str) -> list[float]:
    """No ratio: the figure is judged as it is."""
    return [figures[name] for figures in ours.values() if name in figures]


class Row(NamedTuple):
    """*judged* makes, from the rounds, the numbers that are held against *must* and *aim*.

    *than* is what we are compared with, target and scenario, where that isn't nginx in the same scenario; *of* whose
    figure it is, where it isn't the subject's own.
    """

    title: str
    scenario: str
    figure: str
    judged: Callable[[Rounds, Rounds, Rounds, str], list[float]]
    must: float
    aim: float
    at_least: bool = False
    than: tuple[str, str] | None = None
    of: str = ""

    def sides(self, results: Results, subject: str) -> tuple[Rounds, Rounds, Rounds]:
        """Our rounds, those that we are compared with, and those without anybody in between."""
        theirs = self.than or ("nginx", self.scenario)
        return results.of(self.of or subject, self.scenario), results.of(*theirs), results.of("direct", self.scenario)


PLAIN = ("switchyard", "small")
ROWS = (
    Row("small call, CPU µs", "small", "cpu_us", paired, 4.0, 2.2),
    Row("with budgets, beside without, CPU µs", "small", "cpu_us", paired, 1.25, 1.15, of="sqlite", than=PLAIN),
    Row("large call, CPU µs", "large", "cpu_us", paired, 3.2, 2.0),
    Row("chunk in a burst, CPU µs", "burst", "cpu_us", paired, 2.5, 1.35),
    Row("chunk alone, CPU µs", "dense", "cpu_us", paired, 1.6, 1.25),
    Row("first chunk, p50 µs", "paced", "first_us", paired, 2.0, 1.5),
    Row("added at 100 calls/s, p50 µs", "rate", "p50_us", added, 2.5, 1.7),
    Row("open stream, KB", "slow", "kb_per_stream", itself, 30, 20),
    Row("idle, MB", "rss", "mb", itself, 60, 40),
    Row("start, s", "cold", "seconds", itself, 1.0, 0.5),
    Row("two workers over one", "scaling", "speed_up", itself, 1.9, 1.9, at_least=True),
)


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values: list[float]) -> str:
    """The median, and between what it lies."""
    if len(values) < 2:
        return number(values[0]) if values else "-"
    return f"{number(statistics.median(values))} [{number(min(values))}-{number(max(values))}]"


def line(turn: Round, scenario: str, target: str, figures: Mapping[str, float]) -> str:
    told = "  ".join(f"{name} {number(value)}" for name, value in figures.items() if name != "bad" or value)
    return f"round {turn + 1}  {scenario:<17}{target:<12}{told}"


def _side(row: Row, rounds: Rounds, baseline: Rounds) -> str:
    """One side's own figure; what it adds, where that is the question."""
    if row.judged is added:
        return spread([_over(rounds[turn], baseline[turn], row.figure) for turn in rounds if turn in baseline])
    return spread([figures[row.figure] for figures in rounds.values() if row.figure in figures])


def table(results: Results, subject: str, rows: Sequence[Row] = ROWS) -> str:
    """In Markdown, ready for the README; rows without a measurement are left out, and without rows there is none.

    Beside our ratio to nginx stands that of the bare relay: what no gateway in Python can do without here.
    """
    lines = []
    relayed = any(results.of("relay", row.scenario) for row in rows)
    for row in rows:
        ours, theirs, baseline = row.sides(results, subject)
        if not ours:
            continue
        ratio = "-" if row.judged is itself else spread(row.judged(ours, theirs, baseline, row.figure))
        sides = f"{_side(row, ours, baseline)} | {_side(row, theirs, baseline)}"
        floor = [] if row.than else row.judged(results.of("relay", row.scenario), theirs, baseline, row.figure)
        lines.append(
            f"| {row.title} | {sides} | {ratio} |{f' {spread(floor)} |' * relayed} {row.must:g} | {row.aim:g} |"
        )
    other = "nginx" if any(row.than is None and row.judged is not itself for row in rows) else "beside"
    head = [f"| figure | {subject} | {other} | ratio |{' bare relay |' * relayed} must | aim |"]
    head.append("|---" * (7 if relayed else 6) + "|")
    return "\n".join([*head, *lines] if lines else [])


def verdicts(results: Results, subject: str, rows: Sequence[Row] = ROWS) -> list[str]:
    """A sentence for each figure that is not what it must be."""
    sentences = []
    for row in rows:
        ours, theirs, baseline = row.sides(results, subject)
        if judged := row.judged(ours, theirs, baseline, row.figure):
            found = statistics.median(judged)
            if found < row.must if row.at_least else found > row.must:
                word = "at least" if row.at_least else "at most"
                sentences.append(f"{row.title}: {number(found)}, must be {word} {row.must:g}")
    return sentences


def against(results: Results, subject: str, peer: str) -> list[str]:
    """How many times *peer*'s CPU time is ours, in the rounds that it took part in."""
    ratios = {
        row.title: paired(results.of(peer, row.scenario), results.of(subject, row.scenario), {}, "cpu_us")
        for row in ROWS
        if row.figure == "cpu_us" and not row.of
    }
    return [f"{peer} / {subject}, {title}: {spread(values)}" for title, values in ratios.items() if values]
