"""A config of Portkey in our YAML: one tree of targets, which becomes the route of whatever model clients ask for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from config.schema import DialectFacts
from config.section import Entry, entries
from config.yaml_lines import Fields, Scalar
from moving.chains import seconds
from moving.doors import Door, Doors
from moving.findings import Findings, shortened
from moving.given import Given, ours, parsed, plain, words
from moving.page import Tree, page
from moving.places import PORTKEY, Place

HEAD: Final = (
    "Made of a config of Portkey by `python proxy.py import-portkey`, whose report says what became of the rest.",
    "The route * answers to every name; `python proxy.py check FILE` reads this file.",
)
DEEPEST: Final = 16
MOST_TARGETS: Final = 250
FAULTS: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("bad_credential",),
    402: ("out_of_credit",),
    403: ("bad_credential",),
    404: ("model_not_found",),
    408: ("timeout",),
    412: ("out_of_credit",),
    413: ("context_length",),
    429: ("rate_limited", "limited"),
    446: ("content_policy",),
    500: ("broken",),
    502: ("broken", "unreachable"),
    503: ("overloaded", "busy"),
    504: ("timeout",),
    520: ("broken",),
    524: ("timeout",),
    529: ("overloaded",),
}
_GUARDS: Final = "there are no guardrails here"
_WHY: Final[Mapping[str, str]] = {
    "cache": "kept answers are switched on by hand: see `cache` of a route or of `defaults`",
    **dict.fromkeys(("input_guardrails", "output_guardrails", "guardrails", "before_request_hooks"), _GUARDS),
    **dict.fromkeys(("after_request_hooks", "default_input_guardrails", "default_output_guardrails"), _GUARDS),
    "forward_headers": "no headers of clients go to providers here",
    "drop_params": "see `params` of a route",
    "metadata": "calls are counted by key and by the tags of keys here",
    "sticky": "see the strategies `affinity` and `consistent`",
}
_UNKNOWN: Final = "is not known here"
_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Weighed(NamedTuple):
    target: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class Stage:
    """Targets among which chance chooses; *on* are the faults after which they are asked, empty for any."""

    targets: tuple[Weighed, ...]
    on: tuple[str, ...] = ()


@dataclass(slots=True)
class _Patience:
    """Of the whole route: the longest that anything in the config says."""

    retries: int | None = None
    timeout: Decimal | None = None
    named: dict[str, list[Stage]] = field(default_factory=dict)  # what single names mean, by conditions


def imported(text: str, file: str, dialects: Mapping[str, DialectFacts]) -> tuple[str, Findings]:
    """Our YAML, and what became of each setting of *text*. Raise ConfigErrors where it can't be read."""
    findings = Findings()
    root = parsed(text, file)
    reading = _Reading(Doors(dialects, findings), findings)
    return page(reading.sections(_unwrapped(root)), HEAD), findings


def _unwrapped(root: Entry) -> Entry:
    """The config itself, where it stands in what Portkey's API tells of it."""
    for name in ("data", "config"):
        inner = root.node.fields.get(name) if isinstance(root.node, Fields) else None
        if isinstance(inner, Fields):
            root = Entry(inner, f"{root.path}.{name}".strip("."), inner.line)
    return root


def snake(name: str) -> str:
    """Both spellings are Portkey's."""
    return _HUMP.sub(lambda found: f"_{found[1].lower()}", name)


