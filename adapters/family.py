"""The OpenAI family: who speaks its dialect, and with which accent."""

from adapters.accent import Accent
from adapters.responses.signals import SIGNALS
from adapters.signals import Signal
from adapters.usage import NANO
from core.faults import Fault

_CHAT = frozenset({"chat"})
_LONG_NAME = {"max_completion_tokens": "max_tokens"}
_REASONING = {"reasoning": "reasoning_content"}
_PENALTIES = frozenset({"frequency_penalty", "presence_penalty", "logit_bias"})

OPENAI = Accent(
    base_url="https://api.openai.com/v1",
    options={"organization": None, "project": None},
    option_headers={"openai-organization": "organization", "openai-project": "project"},
    limits=True,
    signals=SIGNALS,
)

AZURE = Accent(
    options={"api_version": "v1"},
    key_header=("api-key", ""),
    deployments=True,
    limits=True,
    signals=(
        *SIGNALS,
        # A wrong path or api-version: nothing that the caller could mend.
        Signal(Fault.MODEL_NOT_FOUND, "resource not found", statuses=(404,)),
        Signal(Fault.BAD_CREDENTIAL, "invalid subscription key or wrong api endpoint"),
    ),
)

MISTRAL = Accent(
    base_url="https://api.mistral.ai/v1",
    endpoints=frozenset({"chat", "embeddings"}),
    rename={**_LONG_NAME, "seed": "random_seed"},
    drop=frozenset({"logit_bias", "user", "store", "modalities"}),
    nulls=False,
    stream_options=False,
    finish={"model_length": "length"},
    signals=(
        Signal(Fault.BAD_REQUEST, codes=("3280",)),
        Signal(Fault.BAD_REQUEST, "tool call id was"),
        Signal(Fault.OVERLOADED, "service tier capacity exceeded", statuses=(429,)),
        Signal(Fault.MODEL_NOT_FOUND, statuses=(400, 404), codes=("1500",)),
        Signal(Fault.MODEL_NOT_FOUND, "invalid model", statuses=(400, 404)),
        Signal(Fault.CONTEXT_LENGTH, r"too large for model with \d+ maximum context length", statuses=(400,)),
    ),
)

DEEPSEEK = Accent(
    base_url="https://api.deepseek.com",
    endpoints=_CHAT,
    rename={**_LONG_NAME, "user": "user_id"},
    drop=frozenset({"n", "logit_bias", "seed", "service_tier", "store", "modalities"}),
    nulls=False,
    fatal={"error": Fault.BROKEN, "insufficient_system_resource": Fault.OVERLOADED},
    signals=(
        Signal(Fault.BAD_REQUEST, "reasoning_content.{0,80} must be passed back", statuses=(400,)),
        Signal(Fault.MODEL_NOT_FOUND, "model not exist", statuses=(400,)),
        Signal(Fault.CONTENT_POLICY, "content exists risk", statuses=(400,)),
    ),
)

TOGETHER = Accent(
    base_url="https://api.together.ai/v1",
    rename=_LONG_NAME,
    drop=frozenset({"user", "service_tier", "parallel_tool_calls", "metadata", "store"}),
    nulls=False,
    stream_options=False,
    finish={"eos": "stop"},
    signals=(
        Signal(Fault.CONTEXT_LENGTH, r"`?inputs`? tokens \+ `?max_new_tokens`? must be <="),
        Signal(Fault.BAD_CREDENTIAL, "invalid private key"),
        Signal(Fault.MODEL_NOT_FOUND, statuses=(400, 404), codes=("model_not_available",)),
        Signal(Fault.MODEL_NOT_FOUND, "unable to access model", statuses=(400, 404)),
        Signal(Fault.RATE_LIMITED, statuses=(429,), codes=("dynamic_request_limited",)),
        Signal(Fault.OUT_OF_CREDIT, codes=("credit_limit",)),
    ),
)

OPENROUTER = Accent(
    base_url="https://openrouter.ai/api/v1",
    options={"site_url": None, "site_name": None},
    option_headers={"http-referer": "site_url", "x-title": "site_name"},
    keys=_REASONING,
    cost=("cost", NANO),
    # It says to switch on error_type, then on the availability's code, and only then on the number.
    signals=(
        Signal(
            Fault.CONTEXT_LENGTH,
            codes=("context_length_exceeded", "token_limit_exceeded", "string_too_long", "max_tokens_exceeded"),
        ),
        Signal(Fault.CONTENT_POLICY, codes=("content_policy_violation", "refusal", "flagged_input", "patterns")),
        Signal(Fault.OUT_OF_CREDIT, codes=("weight_exceeds_budget",)),
        Signal(Fault.RATE_LIMITED, codes=("openrouter_in_flight_budget", "in_flight_budget_exhausted")),
        Signal(Fault.RATE_LIMITED, statuses=(402,), waits=True),
        Signal(Fault.OUT_OF_CREDIT, codes=("payment_required", "openrouter_credits", "openrouter_key_limit")),
        Signal(Fault.OUT_OF_CREDIT, "_budget", statuses=(403,)),
        Signal(Fault.BAD_CREDENTIAL, codes=("authentication", "permission_denied")),
        Signal(
            Fault.MODEL_NOT_FOUND,
            codes=(
                "not_found",
                "no_endpoints",
                "model_deprecated",
                "privacy_restricted",
                "constraint_filtered",
                "free_variant_ended",
                "model_unavailable_upstream",
                "model_not_found",
                "wrong_endpoint",
            ),
        ),
        Signal(Fault.BAD_REQUEST, codes=("invalid_request", "invalid_prompt", "payload_too_large", "unprocessable")),
        Signal(Fault.TIMEOUT, codes=("timeout",)),
        Signal(Fault.RATE_LIMITED, codes=("rate_limit_exceeded", "capacity_exhausted")),
        Signal(Fault.OVERLOADED, codes=("provider_overloaded", "temporarily_unavailable")),
        Signal(Fault.BROKEN, codes=("provider_unavailable", "server", "unmapped")),
    ),
)

