"""The configuration as values. These objects are the policies themselves: nothing translates them again.

Durations are seconds, sizes are bytes, money is nano-dollars.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from config.signals import SILENT, USUAL_ALERTS, Alerts, Telemetry
from core.caching import NO_CACHE, ROOM, Caching, Room
from core.secret import Secret
from core.target import Concurrency, Provider, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """*origins* empty means no CORS headers at all; "*" means any."""

    origins: tuple[str, ...] = ()
    headers: tuple[str, ...] = ("authorization", "content-type", "x-request-id")
    max_age: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """*format*: json or text. *content*: whether prompts and answers are logged, which is never the default."""

    format: str = "json"
    level: str = "info"
    content: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    pin: bool = True  # each to a core, where there is one for each
    open: bool = False
    max_body: int = 32 * 1024 * 1024
    drain: float = 30.0
    keepalive: float = 15.0  # SSE comments while a streamed answer keeps its client waiting
    idle: float = 75.0  # how long an idle client connection is kept
    head_timeout: float = 10.0
    body_timeout: float = 30.0
    shortcut: bool = True  # plain calls skip aiohttp's parser
    cors: Cors = Cors()
    metrics_key: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    connect: float = 5.0
    first_content: float = 30.0
    idle: float = 60.0
    attempt: float = 300.0
    total: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """*attempts*: tries at one target, the first included. *budget*: retries as a share of calls under way."""

    attempts: int = 3
    backoff: float = 0.5
    max_backoff: float = 8.0
    budget: float = 0.2
    longest_wait: float = 10.0  # a retry-after beyond this goes to the next target instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Opens after *failures* in a row, or when *ratio* of at least *minimum* calls in *window* failed."""

    failures: int = 5
    cooldown: float = 30.0
    max_cooldown: float = 600.0
    ratio: float = 0.5
    minimum: int = 20
    window: float = 30.0


class Balance(NamedTuple):
    """What counts how much for strategies that balance. At least one is above zero."""

    cost: float = 0.4
    quality: float = 0.4
    latency: float = 0.2


BALANCE: Final = Balance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The line before a target that is full: *most* calls wait, each for *wait* seconds at most; 0 for never."""

    most: int = 100
    wait: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """A second attempt after *seconds*, or where there are none after the *quantile* of recent times; of *at_most* a
    share of a route's calls.
    """

    seconds: float | None = None
    quantile: float = 0.95
    at_most: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Targets tried together, in the order their *strategy* gives; *on* are the faults that lead here (empty: any)."""

    targets: tuple[Target, ...]
    strategy: str = "order"
    on: frozenset[str] = frozenset()
    weights: Balance = BALANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """*name* may hold one `*`; the targets' `*` then takes what it matched. Nested routes are already unfolded.

    *strict*: what a target can't take is refused, where it would else be dropped and named (`params:`). *on_break*:
    what becomes of a stream that breaks off after content: `error`, or `continue` at the next target. *most* is how
    many attempts a call may take at most, beside all other limits; 0 says nothing. *spare*: something else will answer
    if nothing here can, so that nobody is tried whose breaker is open.
    """

    name: str
    stages: tuple[Stage, ...]
    timeouts: Timeouts = Timeouts()
    retry: Retry = Retry()
    breaker: Breaker = Breaker()
    queue: Queue = Queue()
    fallback: bool = True
    strict: bool = False
    hedge: Hedge | None = None
    on_break: str = "error"
    weights: Balance = BALANCE
    most: int = 0
    spare: bool = False
    shadow: "Shadow | None" = None
    canary: "Canary | None" = None
    cache: Caching = NO_CACHE

    @property
    def every_target(self) -> "tuple[Target, ...]":
        """Those of the chain, of the canary and of the shadow."""
        stages = (*self.stages, *(() if self.canary is None else self.canary.ahead.stages))
        copied = () if self.shadow is None else (self.shadow.target,)
        return (*(target for stage in stages for target in stage.targets), *copied)


class Rate(NamedTuple):
    """So many in so many seconds."""

    amount: int
    per: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """*limit* in nano-dollars. *per* is hour, day, week (from Monday), month or total, or a number of seconds as text
    (windows of that length, counted from the epoch); *zone* the time zone whose days count.

    *when_spent*: another route that is asked instead, None to refuse. *when_down*, while the store can't be reached:
    `allotment` (go on with what is in hand), `closed` (refuse) or `open` (go on, and settle later).
    """

    limit: int
    per: str = "total"
    zone: str = "UTC"
    when_spent: str | None = None
    when_down: str = "allotment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """*concurrent*: calls under way at a time."""

    requests: tuple[Rate, ...] = ()
    tokens: tuple[Rate, ...] = ()
    concurrent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What somebody, or all together, may use up."""

    budgets: tuple[Budget, ...] = ()
    limits: Limits = Limits()

    def __bool__(self) -> bool:
        return bool(self.budgets) or self.limits != Limits()


