"""The most that an attempt can cost and take: what is held before it is sent.

To be sound it needs an end to everything that the provider may bill. Where there is none, the reason is said, and
nobody who has a budget may send the call.
"""

from typing import Any, Final

import orjson

from catalog.dearest import Wish, searches
from catalog.lookup import Model, unlisted
from catalog.price import Price
from catalog.prompt import grown, length, spoken
from catalog.quality import NOTHING_SAID
from catalog.rule import Rule
from catalog.verdict import Bound, Unbounded
from core.ask import UNKNOWN
from core.call import Call
from core.filled import filled

__all__ = ["LIMITS", "Bound", "Unbounded", "bound", "ruled"]

# The dialect that answers without any provider charges for none, unless the operator has put a price on it.
_NOBODYS: Final = {"demo": Model(Price.of({"input": 0, "output": 0}), UNKNOWN, NOTHING_SAID, "nobody charges for it")}

SLACK: Final = 16
"""Tokens by which an answer may pass its limit: ends of turns that some count, the least that /responses takes."""

# Fields that a call without tools, sounds and other than plain wishes doesn't have, or has as null.
WATCHED: Final = frozenset(
    {
        *("additionalModelRequestFields", "audio", "best_of", "cache_control", "container", "conversation", "echo"),
        *("functions", "max_new_tokens", "max_output_tokens", "mcp_servers", "modalities", "n_predict", "num_predict"),
        *(
            "options",
            "performanceConfig",
            "plugins",
            "preset",
            "prediction",
            "previous_response_id",
            "prompt_cache_options",
            "prompt_cache_retention",
            "provider",
        ),
        *("search_parameters", "service_tier", "tools", "web_search_options"),
    }
)
# What brings in texts that nobody has seen yet, or tools that charge by themselves, where it is sent.
_ENDLESS: Final = (
    *("container", "conversation", "mcp_servers", "plugins", "preset", "previous_response_id", "search_parameters"),
)
LIMITS: Final = ("max_tokens", "max_output_tokens", "max_new_tokens", "n_predict", "num_predict")
_OWN_TOOLS: Final = frozenset({"function", "custom", None})
_UNPRICED = "how much a provider's own tools cost has no limit"


def ruled(model: Model | None, dialect: str, name: str) -> Rule:
    """What holds for every call of *model*, which is called *name* at its provider: None where nothing is known."""
    if model is None or model.price is None:
        model = _NOBODYS.get(dialect, model)
    return Rule(unlisted(name) if model is None else model, dialect, name)


