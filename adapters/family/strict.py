"""Services that refuse what they don't know, by name: Groq, Cerebras and Fireworks."""

from typing import Final

from adapters.accent import Accent
from adapters.draft import Draft
from adapters.ears import Part
from adapters.failure import failure_inside
from adapters.fields import unsupported
from adapters.manners import strict
from adapters.schemas import Rules, fitted
from adapters.signals import Signal
from adapters.wording import effort, one_choice, schema_of
from core.ask import Ask
from core.faults import Fault, UpstreamError
from core.wire import Json, WireRequest

_EVERYBODY: Final = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "parallel_tool_calls",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "user",
    }
)
_REASONING: Final = {"reasoning": "reasoning_content"}

# Groq: the fields are those of its SDK 1.7, without those that it says no model supports


def _groq_effort(draft: Draft) -> None:
    """GPT-OSS has three levels, the others only think or don't."""
    levels = {"minimal": "low", "xhigh": "high", "max": "high"}
    if "gpt-oss" in draft.model:
        levels["none"] = "low"
    elif "qwen" in draft.model:
        levels = dict.fromkeys(("minimal", "low", "medium", "high", "xhigh", "max"), "default")
    effort(levels)(draft)


def _groq_thoughts(draft: Draft) -> None:
    """Apart from the answer, and with tools nothing else is accepted."""
    body = draft.body
    chosen = body.get("reasoning_format")
    formatted = body.get("tools") or (body.get("response_format") or {}).get("type") in {"json_object", "json_schema"}
    if chosen == "raw" and formatted:
        draft.changed("reasoning_format", "parsed")
        body["reasoning_format"] = "parsed"
    elif chosen is None and "include_reasoning" not in body and "qwen" in draft.model:
        body["reasoning_format"] = "parsed"


class _GroqEar:
    """Its `x_groq` brings usage that nobody asked for, and errors where others have an `error`."""

    __slots__ = ()

    attentive = False

    def hear(self, body: Json, part: Part) -> bool:
        del part
        own = body.get("x_groq")
        if not isinstance(own, dict):
            return False
        if error := own.get("error"):
            raise UpstreamError(failure_inside({"error": error}, signals=GROQ.signals))
        if not own.get("usage") or body.get("usage"):
            return False
        body["usage"] = own["usage"]
        return True


def _groq_ear(_ask: Ask, _request: WireRequest) -> _GroqEar:
    return _GroqEar()


GROQ: Final = Accent(
    base_url="https://api.groq.com/openai/v1",
    endpoints=frozenset({"chat"}),
    manners=strict(),
    says=(one_choice, _groq_effort, _groq_thoughts),
    takes={
        "chat": _EVERYBODY
        | {
            "citation_options",
            "compound_custom",
            "disable_tool_validation",
            "documents",
            "exclude_domains",
            "include_domains",
            "include_reasoning",
            "reasoning_format",
            "search_settings",
            "service_tier",
            "stream_options",
        }
    },
    nulls=False,
    keys=_REASONING,
    hears=_groq_ear,
    signals=(
        Signal(Fault.CONTEXT_LENGTH, statuses=(413,)),
        Signal(Fault.CONTEXT_LENGTH, "request too large", codes=("tokens",)),
        Signal(Fault.OVERLOADED, statuses=(498,)),
        # What the model wrote was no call, or no JSON: its fault, and the next try may go well.
        Signal(Fault.BROKEN, codes=("tool_use_failed", "json_validate_failed")),
        Signal(Fault.BAD_CREDENTIAL, codes=("organization_restricted",)),
    ),
)

# Cerebras

_CLOSED: Final = Rules(
    keep=frozenset(
        {
            "$defs", "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "items",
            "maxItems", "maximum", "minItems", "minimum", "pattern", "properties", "required", "title", "type",
        }
    ),
    closed=True,
)  # fmt: skip


def _cerebras_schemas(draft: Draft) -> None:
    """What is strict must name all of its properties."""
    body = draft.body
    schema = schema_of(draft)
    if schema is not None and body["response_format"]["json_schema"].get("strict"):
        given = body["response_format"]["json_schema"]
        closed = fitted(schema, _CLOSED, "response_format.json_schema.schema")
        body["response_format"] = {"type": "json_schema", "json_schema": {**given, "schema": closed}}
    if body.get("tools"):
        body["tools"] = [_closed_tool(tool, index) for index, tool in enumerate(body["tools"])]


def _closed_tool(tool: Json, index: int) -> Json:
    function = tool["function"]
    parameters = function.get("parameters")
    if not function.get("strict") or not isinstance(parameters, dict):
        return tool
    closed = fitted(parameters, _CLOSED, f"tools.{index}.function.parameters")
    return {**tool, "function": {**function, "parameters": closed}}


CEREBRAS: Final = Accent(
    base_url="https://api.cerebras.ai/v1",
    endpoints=frozenset({"chat", "completions"}),
    manners=strict(name=("system", "user", "assistant", "tool"), reasoning="reasoning"),
    says=(effort({"minimal": "low", "xhigh": "high", "max": "high"}), _cerebras_schemas),
    takes={
        "chat": _EVERYBODY
        | {
            "clear_thinking",
            "disable_reasoning",
            "frequency_penalty",
            "logit_bias",
            "logprobs",
            "min_completion_tokens",
            "min_tokens",
            "n",
            "prediction",
            "presence_penalty",
            "prompt_cache_key",
            "reasoning_format",
            "service_tier",
            "stream_options",
            "top_logprobs",
        }
    },
    nulls=False,
    keys=_REASONING,
    signals=(
        Signal(Fault.RATE_LIMITED, codes=("token_quota_exceeded", "token_quota_reached", "request_quota_exceeded")),
        Signal(Fault.OVERLOADED, statuses=(429,), codes=("queue_exceeded",)),
        Signal(Fault.OVERLOADED, "high traffic", statuses=(429,)),
    ),
)

# Fireworks: the fields are those of its SDK 1.2


def _fireworks_effort(draft: Draft) -> None:
    """Effort and `thinking` exclude each other."""
    body = draft.body
    if "thinking" in body and "reasoning_effort" in body:
        raise unsupported("'thinking' and 'reasoning_effort' can't be sent together.", param="thinking")
    levels = {"minimal": "low", "xhigh": "high", "max": "high"}
    effort({**levels, "none": "low"} if "gpt-oss" in draft.model else levels)(draft)


FIREWORKS: Final = Accent(
    base_url="https://api.fireworks.ai/inference/v1",
    manners=strict(reasoning="reasoning_content"),
    says=(_fireworks_effort,),
    takes={
        "chat": _EVERYBODY
        | {
            "context_length_exceeded_behavior",
            "echo",
            "echo_last",
            "frequency_penalty",
            "ignore_eos",
            "logit_bias",
            "logprobs",
            "metadata",
            "min_p",
            "mirostat_lr",
            "mirostat_target",
            "n",
            "perf_metrics_in_response",
            "prediction",
            "presence_penalty",
            "prompt_cache_isolation_key",
            "prompt_cache_key",
            "prompt_truncate_len",
            "raw_output",
            "reasoning_history",
            "repetition_penalty",
            "return_token_ids",
            "service_tier",
            "speculation",
            "thinking",
            "top_k",
            "top_logprobs",
            "typical_p",
        }
    },
    nulls=False,
    stream_options=False,
    signals=(Signal(Fault.OUT_OF_CREDIT, statuses=(412,)),),
)
