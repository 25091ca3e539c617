"""How far a rate limit reaches."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.failure import failure
from adapters.signals import Signal
from core.faults import Fault, Reach

RESOURCE = {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m"}
IN_FLIGHT = {"message": "m", "code": 402, "metadata": {"limit_source": "openrouter_in_flight_budget"}}


def quotas(*ids: str) -> dict[str, object]:
    violations = [{"quotaId": id} for id in ids]
    return {"error": {**RESOURCE, "details": [{"@type": "google.rpc.QuotaFailure", "violations": violations}]}}


def openai(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, "type": "tokens", "code": "rate_limit_exceeded", **more}}


@pytest.mark.parametrize(
    ("body", "reach"),
    [
        (
            openai(
                "Rate limit reached for gpt-4o in organization org-x on requests per min (RPM): Limit 3. Please try"
                " again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more."
            ),
            Reach.MODEL,
        ),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed your"}},
            Reach.MODEL,
        ),
        (quotas("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"), Reach.MODEL),
        (quotas("GenerateContentInputTokensPerModelPerMinute-FreeTier"), Reach.MODEL),
        (quotas("GenerateRequestsPerMinutePerProject"), Reach.CREDENTIAL),
        (quotas("RequestsPerMinutePerProjectPerModel", "RequestsPerMinutePerProject"), Reach.CREDENTIAL),
        ({"message": "You are using a Trial key, which is limited to 20 API calls / minute"}, Reach.CREDENTIAL),
        ({"message": "trial token rate limit exceeded"}, Reach.CREDENTIAL),
        (openai("Too many requests for this API key"), Reach.CREDENTIAL),
        ({"base_resp": {"status_code": 1041, "status_msg": "conn limit"}}, Reach.CREDENTIAL),
        (openai("Too many requests from your IP, slow down"), Reach.PROVIDER),
        (openai("20 requests per IP and minute"), Reach.PROVIDER),
        (openai("It skips the line"), Reach.MODEL),
    ],
)
def test_a_rate_limit_reaches_as_far_as_it_says(body, reach):
    found = failure(429, {}, orjson.dumps(body))

    assert (Fault.RATE_LIMITED, reach) == (found.fault, found.reach)


def test_a_page_of_an_edge_concerns_everybody_who_comes_from_here():
    found = failure(429, {"retry-after": "30"}, b"<html><h1>Too many requests</h1></html>")

    assert (Fault.RATE_LIMITED, Reach.PROVIDER, 30.0) == (found.fault, found.reach, found.retry_after)


def test_a_budget_for_all_calls_under_way_is_the_keys():
    own = (Signal(Fault.RATE_LIMITED, codes=("openrouter_in_flight_budget",)),)

    found = failure(402, {"retry-after": "3"}, orjson.dumps({"error": IN_FLIGHT}), signals=own)

    assert (Fault.RATE_LIMITED, Reach.CREDENTIAL) == (found.fault, found.reach)


@given(status=st.integers(400, 599), body=st.binary(max_size=60))
def test_nothing_but_a_rate_limit_reaches_further(status, body):
    found = failure(status, {}, body)

    assert found.fault is Fault.RATE_LIMITED or found.reach is Reach.MODEL
