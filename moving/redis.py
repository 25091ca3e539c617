"""Where the other keeps its Redis, as one address."""

import re
from typing import Final

from config.section import Entry
from moving.doors import Doors
from moving.findings import Findings
from moving.given import Given, ours, referred

_HOST: Final = re.compile(r"[A-Za-z0-9._-]+")
_PORT: Final = re.compile(r"[0-9]{1,5}")


def address(given: Given, prefix: str, doors: Doors, findings: Findings) -> tuple[Entry, str] | None:
    """`${...}` as far as it was, or was a secret; None where nothing is said, or nothing that can be used."""
    url = given.text(f"{prefix}url")
    host, port = given.text(f"{prefix}host"), given.text(f"{prefix}port")
    password, user = given.text(f"{prefix}password"), given.text(f"{prefix}username")
    ssl = given.truth(f"{prefix}ssl")
    if url:
        return url[0], doors.secret(*url, "REDIS_URL")
    if host is None:
        return None
    where = _part(host, _HOST, doors)
    number = _part(port, _PORT, doors) if port else "6379"
    if where is None or number is None:
        findings.leave(host[0], "host and port of Redis are a name and a number, or variables")
        return None
    who = doors.secret(*user, "REDIS_USERNAME") if user else ""
    secret = doors.secret(*password, "REDIS_PASSWORD") if password else ""
    if secret and password:
        findings.change(password[0], "part of an address now: write @ / ? # in it as %40 %2F %3F %23")
    door = f"{who}:{secret}@" if secret else ""
    return host[0], f"{'rediss' if ssl and ssl[1] else 'redis'}://{door}{where}:{number}"


def _part(said: tuple[Entry, str], good: re.Pattern[str], doors: Doors) -> str | None:
    if name := referred(said[1]):
        doors.findings.need(name, "part of Redis's address, without which the file can't be used")
        return ours(said[1], needed=True)
    return said[1] if good.fullmatch(said[1]) else None
