"""The clients' keys: kept as digests, never as what the client sends."""

import hashlib
import re
from collections.abc import Collection
from datetime import UTC, date, datetime

from config.allowances import read_allowance, take_allowance
from config.budgets import Terms
from config.names import check_model, check_name, covers, read_allowed
from config.problems import Notes, printable
from config.readers import MONEY, TEXT, TRUTH, choice, scalar, secret, several
from config.schema import Allowance, Key, State
from config.section import Entry, Reader, Section, shown
from config.units import DAY
from config.yaml_lines import Scalar
from core.call import PRIORITIES
from core.secret import Secret

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def read_keys(
    entry: Entry | None,
    notes: Notes,
    *,
    routes: Collection[str],
    providers: Collection[str],
    teams: Collection[str],
    tags: Collection[str],
    when_down: str,
) -> dict[str, Key]:
    """The keys of the file. What the arguments are, `read_key` says."""
    keys: dict[str, Key] = {}
    owners: dict[bytes, str] = {}
    for name, one in Section(entry, notes).every():
        section = Section(one, notes)
        key = keys[name] = read_key(
            name,
            section,
            notes,
            routes=routes,
            providers=providers,
            teams=teams,
            tags=tags,
            needs_secret=True,
            when_down=when_down,
        )
        owner = owners.setdefault(key.digest, name)
        if key.digest and owner != name:
            notes.error(section, f"is the same key as that of {printable(owner)}")
    return keys


def read_key(
    name: str,
    section: Section,
    notes: Notes,
    *,
    routes: Collection[str],
    providers: Collection[str],
    teams: Collection[str],
    tags: Collection[str],
    needs_secret: bool,
    when_down: str = State().when_down,
) -> Key:
    """One key, wherever it is written; what is wrong with it goes to *notes*.

    *routes* and *providers* are what its `models` may speak of, *teams* and *tags* those that there are. Without
    *needs_secret* it is known by something else: `key` and `sha256` are unknown then, and its digest is left empty.
    *when_down* is for budgets that don't say it (that of `state`).
    """
    _check_name(name, section, notes)
    terms = Terms(routes, when_down)
    disabled = section.read("disabled", TRUTH, False)
    key = Key(
        name=name,
        digest=_digest(section, notes, needed=not disabled) if needs_secret else b"",
        models=read_allowed(section, notes, routes=routes, providers=providers),
        expires=section.read("expires", _EXPIRES, None),
        disabled=disabled,
        team=section.read("team", _one_of(teams, "team"), None),
        tags=tuple(sorted(set(section.read("tags", several(_one_of(tags, "tag")), ())))),
        allowance=read_allowance(take_allowance(section), notes, terms),
        per_model=_per_model(section, notes, terms, providers),
        max_cost=section.read("max_cost", MONEY, None),
        priority=section.read("priority", choice(PRIORITIES, "priority"), "normal"),
        holds=section.read("holds", choice(("whole", "slices"), "way to hold"), "whole"),
    )
    section.close()
    return key


def digest(key: Secret) -> bytes:
    return hashlib.sha256(key.reveal().encode()).digest()


def _check_name(name: str, section: Section, notes: Notes) -> None:
    check_name(name, section, notes, whose="a key's")
    if "/model/" in name:
        # What it spends would be counted with that of another key's model.
        notes.error(section, "a key's name can't hold /model/")


def _one_of(names: Collection[str], what: str) -> Reader[str]:
    def read(entry: Entry, notes: Notes) -> str | None:
        name = TEXT(entry, notes)
        if name is None or name in names or not isinstance(entry.node, Scalar):
            return name
        meant = notes.meant(name, names) or f"; `{what}s:` declares them"
        notes.error(entry, f"no {what} is called {shown(entry.node)}{meant}")
        return None

    return read


def _per_model(
    section: Section, notes: Notes, terms: Terms, providers: Collection[str]
) -> tuple[tuple[str, Allowance], ...]:
    """An allowance for each pattern; the first that fits counts, so it has to be known which one that is."""
    written = Section(section.take("per_model"), notes).every()
    patterns = [pattern for pattern, _ in written]
    found: list[tuple[str, Allowance]] = []
    for pattern, entry in written:
        if not pattern or not pattern.isprintable():
            notes.error(entry, "expected the name of a model that clients ask for; it may hold one *")
        check_model(pattern, entry, notes, words=printable(pattern), routes=terms.routes, providers=providers)
        inner = Section(entry, notes)

        def leads_back(route: str, pattern: str = pattern) -> bool:
            return pattern == next((one for one in patterns if covers(one, route)), None)

        found.append((pattern, read_allowance(take_allowance(inner), notes, terms, leads_back)))
        inner.close()
    return tuple(found)


def _digest(section: Section, notes: Notes, *, needed: bool) -> bytes:
    """Empty for a disabled key that isn't set: no key has an empty digest."""
    key, hashed = section.take("key"), section.take("sha256")
    if key and hashed:
        notes.error(hashed, "a key has either `key` or `sha256`")
    if key:
        read = secret(key, notes)
        return digest(read) if read else b""
    if hashed:
        notes.private.add(hashed.path)
        return _HASHED(hashed, notes) or b""
    if needed:
        name = "sha256" if section.says("sha256") and not section.says("key") else "key"
        notes.error(section.at(name), "is empty" if section.says(name) else "is missing")
    return b""


def _hashed(text: str) -> bytes:
    if _SHA256.fullmatch(text) is None:
        raise ValueError("not 64 hex digits")
    return bytes.fromhex(text)


def _expires(text: str) -> float:
    """A day ends with its last second in UTC, and so does a time that names no zone stand in UTC."""
    try:
        begun = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    # Not the next day's beginning: the last day that there is, which many write for "never", has none.
    return begun.timestamp() + DAY


_EXPIRES = scalar(_expires, "a date such as 2027-06-30 or a time such as 2027-06-30T12:00:00Z")
_HASHED = scalar(_hashed, "64 hex digits")
