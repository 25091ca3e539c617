"""Where a Redis is, as its URL says: one server, a master that sentinels know, or a cluster."""

from typing import Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from core.secret import Secret

Address = tuple[str, int]

SCHEMES: Final = {
    "redis": ("single", False),
    "rediss": ("single", True),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
PORTS: Final = {"single": 6379, "sentinel": 26379, "cluster": 6379}
QUERY: Final = {
    "prefix",
    "sentinel_username",
    "sentinel_password",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_cert_reqs",
    "ssl_check_hostname",
}


class Login(NamedTuple):
    username: str | None = None
    password: Secret | None = None


class Place(NamedTuple):
    """*hosts* are those to begin with. *tls*: None for none, else what redis-py calls ssl_...; shows no password."""

    kind: str
    hosts: tuple[Address, ...]
    master: str = ""
    db: int = 0
    login: Login = Login()
    sentinel_login: Login = Login()
    prefix: str = "switchyard:"
    tls: dict[str, str | bool] | None = None


def read(url: str) -> Place:
    """ValueError with a sentence that doesn't show the URL, which may hold a password."""
    scheme, found, rest = url.partition("://")
    if not found or scheme not in SCHEMES:
        raise ValueError(f"a Redis URL begins with one of {', '.join(f'{name}://' for name in SCHEMES)}")
    kind, safe = SCHEMES[scheme]
    rest, _, query = rest.partition("?")
    where, _, path = rest.partition("/")
    login, _, hosts = where.rpartition("@")
    options = _options(query)
    master, db = _path(kind, path)
    return Place(
        kind=kind,
        hosts=tuple(_host(one, PORTS[kind]) for one in hosts.split(",")) if hosts else (("127.0.0.1", PORTS[kind]),),
        master=master,
        db=db,
        login=_login(*map(unquote, login.partition(":")[::2])),
        sentinel_login=_login(options.pop("sentinel_username", ""), options.pop("sentinel_password", "")),
        prefix=_prefix(options.pop("prefix", "switchyard:")),
        tls=_tls(options) if safe else None,
    )


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(set(options) - QUERY):
        raise ValueError(f"a Redis URL may end with ?{'=, '.join(sorted(QUERY))}=, not with {', '.join(unknown)}")
    return options


def _login(username: str, password: str) -> Login:
    return Login(username or None, Secret(password) if password else None)


def _host(text: str, usual: int) -> Address:
    host, colon, port = text.rpartition(":") if not text.endswith("]") else (text, "", "")
    if not colon:
        host, port = text, str(usual)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("a Redis URL names its servers as HOST:PORT, several of them with commas between")
    return host.strip("[]"), int(port)


def _path(kind: str, path: str) -> tuple[str, int]:
    master, _, db = path.partition("/") if kind == "sentinel" else ("", "", path)
    if kind == "sentinel" and not master:
        raise ValueError("a redis+sentinel:// URL ends with the name of its master: .../mymaster")
    if db and not db.isdecimal():
        raise ValueError("a Redis URL ends with the number of its database, if at all")
    if kind == "cluster" and int(db or 0):
        raise ValueError("a Redis Cluster has no database but 0")
    return unquote(master), int(db or 0)


def _prefix(prefix: str) -> str:
    if {"{", "}"} & set(prefix):
        raise ValueError("the prefix of a Redis URL has no braces, since they say where a cluster keeps a key")
    return prefix


def _tls(options: dict[str, str]) -> dict[str, str | bool]:
    return {name: text == "true" if name == "ssl_check_hostname" else text for name, text in options.items()}
