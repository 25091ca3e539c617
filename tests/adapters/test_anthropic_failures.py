"""Anthropic's errors, and whose fault each is."""

import orjson
import pytest
from claude import speaker

from core.faults import Fault
from core.secret import Secret
from core.target import Provider


def failed(status, kind, message="no", headers=None, **details):
    error = {"type": kind, "message": message, **({"details": details} if details else {})}
    body = orjson.dumps({"type": "error", "error": error, "request_id": "req_1"})
    return speaker().failure(status, headers or {}, body)


@pytest.mark.covers("anthropic", "errors")
@pytest.mark.parametrize(
    ("status", "kind", "message", "fault"),
    [
        (400, "invalid_request_error", "messages.0: role is not allowed", Fault.BAD_REQUEST),
        (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", Fault.CONTEXT_LENGTH),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            Fault.CONTEXT_LENGTH,
        ),
        (400, "invalid_request_error", "Your credit balance is too low to access the API.", Fault.OUT_OF_CREDIT),
        (
            400,
            "invalid_request_error",
            "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
            Fault.OUT_OF_CREDIT,
        ),
        (400, "invalid_request_error", "Output blocked by content filtering policy", Fault.CONTENT_POLICY),
        (401, "authentication_error", "invalid x-api-key", Fault.BAD_CREDENTIAL),
        (402, "billing_error", "pay", Fault.OUT_OF_CREDIT),
        (403, "permission_error", "not yours", Fault.BAD_CREDENTIAL),
        (404, "not_found_error", "model: claude-nope", Fault.MODEL_NOT_FOUND),
        (404, "not_found_error", "File not found: file_1", Fault.BAD_REQUEST),
        (409, "conflict_error", "again", Fault.RATE_LIMITED),
        (413, "request_too_large", "Request exceeds the maximum size", Fault.BAD_REQUEST),
        (429, "rate_limit_error", "This request would exceed your rate limit", Fault.RATE_LIMITED),
        (500, "api_error", "Internal server error", Fault.BROKEN),
        (504, "timeout_error", "slow", Fault.TIMEOUT),
        (529, "overloaded_error", "Overloaded", Fault.OVERLOADED),
    ],
)
def test_kinds_of_errors(status, kind, message, fault):
    failure = failed(status, kind, message)

    assert (fault, status, kind) == (failure.fault, failure.status, failure.type)


def test_core_35_an_overload_says_how_long_to_wait():
    failure = failed(529, "overloaded_error", "Overloaded", {"retry-after": "7"})

    assert (Fault.OVERLOADED, 7.0) == (failure.fault, failure.retry_after)
    assert (503, True) == (failure.fault.status, failure.fault.next_target)


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_core_38_a_spend_limit_is_no_rate_limit(code):
    failure = failed(429, "rate_limit_error", "limit", error_code=code)

    assert (Fault.OUT_OF_CREDIT, None, False) == (failure.fault, failure.retry_after, failure.fault.retry_same)


NOW = "Thu, 26 Nov 2026 10:00:00 GMT"
SOON, LATER = "2026-11-26T10:00:05Z", "2026-11-26T10:01:00+00:00"


def limits(**windows):
    headers = {"date": NOW}
    for name, (left, reset) in windows.items():
        headers[f"anthropic-ratelimit-{name.replace('_', '-')}-remaining"] = left
        headers[f"anthropic-ratelimit-{name.replace('_', '-')}-reset"] = reset
    return headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (limits(requests=("0", SOON)), 5.0),
        (limits(requests=("5", SOON), input_tokens=("0", LATER)), 60.0),
        (limits(tokens=("5", SOON), input_tokens=("0", LATER)), 60.0),
        (limits(tokens=("0", LATER), output_tokens=("9", SOON)), 60.0),
        (limits(requests=("0", "soon")), None),
        (limits(requests=("0", "2026-11-26T10:00:05")), None),
        ({**limits(requests=("0", SOON)), "retry-after": "2"}, 2.0),
    ],
)
def test_a_rate_limit_that_says_no_time_is_over_when_its_window_begins_again(headers, expected):
    assert expected == failed(429, "rate_limit_error", headers=headers).retry_after


def test_the_credential_is_a_header_and_nothing_else():
    adapter = speaker()

    headers = dict(adapter.headers(Secret("sk-ant-1")))

    assert ("sk-ant-1", "2023-06-01") == (headers["x-api-key"], headers["anthropic-version"])
    assert "authorization" not in headers
    assert None is adapter.signature(Secret("sk-ant-1"))


def test_the_operators_own_headers_win_and_betas_add_up():
    provider = Provider(
        name="p",
        dialect="anthropic",
        options={"beta": "a"},
        headers={"Anthropic-Beta": "b", "Anthropic-Version": "2026-10-21", "X-Team": "t"},
    )

    headers = dict(type(speaker())(provider).headers(None))

    assert ("a,b", "2026-10-21", "t") == (headers["anthropic-beta"], headers["anthropic-version"], headers["x-team"])
