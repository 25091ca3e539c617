"""What the errors of OpenAI's relatives mean, as they really come."""

import orjson
import pytest
from worded import adapter_of, covering

from core.faults import Fault

HTML = b"<html><head><title>401 Authorization Required</title></head></html>"


def error(**facts):
    return {"error": facts}


def flat(message, **facts):
    return {"object": "error", "message": message, "type": "x", "param": None, **facts}


FAILURES = [
    # Mistral
    ("mistral", 400, flat("Tool call id was X but must be a-z", code="3280"), Fault.BAD_REQUEST),
    (
        "mistral",
        422,
        {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "x"], "msg": "Extra"}]}},
        Fault.BAD_REQUEST,
    ),
    ("mistral", 429, flat("Service tier capacity exceeded for this model", code="3505"), Fault.OVERLOADED),
    ("mistral", 429, flat("Rate limit exceeded", code="1300"), Fault.RATE_LIMITED),
    ("mistral", 400, flat("Invalid model: x", code="1500"), Fault.MODEL_NOT_FOUND),
    (
        "mistral",
        400,
        flat("Prompt contains 40000 tokens, too large for model with 32768 maximum context length", code="3051"),
        Fault.CONTEXT_LENGTH,
    ),
    ("mistral", 401, {"message": "Unauthorized"}, Fault.BAD_CREDENTIAL),
    ("codestral", 401, {"detail": "Unauthorized"}, Fault.BAD_CREDENTIAL),
    ("mistral", 402, flat("pay"), Fault.OUT_OF_CREDIT),
    # DeepSeek
    ("deepseek", 402, error(message="Insufficient Balance"), Fault.OUT_OF_CREDIT),
    (
        "deepseek",
        400,
        error(message="The `reasoning_content` in the thinking mode must be passed back to the API."),
        Fault.BAD_REQUEST,
    ),
    ("deepseek", 400, error(message="Model Not Exist"), Fault.MODEL_NOT_FOUND),
    ("deepseek", 400, error(message="Content Exists Risk"), Fault.CONTENT_POLICY),
    ("deepseek", 400, error(message="This model's maximum context length is 1 tokens"), Fault.CONTEXT_LENGTH),
    ("deepseek", 503, error(message="busy"), Fault.OVERLOADED),
    # Together
    ("together", 422, error(message="`inputs` tokens + `max_new_tokens` must be <= 8193"), Fault.CONTEXT_LENGTH),
    ("together", 401, error(message="Invalid private key"), Fault.BAD_CREDENTIAL),
    ("together", 404, error(message="Unable to access model x", code="model_not_available"), Fault.MODEL_NOT_FOUND),
    ("together", 429, error(message="slow", type="dynamic_request_limited"), Fault.RATE_LIMITED),
    ("together", 402, error(message="no", type="credit_limit"), Fault.OUT_OF_CREDIT),
    ("together", 524, b"", Fault.TIMEOUT),
    # OpenRouter
    (
        "openrouter",
        400,
        error(code=400, message="x", metadata={"error_type": "context_length_exceeded"}),
        Fault.CONTEXT_LENGTH,
    ),
    ("openrouter", 403, error(code=403, message="x", metadata={"flagged_input": "y"}), Fault.CONTENT_POLICY),
    ("openrouter", 404, error(code=404, message="x", availability={"code": "no_endpoints"}), Fault.MODEL_NOT_FOUND),
    ("openrouter", 503, error(code=503, message="x", metadata={"error_type": "provider_overloaded"}), Fault.OVERLOADED),
    ("openrouter", 403, error(code=403, message="x", metadata={"limit_source": "key_budget"}), Fault.OUT_OF_CREDIT),
    # Portkey
    ("portkey", 446, {"hook_results": {}, "error": {"message": "denied"}}, Fault.CONTENT_POLICY),
    ("portkey", 412, {"status": "failure", "message": "Budget exhausted"}, Fault.OUT_OF_CREDIT),
    (
        "portkey",
        400,
        {"status": "failure", "message": "Either x-portkey-config or x-portkey-provider header is required"},
        Fault.MODEL_NOT_FOUND,
    ),
    ("portkey", 401, {"status": "failure", "message": "Invalid API Key"}, Fault.BAD_CREDENTIAL),
    ("portkey", 408, {"status": "failure", "message": "took too long"}, Fault.TIMEOUT),
    ("portkey", 400, {**error(message="bad", type="invalid_request_error"), "provider": "openai"}, Fault.BAD_REQUEST),
    # Azure
    (
        "azure",
        401,
        {"statusCode": 401, "message": "Access denied due to invalid subscription key or wrong API endpoint."},
        Fault.BAD_CREDENTIAL,
    ),
    ("azure", 400, error(code="context_length_exceeded", message="x"), Fault.CONTEXT_LENGTH),
    ("azure", 400, error(code="x", message="Unrecognized request argument supplied: y"), Fault.BAD_REQUEST),
    ("azure", 424, error(code="x", message="y"), Fault.BROKEN),
    ("azure", 429, error(code="429", message="exceeded token rate limit. retry after 6 seconds"), Fault.RATE_LIMITED),
    # Groq
    ("groq", 413, error(message="Request too large", type="tokens", code="rate_limit_exceeded"), Fault.CONTEXT_LENGTH),
    ("groq", 498, error(message="x", code="capacity_exceeded"), Fault.OVERLOADED),
    ("groq", 400, error(message="x", code="json_validate_failed"), Fault.BROKEN),
    ("groq", 400, error(message="Please reduce the length of the messages or completion."), Fault.CONTEXT_LENGTH),
    ("groq", 404, error(message="x", code="model_not_found"), Fault.MODEL_NOT_FOUND),
    ("groq", 400, error(message="x", code="model_decommissioned"), Fault.MODEL_NOT_FOUND),
    ("groq", 400, error(message="x", code="organization_restricted"), Fault.BAD_CREDENTIAL),
    ("groq", 400, error(message="'messages.1' : property 'x' is unsupported"), Fault.BAD_REQUEST),
    # xAI
    (
        "xai",
        404,
        {"code": "x", "error": "The model y does not exist or your team lacks access."},
        Fault.MODEL_NOT_FOUND,
    ),
    ("xai", 400, {"code": "x", "error": "This model's maximum prompt length is 131072"}, Fault.CONTEXT_LENGTH),
    ("xai", 403, {"code": "x", "error": "Content violates usage guidelines."}, Fault.CONTENT_POLICY),
    ("xai", 429, {"code": "Some resource has been exhausted", "error": "x"}, Fault.RATE_LIMITED),
    ("xai", 422, {"code": "x", "error": "Failed to deserialize the JSON body"}, Fault.BAD_REQUEST),
    # Fireworks
    ("fireworks", 412, error(object="error", type="x", message="suspended"), Fault.OUT_OF_CREDIT),
    ("fireworks", 404, error(object="error", type="x", message="Model not found"), Fault.MODEL_NOT_FOUND),
    ("fireworks", 400, error(object="error", message="The prompt is too long: 9"), Fault.CONTEXT_LENGTH),
    ("fireworks", 400, error(message="Extra inputs are not permitted, field: 'messages[0].x'"), Fault.BAD_REQUEST),
    # Perplexity
    ("perplexity", 401, HTML, Fault.BAD_CREDENTIAL),
    ("perplexity", 400, error(message="Last message must have role `user`", type="invalid_message"), Fault.BAD_REQUEST),
    # Cerebras
    (
        "cerebras",
        400,
        flat("Current length is 9 while limit is 8", code="context_length_exceeded"),
        Fault.CONTEXT_LENGTH,
    ),
    ("cerebras", 429, flat("Tokens per minute", code="token_quota_exceeded"), Fault.RATE_LIMITED),
    ("cerebras", 429, flat("We're experiencing high traffic", code="queue_exceeded"), Fault.OVERLOADED),
    ("cerebras", 400, flat("property 'x' is unsupported", code="wrong_api_format"), Fault.BAD_REQUEST),
    # Hugging Face, TGI
    ("huggingface", 503, {"error": "Model x is currently loading", "estimated_time": 20}, Fault.OVERLOADED),
    ("huggingface", 402, {"error": "You have exceeded your monthly included credits"}, Fault.OUT_OF_CREDIT),
    ("tgi", 429, {"error": "Model is overloaded", "error_type": "overloaded"}, Fault.OVERLOADED),
    (
        "tgi",
        422,
        {"error": "`inputs` must have less than 4 tokens. Given: 9", "error_type": "validation"},
        Fault.CONTEXT_LENGTH,
    ),
    (
        "tgi",
        422,
        {"error": "`inputs` tokens + `max_new_tokens` must be <= 4", "error_type": "validation"},
        Fault.CONTEXT_LENGTH,
    ),
    ("tgi", 422, {"error": "`top_p` must be > 0.0 and < 1.0", "error_type": "validation"}, Fault.BAD_REQUEST),
    ("tgi", 424, {"error": "Request failed during generation", "error_type": "generation"}, Fault.BROKEN),
    # Servers of one's own
    ("vllm", 401, {"error": "Unauthorized"}, Fault.BAD_CREDENTIAL),
    (
        "vllm",
        404,
        error(message="The model `x` does not exist.", type="NotFoundError", code=404),
        Fault.MODEL_NOT_FOUND,
    ),
    ("vllm", 400, error(message="This model's maximum context length is 9 tokens.", code=400), Fault.CONTEXT_LENGTH),
    ("vllm", 503, error(message="The engine is currently busy and cannot accept", code=503), Fault.OVERLOADED),
    (
        "sglang",
        400,
        flat("The input (9 tokens) is longer than the model's context length (8 tokens).", code=400),
        Fault.CONTEXT_LENGTH,
    ),
    ("sglang", 503, flat("The request queue is full.", code=503), Fault.OVERLOADED),
    ("llama.cpp", 503, error(code=503, message="Loading model", type="unavailable_error"), Fault.OVERLOADED),
    (
        "llama.cpp",
        400,
        error(
            code=400,
            message="request (9 tokens) exceeds the available context size (8 tokens)",
            type="exceed_context_size_error",
        ),
        Fault.CONTEXT_LENGTH,
    ),
    ("llama.cpp", 501, error(code=501, message="x", type="not_supported_error"), Fault.BAD_REQUEST),
]


