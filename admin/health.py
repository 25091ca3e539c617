"""The health page: what this process serves, with which configuration, and how its targets do."""

import math
from collections.abc import Mapping
from typing import Any

from config.schema import Config
from routing.vitals import TargetVitals, Vitals


def whole(
    config: Config,
    vitals: Vitals,
    last: Mapping[str, Any],
    seen: Mapping[str, Mapping[str, object]],
    money: Mapping[str, object],
    *,
    serving: bool,
) -> dict[str, Any]:
    """Everything, for those who may see it. Secrets are not in it, addresses of providers are not either.

    *seen* is what there is to show of the providers that are looked at, *money* how store, ledger and journal do.
    """
    return {
        **brief(config, last, serving=serving),
        "providers": {name: {**_provider(config, name), **seen.get(name, {})} for name in config.providers},
        "targets": {name: _target(each) for name, each in vitals.targets().items()},
        "routes": sorted(config.routes),
        "money": dict(money),
        "last_reload": dict(last),
        "warnings": list(config.warnings),
    }


def brief(config: Config, last: Mapping[str, Any], *, serving: bool) -> dict[str, Any]:
    """What anybody may know."""
    state = "ok" if serving else "draining"
    return {"status": state, "generation": config.hash, "reload_ok": bool(last["ok"])}


def _provider(config: Config, name: str) -> dict[str, Any]:
    provider = config.providers[name]
    shown: dict[str, Any] = {"configured": provider.configured, "dialect": provider.dialect}
    if not provider.configured:
        shown["why_not"] = config.key_sources.get(name, "no api_key is set")
    return shown


def _target(vitals: TargetVitals) -> dict[str, Any]:
    gate = vitals.gate
    limit = None if gate.most == math.inf else int(gate.most)
    return {
        "breaker": vitals.circuit.state,
        "in_flight": vitals.in_flight,
        "limit": limit,
        "queued": gate.waiting,
    }
