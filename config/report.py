"""What a person wants to read about a configuration: what is wrong with it, or what it will do."""

import json
import shlex
from collections.abc import Iterator, Mapping

from config.problems import ConfigErrors
from config.schema import Config, Route, Server, Stage
from config.state import whereabouts
from config.units import DAY
from core.secret import Secret
from core.target import Provider, Target

MOST_LINES = 100
FEW = 3

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (where to look, not where to listen)


def problems_text(errors: ConfigErrors) -> str:
    """One line for each problem, and how many there are beyond the first hundred."""
    lines = [str(problem) for problem in errors.problems[:MOST_LINES]]
    if len(errors.problems) > MOST_LINES:
        lines.append(f"... and {len(errors.problems) - MOST_LINES} more")
    return "\n".join(lines)


def summary(config: Config, *, file: str, pages: Mapping[str, str], about: str = "") -> str:
    """*pages* are the paths of what a browser may want, by name: {"dashboard": "/admin", "metrics": "/metrics"}.

    *about* is a line that the configuration alone doesn't tell.
    """
    return "\n".join(_lines(config, file=file, pages=pages, about=about))


def _lines(config: Config, *, file: str, pages: Mapping[str, str], about: str) -> Iterator[str]:
    address = address_of(config.server)
    workers = "1 worker" if config.server.workers == 1 else f"{config.server.workers} workers"
    yield f"{file}: good, generation {config.hash}, {workers}"
    yield f"address: {address}/v1 ({_who(config)})"
    for name, path in pages.items():
        yield f"{name}: {address}{path}"
    yield f"state: {_place(config.state.url, config)}"
    yield f"ledger: {_ledger(config)}"
    if about:
        yield about
    if money := _money(config):
        yield f"money: {money}"
    yield "providers:"
    for provider in config.providers.values():
        yield f"  {provider.name}: {_configured(provider, config.key_sources.get(provider.name))}"
    yield "routes:"
    yield from _routes(config)
    for warning in config.warnings:
        yield f"warning: {warning}"
    if model := _example(config):
        yield f"try: {_curl(address, model, with_key=bool(config.keys))}"


def address_of(server: Server) -> str:
    """Where this machine reaches *server*."""
    host = _EVERYWHERE.get(server.host, server.host)
    return f"http://[{host}]:{server.port}" if ":" in host else f"http://{host}:{server.port}"


def chain(route: Route) -> str:
    """`a/b + c/d x3 (least_loaded) -> on timeout: e/f`"""
    return " -> ".join(map(_stage, route.stages))


def _trials(route: Route) -> str:
    """`; shadow 0.05: a/b; canary 0.01, 0.05: c/d`"""
    text = ""
    if route.shadow is not None:
        text += f"; shadow {route.shadow.share:.4g}: {route.shadow.target.id}"
    if route.canary is not None:
        stages = ", ".join(f"{share:.4g}" for share in route.canary.stages)
        text += f"; canary {stages}: {chain(route.canary.ahead)}"
    return text


def _stage(stage: Stage) -> str:
    entered = f"on {', '.join(sorted(stage.on))}: " if stage.on else ""
    ordered = f" ({stage.strategy})" if len(stage.targets) > 1 else ""
    return f"{entered}{' + '.join(map(_target, stage.targets))}{ordered}"


def _target(target: Target) -> str:
    return target.id if target.weight == 1 else f"{target.id} x{target.weight:g}"


def _who(config: Config) -> str:
    if config.keys:
        return "one key" if len(config.keys) == 1 else f"{len(config.keys)} keys"
    return "no keys: open to everyone who can reach it"


def _place(url: Secret | None, config: Config) -> str:
    return whereabouts(url) if url else config.state.directory


def _ledger(config: Config) -> str:
    books = config.ledger
    return f"{_place(books.url, config)}, rows are kept for {books.keep / DAY:g} days" if books.on else "off"


def _money(config: Config) -> str:
    """How many there are of each thing that limits spending; empty if of none."""
    allowances = [
        *config.allowances.values(),
        *(team.allowance for team in config.teams.values()),
        *(key.allowance for key in config.keys.values()),
        *(allowance for key in config.keys.values() for _, allowance in key.per_model),
    ]
    limits = [one.limits for one in allowances]
    counts = {
        "team": len(config.teams),
        "budget": sum(len(one.budgets) for one in allowances),
        "limit": sum(len(one.requests) + len(one.tokens) + (one.concurrent is not None) for one in limits),
    }
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)


def _configured(provider: Provider, source: str | None) -> str:
    if not provider.configured:
        unset = f"{source} {'are' if ',' in source else 'is'} not set" if source else "it has no api_key"
        return f"not configured ({unset})"
    keys = f", {len(provider.keys)} keys" if len(provider.keys) > 1 else ""
    return f"configured{', local' if provider.local else ''}{keys}"


def _routes(config: Config) -> Iterator[str]:
    """Those that are of no use yet by their names alone, where they are many."""
    idle = [name for name, route in config.routes.items() if not _usable(route, config.providers)]
    for name, route in config.routes.items():
        if len(idle) <= FEW or name not in idle:
            doubt = " (no provider of it is configured)" if name in idle else ""
            yield f"  {name}: {chain(route)}{_trials(route)}{doubt}"
    if len(idle) > FEW:
        yield f"  of no use yet, since no provider of theirs is configured: {', '.join(idle)}"
    if config.auto.on and "auto" not in config.routes:
        yield f"  auto: whoever can do what a call needs ({config.auto.strategy})"


def _usable(route: Route, providers: Mapping[str, Provider]) -> bool:
    return any(providers[target.provider].configured for stage in route.stages for target in stage.targets)


def _example(config: Config) -> str | None:
    names = [name for name in config.routes if "*" not in name]
    return "demo" if "demo" in names else next(iter(names), None)


def _curl(address: str, model: str, *, with_key: bool) -> str:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
    key = ' -H "authorization: Bearer $YOUR_KEY"' if with_key else ""
    return f"curl {address}/v1/chat/completions{key} -H 'content-type: application/json' -d {shlex.quote(body)}"