class _Reading:
    def __init__(self, doors: Doors, findings: Findings) -> None:
        self._doors = doors
        self._findings = findings
        self._patience = _Patience()
        self._targets = 0

    def sections(self, root: Entry) -> dict[str, Tree]:
        ways = {"*": self._stages(root, 0), **self._patience.named}
        settings = self._settings()
        routes: dict[str, Tree] = {}
        for name, stages in ways.items():
            chain: list[Tree] = [_tree(stage, name) for stage in stages]
            if chain:
                routes[plain(name)] = {"chain": chain, **settings} if settings else chain
        return {"providers": self._doors.tree(), "defaults": {"strategy": "weighted"}, "routes": routes}

    def _settings(self) -> dict[str, Tree]:
        settings: dict[str, Tree] = {}
        if self._patience.timeout is not None:
            most = self._patience.timeout / 1000
            settings["timeouts"] = {"first_content": seconds(most, 3600), "attempt": seconds(most, 86_400)}
        if self._patience.retries is not None:
            settings["retry"] = {"retries": self._patience.retries}
        return settings

    def _stages(self, entry: Entry, depth: int) -> list[Stage]:
        """What one node of the tree comes to."""
        if depth > DEEPEST:
            self._findings.leave(entry, f"targets are nested more than {DEEPEST} deep")
            return []
        node = Given(entry, self._findings, named=snake)
        strategy = Given(node.take("strategy"), self._findings, named=snake)
        mode = strategy.text("mode")
        targets = node.list("targets")
        self._listen(node)
        node.take("weight")  # read by whoever weighs this node
        node.take("name")  # read by whoever names it
        kind = mode[1] if mode else ("single" if targets else "")
        combine = {
            "fallback": self._one_after_another,
            "loadbalance": self._by_weight,
            "conditional": self._by_name,
            "single": self._only,
        }.get(kind)
        if targets and combine is not None:
            found = combine(targets, strategy, depth)
        elif targets:
            self._findings.leave(entry, f"no strategy is called {shortened(kind)}")
            found = []
        else:
            found = self._leaf(entry, node)
        strategy.close({}, _UNKNOWN)
        node.close(_WHY, _UNKNOWN)
        return found

    def _listen(self, node: Given) -> None:
        """Retries and patience, which are the whole route's here."""
        retry = Given(node.take("retry"), self._findings, named=snake)
        if tries := retry.number("attempts"):
            self._patience.retries = max(self._patience.retries or 0, min(int(tries[1]), 9))
            self._findings.change(tries[0], "retry.retries of the whole route; a share of all calls bounds retries")
        if codes := retry.take("on_status_codes"):
            self._findings.leave(codes, "what is worth a retry is one table here: see the README on errors")
        if honour := retry.take("use_retry_after_header"):
            self._findings.keep(honour, "providers that say when to come back are always heeded")
        retry.close({}, _UNKNOWN)
        if (wait := node.number("request_timeout")) and wait[1]:
            self._patience.timeout = max(self._patience.timeout or Decimal(0), wait[1])
            self._findings.change(wait[0], "timeouts.attempt of the whole route, and of streams first_content")

    def _only(self, targets: tuple[Entry, ...], _strategy: Given, depth: int) -> list[Stage]:
        for one in targets[1:]:
            self._findings.leave(one, "only the first target is asked, as in Portkey")
        return self._stages(targets[0], depth + 1)

    def _one_after_another(self, targets: tuple[Entry, ...], strategy: Given, depth: int) -> list[Stage]:
        codes = strategy.take("on_status_codes")
        on = self._faults(codes) if codes else ()
        first, *others = (self._stages(one, depth + 1) for one in targets)
        later = [stage for stages in others for stage in stages]
        if codes and not on:
            return first
        if not codes:
            self._findings.change(
                targets[0], "after any failure but that of the call itself, which is the same anywhere"
            )
        self._findings.keep(targets[0], "fallback: one stage after the other")
        return [*first, *(Stage(stage.targets, stage.on or on) for stage in later)]

    def _faults(self, codes: Entry) -> tuple[str, ...]:
        found: list[str] = []
        for one in entries(codes):
            code = int(words(one)) if re.fullmatch("[0-9]{3}", words(one)) else 0
            if code not in FAULTS:
                self._findings.leave(one, f"nothing else is tried after {words(one)}: it would fail everywhere")
            found += FAULTS.get(code, ())
        if found:
            self._findings.change(codes, f"on: {', '.join(dict.fromkeys(found))}; kinds of failure instead of statuses")
        return tuple(dict.fromkeys(found))

    def _by_weight(self, targets: tuple[Entry, ...], _strategy: Given, depth: int) -> list[Stage]:
        parts = [(_weight(one), self._stages(one, depth + 1)) for one in targets]
        first = [
            Weighed(each.target, each.weight * weight / sum(one.weight for one in stages[0].targets))
            for weight, stages in parts
            for each in (stages[0].targets if stages else ())
        ]
        later = [stage for _, stages in parts for stage in stages[1:]]
        if later:
            self._findings.change(targets[0], "the fallbacks within are those of all that chance may have chosen")
        chosen = tuple(each for each in first if each.weight)
        for one, (weight, _) in zip(targets, parts, strict=True):
            if not weight and chosen:
                self._findings.leave(one, "weighs nothing, and is never chosen")
        self._findings.keep(targets[0], "loadbalance: one stage, with weights")
        return [Stage(chosen or tuple(first)), *later] if first else later

    def _by_name(self, targets: tuple[Entry, ...], strategy: Given, depth: int) -> list[Stage]:
        """Conditions on the name of the model are routes; there are no others here."""
        known = {name: one for one in targets if (name := _name(one))}
        for condition in strategy.list("conditions"):
            said = Given(condition, self._findings)
            query, then = said.take("query"), said.text("then")
            model = _asked(query)
            if model is None or then is None or then[1] not in known:
                self._findings.leave(condition, "a call is routed by the name of its model here, and by nothing else")
            else:
                self._findings.keep(condition, f"the route {shortened(model)}")
                self._patience.named[model] = self._stages(known[then[1]], depth + 1)
        usual = strategy.text("default")
        return self._stages(known[usual[1]], depth + 1) if usual and usual[1] in known else []

    def _leaf(self, entry: Entry, node: Given) -> list[Stage]:
        """One target."""
        self._targets += 1
        named = self._place(entry, node)
        if named is None or self._targets > MOST_TARGETS:
            # What else it says is no news then.
            node.every()
            return []
        prefix, place, hidden = named
        over = node.inner("override_params")
        model = over.text("model")
        over.close({}, "targets have no parameters of their own here: let the clients send it")
        door = self._door(entry, place, node, hidden)
        if door is None:
            return []
        named_by = (node.text("deployment_id"), node.text("azure_deployment_id"), model)
        deployed = next((one for one in named_by if one and one[1]), None)
        target = f"{self._doors.name(door)}/{plain(deployed[1]) if deployed else '*'}"
        told = "" if deployed else ": the model that the client asks for"
        self._findings.keep(entry, f"{shortened(prefix)} is {target}{told}")
        return [Stage((Weighed(target, Decimal(1)),))]

    def _place(self, entry: Entry, node: Given) -> tuple[str, Place, str] | None:
        """Portkey's word for the provider, what that is here, and the name under which Portkey keeps its key."""
        provider, virtual = node.text("provider"), node.text("virtual_key")
        hidden = virtual[1] if virtual else ""
        word = provider[1] if provider else hidden
        if word.startswith("@"):
            hidden = word = word[1:].partition("/")[0]
        fits = [name for name in PORTKEY if word == name or (hidden and word.startswith(f"{name}-"))]
        if fits:
            best = max(fits, key=len)
            return best, PORTKEY[best], hidden
        known = ", ".join(sorted(PORTKEY))
        self._findings.leave(
            entry, f"no dialect for {shortened(word) or 'a target without a provider'}; there are {known}"
        )
        return None

    def _door(self, entry: Entry, place: Place, node: Given, hidden: str) -> Door | None:
        written = node.text("custom_host")
        resource = node.text("resource_name") or node.text("azure_resource_name")
        address: str | None = place.base_url
        if written:
            address = self._doors.address(written[0], written[1])
        elif place.dialect == "azure" and resource:
            address = self._doors.address(resource[0], f"https://{resource[1]}.openai.azure.com")
        elif place.dialect == "azure":
            address = self._doors.usual(place.base)
        if address is None:
            return None
        return Door(
            dialect=place.dialect,
            base_url=address,
            api_key=self._key(entry, place, node, hidden),
            options=self._options(place, node),
        )

    def _key(self, entry: Entry, place: Place, node: Given, hidden: str) -> str:
        written, own, secret = (node.text(each) for each in ("api_key", "aws_access_key_id", "aws_secret_access_key"))
        if own and secret:
            parts = (
                self._doors.secret(*own, "AWS_ACCESS_KEY_ID"),
                self._doors.secret(*secret, "AWS_SECRET_ACCESS_KEY"),
            )
            return ":".join(part.replace(":-}", "}") for part in parts)
        if written:
            return self._doors.secret(*written, place.key or "OLLAMA_API_KEY", numbered=True)
        if not hidden:
            return self._doors.usual(place.key)
        variable = re.sub("[^A-Z0-9]+", "_", hidden.upper()).strip("_")
        variable = f"PORTKEY_{variable}_KEY"
        self._findings.change(entry, f"the key that Portkey keeps as {shortened(hidden)} is the variable {variable}")
        self._doors.findings.need(variable, f"the provider's own key that Portkey keeps as {shortened(hidden)}")
        return f"${{{variable}:-}}"

    def _options(self, place: Place, node: Given) -> tuple[tuple[str, str], ...]:
        known = self._doors.dialects[place.dialect].options
        theirs = {
            "organization": ("openai_organization",),
            "project": ("openai_project",),
            "api_version": ("api_version", "azure_api_version"),
            "version": ("anthropic_version",),
            "beta": ("anthropic_beta",),
        }
        options: dict[str, str] = {}
        for name, spellings in theirs.items():
            said = [found for each in spellings if name in known and (found := node.text(each))]
            if said:
                options[name] = ours(said[0][1])
        if "region" in known:
            options["region"] = self._doors.region(node.text("aws_region"), "AWS_REGION")
        return tuple(options.items())


