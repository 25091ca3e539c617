"""One generation: everything built from one Config, never changed; a reload builds another.

What outlives it (connections, observations, what is held, the meters) is in Shared and keyed by name.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Final, Protocol

from adapters import ADAPTERS
from adapters.demo import script
from catalog.bound import Bound, Unbounded, bound, ruled
from catalog.lookup import Catalog, Model, unlisted
from catalog.price import Price
from catalog.quality import prior, ready
from catalog.rule import Rule
from config.schema import Config, DialectFacts, Key
from core.ask import Abilities
from core.call import Call
from core.target import ADAPTIVE, Concurrency, Provider, Target
from core.tasks import CHAT
from core.usage import Usage
from core.wire import WireRequest
from gateway.auto import AUTO, Auto
from gateway.lane import Lane
from gateway.larder import Larder
from gateway.outlook import outlook
from gateway.remembered import Remembered
from gateway.shadows import Shadows
from gateway.watch.assessor import Assessor
from gateway.watch.canaries import Canaries
from gateway.watch.events import Newsroom
from gateway.watch.registrar import Registrar
from gateway.watch.sightings import Sightings
from gateway.ways import Ways
from quota.journal import JournalLike
from quota.keys import Keyring
from quota.stored_keys import StoredKeys, reading
from quota.till import Till
from routing.candidates import View
from routing.credentials import Credentials
from routing.forecast import Forecast
from routing.hedge import Hedges
from routing.match import Routes
from routing.outlook import Known
from routing.quality import Qualities
from routing.retry_budget import RetryBudget
from routing.vitals import Vitals
from server.reply import header
from telemetry.collector import Envoy
from telemetry.log import Scribe
from telemetry.meters import Meters
from upstream.deadlines import Deadlines
from upstream.fetch import Fetcher
from upstream.inside import Inside
from upstream.origin import Origin
from upstream.pools import Pools
from upstream.sink import Network

FREE: Final = Price.of({"input": 0, "output": 0})
MOST_REMEMBERED: Final = 10_000
MOST_NAMED: Final = 10  # models, to a client whose call none of a route's can take
DIALECTS: Final[Mapping[str, DialectFacts]] = {
    name: DialectFacts(
        base_url=dialect.base_url,
        needs_key=dialect.needs_key,
        options=dialect.options,
        local=dialect.local,
        listed=dialect.make(Provider(name=name, dialect=name)).listing is not None,
    )
    for name, dialect in ADAPTERS.items()
}


class UnderWay(Protocol):
    """A call that is being answered, as far as others need to know it."""

    @property
    def generation(self) -> "Generation": ...
    @property
    def route(self) -> str: ...
    @property
    def streaming(self) -> bool: ...
    def interrupt(self) -> None: ...


@dataclass(slots=True)
class Shared:
    """What outlives a reload."""

    loop: asyncio.AbstractEventLoop
    pools: Pools
    deadlines: Deadlines
    meters: Meters
    scribe: Scribe
    rng: Random
    vitals: Vitals
    till: Till
    stored: StoredKeys
    journal: JournalLike
    canaries: Canaries
    newsroom: Newsroom = field(default_factory=Newsroom)
    shadows: Shadows = field(default_factory=Shadows)
    budget: RetryBudget = field(default_factory=RetryBudget)
    hedges: Hedges = field(default_factory=Hedges)
    memory: Remembered = field(default_factory=Remembered)
    fetcher: Fetcher = field(default_factory=Fetcher)
    sightings: Sightings = field(default_factory=Sightings)
    qualities: Qualities = field(default_factory=lambda: Qualities(time.time()))
    forecast: Forecast = field(default_factory=Forecast)
    turns: dict[tuple[str, int], int] = field(default_factory=dict)
    open: set[UnderWay] = field(default_factory=set)
    books: bool = False  # whether finished calls are written to the ledger
    envoy: Envoy | None = None  # who tells a collector of finished calls
    assessor: Assessor = field(init=False)
    registrar: Registrar = field(init=False)
    larder: Larder = field(init=False)

    def __post_init__(self) -> None:
        self.assessor = Assessor(self.loop, self.qualities, self.meters)
        self.registrar = Registrar(
            self.loop, self.meters, self.scribe, assessor=self.assessor, newsroom=self.newsroom, envoy=self.envoy
        )


class Generation:
    """What calls that began under one configuration go by. *learns*: every attempt teaches what a choice goes by.

    *traced*: calls have a trace; *content*: what is asked and answered is kept in their records. *models*: what is
    known of the one behind each target. *common*: header lines of every answer, with a place for its request's id.
    *cors*: if any origin is allowed.
    """

    __slots__ = (
        "_capped",
        "_catalog",
        "_free",
        "_labels",
        "_qualities",
        "_rules",
        "auto",
        "common",
        "config",
        "content",
        "cors",
        "keyring",
        "lanes",
        "learns",
        "models",
        "pools",
        "routes",
        "traced",
        "view",
        "ways",
    )

    def __init__(self, config: Config, shared: Shared, lanes: Mapping[str, Lane]) -> None:
        self.config = config
        self.content = config.log.content or bool(config.telemetry.otel.endpoint and config.telemetry.otel.content)
        self.traced = config.telemetry.tracing
        self.lanes = lanes
        self.keyring = Keyring(config.keys.values(), shared.stored)
        self.routes = Routes(config)
        self.pools: Mapping[str, Credentials] = {
            name: shared.vitals.pool(provider) for name, provider in config.providers.items()
        }
        self.learns = any(len(stage.targets) > 1 for route in config.routes.values() for stage in route.stages)
        self._capped = any(team.max_cost is not None for team in config.teams.values())
        self.common = header("x-switchyard-config", config.hash).replace(b"%", b"%%") + b"x-request-id: %b\r\n"
        self.cors = config.server.cors if config.server.cors.origins else None
        self.models = Known(self._facts)
        self._catalog = Catalog(config.models)
        self.view = View(
            vitals=shared.vitals,
            pools=self.pools,
            providers=config.providers,
            clock=shared.loop.time,
            rng=shared.rng,
            budget=shared.budget,
            turns=shared.turns,
            fits=self._fits,
            serves=frozenset((name, served) for name, lane in lanes.items() for served in lane.serves),
            context=self._context,
            prefer_local=config.prefer_local,
            outlook=outlook(config, self.model, shared.till, forecast=shared.forecast, quality=self.quality),
        )
        self.auto = Auto(
            config,
            self.routes,
            shared.sightings,
            model=self.model,
            can=self.view.outlook.capabilities,
            fits=self._fits,
            allows=self.keyring.allows,
        )
        self.ways = Ways(self.routes, self.may_use, self.auto)
        self._qualities = shared.qualities
        self._rules: dict[str, Rule] = {}
        self._free: dict[str, Rule] = {}  # as if those without a price cost nothing
        self._labels: dict[tuple[str, str, int], bytes] = {}

    def cost(self, target: Target, usage: Usage) -> int | None:
        """In nano-dollars; None where nobody knows the price."""
        price = self.models[target.id].price
        return usage.cost if price is None else price.cost(usage)

    def bound(self, target: Target, call: Call, request: WireRequest) -> Bound | Unbounded:
        """The most that an attempt can cost and take."""
        rule = self._rules.get(target.id)
        return bound(call, request.body, self._rule(target, self._rules) if rule is None else rule)

    def bound_in_tokens(self, target: Target, call: Call, request: WireRequest) -> Bound | Unbounded:
        """The same for whoever isn't charged in dollars, which needs no price."""
        rule = self._free.get(target.id)
        return bound(call, request.body, self._rule(target, self._free) if rule is None else rule)

    def _rule(self, target: Target, rules: dict[str, Rule]) -> Rule:
        model, dialect = self.model(target), self.lanes[target.provider].provider.dialect
        if rules is self._free and model.price is None:
            model = replace(model, price=FREE)
        if len(rules) >= MOST_REMEMBERED:
            rules.clear()
        rule = rules[target.id] = ruled(model, dialect, target.model)
        return rule

    def most(self, key: Key) -> int | None:
        """What one call of *key* may cost, by whoever allows the least; None where nobody says."""
        if key.max_cost is None and not self._capped:
            return self.config.max_cost
        team = None if key.team is None else self.config.teams.get(key.team)
        least = self.config.max_cost
        for cap in (key.max_cost, None if team is None else team.max_cost):
            if cap is not None and (least is None or cap < least):
                least = cap
        return least

    def may_use(self, key: Key, model: str) -> bool:
        """Whether *key* may ask for *model*, as far as it and its team go."""
        team = None if key.team is None else self.config.teams.get(key.team)
        if team is not None and team.models and not self.keyring.allows(team.models, model):
            return False
        return self.keyring.allows(key.models, model)

    def able(self, call: Call, key: Key) -> tuple[str, ...]:
        """Routes that *key* may use, one of whose targets is known to have all that *call* needs."""
        names = [name for name in self.config.routes if "*" not in name and self.may_use(key, name)]
        able = [name for name in names if call.needs and any(self._has(one, call) for one in self._targets(name))]
        return tuple(able[:MOST_NAMED])

    def _targets(self, route: str) -> list[Target]:
        return [target for stage in self.config.routes[route].stages for target in stage.targets]

    def _has(self, target: Target, call: Call) -> bool:
        provider = self.config.providers[target.provider]
        return provider.configured and call.needs <= self.abilities(target).capabilities

    def labels(self, route: str, target: str, attempts: int) -> bytes:
        """The header lines that say which way a call went, and after how many attempts it was there."""
        lines = self._labels.get((route, target, attempts))
        if lines is None:
            if len(self._labels) >= MOST_REMEMBERED:
                self._labels.clear()
            lines = header("x-switchyard-route", route) + header("x-switchyard-target", target)
            lines += b"x-switchyard-attempts: %d\r\n" % attempts
            self._labels[route, target, attempts] = lines
        return lines

    def _fits(self, target: Target, call: Call) -> str | None:
        """Why the dialect of *target* can't carry *call*."""
        if call.endpoint in self.lanes[target.provider].adapter.endpoints:
            return None
        return f"{target.provider} has no endpoint for {call.endpoint}"

    def quality(self, target: Target, task: str, _now: float = 0.0) -> float:
        """How good the answers of *target* are at *task*, from 0 to 1; without a task, at talking."""
        task = task or CHAT
        return round(self._qualities.score(target.id, task, prior(self.model(target), task)), 4)

    def abilities(self, target: Target) -> Abilities:
        """What is known of the model behind *target*."""
        return self.model(target).abilities

    def model(self, target: Target) -> Model:
        """What is known of the model behind *target*."""
        return self.models[target.id]

    def _facts(self, target: Target) -> Model:
        dialect = self.lanes[target.provider].provider.dialect
        return self._catalog.facts(target.provider, dialect, target.model) or unlisted(target.model)

    def _context(self, target: Target) -> int | None:
        return self.models[target.id].abilities.context


