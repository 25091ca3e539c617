"""The providers and the credentials that open them."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from config.allowances import Written, take_allowance
from config.policies import CONCURRENCY
from config.problems import Notes
from config.readers import TEXT, TRUTH, choice, every, secret, several, whole
from config.schema import DialectFacts
from config.section import Entry, Section
from config.yaml_lines import Fields, Scalar
from core.target import ADAPTIVE, GRADIENT, USUAL, Provider, Thresholds

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_BLANK = re.compile(r"{(\w+)}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")  # of a host
# They say how the message is cut and to whom it goes, which is the client's business alone.
_FRAMING = frozenset({"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"})

_DISCOVER = every("5m", shortest="1s", longest="1d")
_PROBE = every("30s", shortest="1s", longest="1h")
_TIMES = whole(1, 100)


class Headers(dict[str, str]):
    """A value may well be a credential, so that only the names are ever printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Headers({', '.join(self)})"

    __str__ = __repr__


class Providers(NamedTuple):
    """*sources*: for each that has an api_key, the variables it came from. *allowances* by scope, still to be read."""

    by_name: dict[str, Provider]
    sources: dict[str, str]
    allowances: dict[str, Written]


def read_providers(entry: Entry | None, notes: Notes, dialects: Mapping[str, DialectFacts]) -> Providers:
    found = Providers({}, {}, {})
    for name, one in Section(entry, notes).every():
        if _NAME.fullmatch(name) is None:
            notes.error(one, "a provider's name is up to 64 letters, digits, dots, dashes and underscores")
        section = Section(one, notes)
        found.allowances[f"provider/{name}"] = take_allowance(section)
        found.by_name[name] = _provider(name, section, notes, dialects)
        if variables := section.variables("api_key"):
            found.sources[name] = ", ".join(variables)
    return found


def _provider(name: str, section: Section, notes: Notes, dialects: Mapping[str, DialectFacts]) -> Provider:
    dialect, facts = _dialect(name, section, notes, dialects)
    local = section.read("local", TRUTH, facts.local)
    options = _options(section, facts)
    notes.private.update(section.at(name).path for name in options if name.endswith("_key"))
    probe, thresholds = _probe(section, notes)
    provider = Provider(
        name=name,
        dialect=dialect,
        base_url=section.read("base_url", _base_url, _usual(facts.base_url, options)),
        keys=section.read("api_key", several(secret), ()),
        needs_key=facts.needs_key and not local,
        local=local,
        options=options,
        headers=_headers(section.take("headers"), notes),
        verify_tls=section.read("verify_tls", TRUTH, True),
        discover=section.read("discover", _DISCOVER, 0.0),
        probe=probe,
        thresholds=thresholds,
        concurrency=section.read("concurrency", CONCURRENCY, GRADIENT if local else ADAPTIVE),
    )
    if facts is not _UNKNOWN:
        section.close()
        _check_address(provider, section, facts, notes)
        _check_listing(provider, section, facts, notes)
    return provider


def _probe(section: Section, notes: Notes) -> tuple[float, Thresholds]:
    """`probe: 10s`, or in full: `probe: {every: 10s, up: 2, down: 3}`."""
    entry = section.take("probe")
    if entry is None or not isinstance(entry.node, Fields):
        return (entry and _PROBE(entry, notes)) or 0.0, USUAL
    probe = Section(entry, notes)
    every = probe.read("every", _PROBE, 30.0)
    thresholds = Thresholds(up=probe.read("up", _TIMES, USUAL.up), down=probe.read("down", _TIMES, USUAL.down))
    probe.close()
    return every, thresholds


def _check_address(provider: Provider, section: Section, facts: DialectFacts, notes: Notes) -> None:
    """A machine of one's own is not where the dialect usually is, and some dialects have no usual place."""
    elsewhere = provider.local and not facts.local and provider.base_url == facts.base_url
    nowhere = bool(provider.keys) and not provider.base_url
    if facts.needs_key and (elsewhere or nowhere):
        needed = next(iter(_BLANK.findall(facts.base_url)), "base_url")
        notes.error(section.at(needed), "is missing, and nothing else says where to send the calls")


def _check_listing(provider: Provider, section: Section, facts: DialectFacts, notes: Notes) -> None:
    """Whoever has no list of models can't be asked for it."""
    for name, wanted in (("discover", provider.discover), ("probe", provider.probe)):
        if wanted and not facts.listed:
            notes.error(section.at(name), f"the dialect {provider.dialect} has no list of models to ask for")


_UNKNOWN = DialectFacts()


def _dialect(
    name: str, section: Section, notes: Notes, dialects: Mapping[str, DialectFacts]
) -> tuple[str, DialectFacts]:
    written = section.take("dialect")
    if written:
        dialect = choice(dialects, "dialect")(written, notes)
        return (dialect, dialects[dialect]) if dialect else ("", _UNKNOWN)
    if name not in dialects:
        meant = notes.meant(name, dialects)
        known = ", ".join(sorted(dialects))
        notes.error(section, f"is no known provider{meant}; `dialect:` may say how it speaks ({known})")
    return name, dialects.get(name, _UNKNOWN)


def _options(section: Section, facts: DialectFacts) -> dict[str, str]:
    options = {name: section.read(name, TEXT, default or "") for name, default in facts.options.items()}
    return {name: value for name, value in options.items() if value}


def _usual(address: str, options: Mapping[str, str]) -> str:
    """Where the dialect usually is: some have a `{region}` in their address. Empty as long as that isn't said."""
    blanks = _BLANK.findall(address)
    if any(_LABEL.fullmatch(options.get(name, "")) is None for name in blanks):
        return ""
    return address.format_map({name: options[name] for name in blanks})


def _headers(entry: Entry | None, notes: Notes) -> Headers:
    headers = Headers()
    for name, value in Section(entry, notes).every():
        if _HEADER.fullmatch(name) is None:
            notes.error(value, "is not the name of a header")
        elif name.lower() in _FRAMING:
            notes.error(value, "is set by the connection itself")
        elif not isinstance(value.node, Scalar) or _HEADER_VALUE.fullmatch(value.node.text) is None:
            notes.error(value, "expected text without control characters (its value is not shown)")
        elif value.node.text:
            notes.private.add(value.path)
            headers[name] = value.node.text
    return headers


def _base_url(entry: Entry, notes: Notes) -> str | None:
    if isinstance(entry.node, Scalar) and is_address(entry.node.text):
        return entry.node.text.rstrip("/")
    # The value is not shown: it may hold the very credentials that make it wrong.
    notes.error(entry, "expected an address such as https://api.example.com/v1: no credentials, no query, no fragment")
    return None


def is_address(text: str) -> bool:
    """What a base_url may be: http or https, and nothing in it that is a secret or part of a call."""
    if not text.isascii() or not text.isprintable() or any(mark in text for mark in " ?#@\\"):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