def _tree(stage: Stage, route: str) -> Tree:
    """*stage* in the route called *route*, whose name may be no pattern."""
    star = route if "*" not in route else "*"
    targets = [(plainly.replace("*", plain(star)), weight) for plainly, weight in stage.targets]
    equal = len({weight for _, weight in targets}) == 1
    if len(targets) == 1:
        return {"on": list(stage.on), "target": targets[0][0]} if stage.on else targets[0][0]
    told: list[Tree] = [
        target if equal else {"target": target, "weight": max(round(weight, 6), Decimal("0.000001"))}
        for target, weight in targets
    ]
    return {"on": list(stage.on), "targets": told} if stage.on else {"targets": told}


def _weight(entry: Entry) -> Decimal:
    found = Given(entry, Findings(), named=snake).number("weight", 10**6)
    return found[1] if found else Decimal(1)


def _name(entry: Entry) -> str | None:
    found = Given(entry, Findings(), named=snake).text("name")
    return found[1] if found else None


def _asked(query: Entry | None) -> str | None:
    """The name of the model that *query* asks for, if it asks for nothing else."""
    node = query.node if query else None
    if not isinstance(node, Fields) or list(node.fields) != ["params.model"]:
        return None
    wanted = node.fields["params.model"]
    if isinstance(wanted, Fields) and list(wanted.fields) == ["$eq"]:
        wanted = wanted.fields["$eq"]
    fit = isinstance(wanted, Scalar) and wanted.text.isprintable() and not set(" *") & set(wanted.text)
    return wanted.text if fit and isinstance(wanted, Scalar) and wanted.text else None