def failed(dialect, status, body, **headers):
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return adapter_of(dialect).failure(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


@pytest.mark.parametrize(("dialect", "status", "body", "fault"), covering(FAILURES, "errors"))
def test_errors_mean_what_they_say(dialect, status, body, fault):
    failure = failed(dialect, status, body)

    assert (fault, status) == (failure.fault, failure.status)
    assert failure.message


def test_more_24_openrouters_402_is_a_rate_limit_where_it_asks_to_wait():
    told = {"message": "x", "metadata": {"limit_source": "openrouter_in_flight_budget"}}

    failure = failed("openrouter", 402, error(code=402, **told), retry_after="3")

    assert (Fault.RATE_LIMITED, 3.0) == (failure.fault, failure.retry_after)
    assert Fault.RATE_LIMITED == failed("openrouter", 402, error(code=402, message="x"), retry_after="3").fault
    assert Fault.OUT_OF_CREDIT == failed("openrouter", 402, error(code=402, message="Insufficient credits")).fault


def test_more_25_a_reset_may_be_told_in_milliseconds_since_1970():
    date = "Sun, 30 Mar 2025 00:00:00 GMT"  # 1743292800

    failure = failed("openrouter", 429, error(code=429, message="x"), x_ratelimit_reset="1743292830000", date=date)

    assert 30.0 == failure.retry_after
    assert 600.0 == failed("openrouter", 429, error(code=429), x_ratelimit_reset="1743392830000", date=date).retry_after


@pytest.mark.covers("azure", "errors")
def test_more_28_a_prompt_that_azures_filter_stops_is_the_clients_and_is_told_by_its_code():
    found = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"jailbreak": {"filtered": True}}}
    body = error(
        code="content_filter", status=400, message="The response was filtered", param="prompt", innererror=found
    )

    failure = failed("azure", 400, body)

    assert (Fault.CONTENT_POLICY, "content_filter", "prompt") == (failure.fault, failure.code, failure.param)
    assert not failure.fault.next_target


