"""What Gemini's errors mean."""

import orjson
import pytest
from gemini_calls import gemini
from worded import adapter_of

from core.faults import Fault

RPC = "type.googleapis.com/google.rpc."
RETRY = {"@type": RPC + "RetryInfo", "retryDelay": "45.837906927s"}
MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
QUOTA = "You exceeded your current quota, please check your plan and billing details."


def error(code, status, message="m", *details):
    return {"error": {"code": code, "message": message, "status": status, "details": list(details)}}


def info(reason):
    return {"@type": RPC + "ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": {"service": "g"}}


def quota(*ids):
    violations = [{"quotaMetric": "requests", "quotaId": id} for id in ids]
    return {"@type": RPC + "QuotaFailure", "violations": violations}


def by_openais_endpoint(body, dialect):
    """The same error as it comes from Google's OpenAI-compatible endpoint, which puts it in a list."""
    return adapter_of(dialect).failure(body["error"]["code"], {}, orjson.dumps([body]))


def failure(body, status=None, headers=None):
    status = status or body["error"]["code"]
    return gemini().failure(status, headers or {}, body if isinstance(body, bytes) else orjson.dumps(body))


@pytest.mark.covers("google", "errors")
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            error(400, "INVALID_ARGUMENT", "API key not valid. Please pass one.", info("API_KEY_INVALID")),
            "bad_credential",
        ),
        (error(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."), "bad_credential"),
        (error(400, "INVALID_ARGUMENT", 'Invalid JSON payload received. Unknown name "x"'), "bad_request"),
        (
            error(
                400,
                "INVALID_ARGUMENT",
                "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
            ),
            "context_length",
        ),
        (
            error(400, "INVALID_ARGUMENT", "Function call is missing a thought_signature in functionCall parts."),
            "unsupported",
        ),
        (error(400, "INVALID_ARGUMENT", "Corrupted thought signature."), "unsupported"),
        (error(400, "INVALID_ARGUMENT", "Multiple candidates is not enabled for this model"), "unsupported"),
        (error(400, "INVALID_ARGUMENT", "Penalty is not enabled for models/gemini-3.5-flash"), "unsupported"),
        (error(400, "INVALID_ARGUMENT", "Unsupported MIME type: image/gif"), "unsupported"),
        (error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), "bad_credential"),
        (error(400, "FAILED_PRECONDITION", "Please enable billing on your project."), "out_of_credit"),
        (error(400, "FAILED_PRECONDITION", "The File x is not in an ACTIVE state."), "bad_request"),
        (error(401, "UNAUTHENTICATED"), "bad_credential"),
        (error(403, "PERMISSION_DENIED"), "bad_credential"),
        (error(403, "PERMISSION_DENIED", "no", info("SERVICE_DISABLED")), "bad_credential"),
        (error(403, "PERMISSION_DENIED", "no", info("BILLING_DISABLED")), "out_of_credit"),
        (error(404, "NOT_FOUND", "models/x is not found for API version v1beta"), "model_not_found"),
        (error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), "rate_limited"),
        (error(429, "RESOURCE_EXHAUSTED", QUOTA, quota(MINUTE), RETRY), "rate_limited"),
        (error(429, "RESOURCE_EXHAUSTED", QUOTA, quota(MINUTE, DAY), RETRY), "out_of_credit"),
        (error(429, "RESOURCE_EXHAUSTED", f"{QUOTA} limit: 0, model: x", quota(MINUTE)), "out_of_credit"),
        (error(429, "RESOURCE_EXHAUSTED", f"{QUOTA} limit: 05, model: x", quota(MINUTE)), "rate_limited"),
        (error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "out_of_credit"),
        (error(500, "INTERNAL", "An internal error has occurred."), "broken"),
        (error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), "overloaded"),
        (error(504, "DEADLINE_EXCEEDED"), "timeout"),
    ],
)
def test_errors_are_told_apart(body, fault):
    assert fault == failure(body).fault.code


@pytest.mark.parametrize("listed", [False, True])
def test_core_56_the_waiting_time_is_the_providers(listed):
    body = error(429, "RESOURCE_EXHAUSTED", "m", info("RATE_LIMIT_EXCEEDED"), quota(MINUTE), RETRY)

    found = failure(orjson.dumps([body] if listed else body), 429)

    assert (Fault.RATE_LIMITED, "m", "RESOURCE_EXHAUSTED", 429) == (
        found.fault,
        found.message,
        found.code,
        found.status,
    )
    assert 45.837906927 == found.retry_after


def test_core_56_what_the_day_allows_is_used_up():
    assert Fault.OUT_OF_CREDIT is failure(error(429, "RESOURCE_EXHAUSTED", "m", quota(DAY), RETRY)).fault


def test_the_waiting_time_may_stand_in_the_words_only():
    assert 20.04466179 == failure(error(429, "RESOURCE_EXHAUSTED", "Please retry in 20.04466179s.")).retry_after


@pytest.mark.parametrize("delay", ["soon", 5, None])
def test_a_waiting_time_that_is_none_is_none(delay):
    assert failure(error(429, "RESOURCE_EXHAUSTED", "m", {"retryDelay": delay}, "x")).retry_after is None


def test_details_that_are_no_list_are_none():
    body = {"error": {"code": 400, "message": "m", "status": "", "details": {"violations": 5}}}

    assert (Fault.BAD_REQUEST, "400") == (failure(body).fault, failure(body).code)


def test_a_page_of_an_edge_is_judged_by_its_status():
    assert Fault.BROKEN is failure(b"<html>502</html>", 502).fault


def test_keys_are_not_shown():
    shown = failure(error(400, "INVALID_ARGUMENT", "key AIzaSyA1234567890abcdefg is wrong")).message

    assert "AIza" not in shown


@pytest.mark.parametrize("dialect", ["openai", "openrouter", "portkey"])
@pytest.mark.parametrize(
    ("details", "fault", "wait"),
    [
        ([], Fault.RATE_LIMITED, None),
        ([quota(MINUTE), RETRY], Fault.RATE_LIMITED, 45.837906927),
        ([quota(DAY), RETRY], Fault.OUT_OF_CREDIT, 45.837906927),
    ],
)
def test_a_rate_limit_is_one_by_whichever_of_googles_apis(dialect, details, fault, wait):
    found = by_openais_endpoint(error(429, "RESOURCE_EXHAUSTED", QUOTA, *details), dialect)

    assert (fault, wait) == (found.fault, found.retry_after)