NO_LIMITS: Final = Allowance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A client's key. *digest* is the sha256 of the key, in bytes. *models* empty means every route and target.

    *per_model*: patterns of the model names that clients ask with (one `*` at most), each with an allowance of its own;
    the first that fits counts. *max_cost* is nano-dollars for one call. *holds*: `whole`, or `slices` for those who
    declare huge answers and take little. *priority* (high, normal, low) is for where calls have to
    wait. *stored*: made at run time, so that it is known by the store alone. *scope*: where its own allowance is kept,
    if it isn't `key/NAME`.
    """

    name: str
    digest: bytes
    models: tuple[str, ...] = ()
    expires: float | None = None  # unix time
    disabled: bool = False
    team: str | None = None
    tags: tuple[str, ...] = ()
    allowance: Allowance = NO_LIMITS
    per_model: tuple[tuple[str, Allowance], ...] = ()
    max_cost: int | None = None
    holds: str = "whole"
    priority: str = "normal"
    stored: bool = False
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A *share* (0 to 1) of a route's calls is copied to *target*, and the answers thrown away. *key* pays for them."""

    target: Target
    share: float
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """How much worse than the rest of its route a canary may be; None: that isn't looked at.

    *errors* and *validity* (of flawed answers) are shares beyond that of the rest, *first_content* and *cost* factors.
    """

    errors: float | None = 0.02
    first_content: float | None = 1.5
    cost: float | None = 1.3
    validity: float | None = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """*ahead* is the route that the chosen calls try before their own. *stages* are shares of the sessions (0 to 1),
    each larger than the one before; one lasts *every* seconds, and *minimum* calls at least. No other canary has its
    *mark*.
    """

    ahead: Route
    stages: tuple[float, ...] = (0.01, 0.05, 0.25)
    every: float = 1800.0
    minimum: int = 30
    guard: Guard = Guard()
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """*models* is what all its keys may use; empty for everything. *max_cost* as for a key."""

    name: str
    allowance: Allowance = NO_LIMITS
    models: tuple[str, ...] = ()
    max_cost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where shared state lives: Redis at *url*, or SQLite in *directory* where there is none.

    *url* may hold a password. *fsync*: write through to the disk before an answer ends (survives a loss of power, too).
    """

    url: Secret | None = None
    directory: str = "./data"
    when_down: str = "allotment"
    fsync: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The ledger: PostgreSQL at *url*, or SQLite in the state directory.

    Rows are kept for *keep* seconds; *on* False: there is none.
    """

    url: Secret | None = None
    keep: float = 90 * 86400.0
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What the operator says about a model; the catalog says the rest.

    *price* is what catalog.price.Price.of reads: nano-dollars per million tokens (`search`: per thousand searches),
    `long` as a tuple of steps, and a tier as a factor in thousandths or as prices of its own.
    """

    price: Mapping[str, Any] | None = None
    context: int | None = None
    max_output: int | None = None
    capabilities: tuple[str, ...] | None = None
    flags: Mapping[str, object] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)  # by task, from 0 to 1
    concurrency: Concurrency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DialectFacts:
    """What load has to know about a dialect. *options* are the settings it takes beside the common ones, with defaults.

    *base_url* is empty where there is no usual address, and may hold options in braces. *local*: its models run on
    machines of one's own. *listed*: there is a list of its models that one can ask for.
    """

    base_url: str = ""
    needs_key: bool = True
    options: Mapping[str, str | None] = field(default_factory=dict)
    local: bool = False
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Automatic:
    """The model `auto`. *targets* are patterns of `provider/model`; none: all that can be reached."""

    on: bool = True
    strategy: str = "balanced"
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """What is fetched for providers that can't. *max* and *timeout* are those of all the URLs of a call together.

    *allow_private*: URLs may lead into networks of one's own, where whoever has a key then looks around.
    """

    allow_private: bool = False
    max: int = 20 * 1024 * 1024
    timeout: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One generation, whole. *warnings* are sentences for the operator (`file:line: path: text`).

    *allowances* are those of no key and no team, by scope: `service`, `provider/NAME`,
    `target/PROVIDER/MODEL`, `tag/NAME`.
    """

    server: Server = Server()
    log: Log = Log()
    state: State = State()
    ledger: Books = Books()
    alerts: Alerts = USUAL_ALERTS
    telemetry: Telemetry = SILENT
    providers: Mapping[str, Provider] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    defaults: Route = Route(name="", stages=())  # timeouts, retry, breaker for calls without a route of their own
    prefer_local: bool = False  # within each stage
    auto: Automatic = Automatic()
    keys: Mapping[str, Key] = field(default_factory=dict)
    teams: Mapping[str, Team] = field(default_factory=dict)
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    tags: tuple[str, ...] = ()  # those that keys may carry
    max_cost: int | None = None  # of one call, whoever asks
    models: Mapping[str, ModelFacts] = field(default_factory=dict)
    media: Fetching = Fetching()
    cache: Room = ROOM
    admin_key: Secret | None = None
    warnings: tuple[str, ...] = ()
    key_sources: Mapping[str, str] = field(default_factory=dict)  # provider -> the variables its api_key is made of
    hash: str = ""  # of the text after the environment was filled in, but for its secrets; 12 hex digits, for everyone
    fingerprint: bytes = field(default=b"", repr=False, compare=False)  # of all of it: short secrets show in it
