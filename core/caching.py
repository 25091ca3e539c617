"""Answers that are kept: what a route allows of it, and what a client wants of it for one call."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

SCOPES: Final = ("key", "team", "service")  # who shares answers, from the narrowest on
SHADOW, SERVE = "shadow", "serve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Semantic:
    """Answers to questions that mean the same: those whose likeness by *route*, which embeds them, is *threshold* at
    least. *mode*: `shadow` reports what would have been served, `serve` does it. A call waits *timeout* seconds at
    most for its embedding; *most* questions of a route are remembered.
    """

    route: str = ""
    threshold: float = 0.95
    mode: str = SHADOW
    timeout: float = 2.0
    most: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """Of one route. *ttl*: seconds for which an answer is good; 0: none is kept. *scope*: who shares them at most.

    *stale*: seconds more in which it is given to those who would else get an error.
    """

    ttl: float = 0.0
    scope: str = SCOPES[0]
    stale: float = 0.0
    semantic: Semantic | None = None


NO_CACHE: Final = Caching()


class CacheWish(NamedTuple):
    """The field `cache` of a call. None: as its route says. *refresh*: ask anew, and keep that answer. *only*: a kept
    answer or none at all. *pace*: a stream as slowly as it came. *tags* are what it can be forgotten by.
    """

    ttl: float | None = None
    scope: str | None = None
    refresh: bool = False
    only: bool = False
    pace: bool = False
    tags: tuple[str, ...] = ()


ANYHOW: Final = CacheWish()


def narrowed(allowed: Caching, wish: CacheWish) -> tuple[float, str]:
    """Seconds and scope for one call: what it wants, as far as its route allows that."""
    ttl = allowed.ttl if wish.ttl is None else min(wish.ttl, allowed.ttl)
    return ttl, allowed.scope if wish.scope is None else min(wish.scope, allowed.scope, key=SCOPES.index)


def narrowest(several: Iterable[Caching]) -> Caching:
    """What all of them allow."""
    ones = list(several)
    if len(ones) == 1:
        return ones[0]
    ttl = min(one.ttl for one in ones)
    return Caching(ttl=ttl, scope=min((one.scope for one in ones), key=SCOPES.index)) if ttl else NO_CACHE


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where answers are kept: *max* bytes in the memory of each process, or of the shared Redis where there is one and
    *shared* says so. *largest*: bytes of one answer. *wait*: seconds that a call waits at most for another one that is
    the same.
    """

    max: int = 64 * 1024 * 1024
    largest: int = 1024 * 1024
    shared: bool = True
    wait: float = 30.0


ROOM: Final = Room()
