"""What routing may know of targets before they are asked: prices, abilities, and the limits that the operator keeps."""

from collections.abc import Callable
from typing import Final

from catalog.abilities import able
from catalog.lookup import Model
from catalog.price import Price
from config.schema import Config, Limits
from core.target import Target
from quota.keys import ANYONE
from quota.till import Till
from routing.forecast import Forecast
from routing.outlook import Outlook, Quality, Rates

NO_LIMITS: Final = Limits()


def outlook(
    config: Config, model: Callable[[Target], Model], till: Till, *, forecast: Forecast, quality: Quality
) -> Outlook:
    """*model* says what is known of the one behind a target, *quality* how good its answers are."""

    def rates(target: Target) -> Rates | None:
        price = model(target).price
        return None if price is None else _rates(price)

    def capabilities(target: Target) -> frozenset[str]:
        return able(target.model, model(target).abilities)

    room = declared(config, till)
    return Outlook(rates=rates, capabilities=capabilities, quality=quality, declared=room, forecast=forecast)


def _rates(price: Price) -> Rates:
    long = tuple((above, _rates(step)) for above, step in price.steps)
    return Rates(price.input, price.output, price.cache_read, long)


def declared(config: Config, till: Till) -> Callable[[Target, float], float | None] | None:
    """How much (0 to 1) is left of the tightest limit of a target or its provider; None where none has any."""
    limited = {
        scope
        for scope, allowance in config.allowances.items()
        if scope.startswith(("target/", "provider/")) and allowance.limits != NO_LIMITS
    }
    if not limited:
        return None

    def room(target: Target, now: float) -> float | None:
        if not limited & {f"target/{target.id}", f"provider/{target.provider}"}:
            return None
        purse = till.purse(ANYONE, target, "")
        standings = [rate.standing(now) for rate in purse.rates if rate.scope in limited]
        left = [remaining / limit for limit, remaining, _ in standings]
        left += [1 - slot.held / slot.limit for slot in purse.slots if slot.scope in limited and slot.limit]
        return max(min(left, default=1.0), 0.0)

    return room