GROQ = Accent(
    base_url="https://api.groq.com/openai/v1",
    endpoints=_CHAT,
    drop=_PENALTIES | {"logprobs", "top_logprobs"},
    nulls=False,
    keys=_REASONING,
    signals=(
        Signal(Fault.CONTEXT_LENGTH, statuses=(413,)),
        Signal(Fault.CONTEXT_LENGTH, "request too large", codes=("tokens",)),
        Signal(Fault.OVERLOADED, statuses=(498,)),
        # What the model wrote was no call, or no JSON: its fault, and the next try may go well.
        Signal(Fault.BROKEN, codes=("tool_use_failed", "json_validate_failed")),
        Signal(Fault.BAD_CREDENTIAL, codes=("organization_restricted",)),
    ),
)

XAI = Accent(
    base_url="https://api.x.ai/v1",
    endpoints=_CHAT,
    rename=_LONG_NAME,
    drop=frozenset({"web_search_options"}),
    nulls=False,
    finish={"": "tool_calls"},
    cost=("cost_in_usd_ticks", NANO / 10_000_000_000),
    signals=(
        Signal(Fault.BAD_CREDENTIAL, "incorrect api key"),
        Signal(
            Fault.OUT_OF_CREDIT, "used all available credits|spending limit|run out of credits", statuses=(403, 429)
        ),
        Signal(Fault.MODEL_NOT_FOUND, "model.{0,120} does not exist", statuses=(400, 404)),
        Signal(Fault.CONTEXT_LENGTH, r"maximum prompt length is \d"),
        Signal(Fault.CONTENT_POLICY, "content violates usage guidelines", statuses=(403,)),
    ),
)

FIREWORKS = Accent(
    base_url="https://api.fireworks.ai/inference/v1",
    nulls=False,
    signals=(Signal(Fault.OUT_OF_CREDIT, statuses=(412,)),),
)

PERPLEXITY = Accent(
    base_url="https://api.perplexity.ai",
    endpoints=_CHAT,
    rename=_LONG_NAME,
    nulls=False,
    stream_options=False,
    cost=("cost", NANO),
    signals=(Signal(Fault.BAD_REQUEST, "last message must have role", statuses=(400,)),),
)

CEREBRAS = Accent(
    base_url="https://api.cerebras.ai/v1",
    endpoints=frozenset({"chat", "completions"}),
    nulls=False,
    keys=_REASONING,
    signals=(
        Signal(Fault.RATE_LIMITED, codes=("token_quota_exceeded", "token_quota_reached", "request_quota_exceeded")),
        Signal(Fault.OVERLOADED, statuses=(429,), codes=("queue_exceeded",)),
        Signal(Fault.OVERLOADED, "high traffic", statuses=(429,)),
    ),
)

MINIMAX = Accent(
    base_url="https://api.minimax.io/v1",
    endpoints=_CHAT,
    rename={"max_tokens": "max_completion_tokens"},
    drop=_PENALTIES,
    clamp={"temperature": (0.01, 1.0)},
    nulls=False,
    signals=(
        Signal(Fault.RATE_LIMITED, codes=("1002", "1041")),
        Signal(Fault.BAD_CREDENTIAL, codes=("1004", "2049")),
        Signal(Fault.OUT_OF_CREDIT, codes=("1008", "2056")),
        Signal(Fault.CONTENT_POLICY, codes=("1026", "1027")),
        Signal(Fault.CONTEXT_LENGTH, codes=("1039",)),
        Signal(Fault.CONTEXT_LENGTH, "context window exceeds limit", codes=("2013",)),
        Signal(Fault.BAD_REQUEST, codes=("2013",)),
        Signal(Fault.BROKEN, codes=("1000", "1013", "1024", "1033")),
        Signal(Fault.TIMEOUT, codes=("1001",)),
    ),
)

VLLM = Accent(
    base_url="http://localhost:8000/v1",
    needs_key=False,
    local=True,
    keys=_REASONING,
    signals=(
        Signal(Fault.MODEL_NOT_FOUND, statuses=(404,), codes=("NotFoundError",)),
        Signal(Fault.CONTEXT_LENGTH, "longer than the maximum model length", statuses=(400,)),
    ),
)

SGLANG = Accent(
    base_url="http://localhost:30000/v1",
    needs_key=False,
    local=True,
    signals=(
        Signal(Fault.CONTEXT_LENGTH, "longer than the model's context length|exceeds the maximum allowed length"),
    ),
)

LLAMA_CPP = Accent(
    base_url="http://localhost:8080/v1",
    needs_key=False,
    local=True,
    signals=(Signal(Fault.BAD_REQUEST, statuses=(501,), codes=("not_supported_error",)),),
)

LM_STUDIO = Accent(base_url="http://localhost:1234/v1", needs_key=False, local=True, keys=_REASONING)
