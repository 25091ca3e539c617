"""Which models somebody wants to see, and which of them first: what a question says, and what its answer goes by."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from admin.asked import Asked
from admin.capabilities import CAPABILITIES
from admin.model_facts import blended, does
from core.errors import invalid
from core.tasks import CHAT, TASKS, task_named
from gateway.desk.stock import Offer
from routing.live import ANSWER, Seen

ORDERS: Final = ("cheapest", "fastest", "best")
BY: Final[Mapping[str, str]] = {
    "cheapest": "the price of a million tokens, three of input to one of output; what has no known price comes last",
    "fastest": f"the seconds of an answer of {ANSWER} tokens, by the medians of the last hour; what nobody has called "
    "comes last",
    "best": "the quality of answers for the task {task}",
}
TOGETHER: Final = "the sum of places in the orders: {orders}"


class Wish(NamedTuple):
    """*orders* are some of ORDERS; *asked* whether a task was named."""

    providers: frozenset[str]
    capabilities: frozenset[str]
    max_cost: float | None
    task: str
    asked: bool
    orders: tuple[str, ...]
    limit: int


class Candidate(NamedTuple):
    """An offer with what changes from moment to moment."""

    offer: Offer
    seen: Seen
    quality: Callable[[str], float]


def wish(asked: Asked) -> Wish:
    """What the query says; raises Refusal where it can't be understood."""
    named = asked.query.get("task")
    task = CHAT if named is None else task_named(named)
    if task is None:
        raise invalid(f"Tasks are {', '.join(TASKS)}.", param="task")
    wanted = _names(asked, "capability")
    if unknown := wanted - CAPABILITIES.keys():
        raise invalid(f"Not a capability: {min(unknown)[:64]!r}. Known: {', '.join(CAPABILITIES)}.", param="capability")
    return Wish(
        providers=_names(asked, "provider"),
        capabilities=frozenset(CAPABILITIES[name] for name in wanted),
        max_cost=_dollars(asked, "max_cost"),
        task=task,
        asked=named is not None,
        orders=tuple(order for order in ORDERS if asked.truth(order)),
        limit=asked.whole("limit", 10_000, 1, 10_000),
    )


def wanted(offers: Iterable[Offer], wish: Wish) -> list[Offer]:
    """Those that have all that is wished for; what isn't known counts as missing."""
    return [offer for offer in offers if _has(offer, wish)]


def ordered(candidates: Sequence[Candidate], wish: Wish) -> list[Candidate]:
    """By several orders: whoever has the lowest places, added up, comes first. Equals stay as they are configured."""
    orders = _orders(wish)
    if not orders:
        return list(candidates)
    places = [0] * len(candidates)
    for order in orders:
        figures = [_FIGURES[order](candidate, wish) for candidate in candidates]
        ranks = {figure: place for place, figure in reversed(list(enumerate(sorted(figures))))}
        places = [place + ranks[figure] for place, figure in zip(places, figures, strict=True)]
    return [candidates[number] for number in sorted(range(len(candidates)), key=places.__getitem__)]


def goes_by(wish: Wish) -> dict[str, Any]:
    """What was asked for, and what it was taken to mean."""
    told: dict[str, Any] = {}
    if wish.max_cost is not None:
        told["max_cost"] = f"at most ${wish.max_cost:g} for a million tokens, three of input to one of output"
    if wish.asked:
        told["task"] = f"{wish.task}: models known to lack what it needs are left out"
    orders = [BY[order].format(task=wish.task) for order in _orders(wish)]
    if orders:
        told["order"] = orders[0] if len(orders) == 1 else TOGETHER.format(orders="; ".join(orders))
    return told


def _orders(wish: Wish) -> tuple[str, ...]:
    """Who names a task and no order wants the best of them first."""
    return wish.orders or (("best",) if wish.asked else ())


def _has(offer: Offer, wish: Wish) -> bool:
    if wish.providers and offer.target.provider not in wish.providers:
        return False
    if not wish.capabilities <= offer.model.abilities.capabilities:
        return False
    if wish.max_cost is not None:
        cost = blended(offer.model)
        if cost is None or cost > wish.max_cost:
            return False
    return not wish.asked or does(offer.model, wish.task)


def _price(candidate: Candidate, _wish: Wish) -> float:
    cost = blended(candidate.offer.model)
    return float("inf") if cost is None else cost


def _seconds(candidate: Candidate, _wish: Wish) -> float:
    seconds = candidate.seen.seconds
    return float("inf") if seconds is None else seconds


def _quality(candidate: Candidate, wish: Wish) -> float:
    return -candidate.quality(wish.task)


_FIGURES: Final[Mapping[str, Callable[[Candidate, Wish], float]]] = {
    "cheapest": _price,
    "fastest": _seconds,
    "best": _quality,
}


def _names(asked: Asked, param: str) -> frozenset[str]:
    return frozenset(name for part in asked.query.get(param, "").split(",") if (name := part.strip()))


def _dollars(asked: Asked, param: str) -> float | None:
    text = asked.query.get(param)
    if text is None:
        return None
    try:
        amount = float(text) if text.isascii() and len(text) <= 20 else -1.0
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise invalid("Expected dollars for a million tokens, such as 2.5.", param=param)
    return amount
