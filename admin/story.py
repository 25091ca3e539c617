"""An explanation as people read it, of a call that might be made or of one that is over."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

# What is told of a candidate where there is something to tell, and how.
FIGURES: Final = {
    "rate_limit_left": "{:.0%} of its rate limit left",
    "predicted_ms": "about {:g} ms",
    "predicted_cost_usd": "about ${:.6f}",
}
# The columns of strategies that are told in other units, and the figures that are the same.
SEEN: Final = {"cost": "${:.6f}", "latency": "{:g} ms", "idle": "{:g} s"}
PARTS: Final = {"cost": 1_000_000_000}
CACHED: Final = {
    "hit": "the answer to an earlier call was given",
    "stale": "the answer to an earlier call was given, too old, since nobody had another",
    "miss": "no answer to this call was kept",
    "bypass": "this call could have none",
}
KEPT: Final = ("hit", "stale")
HEDGED: Final = {"won": "was quicker", "lost": "was too late", "failed": "failed"}
CANARY: Final = {"asked": "this call tried it", "passed": "this call tried it first, and went on without it"}
SAME: Final = {"rate_limit_left": "headroom", "predicted_ms": "latency", "predicted_cost_usd": "cost"}


def story(found: Mapping[str, Any]) -> str:
    """*found* as POST /api/v1/explain answers."""
    parts = (
        _head(found),
        _canary(found.get("canary")),
        *(_stage(stage) for stage in found["stages"]),
        _passed_over(found["passed_over"]),
        _policy(found.get("policy"), found.get("shadow")),
        _verdict(found["verdict"]),
    )
    return "".join(f"{line}\n" for part in parts for line in part)


def story_of_call(found: Mapping[str, Any]) -> str:
    """*found* as GET /api/v1/calls/{id} answers."""
    parts = (_call(found), *(_stage(decision) for decision in found["decisions"]), _attempts(found["attempts"]))
    return "".join(f"{line}\n" for part in parts for line in part)


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['model']} -> " + ("no target" if found["route"] is None else f"route {found['route']}")
    if found["needs"]:
        yield f"needs: {', '.join(found['needs'])}"
    predicted = found["predicted"]
    yield f"task: {found['task']}, about {predicted['prompt_tokens']} tokens in and {predicted['output_tokens']} out"


def _canary(canary: Mapping[str, Any] | None) -> Iterator[str]:
    if canary is None:
        return
    tried = {True: "this call tries it", False: "this call doesn't try it", None: "chance says which call tries it"}
    yield ""
    yield f"canary {', '.join(canary['targets'])}: {canary['share']:.0%} of sessions, {tried[canary['tried']]}"
    for stage in canary.get("stages", ()):
        yield from _candidates(stage)


def _stage(stage: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    if "unreadable" in stage:
        yield f"a decision that can't be read: {stage['unreadable']}"
        return
    after = f", only after {', '.join(stage['on'])}" if stage.get("on") else ""
    among = f", the first of {stage['among']}" if "among" in stage else ""
    yield f"stage {stage['stage'] + 1}: {stage['strategy']}{after}{among}"
    yield from _candidates(stage)


def _candidates(stage: Mapping[str, Any]) -> Iterator[str]:
    for candidate in stage["candidates"]:
        place = "  -" if candidate["place"] is None else f"{candidate['place']:3}"
        yield f"{place}  {candidate['target']}{''.join(f', {one}' for one in _about(candidate))}"


def _about(candidate: Mapping[str, Any]) -> Iterator[str]:
    if candidate.get("reason"):
        yield candidate["reason"]
    if candidate.get("preferred"):
        yield "preferred"
    seen = candidate.get("seen", {})
    for name, value in seen.items():
        yield f"{name} {'unknown' if value is None else SEEN.get(name, '{:g}').format(value / PARTS.get(name, 1))}"
    if candidate.get("attempts"):
        yield f"{candidate['attempts']} of the attempts"
    if candidate.get("limit") is not None:
        yield f"{candidate['in_flight']} of {candidate['limit']} calls under way, {candidate['waiting']} wait"
    for name, words in FIGURES.items():
        if candidate.get(name) is not None and SAME.get(name) not in seen:
            yield words.format(candidate[name])
    if "hold" in candidate:
        hold = candidate["hold"]
        yield f"holds ${hold['cost_usd']:.6f}" if "cost_usd" in hold else f"no bound: {hold['unbounded']}"
    if candidate.get("refused"):
        yield f"nothing would be sent: {candidate['refused']}"
    if candidate.get("accounts"):
        yield f"paid by {', '.join(candidate['accounts'])}"
    if candidate.get("dropped"):
        yield f"without {', '.join(candidate['dropped'])}"


def _passed_over(targets: list[Mapping[str, str]]) -> Iterator[str]:
    if targets:
        yield ""
        yield "passed over:"
    for each in targets:
        yield f"  -  {each['target']}, {each['reason']}"


def _policy(policy: Mapping[str, Any] | None, shadow: Mapping[str, Any] | None) -> Iterator[str]:
    if policy is None:
        return
    times = ", ".join(f"{name} {seconds:g} s" for name, seconds in policy["timeouts"].items())
    queue = policy["queue"]
    yield ""
    yield f"timers: {times}"
    yield (
        f"attempts: {policy['attempts']} at most, {policy['retry']['attempts']} at one target"
        f"{'' if policy['fallback'] else '; no fallback'}"
    )
    yield f"where targets are full: a line of {queue['most']}, for {queue['wait']:g} s, priority {queue['priority']}"
    if (hedge := policy["hedge"]) is not None:
        after = f"p{hedge['after_quantile'] * 100:g}" if hedge["after_s"] is None else f"{hedge['after_s']:g} s"
        yield f"hedged after {after}, {hedge['at_most']:.0%} of calls at most"
    if policy["on_break"] != "error":
        yield f"a stream that breaks: {policy['on_break']}"
    if policy["max_cost_usd"] is not None:
        yield f"one call may cost: ${policy['max_cost_usd']:.6f}"
    if shadow is not None:
        yield f"shadow: {shadow['share']:.0%} of calls are copied to {shadow['target']}"


def _verdict(verdict: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    if verdict["first"] is None:
        yield f"would be refused: {verdict['status']} {verdict['error']['code']}: {verdict['error']['message']}"
        return
    canary = " (canary)" if verdict["canary"] else ""
    yield f"would go to {verdict['first']}{canary}{', after standing in line' if verdict['queued'] else ''}"
    if "degraded" in verdict:
        yield f"by the route {verdict['route']}, since {verdict['degraded']} has too little left"


def _call(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['time']} {found['id']}: {found['route']} -> {found['target'] or 'no target'}"
    came = f"status {found['status']}" + (f" ({found['fault']})" if found["fault"] else "")
    yield f"{came}, ${found['cost_usd']:.6f}, {found['total_ms']:g} ms, task {found['task'] or 'unknown'}"
    if (degraded := found["degraded"]) is not None:
        yield f"by the route {degraded['route']}, since {degraded['scope']} had too little left"
    if found["hedged"]:
        yield f"hedged: the second attempt {HEDGED[found['hedged']]}"
    if found["canary"]:
        yield f"canary: {CANARY[found['canary']]}"
    if found["cache"]:
        saved = f", which saved ${found['saved_usd']:.6f}" if found["cache"] in KEPT else ""
        yield f"cache: {CACHED.get(found['cache'], found['cache'])}{saved}"


def _attempts(attempts: list[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    yield "attempts:" if attempts else "no attempts"
    for number, each in enumerate(attempts, 1):
        beside = ", beside the one before" if each["hedge"] else ""
        yield f"{number:3}  {each['target']}, {each['ms']:g} ms, {each['fault'] or 'answered'}{beside}"
