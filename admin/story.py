"""An explanation as people read it."""

from collections.abc import Iterator, Mapping
from typing import Any


def story(found: Mapping[str, Any]) -> str:
    """*found* as POST /api/v1/explain answers."""
    return (
        "\n".join([*_head(found), *(line for stage in found["stages"] for line in _stage(stage)), *_policy(found)])
        + "\n"
    )


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['model']} -> route {found['route']}"
    if found["needs"]:
        yield f"needs: {', '.join(found['needs'])}"


def _stage(stage: Mapping[str, Any]) -> Iterator[str]:
    after = f", only after {', '.join(stage['on'])}" if stage.get("on") else ""
    yield ""
    yield f"stage {stage['stage'] + 1}: {stage['strategy']}{after}"
    for candidate in stage["candidates"]:
        place = "  -" if candidate["place"] is None else f"{candidate['place']:3}"
        yield f"{place}  {candidate['target']}{''.join(f', {one}' for one in _about(candidate))}"


def _about(candidate: Mapping[str, Any]) -> Iterator[str]:
    if candidate.get("reason"):
        yield candidate["reason"]
    if candidate.get("preferred"):
        yield "preferred"
    for name, value in candidate.get("seen", {}).items():
        yield f"{name} {'unknown' if value is None else f'{value:g}'}"
    if candidate.get("predicted_cost_usd") is not None:
        yield f"about ${candidate['predicted_cost_usd']:.6f}"
    if "hold" in candidate:
        hold = candidate["hold"]
        yield f"holds ${hold['cost_usd']:.6f}" if "cost_usd" in hold else f"no bound: {hold['unbounded']}"
    if candidate.get("dropped"):
        yield f"without {', '.join(candidate['dropped'])}"


def _policy(found: Mapping[str, Any]) -> Iterator[str]:
    policy = found["policy"]
    times = ", ".join(f"{name} {seconds:g} s" for name, seconds in policy["timeouts"].items())
    yield ""
    yield f"timers: {times}"
    yield f"tries at one target: {policy['retry']['attempts']}{'' if policy['fallback'] else '; no fallback'}"
