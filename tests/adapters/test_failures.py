"""What providers' errors mean: every row of the tables, and the guards between them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS
from adapters.failure import failure, failure_inside, is_error
from core.faults import Failure, Fault


def error(message="no words", **facts):
    return {"error": {"message": message, **facts}}


def metadata(**facts):
    return error(metadata=facts)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *[(status, Fault.BAD_REQUEST) for status in (400, 405, 412, 413, 415, 418, 422, 498)],
        *[(status, Fault.BAD_CREDENTIAL) for status in (401, 403, 407)],
        *[(status, Fault.MODEL_NOT_FOUND) for status in (404, 410)],
        *[(status, Fault.RATE_LIMITED) for status in (409, 425, 429)],
        *[(status, Fault.CONTENT_POLICY) for status in (446, 451)],
        *[(status, Fault.TIMEOUT) for status in (408, 504, 522, 524)],
        *[(status, Fault.OVERLOADED) for status in (503, 529)],
        *[(status, Fault.BROKEN) for status in (100, 204, 302, 424, 499, 500, 501, 502, 520, 521)],
        (402, Fault.OUT_OF_CREDIT),
    ],
)
def test_without_words_the_status_decides(status, expected):
    assert expected == failure(status, {}, b"").fault


@pytest.mark.parametrize(
    ("dialect", "status", "body", "expected"),
    [
        ("mistral", 400, {"object": "error", "message": "x", "code": "3280"}, Fault.BAD_REQUEST),
        ("mistral", 400, {"message": "Tool call id was abc but must be a-z"}, Fault.BAD_REQUEST),
        (
            "mistral",
            422,
            {"message": {"detail": [{"loc": ["body"], "msg": "Extra inputs", "type": "extra_forbidden"}]}},
            Fault.BAD_REQUEST,
        ),
        ("mistral", 429, {"message": "Service tier capacity exceeded for this model."}, Fault.OVERLOADED),
        ("mistral", 429, {"message": "Rate limit exceeded"}, Fault.RATE_LIMITED),
        ("mistral", 400, {"message": "x", "code": "1500"}, Fault.MODEL_NOT_FOUND),
        ("mistral", 400, {"message": "Invalid model: gpt"}, Fault.MODEL_NOT_FOUND),
        (
            "mistral",
            400,
            {"message": "Prompt contains 9 tokens, too large for model with 8 maximum context length"},
            Fault.CONTEXT_LENGTH,
        ),
        ("together", 422, error("`inputs` tokens + `max_new_tokens` must be <= 8192"), Fault.CONTEXT_LENGTH),
        ("together", 400, error("maximum context length is 8192"), Fault.CONTEXT_LENGTH),
        ("together", 400, error("invalid private key"), Fault.BAD_CREDENTIAL),
        ("together", 401, error("x", code="invalid_api_key"), Fault.BAD_CREDENTIAL),
        ("together", 400, error("x", code="model_not_available"), Fault.MODEL_NOT_FOUND),
        ("together", 404, error("Unable to access model x"), Fault.MODEL_NOT_FOUND),
        ("together", 429, error("x", type="dynamic_request_limited"), Fault.RATE_LIMITED),
        ("together", 402, error("x", type="credit_limit"), Fault.OUT_OF_CREDIT),
        ("deepseek", 402, error("Insufficient Balance"), Fault.OUT_OF_CREDIT),
        (
            "deepseek",
            400,
            error("The reasoning_content in the thinking mode must be passed back to the API."),
            Fault.BAD_REQUEST,
        ),
        ("deepseek", 400, error("This model's maximum context length is 65536 tokens"), Fault.CONTEXT_LENGTH),
        ("deepseek", 400, error("Model Not Exist"), Fault.MODEL_NOT_FOUND),
        ("deepseek", 400, error("Content Exists Risk"), Fault.CONTENT_POLICY),
        *[
            ("openrouter", 400, metadata(error_type=name), Fault.CONTEXT_LENGTH)
            for name in ("context_length_exceeded", "token_limit_exceeded", "string_too_long", "max_tokens_exceeded")
        ],
        ("openrouter", 400, metadata(error_type="refusal"), Fault.CONTENT_POLICY),
        ("openrouter", 400, metadata(error_type="content_policy_violation"), Fault.CONTENT_POLICY),
        ("openrouter", 400, metadata(error_type="invalid_request"), Fault.BAD_REQUEST),
        ("openrouter", 400, error(availability={"code": "model_not_found"}), Fault.MODEL_NOT_FOUND),
        ("openrouter", 401, metadata(error_type="authentication"), Fault.BAD_CREDENTIAL),
        ("openrouter", 402, metadata(limit_source="openrouter_credits"), Fault.OUT_OF_CREDIT),
        ("openrouter", 402, metadata(limit_source="openrouter_in_flight_budget"), Fault.RATE_LIMITED),
        (
            "openrouter",
            402,
            metadata(limit_source="openrouter_in_flight_budget", reason="weight_exceeds_budget"),
            Fault.OUT_OF_CREDIT,
        ),
        ("openrouter", 403, metadata(reasons=["violence"], flagged_input="x"), Fault.CONTENT_POLICY),
        ("openrouter", 403, metadata(patterns=["x"]), Fault.CONTENT_POLICY),
        ("openrouter", 403, metadata(limit_source="workspace_budget"), Fault.OUT_OF_CREDIT),
        ("openrouter", 403, metadata(error_type="permission_denied"), Fault.BAD_CREDENTIAL),
        ("openrouter", 404, error(availability={"code": "no_endpoints"}), Fault.MODEL_NOT_FOUND),
        ("openrouter", 408, metadata(error_type="timeout"), Fault.TIMEOUT),
        ("openrouter", 413, metadata(error_type="payload_too_large"), Fault.BAD_REQUEST),
        ("openrouter", 429, metadata(error_type="rate_limit_exceeded"), Fault.RATE_LIMITED),
        ("openrouter", 502, metadata(error_type="provider_unavailable"), Fault.BROKEN),
        ("openrouter", 503, metadata(error_type="provider_overloaded"), Fault.OVERLOADED),
        ("openrouter", 500, metadata(error_type="unmapped"), Fault.BROKEN),
        ("azure", 400, error("x", code="content_filter"), Fault.CONTENT_POLICY),
        ("azure", 400, error("x", innererror={"code": "ResponsibleAIPolicyViolation"}), Fault.CONTENT_POLICY),
        ("azure", 400, error("triggering Azure OpenAI's content management policy"), Fault.CONTENT_POLICY),
        ("azure", 404, error("x", code="DeploymentNotFound"), Fault.MODEL_NOT_FOUND),
        ("azure", 404, error("Resource not found", code="404"), Fault.MODEL_NOT_FOUND),
        (
            "azure",
            401,
            {"statusCode": 401, "message": "invalid subscription key or wrong API endpoint"},
            Fault.BAD_CREDENTIAL,
        ),
        ("azure", 429, error("exceeded token rate limit"), Fault.RATE_LIMITED),
        *[
            ("minimax", 200, {"base_resp": {"status_code": code, "status_msg": "x"}}, fault)
            for code, fault in {
                1000: Fault.BROKEN,
                1001: Fault.TIMEOUT,
                1002: Fault.RATE_LIMITED,
                1004: Fault.BAD_CREDENTIAL,
                1008: Fault.OUT_OF_CREDIT,
                1013: Fault.BROKEN,
                1024: Fault.BROKEN,
                1026: Fault.CONTENT_POLICY,
                1027: Fault.CONTENT_POLICY,
                1033: Fault.BROKEN,
                1039: Fault.CONTEXT_LENGTH,
                1041: Fault.RATE_LIMITED,
                2013: Fault.BAD_REQUEST,
                2049: Fault.BAD_CREDENTIAL,
                2056: Fault.OUT_OF_CREDIT,
            }.items()
        ],
        (
            "minimax",
            200,
            {"base_resp": {"status_code": 2013, "status_msg": "context window exceeds limit"}},
            Fault.CONTEXT_LENGTH,
        ),
        ("groq", 413, error("x", code="rate_limit_exceeded", type="tokens"), Fault.CONTEXT_LENGTH),
        ("groq", 429, error("Request too large for model", type="tokens"), Fault.CONTEXT_LENGTH),
        ("groq", 429, error("Rate limit reached", type="tokens"), Fault.RATE_LIMITED),
        ("groq", 498, error("x"), Fault.OVERLOADED),
        ("groq", 400, error("x", code="tool_use_failed", failed_generation="<x>"), Fault.BROKEN),
        ("groq", 400, error("x", code="json_validate_failed"), Fault.BROKEN),
        ("groq", 400, error("Please reduce the length of the messages or completion."), Fault.CONTEXT_LENGTH),
        ("groq", 404, error("x", code="model_not_found"), Fault.MODEL_NOT_FOUND),
        ("groq", 400, error("x", code="model_decommissioned"), Fault.MODEL_NOT_FOUND),
        ("groq", 400, error("x", code="organization_restricted"), Fault.BAD_CREDENTIAL),
        ("xai", 400, {"code": "x", "error": "Incorrect API key provided: xx***yy"}, Fault.BAD_CREDENTIAL),
        ("xai", 429, {"error": "Your team has used all available credits"}, Fault.OUT_OF_CREDIT),
        ("xai", 403, {"error": "run out of credits"}, Fault.OUT_OF_CREDIT),
        ("xai", 400, {"error": "The model grok-9 does not exist"}, Fault.MODEL_NOT_FOUND),
        ("xai", 400, {"error": "This model's maximum prompt length is 131072"}, Fault.CONTEXT_LENGTH),
        ("xai", 403, {"error": "Content violates usage guidelines."}, Fault.CONTENT_POLICY),
        ("xai", 429, {"error": "Some resource has been exhausted"}, Fault.RATE_LIMITED),
        ("fireworks", 412, error("suspended"), Fault.OUT_OF_CREDIT),
        ("fireworks", 404, error("x"), Fault.MODEL_NOT_FOUND),
        ("fireworks", 400, error("The prompt is too long"), Fault.CONTEXT_LENGTH),
        ("perplexity", 400, error("Last message must have role user or tool"), Fault.BAD_REQUEST),
        ("cerebras", 400, {"message": "Current length is 9000 while limit is 8192"}, Fault.CONTEXT_LENGTH),
        ("cerebras", 400, {"message": "x", "code": "context_length_exceeded"}, Fault.CONTEXT_LENGTH),
        ("cerebras", 429, {"message": "x", "code": "token_quota_exceeded"}, Fault.RATE_LIMITED),
        ("cerebras", 429, {"message": "x", "code": "request_quota_exceeded"}, Fault.RATE_LIMITED),
        ("cerebras", 429, {"message": "x", "code": "queue_exceeded"}, Fault.OVERLOADED),
        ("cerebras", 429, {"message": "We're experiencing high traffic"}, Fault.OVERLOADED),
        ("vllm", 404, error("x", type="NotFoundError", code=404), Fault.MODEL_NOT_FOUND),
        ("vllm", 400, error("This model's maximum context length is 4096 tokens."), Fault.CONTEXT_LENGTH),
        ("vllm", 400, error("longer than the maximum model length of 4096"), Fault.CONTEXT_LENGTH),
        ("vllm", 503, error("The engine is currently busy"), Fault.OVERLOADED),
        ("vllm", 401, {"error": "Unauthorized"}, Fault.BAD_CREDENTIAL),
        (
            "sglang",
            400,
            {
                "object": "error",
                "message": "The input (9 tokens) is longer than the model's context length (8 tokens).",
            },
            Fault.CONTEXT_LENGTH,
        ),
        ("sglang", 400, {"message": "exceeds the maximum allowed length"}, Fault.CONTEXT_LENGTH),
        ("sglang", 503, {"message": "The request queue is full."}, Fault.OVERLOADED),
        ("llama.cpp", 400, error("x", code=400, type="exceed_context_size_error"), Fault.CONTEXT_LENGTH),
        ("llama.cpp", 503, error("Loading model", type="unavailable_error"), Fault.OVERLOADED),
        ("llama.cpp", 501, error("x", type="not_supported_error"), Fault.BAD_REQUEST),
        ("openai", 429, error("x", type="insufficient_quota", code="insufficient_quota"), Fault.OUT_OF_CREDIT),
        ("openai", 429, error("x", type="insufficient_quota", code="billing_hard_limit_reached"), Fault.OUT_OF_CREDIT),
        ("openai", 429, error("Rate limit reached for requests", code="rate_limit_exceeded"), Fault.RATE_LIMITED),
        ("openai", 401, error("Incorrect API key provided: sk-ab***yz", code="invalid_api_key"), Fault.BAD_CREDENTIAL),
        ("openai", 400, error("Unsupported parameter", code="unsupported_parameter"), Fault.BAD_REQUEST),
        ("openai", 400, error("x", code="content_policy_violation"), Fault.CONTENT_POLICY),
        ("openai", 503, error("x", code="server_is_overloaded"), Fault.OVERLOADED),
        ("openai", 500, error("The server had an error", type="server_error"), Fault.BROKEN),
    ],
)
def test_each_providers_signals_are_known(adapter, dialect, status, body, expected):
    assert expected == adapter(dialect).failure(status, {}, orjson.dumps(body)).fault


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (429, error("You exceeded your current quota, rate limit"), Fault.OUT_OF_CREDIT),
        (400, error("the prompt is too long: flagged"), Fault.CONTEXT_LENGTH),
        (400, error("the user is too long, maximum context length", code="string_above_max_length"), Fault.BAD_REQUEST),
        (400, error("token 429 503 401 can't be used"), Fault.BAD_REQUEST),
        (400, error("Additional properties are not allowed ('x' was unexpected)"), Fault.BAD_REQUEST),
        (400, error("invalid token in logit_bias"), Fault.BAD_REQUEST),
        (400, error("names are case-sensitive"), Fault.BAD_REQUEST),
        (400, error("names are case insensitive"), Fault.BAD_REQUEST),
        (400, error("input is sensitive"), Fault.CONTENT_POLICY),
        (500, error("the moderation service is down"), Fault.BROKEN),
        (403, error("access denied"), Fault.BAD_CREDENTIAL),
        (404, error("The model `x` does not exist or you do not have access to it."), Fault.MODEL_NOT_FOUND),
        (500, error("model `x` overloaded"), Fault.OVERLOADED),
        (500, error("throttled"), Fault.RATE_LIMITED),
        (500, error("Model x is currently loading"), Fault.OVERLOADED),
    ],
)
def test_words_are_read_in_order_and_with_care(status, body, expected):
    assert expected == failure(status, {}, orjson.dumps(body)).fault


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (error("m", code="c", type="t", param="p"), Failure(Fault.BAD_REQUEST, "m", 400, "c", "t", "p")),
        (error("m", code=7), Failure(Fault.BAD_REQUEST, "m", 400, "7")),
        (error("m", code=True, type=["t"], param={}), Failure(Fault.BAD_REQUEST, "m", 400)),
        ({"error": "m"}, Failure(Fault.BAD_REQUEST, "m", 400)),
        ({"error": "m", "error_type": "validation"}, Failure(Fault.BAD_REQUEST, "m", 400, None, "validation")),
        ({"code": "c", "error": "m"}, Failure(Fault.BAD_REQUEST, "m", 400, "c")),
        ({"message": "m", "code": "c"}, Failure(Fault.BAD_REQUEST, "m", 400, "c")),
        ({"message": {"detail": [{"msg": "m"}, {"msg": "n"}]}}, Failure(Fault.BAD_REQUEST, "m; n", 400)),
        ({"detail": "m"}, Failure(Fault.BAD_REQUEST, "m", 400)),
        ({"detail": [{"loc": ["body"], "msg": "m"}]}, Failure(Fault.BAD_REQUEST, "m", 400)),
        ([{"error": {"message": "m"}}], Failure(Fault.BAD_REQUEST, "m", 400)),
        ({"error": {}, "message": "m"}, Failure(Fault.BAD_REQUEST, "m", 400)),
        (
            error({"message": {"message": {"message": {"message": "deep"}}}}),
            Failure(Fault.BAD_REQUEST, "HTTP 400 without an explanation", 400),
        ),
        (error("see https://x.example sk-secret123"), Failure(Fault.BAD_REQUEST, "see *** ***", 400)),
        ({}, Failure(Fault.BAD_REQUEST, "HTTP 400 without an explanation", 400)),
        ([], Failure(Fault.BAD_REQUEST, "[]", 400)),
        ([1], Failure(Fault.BAD_REQUEST, "[1]", 400)),
        (error("m", retry_after=3), Failure(Fault.BAD_REQUEST, "m", 400, retry_after=3.0)),
        (error("m", availability={"retry_after": 4.5}), Failure(Fault.BAD_REQUEST, "m", 400, retry_after=4.5)),
        ({"error": "m", "estimated_time": 20}, Failure(Fault.BAD_REQUEST, "m", 400, retry_after=20.0)),
        (error("m", retry_after=True), Failure(Fault.BAD_REQUEST, "m", 400)),
    ],
)
def test_every_shape_of_error_is_read(body, expected):
    assert expected == failure(400, {}, orjson.dumps(body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<html><body>rate limit</body></html>", Failure(Fault.BROKEN, "HTTP 502 with an HTML page", 502)),
        (b"\n <!DOCTYPE html>", Failure(Fault.BROKEN, "HTTP 502 with an HTML page", 502)),
        (b"Bad gateway", Failure(Fault.BROKEN, "Bad gateway", 502)),
        (b'{"error": {"mess', Failure(Fault.BROKEN, '{"error": {"mess', 502)),
        (b"\xff\xfe", Failure(Fault.BROKEN, "\ufffd\ufffd", 502)),
        (b"", Failure(Fault.BROKEN, "HTTP 502 without an explanation", 502)),
        (b' \n{"error": "m"}', Failure(Fault.BROKEN, "m", 502)),
    ],
)
def test_bodies_that_are_no_json_are_read_too(body, expected):
    assert expected == failure(502, {"content-type": "application/json"}, body)


def test_only_rate_limits_read_the_reset_headers():
    headers = {"x-ratelimit-reset-tokens": "2s"}

    assert 2.0 == failure(429, headers, b"").retry_after
    assert failure(500, headers, b"").retry_after is None


def test_a_payment_that_can_be_waited_for_is_a_rate_limit(adapter):
    assert Fault.RATE_LIMITED == adapter("openrouter").failure(402, {"retry-after": "3"}, b"").fault
    assert Fault.OUT_OF_CREDIT == adapter("openrouter").failure(402, {}, b"").fault


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (error("m", code=429), Failure(Fault.RATE_LIMITED, "m", 429, "429")),
        (error("m", code="503"), Failure(Fault.OVERLOADED, "m", 503, "503")),
        (error("m", status_code=400), Failure(Fault.BAD_REQUEST, "m", 400)),
        (error("m", http_status_code=500), Failure(Fault.BROKEN, "m", 500)),
        (error("m", code="server_error"), Failure(Fault.BROKEN, "m", None, "server_error")),
        (error("m", code=1002), Failure(Fault.BROKEN, "m", None, "1002")),
        ({"error": {"code": 0}}, Failure(Fault.BROKEN, "an error without an explanation", None, "0")),
    ],
)
def test_an_error_inside_an_answer_may_name_its_status(body, expected):
    assert expected == failure_inside(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"message": "m"}}, True),
        ({"error": "m"}, True),
        ({"object": "error"}, True),
        ({"base_resp": {"status_code": 1008}}, True),
        ({"base_resp": {"status_code": 0}}, False),
        ({"base_resp": {}}, False),
        ({"base_resp": None}, False),
        ({"error": None, "choices": []}, False),
        ({"message": "m", "code": 429}, True),
        ({"detail": "m", "status": "503"}, True),
        ({"errors": [{"message": "m"}], "statusCode": 401}, True),
        ({"message": "m", "type": "rate_limit_error"}, True),
        ({"message": "m", "code": 429, "choices": []}, False),
        ({"message": {"role": "assistant"}, "type": "message", "status": "completed"}, False),
        ({"message": "still loading"}, False),
        ({"code": 429}, False),
    ],
)
def test_a_200_can_be_an_error(body, expected):
    assert expected == is_error(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "code", "type", "metadata", "detail", "base_resp", "status_code", "retry_after"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON, st.sampled_from(sorted(ADAPTERS)), st.integers(100, 599))
def test_no_body_can_break_it(body, dialect, status):
    from core.target import Provider

    found = ADAPTERS[dialect].make(Provider(name="x", dialect=dialect)).failure(status, {}, orjson.dumps(body))

    assert found.message
    assert found.retry_after is None or 0 <= found.retry_after <= 600


@given(st.binary(), st.integers(100, 599))
def test_no_bytes_can_break_it(body, status):
    assert len(failure(status, {}, body).message) <= 500
