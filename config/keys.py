"""The clients' keys: kept as digests, never as what the client sends."""

import hashlib
import re
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from config.problems import Notes, printable
from config.readers import TEXT, TRUTH, scalar, secret, several
from config.schema import Key
from config.section import Entry, Section, shown
from config.yaml_lines import Scalar
from core.secret import Secret

LONGEST_NAME = 64
NOT_YET = ("team", "budget", "limits", "max_cost")

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def read_keys(
    entry: Entry | None, notes: Notes, *, routes: Collection[str], providers: Collection[str]
) -> dict[str, Key]:
    """*routes* and *providers* are what a key's `models` may speak of."""
    keys: dict[str, Key] = {}
    owners: dict[bytes, str] = {}
    for name, one in Section(entry, notes).every():
        if not name or not name.isprintable() or len(name) > LONGEST_NAME:
            notes.error(one, f"a key's name is 1 to {LONGEST_NAME} characters")
        section = Section(one, notes)
        key = keys[name] = _key(name, section, notes, routes=routes, providers=providers)
        owner = owners.setdefault(key.digest, name)
        if key.digest and owner != name:
            notes.error(section, f"is the same key as that of {printable(owner)}")
    return keys


def digest(key: Secret) -> bytes:
    return hashlib.sha256(key.reveal().encode()).digest()


def _key(name: str, section: Section, notes: Notes, *, routes: Collection[str], providers: Collection[str]) -> Key:
    disabled = section.read("disabled", TRUTH, False)
    key = Key(
        name=name,
        digest=_digest(section, notes, needed=not disabled),
        models=_models(section, notes, routes, providers),
        expires=section.read("expires", _EXPIRES, None),
        disabled=disabled,
    )
    section.refuse(NOT_YET)
    section.close()
    return key


def _digest(section: Section, notes: Notes, *, needed: bool) -> bytes:
    """Empty for a disabled key that isn't set: no key has an empty digest."""
    key, hashed = section.take("key"), section.take("sha256")
    if key and hashed:
        notes.error(hashed, "a key has either `key` or `sha256`")
    if key:
        read = secret(key, notes)
        return digest(read) if read else b""
    if hashed:
        return _HASHED(hashed, notes) or b""
    if needed:
        name = "sha256" if section.says("sha256") and not section.says("key") else "key"
        notes.error(section.at(name), "is empty" if section.says(name) else "is missing")
    return b""


def _models(section: Section, notes: Notes, routes: Collection[str], providers: Collection[str]) -> tuple[str, ...]:
    def read(entry: Entry, notes: Notes) -> str | None:
        model = TEXT(entry, notes)
        if model and model.count("*") > 1:
            notes.error(entry, "a name may hold one * at most")
        elif model and isinstance(entry.node, Scalar) and not _known(model, routes, providers):
            notes.warn(entry, f"{shown(entry.node)} is no route, and no model at a known provider")
        return model

    entry = section.take("models")
    models = several(read)(entry, notes) if entry else ()
    if entry and not models:
        # An empty list means every model, which is hardly what someone means who writes one.
        notes.error(entry, "names no model; leave it out to allow every model")
    return models or ()


def _known(model: str, routes: Collection[str], providers: Collection[str]) -> bool:
    if model in routes or any(_covers(model, route) or _covers(route, model) for route in routes):
        return True
    provider, slash, _ = model.partition("/")
    return provider in providers if slash else any(_covers(model, f"{one}/") for one in providers)


def _covers(pattern: str, name: str) -> bool:
    start, star, end = pattern.partition("*")
    return bool(star) and len(name) >= len(start) + len(end) and name.startswith(start) and name.endswith(end)


def _hashed(text: str) -> bytes:
    if _SHA256.fullmatch(text) is None:
        raise ValueError("not 64 hex digits")
    return bytes.fromhex(text)


def _expires(text: str) -> float:
    """A day ends with its last second in UTC, and so does a time that names no zone stand in UTC."""
    try:
        time = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time())
    except ValueError:
        time = datetime.fromisoformat(text)
    except OverflowError as error:
        raise ValueError(text) from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


_EXPIRES = scalar(_expires, "a date such as 2027-06-30 or a time such as 2027-06-30T12:00:00Z")
_HASHED = scalar(_hashed, "64 hex digits")
