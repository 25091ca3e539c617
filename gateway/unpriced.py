"""Which calls nobody will be able to pay for: those of whoever has a budget, where no price is known."""

from collections.abc import Iterable, Iterator
from typing import Final

from catalog.lookup import Catalog
from config.schema import Allowance, Config, Key, Route
from core.target import Target
from quota.keys import Keyring

NAMED: Final = 3
NO_KEYS: Final = Keyring(())


def unpriced(config: Config) -> tuple[str, ...]:
    """A sentence for each target of a route where calls will be refused because they can't be bounded."""
    catalog, budgeted = Catalog(config.models), Budgeted(config)
    told: dict[str, str] = {}
    for route in config.routes.values():
        for target in _targets(route):
            if (
                target.id not in told
                and not _priced(config, catalog, target)
                and (who := _payers(config, budgeted, route, target))
            ):
                told[target.id] = (
                    f"routes.{route.name}: no price is known for {target.id}, so that it refuses {who}; "
                    "say it under `models:`"
                )
    return (*told.values(), *_shadows(config, catalog))


def _shadows(config: Config, catalog: Catalog) -> Iterator[str]:
    """The same for copies, which their own budget pays."""
    for route in config.routes.values():
        shadow = route.shadow
        if shadow is not None and shadow.key.allowance and not _priced(config, catalog, shadow.target):
            yield (
                f"routes.{route.name}.shadow: no price is known for {shadow.target.id}, so that nothing is copied "
                "while it has a budget; say it under `models:`"
            )


def _targets(route: Route) -> Iterator[Target]:
    stages = (*route.stages, *(() if route.canary is None else route.canary.ahead.stages))
    return (target for stage in stages for target in stage.targets)


def _priced(config: Config, catalog: Catalog, target: Target) -> bool:
    """Or it is never asked, or its name isn't known yet."""
    provider = config.providers[target.provider]
    if not provider.configured or provider.dialect == "demo" or "*" in target.model:
        return True
    model = catalog.facts(target.provider, provider.dialect, target.model)
    return model is not None and model.price is not None


class Budgeted:
    """Keys whose spending is limited. Looked for once, since there may be thousands, and as many targets."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._keys: list[Key] | None = None
        self._told: dict[str, str] = {}

    def on(self, route: str) -> str:
        """Those that may use it, in words."""
        if self._keys is None:
            self._keys = [key for key in self._config.keys.values() if _pays(self._config, key)]
        if route not in self._told:
            self._told[route] = _listed([key.name for key in self._keys if _may(self._config, key, route)])
        return self._told[route]


def _payers(config: Config, budgeted: Budgeted, route: Route, target: Target) -> str:
    """Whose calls there have to be paid from a budget; empty if nobody's."""
    everyone = (f"provider/{target.provider}", f"target/{target.id}", "service")
    if config.max_cost is not None or any(_has(config.allowances.get(scope)) for scope in everyone):
        return "every call"
    names = budgeted.on(route.name)
    return f"the calls of {names}, whose spending is limited" if names else ""


def _pays(config: Config, key: Key) -> bool:
    team = config.teams.get(key.team or "")
    allowances: Iterable[Allowance | None] = (
        key.allowance,
        *(one for _, one in key.per_model),
        *(config.allowances.get(f"tag/{tag}") for tag in key.tags),
        None if team is None else team.allowance,
    )
    capped = key.max_cost is not None or (team is not None and team.max_cost is not None)
    return capped or any(map(_has, allowances))


def _may(config: Config, key: Key, route: str) -> bool:
    team = config.teams.get(key.team or "")
    return NO_KEYS.allows(key.models, route) and (team is None or NO_KEYS.allows(team.models, route))


def _has(allowance: Allowance | None) -> bool:
    return allowance is not None and bool(allowance.budgets)


def _listed(names: list[str]) -> str:
    if not names:
        return ""
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
