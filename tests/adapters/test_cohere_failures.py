"""What Cohere's errors mean."""

import orjson
import pytest

from core.faults import Fault

MONTH = "You are using a Trial key, which is limited to 1000 API calls / month. You can continue to use the Trial key"
MINUTE = "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key"


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (400, "invalid request: temperature must be between 0 and 1.0 inclusive", Fault.BAD_REQUEST),
        (400, "too many tokens: total number of tokens in the prompt cannot exceed 128000", Fault.CONTEXT_LENGTH),
        (400, "invalid request: tool call id not found in previous tool calls", Fault.BAD_REQUEST),
        (422, "invalid type: parameter messages is of type string", Fault.BAD_REQUEST),
        (401, "invalid api token", Fault.BAD_CREDENTIAL),
        (402, "Please add or update your payment method", Fault.OUT_OF_CREDIT),
        (403, "forbidden", Fault.BAD_CREDENTIAL),
        (404, "model 'x' not found, make sure the correct model ID was used", Fault.MODEL_NOT_FOUND),
        (404, "model 'command-r' was removed on September 15, 2025", Fault.MODEL_NOT_FOUND),
        (429, "trial token rate limit exceeded, limit is 100000 tokens per minute", Fault.RATE_LIMITED),
        (429, MINUTE, Fault.RATE_LIMITED),
        (429, MONTH, Fault.OUT_OF_CREDIT),
        (498, "blocked content: please rephrase", Fault.CONTENT_POLICY),
        (498, "invalid token", Fault.BAD_CREDENTIAL),
        (499, "request cancelled", Fault.BROKEN),
        (500, "internal server error", Fault.BROKEN),
        (501, "not implemented", Fault.UNSUPPORTED),
        (503, "service unavailable", Fault.OVERLOADED),
        (504, "gateway timeout", Fault.TIMEOUT),
    ],
)
@pytest.mark.covers("cohere", "errors")
def test_an_error_is_told_by_its_words_and_status(adapter, status, message, fault):
    failure = adapter("cohere").failure(status, {}, orjson.dumps({"id": "abc", "message": message}))

    assert (fault, status, message) == (failure.fault, failure.status, failure.message)


def test_a_page_of_html_is_told_by_its_status(adapter):
    assert Fault.BROKEN is adapter("cohere").failure(502, {}, b"<html>blocked</html>").fault


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "250"}, 0.25),
        ({"date": "Sun, 22 Nov 2026 10:00:00 GMT", "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, 30),
    ],
)
def test_how_long_to_wait_is_read_in_every_spelling(adapter, headers, wait):
    assert wait == adapter("cohere").failure(429, headers, b'{"message":"too many requests"}').retry_after
