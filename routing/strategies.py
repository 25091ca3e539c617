"""In which order the targets of a stage are tried. A strategy orders; it never filters.

A new strategy is a score or an order and a line in STRATEGIES. It sees nothing but a table, with a column for each
thing that it *reads* (routing/columns.py fills them), and a Pick. So what was decided can be made again.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from core.target import Target
from routing.pick import Pick, Strategy, Table
from routing.ranking import led, less_loaded, loads, lowest
from routing.rendezvous import affine, consistent, in_proportion, shares
from routing.scores import BALANCED, balanced, best, cheapest, fastest, freest, preferred, usuals, waits


def by_chance(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[float]:
    return pick.chances(len(targets))


def by_weighted_chance(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[float]:
    return in_proportion(targets, pick.chances(len(targets)))


def as_written(targets: Sequence[Target], _table: Table, _pick: Pick) -> Sequence[int]:
    return range(len(targets))


def in_turn(targets: Sequence[Target], _table: Table, pick: Pick) -> Sequence[int]:
    if (whole := pick.whole) is not None:
        return sorted(range(len(targets)), key=lambda number: (whole.numbers[number] - pick.turn) % whole.among)
    first = pick.turn % len(targets)
    return (*range(first, len(targets)), *range(first))


def better_of_two(targets: Sequence[Target], table: Table, pick: Pick) -> Sequence[int]:
    """The less loaded of two random targets, then the rest by load."""
    (in_flight,) = table
    numbers = range(len(targets))
    rest = sorted(numbers, key=loads(targets, in_flight).__getitem__)
    if pick.whole is not None:
        return led(rest, pick.whole)
    first = less_loaded(numbers, targets, in_flight, pick)
    rest.remove(first)
    return [first, *rest]


STRATEGIES: Final[Mapping[str, Strategy]] = {
    "order": Strategy(as_written),
    "round_robin": Strategy(in_turn),
    "weighted": Strategy(lowest(by_weighted_chance)),
    "random": Strategy(lowest(by_chance)),
    "least_loaded": Strategy(better_of_two, reads=("in_flight",)),
    "latency": Strategy(fastest, reads=("latency", "idle", "in_flight"), scale=waits),
    "cost": Strategy(cheapest, reads=("cost", "in_flight")),
    "quality": Strategy(best, reads=("quality", "in_flight")),
    "balanced": Strategy(balanced, reads=BALANCED, scale=usuals),
    "local_first": Strategy(preferred, reads=("local", *BALANCED), scale=usuals),
    "capability_match": Strategy(preferred, reads=("match", *BALANCED), scale=usuals),
    "headroom": Strategy(freest, reads=("headroom", "in_flight")),
    "affinity": Strategy(affine, reads=("in_flight",), sticks="conversation", scale=shares),
    "consistent": Strategy(consistent, sticks="person"),
}

# What others call them.
ALIASES: Final[Mapping[str, str]] = {
    "ordered": "order",
    "priority": "order",
    "failover": "order",
    "roundrobin": "round_robin",
    "weighted_round_robin": "weighted",
    "weighted_random": "weighted",
    "simple_shuffle": "weighted",
    "shuffle": "random",
    "least_busy": "least_loaded",
    "least_conn": "least_loaded",
    "least_connections": "least_loaded",
    "load_based": "least_loaded",
    "power_of_two": "least_loaded",
    "latency_optimized": "latency",
    "latency_based": "latency",
    "latency_based_routing": "latency",
    "lowest_latency": "latency",
    "fastest": "latency",
    "cost_optimized": "cost",
    "cost_based": "cost",
    "cost_based_routing": "cost",
    "lowest_cost": "cost",
    "cheapest": "cost",
    "price": "cost",
    "quality_optimized": "quality",
    "quality_based": "quality",
    "best": "quality",
    "balance": "balanced",
    "local": "local_first",
    "prefer_local": "local_first",
    "capability": "capability_match",
    "capability_based": "capability_match",
    "usage_based": "headroom",
    "usage_based_routing": "headroom",
    "usage_based_routing_v2": "headroom",
    "sticky": "affinity",
    "session": "affinity",
    "session_affinity": "affinity",
    "consistent_hash": "consistent",
    "consistent_hashing": "consistent",
    "ip_hash": "consistent",
}


def strategy_named(text: str) -> str | None:
    """The strategy that *text* means, by any of its names and spellings; None if there is none."""
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    return name if name in STRATEGIES else ALIASES.get(name)
