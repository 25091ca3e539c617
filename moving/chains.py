"""LiteLLM's groups of models and its lists of fallbacks, as routes."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from config.section import Entry, entries
from config.yaml_lines import Fields, Scalar
from moving.deployments import Deployment
from moving.findings import Findings, shortened
from moving.given import Given, plain
from moving.page import Tree

MOST_WEIGHT: Final = 10**6
KINDS: Final = {
    "context_window_fallbacks": "context_length",
    "content_policy_fallbacks": "content_policy",
    "fallbacks": "",
}
_BEFORE_ALL: Final = Decimal("Infinity")  # those without an order come last

Stage = str | dict[str, Tree]


class Fallback(NamedTuple):
    """After *group* comes *to*: always, or only after the fault *on*."""

    group: str
    to: str
    on: str
    at: Entry


def fallbacks(places: Iterable[Given], findings: Findings) -> list[Fallback]:
    """From all *places* where LiteLLM looks for them; the group `*` stands for all that have none."""
    found: list[Fallback] = []
    for place in places:
        for name, on in KINDS.items():
            for one in place.list(name):
                found += _of_groups(one, on, findings)
        for one in place.list("default_fallbacks"):
            found += _to("*", one, "", findings)
    return found


def _of_groups(entry: Entry, on: str, findings: Findings) -> list[Fallback]:
    pairs = Given(entry, findings).every()
    return [found for group, listed in pairs for one in entries(listed) for found in _to(group, one, on, findings)]


def _to(group: str, entry: Entry, on: str, findings: Findings) -> list[Fallback]:
    if isinstance(entry.node, Fields):
        inner = Given(entry, findings)
        model = inner.text("model")
        inner.close({}, "a fallback has no parameters of its own here")
        return [Fallback(group, model[1], on, entry)] if model else []
    if isinstance(entry.node, Scalar) and entry.node.text:
        return [Fallback(group, entry.node.text, on, entry)]
    findings.leave(entry, "expected the name of a model")
    return []


class Chains:
    """*metrics* are what deployments are weighed by, if they are: the first that any of them has counts."""

    def __init__(
        self, deployments: Sequence[Deployment], links: Sequence[Fallback], findings: Findings, metrics: Sequence[str]
    ) -> None:
        self._findings = findings
        self._metrics = metrics
        self._groups: dict[str, list[Deployment]] = {}
        for one in deployments:
            self._groups.setdefault(one.group, []).append(one)
        self._providers = {one.provider for one in deployments}
        self._links: dict[str, list[Fallback]] = {}
        for link in links:
            self._links.setdefault(link.group, []).append(link)
        self._everywhere = self._links.pop("*", [])
        self._known: dict[str, set[str]] = {}  # where the fallbacks of a group lead

    def tree(self) -> dict[str, Tree]:
        """What stands below `routes:`."""
        for group, links in list(self._links.items()):
            if group not in self._groups and not self._add(group):
                for link in links:
                    self._findings.leave(link.at, f"is for {shortened(group)}, and no route is called so")
        return {plain(group): self._route(group) for group in self._groups}

    def alias(self, name: str, of: str, at: Entry) -> tuple[str, Tree] | None:
        """A second name for a route; None where there is nothing it could mean, or something else has it."""
        if name in self._groups or not name.isprintable() or " " in name or "*" in name or not name:
            self._findings.leave(at, f"{shortened(name)} is no name that another route could have")
            return None
        stages = self._ways(of, "")
        if not stages:
            self._findings.leave(at, f"no route is called {shortened(of)}")
            return None
        self._findings.keep(at, f"{shortened(name)} is a route that leads to {shortened(of)}")
        return plain(name), stages[0] if len(stages) == 1 and isinstance(stages[0], str) else list(stages)

    def _add(self, name: str) -> bool:
        """A route of its own for a name that only a pattern covers."""
        if found := self._covered(name):
            self._groups[name] = found
        return bool(found)

    def _covered(self, name: str) -> list[Deployment]:
        """The targets of the first pattern that *name* fits, with what stands for the star."""
        for group, deployments in self._groups.items():
            before, star, after = group.partition("*")
            if star and len(name) >= len(before) + len(after) and name.startswith(before) and name.endswith(after):
                middle = name[len(before) : len(name) - len(after)]
                return [_with_star(one, plain(middle)) for one in deployments]
        return []

    def _route(self, group: str) -> Tree:
        chain: list[Stage] = self._primary(self._groups[group], told=True)
        links = self._links_of(group)
        for on in KINDS.values():
            for link in (one for one in links if one.on == on):
                chain += self._after(link, group)
        settings = _settings(self._groups[group], self._findings)
        if settings:
            return {"chain": list(chain), **settings}
        return chain[0] if len(chain) == 1 and isinstance(chain[0], str) else list(chain)

    def _links_of(self, group: str) -> list[Fallback]:
        own = self._links.get(group, [])
        if group not in self._groups or any(not link.on for link in own):
            return own
        return [*own, *(link for link in self._everywhere if link.to != group)]

    def _after(self, link: Fallback, group: str) -> list[Stage]:
        stages = self._ways(link.to, group)
        if not stages:
            self._findings.leave(link.at, f"no route is called {shortened(link.to)}")
            return []
        after = f"after {link.on}" if link.on else "after a failure"
        self._findings.keep(link.at, f"{shortened(group)} goes on with {shortened(link.to)} {after}")
        return [_entered(stage, link.on) for stage in stages] if link.on else stages

    def _ways(self, name: str, origin: str) -> list[Stage]:
        """The stages that *name* means on the way from *origin*: by name, where that can't lead back or elsewhere."""
        if name not in self._groups:
            return self._primary(self._covered(name))
        by_name = "*" not in name and name.partition("/")[0] not in self._providers
        if by_name and origin not in self._reached(name):
            return [plain(name)]
        return [] if "*" in name else self._primary(self._groups[name])

    def _reached(self, name: str) -> set[str]:
        """Where the fallbacks of *name* lead, by however many steps."""
        if name not in self._known:
            seen, left = {name}, [name]
            while left:
                onward = {link.to for link in self._links_of(left.pop())} - seen
                seen |= onward
                left += onward
            self._known[name] = seen
        return self._known[name]

    def _primary(self, deployments: Sequence[Deployment], *, told: bool = False) -> list[Stage]:
        """Without fallbacks: those of the lowest order first. *told*: the findings hear of weights."""
        stages: list[Stage] = []
        spare: dict[str, Decimal] = {}
        for one in deployments if told else ():
            if "order" in one.numbers:
                self._findings.keep(one.said("order"), "a stage of the chain, after those of a lower order")
        for order in sorted({_order(one) for one in deployments}):
            weights = self._weighed([one for one in deployments if _order(one) == order], told=told)
            spare |= {target: Decimal(1) for target, weight in weights.items() if not weight}
            if weights := {target: weight for target, weight in weights.items() if weight}:
                stages.append(_stage(weights))
        return [*stages, _stage(spare)] if spare else stages

    def _weighed(self, deployments: Sequence[Deployment], *, told: bool) -> dict[str, Decimal]:
        """Targets with their weights; two that are the same add theirs up."""
        metric = next((name for name in self._metrics if any(name in one.numbers for one in deployments)), None)
        found: dict[str, Decimal] = {}
        for one in deployments:
            weight = one.numbers.get(metric, Decimal(0)) if metric else Decimal(1)
            found[one.target] = found.get(one.target, Decimal(0)) + weight
            if told and metric in one.numbers and len(deployments) > 1:
                self._tell(one, metric or "", weight)
        most = max(found.values(), default=Decimal(1))
        if most > MOST_WEIGHT:
            return {target: round(weight * MOST_WEIGHT / most, 3) for target, weight in found.items()}
        return found

    def _tell(self, one: Deployment, metric: str, weight: Decimal) -> None:
        if not weight:
            self._findings.change(one.at, f"has no {metric}, so that it is tried only when all others have failed")
        elif metric != "weight":
            self._findings.change(one.said(metric), f"{metric} is a weight under simple-shuffle, and is one here")
        else:
            self._findings.keep(one.said(metric), "a weight")


