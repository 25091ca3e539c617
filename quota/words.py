"""What an attempt needs, and what is said to somebody for whom there isn't enough."""

from typing import NamedTuple, Protocol


class Needs(Protocol):
    """At most so many nano-dollars and tokens. Beside these every attempt needs one request and one slot."""

    @property
    def cost(self) -> int: ...

    @property
    def tokens(self) -> int: ...


class Need(NamedTuple):
    """Needs of whoever knows nothing else of them."""

    cost: int = 0
    tokens: int = 0


class Shortage(NamedTuple):
    """The one thing that there isn't enough of.

    *scope* is whose (`key/alice`, `team/research`, `provider/openai`, `service` ...), *kind* what of: budget, requests,
    tokens, concurrent or max_cost. *limit*, *spent*, *held* and *needed* are nano-dollars, requests, tokens or calls.
    *per* as in config.schema.Budget, or a rate's seconds. *resets* is unix time, where there is one; *wait* the seconds
    after which it is worth asking again. *when_spent*: the route that is to be asked instead. *down*: it isn't
    known whether there is enough, since the store can't be reached.
    """

    scope: str
    kind: str
    limit: int = 0
    spent: int = 0
    held: int = 0
    needed: int = 0
    per: str = ""
    resets: float | None = None
    wait: float = 0.0
    when_spent: str | None = None
    down: bool = False
