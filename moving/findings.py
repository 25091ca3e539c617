"""What became of each setting of another gateway: mapped, mapped with a changed meaning, or not mapped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from config.problems import Place, printable

LONGEST_SHOWN: Final = 60


class Finding(NamedTuple):
    path: str
    line: int
    text: str


@dataclass(slots=True)
class Findings:
    """The report, while it is made. Nothing in it comes from a value that may be a secret."""

    mapped: list[Finding] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    left: list[Finding] = field(default_factory=list)
    needed: dict[str, str] = field(default_factory=dict)  # variables of the environment, and what they are for

    def keep(self, at: Place, text: str) -> None:
        self.mapped.append(Finding(at.path, at.line, text))

    def change(self, at: Place, text: str) -> None:
        self.changed.append(Finding(at.path, at.line, text))

    def leave(self, at: Place, text: str) -> None:
        self.left.append(Finding(at.path, at.line, text))

    def need(self, variable: str, why: str) -> None:
        """The first reason stands, unless a later one is all there is."""
        self.needed[variable] = self.needed.get(variable) or why


def report(findings: Findings, file: str) -> str:
    """For people, in four parts; each line begins with where it stands in *file*."""
    groups: Mapping[str, list[Finding]] = {
        "Mapped": findings.mapped,
        "Mapped with changed meaning": findings.changed,
        "Not mapped": findings.left,
    }
    parts = [_part(title, (_line(one, file) for one in _in_order(found))) for title, found in groups.items()]
    variables = (f"{name}: {why}" if why else name for name, why in sorted(findings.needed.items()))
    return "\n".join((*parts, _part("Set in the environment", variables)))


def shortened(text: str) -> str:
    """A name of the other's, for a sentence."""
    words = printable(text)
    return words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN]}..."


def _in_order(found: Iterable[Finding]) -> list[Finding]:
    return sorted(dict.fromkeys(found), key=lambda one: one.line)


def _line(one: Finding, file: str) -> str:
    return f"{file}:{one.line}: {one.path}: {one.text}" if one.path else f"{file}:{one.line}: {one.text}"


def _part(title: str, lines: Iterable[str]) -> str:
    told = list(lines)
    return f"{title} ({len(told)})\n" + "".join(f"  {line}\n" for line in told or ["nothing"])
