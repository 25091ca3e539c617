"""What AWS's errors mean: by their type first, then by their words."""

import orjson
import pytest
from bedrock_calls import bedrock

from core.faults import Fault


def failure(status, kind="", message="no words", header=None, **body):
    headers = {} if header is None else {"x-amzn-errortype": header}
    typed = {"__type": kind} if kind and header is None else {}
    return bedrock().failure(status, headers, orjson.dumps({"message": message, **typed, **body}))


@pytest.mark.covers("bedrock", "errors")
@pytest.mark.parametrize(
    ("status", "kind", "message", "fault"),
    [
        (429, "ThrottlingException", "Too many requests, please wait before trying again.", Fault.RATE_LIMITED),
        (429, "ThrottlingException", "Too many tokens, please wait before trying again.", Fault.RATE_LIMITED),
        (429, "ThrottlingException", "Too many tokens per day, please wait before trying again.", Fault.RATE_LIMITED),
        (429, "TooManyRequestsException", "no", Fault.RATE_LIMITED),
        (400, "ServiceQuotaExceededException", "no", Fault.OUT_OF_CREDIT),
        (403, "AccessDeniedException", "Model access is denied due to INVALID_PAYMENT_INSTRUMENT", Fault.OUT_OF_CREDIT),
        (403, "UnrecognizedClientException", "The security token included is invalid.", Fault.BAD_CREDENTIAL),
        (403, "ExpiredTokenException", "The token has expired", Fault.BAD_CREDENTIAL),
        (403, "InvalidSignatureException", "Signature expired: now earlier than", Fault.BAD_CREDENTIAL),
        (403, "MissingAuthenticationTokenException", "Missing Authentication Token", Fault.BAD_CREDENTIAL),
        (400, "", "The security token included in the request is expired", Fault.BAD_CREDENTIAL),
        (403, "", "The security token included in the request is invalid.", Fault.BAD_CREDENTIAL),
        (403, "AccessDeniedException", "User is not authorized to perform: bedrock:InvokeModel", Fault.BAD_CREDENTIAL),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            Fault.MODEL_NOT_FOUND,
        ),
        (404, "ResourceNotFoundException", "Could not resolve the foundation model", Fault.MODEL_NOT_FOUND),
        (400, "ValidationException", "The provided model identifier is invalid.", Fault.MODEL_NOT_FOUND),
        (
            400,
            "ValidationException",
            "Invocation of model ID x with on-demand throughput isn't supported. Retry with an inference profile.",
            Fault.MODEL_NOT_FOUND,
        ),
        (400, "ValidationException", "Operation not allowed", Fault.BAD_CREDENTIAL),
        (400, "ValidationException", "Input is too long for requested model.", Fault.CONTEXT_LENGTH),
        (400, "ValidationException", "prompt is too long: 210000 tokens > 200000 maximum", Fault.CONTEXT_LENGTH),
        (400, "ValidationException", "Too many input tokens. Max input tokens: 8192", Fault.CONTEXT_LENGTH),
        (400, "ValidationException", "too many tokens: 9000", Fault.CONTEXT_LENGTH),
        (400, "ValidationException", "Malformed input request: expected maxLength: 2048", Fault.CONTEXT_LENGTH),
        (400, "ValidationException", "Output blocked by content filtering policy", Fault.CONTENT_POLICY),
        (400, "ValidationException", "The guardrail identifier or version is invalid.", Fault.BAD_REQUEST),
        (400, "ValidationException", "Messages can't contain duplicate document names.", Fault.BAD_REQUEST),
        (408, "ModelTimeoutException", "Model has timed out in processing the request.", Fault.TIMEOUT),
        (424, "ModelErrorException", "The model produced an invalid sequence", Fault.BROKEN),
        (429, "ModelNotReadyException", "Model is not ready for inference.", Fault.OVERLOADED),
        (500, "InternalServerException", "The system encountered an unexpected error", Fault.BROKEN),
        (503, "ServiceUnavailableException", "Too many connections, please wait.", Fault.OVERLOADED),
        (400, "SomethingNewException", "no", Fault.BAD_REQUEST),
    ],
)
@pytest.mark.parametrize("spelt", ["{}", "com.amazon.coral.service#{}"])
def test_an_error_is_told_by_its_type_and_its_words(status, kind, message, fault, spelt):
    assert fault is failure(status, spelt.format(kind) if kind else "", message).fault


@pytest.mark.parametrize(
    "header", ["ThrottlingException", "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/"]
)
@pytest.mark.parametrize("body", [b'{"message":"Slow down"}', b'{"Message":"Slow down"}', b"Slow down"])
def test_the_type_may_stand_in_a_header(header, body):
    told = bedrock().failure(429, {"x-amzn-errortype": header, "retry-after": "3"}, body)

    assert (Fault.RATE_LIMITED, "Slow down", "ThrottlingException", 429, 3.0) == (
        told.fault,
        told.message,
        told.type,
        told.status,
        told.retry_after,
    )


@pytest.mark.parametrize(
    ("original", "fault"),
    [
        (429, Fault.RATE_LIMITED),
        (503, Fault.OVERLOADED),
        (400, Fault.BAD_REQUEST),
        (200, Fault.BROKEN),
        (None, Fault.BROKEN),
    ],
)
def test_a_model_that_failed_says_how_by_its_own_status(original, fault):
    assert fault is failure(424, "ModelErrorException", originalStatusCode=original, resourceName="x").fault


def test_the_words_of_the_model_count_where_there_are_no_others():
    body = orjson.dumps({"originalMessage": "overloaded", "originalStatusCode": 529})

    told = bedrock().failure(424, {"x-amzn-errortype": "ModelStreamErrorException"}, body)

    assert (Fault.OVERLOADED, "overloaded") == (told.fault, told.message)


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (403, b'{"message":"Missing Authentication Token"}', Fault.BAD_CREDENTIAL),
        (502, b"<html><body>Bad gateway</body></html>", Fault.BROKEN),
        (404, b"", Fault.MODEL_NOT_FOUND),
        (503, b"[]", Fault.OVERLOADED),
        (413, b'{"message":null}', Fault.BAD_REQUEST),
    ],
)
def test_without_a_type_words_and_status_decide(status, body, fault):
    assert fault is bedrock().failure(status, {}, body).fault


def test_neither_accounts_nor_what_was_signed_reach_the_client():
    denied = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: bedrock:InvokeModel"
    wrong = (
        "The request signature we calculated does not match.\n\nThe Canonical String for this request should have\nx"
    )

    messages = [failure(403, "AccessDeniedException", denied).message, failure(403, "X", wrong).message]

    assert "123456789012" not in messages[0]
    assert "User: ***" in messages[0]
    assert "The request signature we calculated does not match." == messages[1]