def test_more_29_a_wrong_path_and_a_deployment_that_is_not_there_are_our_settings():
    path = failed("azure", 404, error(code="404", message="Resource not found"))
    deployment = failed("azure", 404, error(code="DeploymentNotFound", message="The API deployment does not exist"))

    assert [(Fault.MODEL_NOT_FOUND, 502)] * 2 == [(one.fault, one.fault.status) for one in (path, deployment)]
    assert ["404", "DeploymentNotFound"] == [path.code, deployment.code]


@pytest.mark.parametrize(
    ("status", "text", "fault"),
    [
        (400, "Incorrect API key provided: xx***yy. You can obtain an API key from the console.", Fault.BAD_CREDENTIAL),
        (
            429,
            "Your team abc has either used all available credits or reached its monthly spending limit",
            Fault.OUT_OF_CREDIT,
        ),
        (403, "Your team has run out of credits", Fault.OUT_OF_CREDIT),
    ],
)
@pytest.mark.covers("xai", "errors")
def test_more_38_what_xai_says_counts_more_than_its_status(status, text, fault):
    failure = failed("xai", status, {"code": "x", "error": text})

    assert fault == failure.fault
    assert "xx***yy" not in failure.message


def test_more_37_a_wrong_call_in_a_whole_answer_of_groq_is_tried_again():
    body = error(message="Failed to call a function.", type="x", code="tool_use_failed", failed_generation="<f")

    assert (Fault.BROKEN, True) == ((failure := failed("groq", 400, body)).fault, failure.fault.retry_same)


