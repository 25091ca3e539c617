"""Where shared state and the ledger live."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from config import units
from config.budgets import OPEN, WHEN_DOWN
from config.problems import Notes
from config.readers import TEXT, duration, scalar
from config.schema import Books, State
from config.section import Entry, Reader, Section, changed, got, settings
from config.yaml_lines import Fields, Scalar
from core.secret import Secret

# By what follows the scheme's first word: what may stand behind the hosts, a database's number or a master's name.
_REDIS = {
    "": re.compile(r"(?:/[0-9]*)?"),
    "+sentinel": re.compile(r"/[A-Za-z0-9._~%+:=-]+(?:/[0-9]*)?"),
    "+cluster": re.compile(r"(?:/0?)?"),
}
_POSTGRES = ("postgresql", "postgres")

# A password that holds one of @/?# has to write it as %40 and so on; else it isn't sure where it ends.
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z+]+)://(?:[^@/?#\s]*@)?(?P<hosts>[A-Za-z0-9._:,\[\]-]*)(?P<path>(?:/[A-Za-z0-9._~%+:=-]*)*)"
    r"(?P<query>\?[^@\s#]*)?"
)
_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_WEB = re.compile(r"https?://([^\s/?#@\\]+)(?:[/?][^\s#]*)?")
_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
_DISK = {"never": False, "always": True}


def whereabouts(url: Secret) -> str:
    """Scheme, hosts and path of an address that was read here; never a password."""
    found = _ADDRESS.fullmatch(url.reveal())
    return f"{found['scheme']}://{found['hosts']}{found['path']}" if found else str(url)


def read_state(entry: Entry | None, notes: Notes) -> State:
    section = Section(entry, notes)
    state = State(**changed(section, _STATE))
    section.close()
    if state.when_down == "open":
        notes.warn(section.at("when_down"), OPEN)
    return state


def read_ledger(entry: Entry | None, notes: Notes) -> Books:
    """A mapping, or a word: `off`."""
    if entry is None or isinstance(entry.node, Fields):
        return settings(entry, Books(), _LEDGER, notes)
    on = _SWITCH.get(entry.node.text.lower()) if isinstance(entry.node, Scalar) else None
    if on is None:
        # Not what it says: an address may stand here by mistake.
        notes.error(entry, f"expected off, or a mapping, got {got(entry.node)}")
    return Books(on=on is not False)


def _address(good: Callable[[str], bool], expected: str) -> Reader[Secret]:
    """Neither the address nor a part of it is ever shown."""

    def read(entry: Entry, notes: Notes) -> Secret | None:
        node = entry.node
        if isinstance(node, Scalar) and node.text.isascii() and node.text.isprintable() and good(node.text):
            notes.private.add(entry.path)
            return Secret(node.text)
        notes.error(entry, f"expected {expected} (its value is not shown)")
        return None

    return read


def _is_redis(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    if found is None or not found["scheme"].startswith("redis"):
        return False
    kind = found["scheme"].removeprefix("redis").removeprefix("s")
    path = _REDIS.get(kind)
    if path is None or path.fullmatch(found["path"]) is None:
        return False
    return bool(kind or "," not in found["hosts"]) and _are_hosts(found["hosts"])


def _is_postgres(text: str) -> bool:
    found = _ADDRESS.fullmatch(text)
    if found is None or found["scheme"] not in _POSTGRES:
        return False
    # A socket in the file system is named in the query.
    return _are_hosts(found["hosts"]) if found["hosts"] else "host=" in (found["query"] or "")


def _is_web(text: str) -> bool:
    found = _WEB.fullmatch(text)
    return found is not None and "," not in found[1] and _are_hosts(found[1])


def _are_hosts(text: str) -> bool:
    hosts = [_HOST.fullmatch(host) for host in text.split(",")]
    return all(host is not None and 0 < int(host["port"] or 1) < 65536 for host in hosts)


def _on_disk(text: str) -> bool:
    if (always := _DISK.get(text)) is None:
        raise ValueError(text)
    return always


def _keep(entry: Entry, notes: Notes) -> float | None:
    if isinstance(entry.node, Scalar) and entry.node.text in {"0", "0s", "0d"}:
        notes.error(entry, "would keep no row; say `ledger: off` to have no ledger")
        return None
    kept = _KEPT(entry, notes)
    if kept is not None and kept < units.duration("1d"):
        notes.error(entry, "has to be a day at least")
    return kept


_KEPT = duration("3650d")
_STATE: Mapping[str, Reader[Any]] = {
    "url": _address(
        _is_redis,
        "an address such as redis://host:6379/0, rediss://..., redis+sentinel://host:26379,host:26379/name "
        "or redis+cluster://host:6379,host:6379",
    ),
    "directory": TEXT,
    "when_down": WHEN_DOWN,
    "fsync": scalar(_on_disk, "never or always"),
}
_LEDGER: Mapping[str, Reader[Any]] = {
    "url": _address(_is_postgres, "an address such as postgresql://user:password@host:5432/database"),
    "keep": _keep,
}
WEB: Reader[Secret] = _address(_is_web, "an address such as https://example.com/hook")
