"""LiteLLM's settings of router, library and proxy: what ours has for each of them."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from config.section import Entry
from config.yaml_lines import Scalar
from moving.chains import seconds
from moving.deployments import Deployment
from moving.doors import Doors
from moving.findings import Findings, shortened
from moving.given import Given, decimal, words
from moving.money import budget
from moving.page import Tree, amount
from moving.redis import address

STRATEGIES: Final[Mapping[str, str]] = {
    "simple-shuffle": "weighted",
    "least-busy": "least_loaded",
    "usage-based-routing": "headroom",
    "usage-based-routing-v2": "headroom",
    "latency-based-routing": "latency",
    "cost-based-routing": "cost",
}
_CACHE: Final = "kept answers are switched on by hand: see `cache` of a route or of `defaults`"
_POLICY: Final = "what follows from a failure is one table here: see the README on errors"
_ELSEWHERE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("cache", "cache_params", "cache_responses", "caching_groups"), _CACHE),
    **dict.fromkeys(("retry_policy", "model_group_retry_policy", "allowed_fails_policy"), _POLICY),
    **dict.fromkeys(
        ("enable_tag_filtering", "tag_filtering_match_any"),
        "calls choose no targets by tags here; give the key that may use them a `models:` list",
    ),
    "default_litellm_params": "targets have no parameters of their own here: let the clients send it",
    "routing_strategy_args": "what strategies learn from, and for how long, is said in the README",
    "max_fallbacks": "a call's attempts are bounded by its chain and by `timeouts.total`",
    **dict.fromkeys(("default_team_settings", "default_internal_user_params"), "teams are in `teams:` here"),
    **dict.fromkeys(
        ("custom_auth", "enable_jwt_auth", "litellm_jwtauth", "enable_oauth2_auth"), "only keys open it here"
    ),
    "pass_through_endpoints": "there are no pass-through endpoints here",
    **dict.fromkeys(
        ("store_model_in_db", "store_prompts_in_spend_logs"), "nothing of the kind is kept in a database here"
    ),
    **dict.fromkeys(
        (
            "proxy_batch_write_at",
            "database_connection_pool_limit",
            "disable_spend_logs",
            "use_redis_transaction_buffer",
        ),
        "the ledger is written from the journal, by itself",
    ),
    **dict.fromkeys(
        ("proxy_budget_rescheduler_min_time", "proxy_budget_rescheduler_max_time"),
        "budgets begin anew by the clock here",
    ),
    "telemetry": "nothing is sent to anybody",
    "reject_clientside_metadata_tags": "tags are those of keys here, and clients can't choose them",
    "alert_types": "see `alerts.on`",
    "alerting_threshold": "see the alert rules in deploy/prometheus",
    "alerting_args": "see `alerts`",
    "otel": "set by `telemetry.otel.endpoint`",
    "health_check_interval": "see `probe` of a provider",
}
_UNKNOWN: Final = "is not known here"
_CALLBACKS: Final[Mapping[str, str]] = {
    "prometheus": "metrics are always at /metrics, under names of their own",
    "prometheus_system": "metrics are always at /metrics, under names of their own",
}
_YEAR: Final = 366 * 86_400  # seconds
Number = tuple[Entry, Decimal]


class Knobs:
    """What is not a target and not a route. *defaults*, *tags* and what `sections` and `models` give are ours."""

    def __init__(self, findings: Findings, doors: Doors, deployments: Sequence[Deployment]) -> None:
        self.defaults: dict[str, Tree] = {}
        self.tags: dict[str, Tree] = {}
        self._findings = findings
        self._doors = doors
        self._deployments = deployments
        self._top: dict[str, dict[str, Tree]] = {}
        self._timeouts: dict[str, Tree] = {}
        self._retry: dict[str, Tree] = {}
        self._breaker: dict[str, Tree] = {}
        self._limits = False

    def strategy(self, router: Given) -> Sequence[str]:
        """By what the members of a group are weighed; that of all stages stands in `defaults` then."""
        given = router.text("routing_strategy")
        name = STRATEGIES.get(given[1]) if given else "weighted"
        if given and name:
            self._findings.keep(given[0], f"{given[1]} is the strategy {name}")
        elif given:
            self._findings.leave(given[0], f"no strategy is like {shortened(given[1])}; weighted is written instead")
        self.defaults["strategy"] = name or "weighted"
        checks = router.truth("enable_pre_call_checks")
        if checks:
            self._findings.keep(checks[0], "what a prompt is too long for is always passed over")
        self._limits = name == "headroom" or bool(checks and checks[1])
        return ("weight", "rpm", "tpm") if self.defaults["strategy"] == "weighted" else ()

    def router(self, given: Given) -> None:
        self._state(given, "redis_")
        self._common(given)
        self._number(given, "cooldown_time", self._cooldown)
        self._number(given, "retry_after", self._backoff)
        self._number(given, "stream_timeout", self._idle)
        self._number(given, "default_max_parallel_requests", self._at_a_time)
        if (off := given.truth("disable_cooldowns")) and off[1]:
            self._breaker = {"failures": 1000, "ratio": 1}
            self._findings.change(off[0], "breakers can't be switched off: they open after a thousand failures")
        for name, entry in given.inner("provider_budget_config").every():
            self._of_provider(name, entry)
        self._close(given)

    def litellm(self, given: Given) -> None:
        self._common(given)
        self._number(given, "request_timeout", self._attempt)
        self._budget(given)
        if drop := given.truth("drop_params"):
            self.defaults["params"] = "drop" if drop[1] else "strict"
            self._findings.keep(drop[0], f"params: {self.defaults['params']}")
        self._caching(given)
        for name in ("callbacks", "success_callback", "failure_callback", "service_callbacks"):
            for one in given.list(name):
                self._callback(one)
        if (json := given.truth("json_logs")) and json[1]:
            self._findings.keep(json[0], "log.format: json, as always")
        if (verbose := given.truth("set_verbose")) and verbose[1]:
            self._put("log", "level", "debug", verbose[0], "log.level: debug")
        for name, entry in given.inner("tag_budget_config").every():
            self._of_tag(name, entry)
        if (verify := given.truth("ssl_verify")) and not verify[1]:
            self._everywhere({"verify_tls": False})
            self._findings.change(verify[0], "verify_tls of every provider")
        self._close(given)

    def general(self, given: Given) -> None:
        if key := given.text("master_key"):
            said = self._doors.secret(*key, "LITELLM_MASTER_KEY")
            self._top["admin"] = {"key": said}
            self._findings.change(key[0], "admin.key opens what operators see; calls need a key of their own (`keys`)")
        if url := given.text("database_url"):
            said = self._doors.secret(*url, "DATABASE_URL")
            self._top["ledger"] = {"url": said}
            self._findings.change(url[0], "the ledger makes tables of its own there, and reads none of LiteLLM's")
        self._kept(given)
        self._number(given, "max_parallel_requests", self._at_a_time)
        self._number(given, "global_max_parallel_requests", self._in_all)
        self._budget(given)
        self._state(given.inner("coordination_redis"), "", closing=True)
        for one in given.list("alerting"):
            self._alerting(one)
        if (otel := given.take("otel")) is not None and words(otel).lower() == "true":
            self._collector(otel)
        if (checks := given.truth("background_health_checks")) and checks[1]:
            every = given.number("health_check_interval", 3600)
            self._probes(checks[0], every[1] if every else Decimal(300))
        self._close(given)

    def sections(self) -> dict[str, Tree]:
        """The first of the file, in their order."""
        parts = (("timeouts", self._timeouts), ("retry", self._retry), ("breaker", self._breaker))
        self.defaults |= {name: tree for name, tree in parts if tree}
        return {
            name: self._top.get(name, {})
            for name in ("admin", "log", "state", "ledger", "alerts", "telemetry", "service")
        }

    def models(self) -> dict[str, Tree]:
        """What the deployments say of their targets: prices, sizes, limits, budgets."""
        found: dict[str, dict[str, Tree]] = {}
        for one in self._deployments:
            said = {**one.facts, **self._limits_of(one)}
            if said and "*" in one.target:
                self._findings.leave(one.at, "prices, limits and budgets belong to single models, not to a pattern")
            elif said:
                found.setdefault(one.target, {}).update(said)
        return dict(found)

    def _limits_of(self, one: Deployment) -> dict[str, Tree]:
        said: dict[str, Tree] = {}
        rates = {"requests": one.numbers.get("rpm"), "tokens": one.numbers.get("tpm")}
        limits: dict[str, Tree] = {name: f"{int(rate)}/min" for name, rate in rates.items() if rate and rate >= 1}
        if limits and self._limits:
            said["limits"] = limits
            for name in ("rpm", "tpm"):
                self._findings.keep(one.said(name, "rpm", "tpm"), "rpm and tpm are limits, of all machines together")
        if (most := one.numbers.get("max_parallel_requests")) and 1 <= most < 10**6:
            said["concurrency"] = int(most)
            self._findings.change(
                one.said("max_parallel_requests"),
                "max_parallel_requests is `concurrency`: more than that wait in a line",
            )
        if one.budget and (made := budget(*one.budget, self._findings)):
            said["budget"] = made
        return said

    def _common(self, given: Given) -> None:
        """What LiteLLM reads in two places; the first that says it counts."""
        self._number(given, "num_retries", self._retries)
        self._number(given, "timeout", self._attempt)
        self._number(given, "allowed_fails", self._fails)

    def _number(self, given: Given, name: str, use: Callable[[Number], None]) -> None:
        if found := given.number(name, 10**9):
            use(found)

    def _once(self, part: dict[str, Tree], name: str, value: Tree, at: Entry, told: str) -> None:
        if part.setdefault(name, value) != value:
            self._findings.leave(at, f"{name} is said before, by what LiteLLM heeds first")
        else:
            self._findings.change(at, told)

    def _retries(self, found: Number) -> None:
        told = "retry.retries, at one target; a share of all calls bounds retries (`retry.budget`)"
        self._once(self._retry, "retries", int(min(found[1], 9)), found[0], told)

    def _attempt(self, found: Number) -> None:
        told = "timeouts.attempt, for an answer that isn't streamed; streams have first_content (30s) and idle (60s)"
        self._once(self._timeouts, "attempt", seconds(found[1], 86_400), found[0], told)
        if found[1] > 600:
            self._timeouts["total"] = seconds(found[1], 86_400)

    def _idle(self, found: Number) -> None:
        self._once(self._timeouts, "idle", seconds(found[1], 3600), found[0], "timeouts.idle, between two words")

    def _fails(self, found: Number) -> None:
        told = "breaker.failures, one more: failures in a row, where LiteLLM counts those of a minute"
        self._once(self._breaker, "failures", int(min(found[1], 999)) + 1, found[0], told)

    def _cooldown(self, found: Number) -> None:
        told = "breaker.cooldown, doubled each time; then one call tries, before all others do"
        self._once(self._breaker, "cooldown", seconds(max(found[1], Decimal(1)), 86_400), found[0], told)

    def _backoff(self, found: Number) -> None:
        self._once(self._retry, "backoff", seconds(found[1], 3600), found[0], "retry.backoff, doubled each time")

    def _at_a_time(self, found: Number) -> None:
        if not 1 <= found[1] < 10**6 or any("concurrency" in more for more in self._doors.more.values()):
            self._findings.leave(found[0], "says nothing that hasn't been said before")
            return
        self._everywhere({"concurrency": int(found[1])})
        self._findings.change(found[0], "concurrency of every provider's models: more than that wait in a line")

    def _in_all(self, found: Number) -> None:
        if 1 <= found[1] <= 10**6:
            self._top.setdefault("service", {})["limits"] = {"concurrent": int(found[1])}
            self._findings.keep(found[0], "service.limits.concurrent")

    def _everywhere(self, settings: Mapping[str, Tree]) -> None:
        for name in self._doors.names.values():
            self._doors.more.setdefault(name, {}).update(settings)

    def _put(self, section: str, name: str, value: Tree, at: Entry, told: str) -> None:
        self._top.setdefault(section, {})[name] = value
        self._findings.keep(at, told)

    def _budget(self, given: Given) -> None:
        most, period = given.number("max_budget"), given.text("budget_duration")
        if most and (made := budget(*most, period[1] if period else "", self._findings)):
            self._top.setdefault("service", {})["budget"] = made

    def _of_provider(self, name: str, entry: Entry) -> None:
        """Of all that LiteLLM reaches under a prefix, which may be several providers of ours."""
        reached = sorted({one.provider for one in self._deployments if one.prefix == name})
        if len(reached) != 1:
            self._findings.leave(entry, f"{shortened(name)} is {len(reached)} providers here, which share no budget")
        elif made := self._limit(entry):
            self._doors.more.setdefault(reached[0], {})["budget"] = made

    def _of_tag(self, name: str, entry: Entry) -> None:
        if made := self._limit(entry):
            self.tags[name] = {"budget": made}
            self._findings.change(entry, "tags are those of keys here, not of single calls")

    def _limit(self, entry: Entry) -> Tree | None:
        said = Given(entry, self._findings)
        most = said.number("budget_limit") or said.number("max_budget")
        period = said.text("time_period") or said.text("budget_duration")
        said.close({}, _UNKNOWN)
        return budget(entry, most[1], period[1] if period else "", self._findings) if most else None

    def _caching(self, given: Given) -> None:
        on = given.truth("cache")
        params = given.inner("cache_params")
        ttl = params.number("ttl", _YEAR) if on and on[1] else None
        if on and ttl and ttl[1]:
            self.defaults["cache"] = seconds(ttl[1], _YEAR)
            told = "defaults.cache, for each key by itself; answers that all share are `{ttl, scope: service}`"
            self._findings.change(on[0], told)
        elif on and on[1]:
            self._findings.leave(on[0], "no ttl is said; `defaults.cache: 10m` would keep answers for that long")
        if (kind := params.text("type")) and kind[1].startswith("redis"):
            self._state(params, "")
        params.close({}, _CACHE)

    def _state(self, given: Given, prefix: str, *, closing: bool = False) -> None:
        """Redis holds what all machines share, wherever LiteLLM names it."""
        needed, changed = dict(self._findings.needed), list(self._findings.changed)
        url = address(given, prefix, self._doors, self._findings)
        state = self._top.setdefault("state", {})
        if url and state.setdefault("url", url[1]) == url[1]:
            self._findings.change(url[0], "state.url: budgets, limits, keys and breakers are shared by all who name it")
        elif url:
            # What its address is made of is of no use then.
            self._findings.needed, self._findings.changed = needed, changed
            self._findings.leave(url[0], "another Redis is named before; there is one for everything here")
        if closing:
            given.close({}, _UNKNOWN)

    def _callback(self, entry: Entry) -> None:
        known = _CALLBACKS.get(entry.node.text) if isinstance(entry.node, Scalar) else None
        if words(entry) == "otel":
            self._collector(entry)
        elif known:
            self._findings.change(entry, known)
        else:
            self._findings.leave(
                entry, f"nothing here calls {words(entry)}; there are metrics, log lines and the ledger"
            )

    def _alerting(self, entry: Entry) -> None:
        kind = words(entry)
        variable = {"slack": "SLACK_WEBHOOK_URL", "webhook": "WEBHOOK_URL"}.get(kind)
        if variable is None:
            self._findings.leave(entry, f"alerts go to one webhook here, not to {kind}")
            return
        self._top["alerts"] = {"webhook": self._doors.usual(variable), "format": "slack" if kind == "slack" else "json"}
        self._findings.change(entry, "alerts.webhook: one address; it is told of what `alerts.on` names")

    def _collector(self, entry: Entry) -> None:
        self._top["telemetry"] = {"otel": {"endpoint": self._doors.usual("OTEL_EXPORTER_OTLP_ENDPOINT")}}
        self._findings.change(
            entry, "telemetry.otel.endpoint: OTLP over HTTP, for which `make otel` installs what it needs"
        )

    def _kept(self, given: Given) -> None:
        kept = given.text("maximum_spend_logs_retention_period")
        days = decimal(Scalar(kept[1].removesuffix("d"), 0)) if kept else None
        if kept and days and 1 <= days <= 3650:
            self._top.setdefault("ledger", {})["keep"] = f"{amount(days)}d"
            self._findings.keep(kept[0], "ledger.keep")
        elif kept:
            self._findings.leave(kept[0], "ledger.keep is a number of days such as 90d")

    def _probes(self, at: Entry, every: Decimal) -> None:
        listed = [(door, name) for door, name in self._doors.names.items() if self._doors.dialects[door.dialect].listed]
        for _, name in listed:
            self._doors.more.setdefault(name, {})["probe"] = seconds(max(every, Decimal(1)), 3600)
        self._findings.change(at, "probe of every provider: asks for its list of models, which costs nothing")

    def _close(self, given: Given) -> None:
        given.close(_ELSEWHERE, _UNKNOWN)