def build(config: Config, shared: Shared) -> Generation:
    """A generation, and what outlives it told of the names that are in use now."""
    ready()
    lanes = {name: _lane(provider, config, shared) for name, provider in config.providers.items()}
    generation = Generation(config, shared, lanes)
    shared.till.adopt(config)
    shared.vitals.heed(partial(concurrency, config))
    shared.stored.adopt(reading(config))
    shared.pools.retire({lane.sender for lane in lanes.values() if isinstance(lane.sender, Origin)})
    shared.registrar.enter()  # under the names by which these calls went
    # Calls under way end by the names that they began with.
    served = [generation, *{call.generation for call in shared.open}]
    shared.meters.know(
        routes=frozenset().union(*(_routes(each) for each in served)),
        targets=frozenset(
            target.id for each in served for route in each.config.routes.values() for target in route.every_target
        ),
        providers=frozenset().union(*(each.config.providers for each in served)),
        keys=frozenset().union(*(each.config.keys for each in served)),
    )
    shared.meters.exemplars = config.telemetry.exemplars
    shared.meters.generation(config.hash)
    shared.canaries.heed(config)
    return generation


def _routes(generation: Generation) -> set[str]:
    """All names that its calls may count by."""
    return {*generation.routes.names(), AUTO, *(f"{name}/*" for name in generation.config.providers)}


def concurrency(config: Config, id: str) -> Concurrency:
    """How many calls the target *id* takes at a time, as far as the operator says."""
    model, provider = config.models.get(id), config.providers.get(id.partition("/")[0])
    if model is not None and model.concurrency is not None:
        return model.concurrency
    return ADAPTIVE if provider is None else provider.concurrency


def _lane(provider: Provider, config: Config, shared: Shared) -> Lane:
    adapter = ADAPTERS[provider.dialect].make(provider)
    sender: Network
    if provider.base_url:
        timeout = config.defaults.timeouts.connect
        sender = shared.pools.origin(provider.base_url, verify_tls=provider.verify_tls, connect_timeout=timeout)
    else:
        sender = Inside(script, shared.loop)
    return Lane(provider, adapter, sender)
