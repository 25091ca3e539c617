"""What a call will probably cost at each target of its chain, before it is sent, and at most.

The prompt is counted or guessed by its bytes. How long the answer gets is what such answers were: of the same key on
the same route, else on the route, else of the target; and where there were too few, what models of its kind do.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from catalog.bound import Bound, Unbounded
from catalog.lookup import Model
from catalog.price import tier_of
from catalog.tokens import BY_TOKENIZER, Counted
from core.call import Call
from core.usage import Usage

NANO: Final = 1_000_000_000
FEW: Final = 20
"""Fewer calls than these say nothing."""
MANY: Final = 200
"""From so many on, a history is worth high confidence."""

_ENDLESS = 1 << 40  # tokens of an answer that has no limit
# Tokens of an answer, at the median and the ninth decile, of models that answer at once and of those that think first.
_SHORT, _LONG = (300, 1_200), (1_500, 8_000)


class Quantiles(Protocol):
    """Of the completion tokens of good calls; as the ledger has them."""

    @property
    def calls(self) -> int: ...
    @property
    def p50(self) -> int: ...
    @property
    def p90(self) -> int: ...


class Past(NamedTuple):
    """What answers took before: of this key on this route, of the route, of the target."""

    key_and_route: Quantiles | None = None
    route: Quantiles | None = None
    target: Quantiles | None = None


class Candidate(NamedTuple):
    """A target of the chain. *target* is its id, *input* what `catalog.tokens.counted` says of the call there.

    *configured*: whether calls can go there at all.
    """

    target: str
    model: Model | None
    input: Counted
    bound: Bound | Unbounded
    past: Past = Past()
    configured: bool = True


class Output(NamedTuple):
    """*source*: "key and route", "route", "target", "catalog" or "limit"; *calls* is how many it is made of."""

    p50: int
    p90: int
    source: str
    calls: int = 0


def estimates(call: Call, chain: Sequence[Candidate]) -> list[dict[str, Any]]:
    """For each target, in the order of the chain, what the answer of POST /api/v1/estimate says of it."""
    return [estimate(call, candidate) for candidate in chain]


def estimate(call: Call, candidate: Candidate) -> dict[str, Any]:
    output = output_of(call, candidate.model, candidate.past)
    priced = candidate.model is not None and candidate.model.price is not None
    return {
        "target": candidate.target,
        "input_tokens": candidate.input.tokens,
        "input_from": candidate.input.source,
        "output": {"p50": output.p50, "p90": output.p90, "from": output.source, "calls": output.calls},
        "cost_usd": {
            "p50": _cost(call, candidate, output.p50),
            "p90": _cost(call, candidate, output.p90),
            "bound": dollars(candidate.bound.cost) if isinstance(candidate.bound, Bound) else None,
            "confidence": confidence(candidate, output),
        },
        "bound": _told(candidate.bound),
        "priced": priced,
        "configured": candidate.configured,
    }


def output_of(call: Call, model: Model | None, past: Past) -> Output:
    """How many tokens the answer will take, all its choices together, and who says so. No limit is passed."""
    if call.endpoint == "embeddings":
        return Output(0, 0, "limit")
    most = _most(call, model)
    for source, seen in (("key and route", past.key_and_route), ("route", past.route), ("target", past.target)):
        if seen is not None and seen.calls >= FEW:
            return Output(min(seen.p50, most), min(seen.p90, most), source, seen.calls)
    thinks = model is not None and "reasoning" in model.abilities.capabilities and not _unthinking(call)
    p50, p90 = (tokens * max(1, call.choices) for tokens in (_LONG if thinks else _SHORT))
    return Output(min(p50, most), min(p90, most), "limit" if p90 >= most else "catalog")


def confidence(candidate: Candidate, output: Output) -> str:
    """high: a tokenizer and a long history of the same key; low: no history, or no price."""
    if candidate.model is None or candidate.model.price is None or not output.calls:
        return "low"
    sure = output.source == "key and route" and output.calls >= MANY and candidate.input.source == BY_TOKENIZER
    return "high" if sure else "medium"


def dollars(nano: int) -> float:
    return nano / NANO


def _most(call: Call, model: Model | None) -> int:
    known = model.abilities.max_output if model is not None else None
    limits = [limit for limit in (call.max_output, known) if limit]
    return min(limits, default=_ENDLESS) * max(1, call.choices)


def _unthinking(call: Call) -> bool:
    return call.body.get("reasoning_effort") in {"none", "minimal"}


def _cost(call: Call, candidate: Candidate, output: int) -> float | None:
    price = None if candidate.model is None else candidate.model.price
    if price is None:
        return None
    tier = tier_of(str(call.body.get("service_tier") or ""))
    return dollars(price.cost(Usage(input=candidate.input.tokens, output=output, tier=tier)))


def _told(bound: Bound | Unbounded) -> Mapping[str, Any]:
    if isinstance(bound, Unbounded):
        return {"unbounded": bound.reason, "param": bound.param}
    return {"input_tokens": bound.input, "output_tokens": bound.output, "cost_usd": dollars(bound.cost)}
