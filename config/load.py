"""From the text of config.yaml and the environment to a Config, or to everything that is wrong with it."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from config import environment, yaml_lines
from config.auto import read_auto
from config.budgets import Terms
from config.caching import SCOPE, check_caching, read_caching, read_room
from config.hedges import check_hedges, read_hedge
from config.keys import digest, read_keys
from config.levels import read_places, read_service, read_tags, read_teams
from config.models import read_models
from config.policies import BREAKER, QUEUE, TIMEOUTS, read_break, read_params, read_retry, read_weights
from config.problems import Notes, below
from config.providers import Providers, read_providers
from config.readers import TRUTH, choice, duration, matching, secret, several, size, whole
from config.routes import Written, read_routes
from config.schema import Config, Cors, DialectFacts, Fetching, Key, Log, Route, Server
from config.section import Entry, Reader, Section, changed, settings
from config.state import read_ledger, read_state
from config.telemetry import read_alerts, read_telemetry
from config.trials import with_trials
from config.unfold import unfold
from config.yaml_lines import Node
from core.secret import MASK, Secret

MOST_WORKERS = 256
DEFAULT_STRATEGY = "balanced"

_LOG: Mapping[str, Reader[Any]] = {
    "format": choice(("json", "text"), "format"),
    "level": choice(("debug", "info", "warning", "error"), "level"),
    "content": TRUTH,
}
_MEDIA: Mapping[str, Reader[Any]] = {
    "allow_private": TRUTH,
    "max": size("256MiB"),
    "timeout": duration("5m"),
}
_CORS: Mapping[str, Reader[Any]] = {
    "origins": several(matching(re.compile(r"\*|https?://[^\s/?#*]+"), "an origin such as https://example.com, or *")),
    "headers": several(matching(re.compile(r"[A-Za-z0-9-]+"), "the name of a header")),
    "max_age": duration("1d", zero=True),
}
_SERVER: Mapping[str, Reader[Any]] = {
    "host": matching(re.compile(r"[A-Za-z0-9.:_-]+"), "a host name or an address"),
    "port": whole(0, 65535),
    "open": TRUTH,
    "pin": TRUTH,
    "max_body": size("4GiB"),
    "drain": duration("1d", zero=True),
    "keepalive": duration("1h"),
    "idle": duration("1d"),
    "head_timeout": duration("1h"),
    "body_timeout": duration("1h"),
    "shortcut": TRUTH,
    "cors": lambda entry, notes: settings(entry, Cors(), _CORS, notes),
    "metrics_key": secret,
}
_WORKERS = whole(1, MOST_WORKERS)


def load(
    text: str,
    env: Mapping[str, str],
    *,
    file: str,
    dialects: Mapping[str, DialectFacts],
    strategies: Collection[str],
    named: Callable[[str], str | None] | None = None,
    cores: int = 1,
    host: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    bound: str | None = None,
) -> Config:
    """Raise ConfigErrors with all errors at once. *file* is for messages, *named* knows strategies by other names.

    *cores* is what `workers: auto` means. *host*, *port* and *workers* stand above the file, if given. *bound* is the
    host at which calls are taken already, whatever the file says now.
    """
    notes = Notes(file)
    tree = environment.fill(yaml_lines.parse(text, notes), env, notes)
    root = Section(Entry(tree, "", 1), notes)
    server, server_section = _server(root, notes, cores=cores)
    server = _above(server, host=host, port=port, workers=workers)
    strategy_name = choice(strategies, "strategy", named)
    defaults, strategy, prefer_local = _defaults(root, notes, strategy_name)
    config = Config(
        server=server,
        log=settings(root.take("log"), Log(), _LOG, notes),
        state=read_state(root.take("state"), notes),
        ledger=read_ledger(root.take("ledger"), notes),
        alerts=read_alerts(root.take("alerts"), notes),
        telemetry=read_telemetry(root.take("telemetry"), notes),
        media=settings(root.take("media"), Fetching(), _MEDIA, notes),
        defaults=defaults,
        prefer_local=prefer_local,
        fingerprint=hashlib.sha256(_said(tree, frozenset())).digest(),
    )
    providers = read_providers(root.take("providers"), notes, dialects)
    config, written = _with_ways(config, providers, root, notes, named=strategy_name, strategy=strategy)
    config = _with_callers(config, providers, root, notes)
    check_hedges(config, {name: one.hedged for name, one in written.items()}, notes)
    check_caching(config, written, root.at("defaults"), notes)
    config = with_trials(config, written, notes)
    root.close()
    _check_reach(bound or server.host, server, config.keys, server_section, notes)
    _warn(config, root, notes)
    notes.check()
    shown = hashlib.sha256(_said(tree, notes.private)).hexdigest()[:12]
    return replace(config, warnings=notes.warnings(), hash=shown)


def _server(root: Section, notes: Notes, *, cores: int) -> tuple[Server, Section]:
    entry = root.take("server")
    section = Section(entry, notes, path="server")
    changes = changed(section, {**_SERVER, "workers": _workers(cores)})
    section.close()
    return replace(Server(), **changes), section


def _workers(cores: int) -> Reader[int]:
    def read(entry: Entry, notes: Notes) -> int | None:
        automatic = isinstance(entry.node, yaml_lines.Scalar) and entry.node.text == "auto"
        return min(cores, MOST_WORKERS) if automatic else _WORKERS(entry, notes)

    return read


def _above(server: Server, *, host: str | None, port: int | None, workers: int | None) -> Server:
    """What the command line says."""
    return replace(
        server,
        host=server.host if host is None else host,
        port=server.port if port is None else port,
        workers=server.workers if workers is None else workers,
    )


def _check_reach(host: str, server: Server, keys: Mapping[str, Key], section: Section, notes: Notes) -> None:
    """Nobody should find that strangers spent their money because a line was forgotten. *host* is that of now."""
    if server.open or keys:
        return
    for reached in (host, server.host):
        if not is_loopback(reached):
            until = "" if reached == server.host else ", which is listened on until a restart,"
            message = (
                f"{reached}{until} can be reached from other machines: add `keys:`, or say `open: true` to serve "
                "anyone, or, from the moment on that `proxy.py keys create` has made the first key, only those who "
                "hold one"
            )
            notes.error(section.at("host"), message)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach *host*. A name other than localhost may point anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _defaults(root: Section, notes: Notes, named: Reader[str]) -> tuple[Route, str, bool]:
    """Of all routes; the strategy of their stages; whether local targets come first in these."""
    base = Route(name="", stages=())
    section = Section(root.take("defaults"), notes)
    strategy = section.read("strategy", named, DEFAULT_STRATEGY)
    defaults = replace(
        base,
        timeouts=settings(section.take("timeouts"), base.timeouts, TIMEOUTS, notes),
        retry=read_retry(section.take("retry"), base.retry, notes),
        breaker=settings(section.take("breaker"), base.breaker, BREAKER, notes),
        queue=settings(section.take("queue"), base.queue, QUEUE, notes),
        fallback=section.read("fallback", TRUTH, base.fallback),
        strict=read_params(section, inherited=base.strict),
        hedge=read_hedge(section.take("hedge"), base.hedge, notes),
        on_break=read_break(section, inherited=base.on_break),
        weights=read_weights(section, base.weights, notes),
        cache=read_caching(section.take("cache"), base.cache, notes),
    )
    prefer_local = section.read("prefer_local", TRUTH, False)
    section.close()
    return defaults, strategy, prefer_local


def _with_ways(
    config: Config, providers: Providers, root: Section, notes: Notes, *, named: Reader[str], strategy: str
) -> tuple[Config, Mapping[str, Written]]:
    """*config* and where calls may go, and how that was written."""
    written = read_routes(
        root.take("routes"),
        notes,
        providers=providers.by_name,
        named=named,
        defaults=config.defaults,
        strategy=strategy,
    )
    auto = read_auto(root.take("auto"), notes, named=named, providers=providers.by_name)
    routes = unfold(written, notes)
    config = replace(config, providers=providers.by_name, key_sources=providers.sources, routes=routes, auto=auto)
    return config, written


def _with_callers(config: Config, providers: Providers, root: Section, notes: Notes) -> Config:
    """*config* and who may ask, and for how much of everything."""
    terms = Terms(config.routes, config.state.when_down)
    service, max_cost = read_service(root.take("service"), notes, terms)
    teams = read_teams(root.take("teams"), notes, terms, providers=config.providers)
    tags = read_tags(root.take("tags"), notes, terms)
    keys = read_keys(
        root.take("keys"),
        notes,
        routes=config.routes,
        providers=config.providers,
        teams=teams,
        tags=tags,
        when_down=config.state.when_down,
    )
    room, of_cache = read_room(root.take("cache"), notes, terms)
    models, of_models = read_models(root.take("models"), notes, providers=config.providers)
    allowances = {
        "service": service,
        SCOPE: of_cache,
        **read_places({**providers.allowances, **of_models}, notes, terms, routes=config.routes),
        **{f"tag/{name}": allowance for name, allowance in tags.items()},
    }
    return replace(
        config,
        teams=teams,
        tags=tuple(tags),
        keys=keys,
        admin_key=_admin_key(root, notes, keys),
        allowances={scope: allowance for scope, allowance in allowances.items() if allowance},
        max_cost=max_cost,
        models=models,
        cache=room,
    )


def _warn(config: Config, root: Section, notes: Notes) -> None:
    if not config.providers:
        notes.warn(root.at("providers"), "is empty, so that no call can be answered")
    if config.state.url and config.ledger.on and not config.ledger.url:
        # The state is shared then, so that there are most likely other machines.
        notes.warn(root.at("ledger"), "has no url, so that reports tell of this machine's calls only")


def _admin_key(root: Section, notes: Notes, keys: Mapping[str, Key]) -> Secret | None:
    section = Section(root.take("admin"), notes)
    key = section.read("key", secret, None)
    section.close()
    owners = (name for name, one in keys.items() if key and one.digest == digest(key))
    for name in owners:
        notes.error(section.at("key"), f"is also the key of {name}, who would be an operator")
    return key


def _said(tree: Node, private: Collection[str]) -> bytes:
    """What was said, not how it was laid out; of what stands at the *private* paths, only that there is something."""

    def said(node: Node, path: str) -> Any:
        if isinstance(node, yaml_lines.Scalar):
            if yaml_lines.is_null(node):
                return None
            return [MASK] if path in private else node.text
        if isinstance(node, yaml_lines.Items):
            return [said(item, f"{path}[{at}]") for at, item in enumerate(node.items)]
        return {key: said(value, below(path, node.written.get(key, key))) for key, value in node.fields.items()}

    return json.dumps(said(tree, "")).encode()
