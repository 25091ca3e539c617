"""All the accounts that a call of one key, asking for one model, at one target is charged to."""

from collections.abc import Iterator, Sequence

from config.schema import NO_LIMITS, Allowance, Config, Key
from core.target import Target
from quota.allotment import Allotment
from quota.rates import Rate
from quota.windows import EVER


class Purse:
    """Good for calls that are held in [*begins*, *ends*) (unix time), the windows of all its budgets."""

    __slots__ = (
        "begins",
        "closed",
        "counted",
        "ends",
        "free",
        "key",
        "metered",
        "model",
        "money",
        "names",
        "priced",
        "requests",
        "slots",
        "target",
        "tokens",
    )

    def __init__(
        self,
        key: Key,
        target: Target,
        model: str,
        accounts: Sequence[Allotment | Rate],
        *,
        when_down: str,
    ) -> None:
        self.key, self.target, self.model = key, target, model
        allotments = [one for one in accounts if isinstance(one, Allotment)]
        rates = [one for one in accounts if isinstance(one, Rate)]
        self.money = tuple(one for one in allotments if one.budget is not None)
        self.slots = tuple(one for one in allotments if one.budget is None)
        self.requests = tuple(one for one in rates if not one.tokens)
        self.tokens = tuple(one for one in rates if one.tokens)
        self.names = tuple(one.account for one in self.money)
        self.priced, self.counted = bool(self.money), bool(self.tokens)
        self.metered = bool(rates)
        self.free = not accounts
        # Refuses while the store can't be reached.
        self.closed = any(conduct(one, when_down) == "closed" for one in accounts)
        self.begins = max((one.window.begins for one in self.money), default=EVER.begins)
        self.ends = min((one.window.ends for one in self.money), default=EVER.ends)

    @property
    def allotments(self) -> tuple[Allotment, ...]:
        return self.money + self.slots

    @property
    def rates(self) -> tuple[Rate, ...]:
        return self.requests + self.tokens


def scopes(config: Config, key: Key, target: Target, model: str) -> Iterator[tuple[str, Allowance]]:
    """Whose allowances a call uses, the closest first."""
    yield scope_of(key), key.allowance
    for pattern, allowance in key.per_model:
        if fits(pattern, model):
            yield scope_of(key, pattern), allowance
            break
    if key.team is not None and (team := config.teams.get(key.team)) is not None:
        yield f"team/{team.name}", team.allowance
    for scope in (
        *(f"tag/{tag}" for tag in key.tags),
        f"target/{target.id}",
        f"provider/{target.provider}",
        "service",
    ):
        yield scope, config.allowances.get(scope, NO_LIMITS)


def allowance_of(config: Config, scope: str) -> Allowance:
    """What the configuration allows *scope*."""
    kind, _, name = scope.partition("/")
    if kind == "team":
        return config.teams[name].allowance if name in config.teams else NO_LIMITS
    if kind != "key":
        return config.allowances.get(scope, NO_LIMITS)
    for key in config.keys.values():
        for scoped, allowance in ((scope_of(key), key.allowance), *((scope_of(key, p), a) for p, a in key.per_model)):
            if scoped == scope:
                return allowance
    return NO_LIMITS


def scope_of(key: Key, pattern: str | None = None) -> str:
    if key.scope:
        return key.scope
    return f"key/{key.name}" if pattern is None else f"key/{key.name}/model/{pattern}"


def conduct(one: Allotment | Rate, otherwise: str) -> str:
    """What is to be done while the store can't be reached."""
    return otherwise if isinstance(one, Rate) or one.budget is None else one.budget.when_down


def fits(pattern: str, model: str) -> bool:
    before, star, after = pattern.partition("*")
    if not star:
        return model == pattern
    return len(model) >= len(before) + len(after) and model.startswith(before) and model.endswith(after)