def bound(call: Call, body: bytes, rule: Rule) -> Bound | Unbounded:
    """*body* is what goes to the provider for *call*."""
    fields = call.body
    if not rule.simple or (rule.mark and rule.mark in body):
        return _bound(call, body, rule)
    if not (call.plain or (call.endpoint == "chat" and WATCHED.isdisjoint(fields) and spoken(call))):
        return _bound(call, body, rule)
    most = call.max_output or rule.most
    if most is None or ("max_tokens" in fields and (fields["max_tokens"] or 0) > most):
        return _bound(call, body, rule)
    input = len(body) + rule.hidden
    if not body.isascii():
        input += grown(body)
    output = (most + SLACK) * call.choices
    if input > rule.flat:
        cost = rule.usual.cost(input, output)
    else:
        cost = -(-(input * rule.into + output * rule.out) // rule.unit)
    return filled(Bound, (cost, input + output, input, output))


def _bound(call: Call, body: bytes, rule: Rule) -> Bound | Unbounded:
    """With all that may be in a call."""
    endless = rule.refusal or _endless(call.body, body, rule)
    if endless is not None and not rule.free:
        return endless
    told = length(call, body, rule)
    output = _output(call, body, rule)
    if isinstance(told, Unbounded):
        return told
    if isinstance(output, Unbounded):
        return output
    input, hears = told
    fields = call.body
    if fields.get("echo"):
        output += input
    speaks = "audio" in (fields.get("modalities") or ()) or fields.get("audio") is not None
    wish = Wish(_tiers(fields, rule), rule.writes(body), hears, speaks)
    cost = rule.ladder(wish).cost(input, output)
    if not rule.listed:
        given = _capped(fields, wish, input=input, output=output)
        if given is None:
            return Unbounded("OpenRouter may choose a host that is dearer than the listed price", "provider.max_price")
        cost = max(cost, given)
    if rule.fees and rule.model.price is not None:
        cost += searches(rule.model.price, rule.fees)
    return Bound(cost, input + output, input, output)


def _output(call: Call, body: bytes, rule: Rule) -> int | Unbounded:
    """All that may come, thoughts included: every provider but xAI's older field counts them against the limit."""
    if call.endpoint == "embeddings":
        return 0
    fields, most = call.body, rule.most
    known = rule.model.abilities.max_output
    limit = max(call.max_output or 0, *map(_natural, map(fields.get, LIMITS)), _natural(_nested(fields)))
    if limit and rule.clamps and known is not None:
        limit = min(limit, known)
    if rule.loose and b'"max_completion_tokens":' not in body:
        limit = limit and max(limit, most or limit)
    if rule.dialect == "bedrock" and b'"maxTokens":' not in body:
        limit = 0  # Nova takes none when it thinks hard
    limit = limit or most or 0
    if not limit:
        return Unbounded(f"nothing says how long an answer of {rule.name} may get", "max_completion_tokens")
    each = max(1, fields.get("n") or 1)
    choices = max(call.choices, call.choices // each * (fields.get("best_of") or 1), each)
    predicted = fields.get("prediction")
    # What was predicted and not used is billed as if it had been written.
    return (limit + SLACK + (len(orjson.dumps(predicted)) if predicted else 0)) * choices


def _nested(fields: dict[str, Any]) -> object:
    """Ollama's own limit, which its clients may send as an extra."""
    options = fields.get("options")
    return options.get("num_predict") if isinstance(options, dict) else None


def _natural(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _endless(fields: dict[str, Any], body: bytes, rule: Rule) -> Unbounded | None:
    """What the provider would do by itself, as often as it likes."""
    for tool in fields.get("tools") or ():
        if tool.get("type") not in _OWN_TOOLS:
            return Unbounded(_UNPRICED, "tools")
    search = fields.get("web_search_options")
    # Perplexity searches for every call and charges once, unless it may go on and on.
    once = rule.dialect == "perplexity" and search is not None and search.get("search_type") not in {"pro", "auto"}
    if search is not None and not once and (b'"web_search' in body or b'"googleSearch"' in body):
        return Unbounded(_UNPRICED, "web_search_options")
    for field in _ENDLESS:
        if fields.get(field) and f'"{field}":'.encode() in body:
            return Unbounded(_UNPRICED, field)
    tier = fields.get("service_tier")
    price = rule.model.price
    if rule.dialect == "anthropic" and tier == "fast" and price is not None and "priority" not in price.tiers:
        return Unbounded(f"no price is known for {rule.name} in its fast mode", "service_tier")
    return None


def _tiers(fields: dict[str, Any], rule: Rule) -> tuple[str, ...]:
    if fields.get("performanceConfig") or fields.get("additionalModelRequestFields"):
        return ("", "priority")
    return rule.tiers(fields.get("service_tier"))


def _capped(fields: dict[str, Any], wish: Wish, *, input: int, output: int) -> int | None:
    """By the prices that a call itself allows OpenRouter at most: dollars per million tokens, and for a request."""
    provider = fields.get("provider")
    most = provider.get("max_price") if isinstance(provider, dict) else None
    if not isinstance(most, dict):
        return None
    into, out, each = (_nano(most.get(name)) for name in ("prompt", "completion", "request"))
    if into is None or out is None:
        return None
    into *= 2 if wish.writes else 1  # what it takes to write to a cache for an hour
    return -(-(input * into + output * out) // 1_000_000) + (each or 0)


def _nano(value: Any) -> int | None:
    try:
        return max(0, round(float(value) * 1e9))
    except (TypeError, ValueError, OverflowError):
        return None
