"""All the accounts that a call of one key, asking for one model, at one target is charged to.

What a call holds is the same on each of its budgets. So a purse takes more than that out of all of them at once, as
cash, and then needs to look at nothing else for a while; an account that is asked anything empties it first.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from config.schema import NO_LIMITS, Allowance, Config, Key
from core.target import Target
from quota.allotment import Allotment
from quota.rates import Rate, Told
from quota.windows import EVER

OF_TARGETS: Final = ("provider/", "target/")  # whose limits are on attempts, since these are what reaches them
SHARE: Final = 4  # such a part of what lies in its poorest account is what it takes out


class Purse:
    """Good for calls that are held in [*begins*, *ends*) (unix time), the windows of all its budgets.

    Of *requests*, those that are *repeated* count each attempt: the others count a call once, whatever becomes of it.
    So it is with *slots*: a call keeps its *seats* until it is over, and each of its attempts takes *turns*.

    *cash* is what it has taken out and not spent. What its accounts don't know yet: so much was *taken* by calls, so
    much of what they held is *over*, and that was *spent*. *due*: they know that there is something to tell. *told*:
    what its clients were told of its limits last.
    """

    __slots__ = (
        "begins",
        "cash",
        "closed",
        "counted",
        "due",
        "ends",
        "free",
        "key",
        "metered",
        "model",
        "money",
        "names",
        "over",
        "priced",
        "repeated",
        "requests",
        "seats",
        "slots",
        "spent",
        "taken",
        "target",
        "tokens",
        "told",
        "turns",
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
        self.turns = tuple(one for one in self.slots if one.scope.startswith(OF_TARGETS))
        self.seats = tuple(one for one in self.slots if one not in self.turns)
        self.requests = tuple(one for one in rates if not one.tokens)
        self.repeated = tuple(one for one in self.requests if one.scope.startswith(OF_TARGETS))
        self.tokens = tuple(one for one in rates if one.tokens)
        self.names = tuple(one.account for one in self.money)
        self.priced, self.counted = bool(self.money), bool(self.tokens)
        self.metered = bool(rates)
        self.free = not accounts
        # Refuses while the store can't be reached.
        self.closed = any(conduct(one, when_down) == "closed" for one in accounts)
        self.begins = max((one.window.begins for one in self.money), default=EVER.begins)
        self.ends = min((one.window.ends for one in self.money), default=EVER.ends)
        self.cash = self.taken = self.over = self.spent = 0
        self.due = False
        self.told: Told | None = None

    def draw(self, cost: int) -> bool:
        """Have as much cash as *cost*, if its accounts have so much between them."""
        least = min(one.loose for one in self.money)
        if least < cost - self.cash:
            for one in self.money:
                one.gather()  # what other purses have of it, and this one
            least = min(one.loose for one in self.money)
            if least < cost:
                return False
        more = max(cost - self.cash, least // SHARE)
        for one in self.money:
            one.loose -= more
            one.drawers.add(self)
        self.cash += more
        return True

    @property
    def low(self) -> bool:
        """Whether one of its budgets may be running low: what other purses have of it isn't looked at."""
        cash = self.cash
        return any(one.loose + cash < one.low for one in self.money)

    def hold(self, cost: int) -> None:
        """It is there."""
        self.cash -= cost
        self.taken += cost

    def settle(self, held: int, cost: int) -> None:
        """A call that held so much is over. What it cost beyond that is taken from what is free, then from nowhere."""
        self.over += held
        self.spent += cost
        self.cash += held - cost
        if self.cash < 0:
            self.empty()
            for one in self.money:
                one.loose = max(one.free, 0)

    def tell(self) -> None:
        """There is something that its accounts have to know."""
        self.due = True
        for one in self.money:
            one.drawers.add(self)

    def empty(self) -> None:
        """Give back the cash, and tell all accounts what they don't know."""
        self.due = False
        cash, taken, over, spent = self.cash, self.taken, self.over, self.spent
        if not (cash or taken or over or spent):
            return
        self.cash = self.taken = self.over = self.spent = 0
        for one in self.money:
            one.loose += cash
            one.out += taken - over
            one.paid += spent
            one.drawn += taken

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
