"""For which statuses a provider's words speak, and for which they only repeat what was sent."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worded import adapter_of

from adapters import ADAPTERS
from adapters.failure import failure, failure_inside
from core.faults import Blame, Fault

INVALID = "invalid_request_error"
GROQ = (
    "Rate limit reached for model `x` in organization `org_1` service tier `on_demand` on tokens per minute (TPM):"
    " Limit 6000, Used 5800, Requested 900. Please try again in 3.5s. Need more tokens? Upgrade to Dev Tier today at"
    " https://console.groq.com/settings/billing"
)
OPENAI = (
    "Rate limit reached for gpt-4o in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1."
    " Please try again in 1.2s. You can increase your rate limit by adding a payment method to your account at"
    " https://platform.openai.com/account/billing."
)


def read(status, message, dialect="openai", **facts):
    return adapter_of(dialect).failure(status, {}, orjson.dumps({"error": {"message": message, **facts}}))


@pytest.mark.parametrize(
    ("dialect", "message", "facts", "wait"),
    [
        ("groq", GROQ, {"type": "tokens", "code": "rate_limit_exceeded"}, 3.5),
        ("openai", GROQ, {"type": "tokens", "code": "rate_limit_exceeded"}, 3.5),
        ("openai", GROQ, {}, 3.5),
        ("openai", OPENAI, {"type": "requests", "code": "rate_limit_exceeded"}, 1.2),
        ("openai", OPENAI, {}, 1.2),
        ("openai", "Too many tokens, please wait before trying again.", {}, None),
        ("openai", "The context window is full", {}, None),
    ],
)
def test_a_rate_limit_may_advertise(dialect, message, facts, wait):
    found = read(429, message, dialect, **facts)

    assert (Fault.RATE_LIMITED, wait) == (found.fault, found.retry_after)


def test_a_rate_limit_inside_an_answer_may_advertise():
    said = failure_inside({"error": {"message": OPENAI, "code": "rate_limit_exceeded"}})
    unnamed = failure_inside({"error": {"message": GROQ}})

    assert [(Fault.RATE_LIMITED, 1.2), (Fault.RATE_LIMITED, 3.5)] == [
        (found.fault, found.retry_after) for found in (said, unnamed)
    ]


@pytest.mark.parametrize("type", ["insufficient_quota", "rate_limit_exceeded"])
@pytest.mark.parametrize(
    "code", ["insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "credit_balance_exhausted"]
)
def test_the_names_of_empty_accounts_come_first(type, code):
    assert Fault.OUT_OF_CREDIT == read(429, "Rate limit reached", type=type, code=code).fault


def test_a_rate_limits_name_is_none_of_a_call_that_is_too_large():
    assert Fault.BAD_REQUEST == read(413, "no words", code="rate_limit_exceeded").fault


@pytest.mark.parametrize(
    ("status", "message", "facts"),
    [
        (400, "Invalid value for 'tool_choice': function 'get_billing' not found in 'tools' parameter.", INVALID),
        (400, "Invalid value: 'billing'. Supported values are: 'a' and 'b'.", "invalid_value"),
        (400, "Unrecognized request argument supplied: billing_address", INVALID),
        (400, "Unrecognized request argument supplied: your credit balance is too low", INVALID),
        (400, "your credit balance is too low: Extra inputs are not permitted", INVALID),
        (400, "Unknown parameter: 'credit balance is too low'.", INVALID),
        (400, "Invalid schema for function 'get_billing': schema must be an object", INVALID),
        (400, "Invalid schema for function 'incorrect api key provided'", INVALID),
        (400, "Tool 'throttle_engine' has an invalid schema", INVALID),
        (400, "Tool 'overloaded' has an invalid schema", None),
        (400, "tools.0: rate_limits is not a name, concurrency neither", None),
        (400, "function 'the model x' not found", INVALID),
        (400, "Tool get-model not found", INVALID),
        (400, "get_decommissioned: no such tool", None),
        (400, "'moderation' is not a supported role", INVALID),
        (400, "function sensitive_data_lookup: parameters invalid", INVALID),
        (400, "function flagged: parameters invalid", None),
        (400, "Unrecognized request argument supplied: content_filter", None),
        (422, '[{"loc": ["body", "guardrail"], "msg": "Extra inputs are not permitted"}]', None),
        (405, "forbidden method, permission for 'POST' only", None),
        (413, "The tool monthly limit is too large", None),
        (415, "unauthorized media type", None),
        (400, "string too long. Expected a string with maximum length 64, but got one with length 65", None),
        (400, "name is longer than the maximum length", None),
        (400, "tools.0.name exceeds the maximum allowed length", None),
    ],
)
def test_what_a_refusal_repeats_of_the_call_is_the_callers(status, message, facts):
    assert Fault.BAD_REQUEST == failure(status, {}, orjson.dumps({"error": {"message": message, "type": facts}})).fault


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "The model `billing-bot` does not exist."),
        (404, "The model `rate-limit` does not exist or you do not have access to it."),
        (400, "The model `overloaded` does not exist"),
        (400, "model 'your credit balance is too low' not found"),
        (400, "The requested model does not exist."),
        (422, "Model: x could not be found"),
    ],
)
def test_a_models_name_may_be_any_word(status, message):
    assert Fault.MODEL_NOT_FOUND == read(status, message, type=INVALID).fault


# How providers repeat what they were sent.
FRAMES = [
    "Invalid value for 'tool_choice': function '{}' not found in 'tools' parameter.",
    "Invalid value: '{}'. Supported values are: 'none', 'auto', and 'required'.",
    "Invalid schema for function '{}': schema must be an object.",
    "Unrecognized request argument supplied: {}",
    "Unknown parameter: '{}'.",
    "{}: Extra inputs are not permitted",
    "Input tag '{}' found using 'type' does not match any of the expected tags: 'text', 'image'",
    'Unsupported role "{}"',
    "Tool `{}` has an invalid schema",
]
WORDS = st.sampled_from(
    [
        *("billing", "insufficient_quota", "your credit balance is too low", "spending limit", "payment required"),
        *("invalid api key", "incorrect api key provided", "unauthorized", "permission", "no auth credentials"),
        *("model x not found", "model", "unknown model", "try pulling", "throttle", "rate_limit", "too many requests"),
        *("overloaded", "server busy", "high traffic", "queue is full", "reached your spend limit", "invalid model"),
        *(
            "invalid private key",
            "model not exist",
            "api key not valid",
            "specified api usage limits",
            "x-portkey-config",
        ),
    ]
)


@given(
    st.lists(WORDS | st.text("abc_-. :;'`\"", max_size=5) | st.just("long " * 200), min_size=1, max_size=3).map(
        " ".join
    ),
    st.sampled_from(FRAMES),
    st.sampled_from(sorted({"anthropic", "cohere", "gemini", "ollama", *ADAPTERS} - {"demo"})),
    st.sampled_from([400, 413, 422]),
)
def test_no_name_costs_anybody_but_the_caller(name, frame, dialect, status):
    found = read(status, frame.format(name), dialect, type=INVALID)

    assert Blame.CALLER is found.fault.blame


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (500, "Internal error: permission denied while opening cache file", Fault.BROKEN),
        (500, "billing service timed out", Fault.BROKEN),
        (500, "insufficient_quota of disk", Fault.BROKEN),
        (500, "invalid api key of our cache", Fault.BROKEN),
        (502, "upstream error: forbidden", Fault.BROKEN),
        (502, "Bad gateway: model foo worker not found", Fault.BROKEN),
        (502, "model foo not found", Fault.BROKEN),
        (500, "the tool 'throttle' broke", Fault.BROKEN),
        (500, "authentication backend is overloaded", Fault.OVERLOADED),
        (503, "Authentication service temporarily unavailable", Fault.OVERLOADED),
        (503, "access denied by moderation", Fault.OVERLOADED),
        (504, "unauthorized", Fault.TIMEOUT),
    ],
)
@pytest.mark.parametrize("plain", [True, False], ids=["text", "json"])
def test_a_machine_that_broke_speaks_of_itself(status, message, fault, plain):
    body = message.encode() if plain else orjson.dumps({"error": {"message": message}})

    assert fault == failure(status, {}, body).fault


@pytest.mark.parametrize(
    ("name", "message", "fault"),
    [
        (INVALID, "Invalid value: 'billing'", Fault.BROKEN),
        (INVALID, "unauthorized field", Fault.BROKEN),
        ("server_error", "permission denied while opening cache file", Fault.BROKEN),
        ("authentication_error", "permission denied", Fault.BAD_CREDENTIAL),
        (INVALID, "the model's context length is only 5 tokens", Fault.CONTEXT_LENGTH),
    ],
)
def test_an_error_without_a_status_may_name_whose_it_is(name, message, fault):
    assert fault == failure_inside({"error": {"message": message, "type": name}}).fault


TOO_LONG = [
    "However, the model's context length is only 4096 tokens, resulting in a maximum input length of 4095 tokens.",
    "Please reduce the length of the input prompt",
    "Trying to keep the first 5000 tokens when context the overflows.",
    "However, the model is loaded with context length of only 4096 tokens, which is not enough",
    "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens).",
    "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
    "`inputs` must have less than 4096 tokens. Given: 5000",
    "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 5 `max_new_tokens`",
    "The input token count (5000) exceeds the maximum number of tokens allowed (4096).",
    "prompt too long; exceeded max context length by 5 tokens",
    "the prompt exceeds the context length",
    "the request exceeds the available context size",
    "Please reduce the length of the messages or completion.",
    "Prompt is too long: 5000 tokens > 4096 maximum",
]


@pytest.mark.parametrize("message", TOO_LONG)
@pytest.mark.parametrize("status", [200, 400, 413, 422, 500])
def test_what_is_too_long_is_said_in_many_ways(status, message):
    assert Fault.CONTEXT_LENGTH == read(status, message).fault


@pytest.mark.parametrize("message", TOO_LONG)
def test_where_there_is_too_much_at_a_time_nothing_is_too_long(message):
    assert Fault.RATE_LIMITED == read(429, message).fault


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Content Exists Risk"),
        (400, "Your request was rejected as a result of our safety system."),
        (400, "Invalid prompt: your prompt was flagged as potentially violating our usage policy."),
        (400, "The response was filtered, triggering Azure OpenAI's content management policy."),
        (400, "Input contains sensitive words"),
        (400, "The input or output may contain sensitive information"),
        (400, "Blocked by guardrail no-secrets"),
        (400, "Output blocked by content filtering policy"),
        (400, "The prompt failed moderation."),
        (422, "Input data may contain inappropriate content."),
        (403, 'openai/gpt-4o requires moderation on OpenAI. Your input was flagged for "violence".'),
        (403, "Content violates usage guidelines."),
        (400, 'AzureException - {"error": {"code": "content_filter", "message": "no"}}'),
    ],
)
def test_what_may_not_be_said_is_named_as_such(status, message):
    assert Fault.CONTENT_POLICY == read(status, message).fault


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (400, "Your credit balance is too low to access the Anthropic API. Please go to Plans.", Fault.OUT_OF_CREDIT),
        (403, "This API method requires billing to be enabled.", Fault.OUT_OF_CREDIT),
        (429, "Your account is not active, please check your billing details.", Fault.OUT_OF_CREDIT),
        (429, "You exceeded your current quota, please check your plan and billing details.", Fault.OUT_OF_CREDIT),
        (429, "You have reached your monthly limit", Fault.OUT_OF_CREDIT),
        (400, "Incorrect API key provided: xx***yy.", Fault.BAD_CREDENTIAL),
        (400, "API key not valid. Please pass a valid API key.", Fault.BAD_CREDENTIAL),
        (401, "No auth credentials found", Fault.BAD_CREDENTIAL),
    ],
)
def test_accounts_and_keys_are_still_heard_of(status, message, fault):
    assert fault == read(status, message).fault


def test_anthropic_says_that_a_limit_was_reached_with_a_400():
    found = read(400, "You have reached your workspace's spend limit.", "anthropic", type=INVALID)

    assert Fault.OUT_OF_CREDIT == found.fault
