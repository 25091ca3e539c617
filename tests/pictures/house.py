"""A house that looks lived in: its configuration, thirty days in its ledger, and a canary that is half way."""

import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import orjson

from config.schema import Budget, Config
from gateway.current import Source
from gateway.treasury import STATE
from quota.windows import account, window
from store.books import FILE
from store.entry import Entry
from store.ledger_sqlite import SqliteLedger
from store.sqlite import SqliteStore

ADMIN = "the-key-of-the-operator"
DAY = 86400.0
DAYS = 32
NANO = 1_000_000_000
# By key: its team, its route, calls on a working day, and whether it works at night and on Sundays, too.
CLIENTS = {
    "alice": ("research", "smart", 270, False),
    "bob": ("research", "smart", 180, False),
    "checkout": ("shop", "fast", 700, True),
    "helpdesk": ("shop", "faq", 500, True),
    "nightly": ("research", "extract", 360, True),
}
# By target: dollars per million tokens in and out, quality, milliseconds to the first word, tokens a second.
MODELS = {
    "openai/gpt-4o": (2.5, 10.0, 0.82, 420, 90),
    "openai/gpt-4o-mini": (0.15, 0.6, 0.64, 260, 140),
    "openai/gpt-4.1": (2.0, 8.0, 0.86, 480, 80),
    "anthropic/claude-sonnet-4-5": (3.0, 15.0, 0.91, 560, 75),
    "mistral/mistral-large": (2.0, 6.0, 0.78, 350, 85),
    "mistral/mistral-small": (0.1, 0.3, 0.58, 190, 170),
    "mistral/ministral-8b": (0.1, 0.1, 0.45, 150, 190),
    "lab/llama-3.3-70b": (0.4, 0.4, 0.74, 310, 95),
    "attic/llama-3-8b": (0.05, 0.05, 0.35, 240, 60),
}
USED = {
    "smart": ("openai/gpt-4o", "openai/gpt-4o", "anthropic/claude-sonnet-4-5", "mistral/mistral-large"),
    "fast": ("openai/gpt-4o-mini", "mistral/mistral-small"),
    "faq": ("openai/gpt-4o-mini",),
    "extract": ("openai/gpt-4o-mini",),
}
# How much of its budget each has used up by now, whatever the hour and the day of the month.
SHARES = {
    "service": 0.55,
    "research": 0.62,
    "shop": 0.93,
    "alice": 0.71,
    "bob": 0.38,
    "checkout": 0.82,
    "helpdesk": 0.46,
    "nightly": 0.985,
}
CONFIG = """
server: {{host: 127.0.0.1, port: 0}}
admin: {{key: {admin}}}
state: {{directory: data}}
service: {{budget: {service}/day}}
alerts: {{breaker: 5s, at: [80%]}}
teams:
  research: {{budget: {research}/month}}
  shop: {{budget: {shop}/month}}
providers:
{providers}
models:
{models}
  openai/text-embedding-3-small: {{price: {{input: 0.02, output: 0}}}}
routes:
  smart:
    chain:
      - {{targets: [{{target: openai/gpt-4o, weight: 2}}, anthropic/claude-sonnet-4-5], strategy: weighted}}
      - {{on: [overloaded, rate_limited, timeout], target: mistral/mistral-large}}
    canary: {{target: lab/llama-3.3-70b, stages: [5%, 25%, 50%, 100%], every: 30m, minimum: 100}}
    shadow: {{target: openai/gpt-4.1, share: 5%, budget: 5/day}}
  fast: [{{targets: [openai/gpt-4o-mini, mistral/mistral-small], strategy: latency}}]
  faq:
    chain: openai/gpt-4o-mini
    cache: {{ttl: 1h, scope: service, semantic: {{route: embed, threshold: 0.85, mode: shadow}}}}
  extract:
    chain: openai/gpt-4o-mini
    canary: {{target: mistral/ministral-8b, stages: [50%, 100%], every: 1h}}
  cheap: [attic/llama-3-8b, mistral/mistral-small]
  embed: openai/text-embedding-3-small
defaults: {{retry: {{attempts: 2}}}}
cache: {{max: 64MiB}}
keys:
  alice: {{key: key-of-alice, team: research, budget: {alice}/day}}
  bob: {{key: key-of-bob, team: research, budget: {bob}/month}}
  checkout: {{key: key-of-checkout, team: shop, budget: {checkout}/day, limits: {{requests: 600/min}}}}
  helpdesk: {{key: key-of-helpdesk, team: shop, budget: {helpdesk}/month}}
  nightly: {{key: key-of-nightly, team: research, budget: {nightly}/day}}
"""