def _order(one: Deployment) -> Decimal:
    return one.numbers.get("order", _BEFORE_ALL)


def _stage(weights: Mapping[str, Decimal]) -> Stage:
    if len(weights) == 1:
        return next(iter(weights))
    equal = len(set(weights.values())) == 1
    targets: list[Tree] = [
        target if equal else {"target": target, "weight": weight} for target, weight in weights.items()
    ]
    return {"targets": targets}


def _entered(stage: Stage, on: str) -> Stage:
    named: dict[str, Tree] = {"target": stage} if isinstance(stage, str) else stage
    return {"on": [on], **named}


def _with_star(one: Deployment, middle: str) -> Deployment:
    return Deployment(
        group=one.group,
        target=one.target.replace("*", middle),
        prefix=one.prefix,
        at=one.at,
        numbers=one.numbers,
        times=one.times,
    )


def _settings(deployments: Sequence[Deployment], findings: Findings) -> dict[str, Tree]:
    """Patience is the route's here, not the target's: the longest of all counts."""
    timeouts: dict[str, Tree] = {}
    retry: dict[str, Tree] = {}
    for theirs, name, most in (("timeout", "attempt", 86_400), ("stream_timeout", "idle", 3600)):
        if longest := _longest(deployments, theirs, findings, f"timeouts.{name} of the whole route"):
            timeouts[name] = seconds(longest, most)
    if (tries := _longest(deployments, "num_retries", findings, "retry.retries of the whole route")) is not None:
        retry["retries"] = min(int(tries), 9)
    return {name: tree for name, tree in (("timeouts", timeouts), ("retry", retry)) if tree}


def _longest(deployments: Sequence[Deployment], name: str, findings: Findings, told: str) -> Decimal | None:
    said = [one for one in deployments if name in one.times]
    for one in said:
        findings.change(one.said(name), f"{name} is {told} here")
    return max((one.times[name] for one in said), default=None)


def seconds(number: Decimal, most: int) -> str:
    """As a duration of ours, which is above zero."""
    held = min(max(number, Decimal("0.001")), Decimal(most))
    return f"{round(held, 3).normalize():f}s"