def test_more_trap_a_model_that_is_being_loaded_is_waited_for():
    assert (
        20.0 == failed("huggingface", 503, {"error": "Model x is currently loading", "estimated_time": 20}).retry_after
    )
    assert Fault.OVERLOADED.retry_same


def test_more_trap_an_answer_that_a_guardrail_objects_to_is_a_failure():
    answer = {"choices": [{"message": {"content": "x"}}], "hook_results": {"after_request_hooks": [{}]}}

    assert (Fault.CONTENT_POLICY, 246) == ((failure := failed("portkey", 246, answer)).fault, failure.status)


def test_more_trap_a_date_to_wait_for_is_understood():
    date = "Sun, 30 Mar 2025 00:00:00 GMT"

    assert 9.0 == failed("portkey", 429, {}, retry_after="Sun, 30 Mar 2025 00:00:09 GMT", date=date).retry_after


def test_more_trap_an_error_without_an_error_member_has_its_words():
    assert "The request queue is full." == failed("sglang", 503, flat("The request queue is full.", code=503)).message


def test_more_trap_an_error_that_is_only_a_text_has_its_words():
    assert "Unauthorized" == failed("vllm", 401, {"error": "Unauthorized"}).message


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after_ms": "1500"}, 1.5),
        ({"x_ratelimit_reset_tokens": "2m59.56s", "x_ratelimit_remaining_tokens": "0"}, 179.56),
        ({}, 7.66),
    ],
)
def test_how_long_to_wait_is_read_wherever_it_is_told(headers, expected):
    words = "Rate limit reached. Please try again in 7.66s." if not headers else "Rate limit reached."

    assert expected == pytest.approx(failed("groq", 429, error(message=words), **headers).retry_after)