def written(folder: Path, address: str, limits: Mapping[str, float]) -> Path:
    """The configuration of the house, whose providers are all below *address*. *limits* of budgets are dollars."""
    names = sorted({target.partition("/")[0] for target in MODELS})
    providers = [f'  {name}: {{dialect: openai, base_url: "{address}/{name}/v1", api_key: fake}}' for name in names]
    models = [
        f"  {target}: {{price: {{input: {price}, output: {dear}}}, context: 128000, max_output: 4096, quality: {good}}}"
        for target, (price, dear, good, *_) in MODELS.items()
    ]
    file = folder / "switchyard.yaml"
    text = CONFIG.format(admin=ADMIN, providers="\n".join(providers), models="\n".join(models), **limits)
    file.write_text(text, encoding="utf-8")
    return file


async def furnished(folder: Path, address: str) -> Path:
    """The configuration, beside the state as it would be if the house had been open for a month."""
    config = _read(written(folder, address, dict.fromkeys(SHARES, 1000.0)))
    rows = sorted(past(config, time.time(), Random(7)))
    spent = spendings(config, rows)
    sums = {one.split(":")[1].rpartition("/")[2]: dollars / NANO for one, (dollars, _) in spent.items()}
    limits = {who: float(f"{max(sums.get(who, 0.0) / share, 0.01):.3g}") for who, share in SHARES.items()}
    file = written(folder, address, limits)
    await _filled(folder, _read(file), rows, spent)
    return file


def _read(file: Path) -> Config:
    return Source(file=str(file), env={}).load()


async def _filled(folder: Path, config: Config, rows: list[Entry], spent: Mapping[str, tuple[int, float]]) -> None:
    data = folder / "data"
    data.mkdir(mode=0o700)
    ledger = SqliteLedger(data / FILE)
    await ledger.migrate()
    await ledger.open()
    for first in range(0, len(rows), 1000):
        await ledger.add("past", first + 1, rows[first : first + 1000])
    await ledger.close()
    store = SqliteStore(data / STATE)
    await store.open()
    for one, (dollars, ends) in spent.items():
        await store.restore(one, {"past": dollars}, ends)
    mark = config.routes["smart"].canary.mark
    await store.post(f"canary/{mark}/standing", orjson.dumps((1, "running", 1, time.time() - 1500, "")), DAY)
    await store.close()


def past(config: Config, now: float, chance: Random) -> Iterator[Entry]:
    """Calls of thirty days, up to half an hour ago."""
    first = math.floor(now / DAY) - DAYS + 1
    for day in range(first, first + DAYS):
        weekday = time.gmtime(day * DAY).tm_wday
        growth = 0.6 + 0.4 * (day - first) / DAYS
        for key, (_, _, calls, always) in CLIENTS.items():
            share = (1.0 if weekday < 5 else 0.45 if always else 0.12) * growth * chance.uniform(0.8, 1.2)
            for _ in range(int(calls * share)):
                moment = day * DAY + (chance.random() if always else chance.betavariate(4, 3.2)) * DAY
                if moment < now - 1800:
                    yield call(config, key, moment, chance)


def spendings(config: Config, rows: list[Entry]) -> dict[str, tuple[int, float]]:
    """By account of a window that isn't over: what is spent of it, and when it ends."""
    sums: dict[str, int] = {}
    for row in rows:
        for one, cost in row.charges.items():
            sums[one] = sums.get(one, 0) + cost
    now = time.time()
    scopes = {f"key/{name}": key.allowance for name, key in config.keys.items()}
    scopes |= {f"team/{name}": team.allowance for name, team in config.teams.items()} | config.allowances
    windows = ((scope, window(budget, now)) for scope, allowance in scopes.items() for budget in allowance.budgets)
    named = {account(scope, of): of.ends for scope, of in windows}
    return {one: (sums[one], ends) for one, ends in named.items() if one in sums}


def call(config: Config, key: str, moment: float, chance: Random) -> Entry:
    team, route, *_ = CLIENTS[key]
    target = chance.choice(USED[route])
    price, dear, _, first, pace = MODELS[target]
    asked, said = int(chance.lognormvariate(9.4, 0.8)), int(chance.lognormvariate(6.9, 0.6))
    cost = int((asked * price + said * dear) * 1000)
    first_ms = first * chance.lognormvariate(0, 0.3)
    whole = first_ms + 1000 * said / pace
    usage = (asked, 0, 0, said, 0, 0, 0, 0, 0, 0)
    scopes = {f"key/{key}": config.keys[key].allowance, f"team/{team}": config.teams[team].allowance}
    scopes["service"] = config.allowances["service"]
    budgets = ((scope, budget) for scope, allowance in scopes.items() for budget in allowance.budgets)
    charges = {name(scope, budget, moment): cost for scope, budget in budgets}
    return Entry(
        moment, f"req-{chance.getrandbits(32):08x}-{int(moment) % 100000}", key, team, route, target, (),
        "/v1/chat/completions", 200, "", chance.random() < 0.7, "stop", False, False, cost, usage,
        round(whole, 1), round(first_ms, 1), ((target, "", round(whole, 1), cost),), charges,
    )  # fmt: skip


def name(scope: str, budget: Budget, moment: float) -> str:
    return account(scope, window(budget, moment))
