"""The health page: what this process serves, with which configuration, and how its targets do."""

import math
from collections.abc import Mapping
from typing import Any

from config.schema import Config
from routing.breaker import CLOSED
from routing.vitals import TargetVitals, Vitals


def whole(
    config: Config,
    vitals: Vitals,
    last: Mapping[str, Any],
    seen: Mapping[str, Mapping[str, object]],
    money: Mapping[str, object],
    *,
    serving: bool,
    now: float,
) -> dict[str, Any]:
    """Everything, for those who may see it. Secrets are not in it, addresses of providers are not either.

    *seen* is what there is to show of the providers that are looked at, *money* how store, ledger and journal do. *now*
    is on the clock of *vitals*.
    """
    return {
        **brief(config, last, serving=serving),
        "providers": {name: {**_provider(config, name), **seen.get(name, {})} for name in config.providers},
        "targets": {name: _target(each, now) for name, each in vitals.targets().items()},
        "resting": _resting(vitals, now),
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


def _target(target: TargetVitals, now: float) -> dict[str, Any]:
    circuit, lost, gate = target.circuit, target.provider.presence.lost, target.gate
    shown: dict[str, Any] = {
        "breaker": circuit.state,
        "in_flight": target.in_flight,
        "limit": None if gate.most == math.inf else int(gate.most),
        "queued": gate.waiting,
    }
    if circuit.state is not CLOSED:
        shown["cause"] = circuit.cause.code if circuit.cause else None
        shown["seconds"] = round(max(0.0, circuit.until - now), 1)
        shown["strikes"] = circuit.strikes
        shown["heard"] = circuit.heard
    if lost is not None:
        shown["lost"] = lost.code
    return shown


def _resting(vitals: Vitals, now: float) -> dict[str, dict[str, Any]]:
    """Credentials that can't be used, for which targets (`*`: for any), why, and for how many seconds more."""
    found: dict[str, dict[str, Any]] = {}
    for name, credential in vitals.credentials().items():
        rests = {"*": credential.bench, **credential.cooling} if credential.bench else credential.cooling
        shown = {
            target: {"fault": rest.fault.code, "seconds": round(rest.until - now, 1)}
            for target, rest in rests.items()
            if rest.until > now
        }
        if shown:
            found[name] = shown
    return found
