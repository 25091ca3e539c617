"""The providers of what is written: one for each address, key and set of options that the other's targets had."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from config.problems import Place
from config.providers import is_address
from config.schema import DialectFacts
from moving.findings import Findings
from moving.given import ours, plain, referred
from moving.page import Noted, Tree

_UNFIT: Final = re.compile(r"[^A-Za-z0-9.-]+")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_REFERENCE: Final = re.compile(r"\$\{([A-Za-z0-9_]+)(?::-)?\}")
_ENDINGS: Final = re.compile(r"(?:_API)?(?:_BASE|_ENDPOINT|_HOST|_URL)*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way in. All texts are ours already. *note* is told to whoever reads the file."""

    dialect: str
    base_url: str = ""
    api_key: str = ""
    local: bool = False
    options: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    note: str = field(default="", compare=False)


@dataclass(slots=True)
class Doors:
    """*taken* are variables that the other's file speaks of itself, so that they can't be given a second meaning."""

    dialects: Mapping[str, DialectFacts]
    findings: Findings
    taken: set[str] = field(default_factory=set)
    names: dict[Door, str] = field(default_factory=dict)
    more: dict[str, dict[str, Tree]] = field(default_factory=dict)  # by provider: settings beside those of its door
    _hidden: dict[tuple[str, str], str] = field(default_factory=dict)  # the variables of secrets that stood in clear
    _known: set[str] = field(default_factory=set)
    _last: dict[str, int] = field(default_factory=dict)  # by beginning of a name: the number of its last one

    def name(self, door: Door) -> str:
        """The provider that is called for *door*."""
        if door not in self.names:
            self.names[door] = self._fresh(_wish(door), "-", self._known)
        return self.names[door]

    def _fresh(self, wish: str, between: str, known: set[str]) -> str:
        """*wish*, or with a number behind it, but nothing that is *known*; it is known from now on."""
        name = wish
        while name in known:
            self._last[wish] = self._last.get(wish, 1) + 1
            name = f"{wish}{between}{self._last[wish]}"
        known.add(name)
        return name

    def secret(self, at: Place, text: str, variable: str, *, numbered: bool = False) -> str:
        """*text* by reference: its own, or one to *variable* if it stood in clear.

        *numbered*: the bare name is what the other reads where nothing is said, and so means something else.
        """
        if name := referred(text):
            self.findings.need(name, "")
            return ours(text)
        if (text, variable) not in self._hidden:
            self.taken.update((variable,) if numbered else ())
            self._hidden[text, variable] = self._fresh(variable, "_", self.taken)
        name = self._hidden[text, variable]
        self.findings.need(name, f"what stands in clear at {at.path}, line {at.line}")
        return f"${{{name}:-}}"

    def usual(self, variable: str) -> str:
        """What the other reads where nothing is said."""
        if not variable:
            return ""
        self.findings.need(variable, "")
        return f"${{{variable}:-}}"

    def region(self, said: tuple[Place, str] | None, usual: str) -> str:
        """What goes into an address of AWS: what was *said*, or else the variable *usual*."""
        if said is not None and (referred(said[1]) or _LABEL.fullmatch(said[1])):
            return ours(said[1])
        if said is not None:
            self.findings.leave(said[0], "is no region of AWS")
        return f"${{{usual}:-us-east-1}}"

    def address(self, at: Place, text: str) -> str | None:
        """*text* as an address of ours; None where it can be none, of which the findings know."""
        if name := referred(text):
            self.findings.need(name, "an address, without which the file can't be used")
            return ours(text, needed=True)
        if is_address(text):
            return plain(text.rstrip("/"))
        self.findings.leave(at, "is no plain address: no credentials, no query, no fragment (its value is not shown)")
        return None

    def tree(self) -> dict[str, Tree]:
        """What stands below `providers:`."""
        return {name: self._provider(name, door) for door, name in self.names.items()}

    def _provider(self, name: str, door: Door) -> Tree:
        said: dict[str, Tree] = {}
        if name != door.dialect:
            said["dialect"] = door.dialect
        if door.base_url:
            said["base_url"] = door.base_url
        if door.local:
            said["local"] = True
        if door.api_key:
            said["api_key"] = door.api_key
        said.update(door.options)
        if door.headers:
            said["headers"] = dict(door.headers)
        said.update(self.more.get(name, {}))
        return Noted(said, door.note) if door.note else said


def is_near(address: str) -> bool:
    """Whether *address* is most likely that of a machine of one's own."""
    host = urlsplit(address).hostname or ""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".svc", ".cluster.local"))


def _wish(door: Door) -> str:
    """The dialect's name where it usually is; else one that tells of the address."""
    if not door.base_url:
        return door.dialect
    if variable := _REFERENCE.match(door.base_url):
        told = _ENDINGS.sub("", variable[1]).lower()
    else:
        parts = urlsplit(door.base_url)
        told = f"{parts.hostname}-{parts.port}" if parts.port else f"{parts.hostname}"
    return _UNFIT.sub("-", told).strip("-.")[:60] or door.dialect
