"""A refusal repeats what the caller wrote, and a rate limit advertises: neither costs an API key its work."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.whole.lists import OPERATOR
from tests.whole.provider import Provider, fails, ok

CONFIG = """
admin: {{key: secret-of-operator}}
providers:
  lab: {{dialect: openai, api_key: [sk-one, sk-two], base_url: "{url}"}}
defaults: {{retry: {{attempts: 1, backoff: 10ms}}}}
routes: {{m: lab/a}}
"""
REPEATED = [
    (400, "Invalid value for 'tool_choice': function 'get_billing' not found in 'tools' parameter."),
    (400, "Invalid value: 'insufficient_quota'. Supported values are: 'none' and 'auto'."),
    (400, "Unrecognized request argument supplied: billing_address"),
    (400, "Unrecognized request argument supplied: your credit balance is too low"),
    (400, "Invalid schema for function 'get_billing'"),
    (400, "Tool 'throttle_engine' has an invalid schema"),
    (400, "Invalid value: 'the model x' not found"),
    (400, "'moderation' is not a supported role"),
    (422, "billing: Extra inputs are not permitted"),
]
BROKEN = [
    (503, "Authentication service temporarily unavailable"),
    (500, "Internal error: permission denied while opening cache file"),
    (502, "upstream error: forbidden"),
    (500, "billing service timed out"),
    (502, "Bad gateway: model foo worker not found"),
]


async def resting(gateway):
    return (await gateway.get("/health", **OPERATOR)).body["resting"]


@pytest.mark.parametrize(("status", "message"), REPEATED)
async def test_what_a_refusal_repeats_rests_nothing(start, status, message):
    refused = fails(status, message, type="invalid_request_error")
    async with Provider(refused, refused, ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answers = [await gateway.chat() for _ in range(3)]
        rests, health = await resting(gateway), (await gateway.get("/health", **OPERATOR)).body

    assert [400, 400, 200] == [answer.status for answer in answers]
    assert message.split()[0] in answers[0].body["error"]["message"]
    assert not rests
    assert "closed" == health["targets"]["lab/a"]["breaker"]


@pytest.mark.parametrize(("status", "message"), BROKEN)
async def test_what_a_broken_machine_says_rests_no_key(start, status, message):
    broken = fails(status, message)
    async with Provider(broken, ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        answers = [await gateway.chat() for _ in range(2)]
        rests = await resting(gateway)

    assert [503 if status == 503 else 502, 200] == [answer.status for answer in answers]
    assert answers[0].body["error"]["code"] in {"server_is_overloaded", "upstream_error"}
    assert not rests


async def test_a_rate_limit_that_advertises_is_waited_for(start):
    message = "Rate limit reached. Please try again in 20s. Need more? Visit https://console.groq.com/settings/billing"
    limited = fails(429, message, type="tokens", code="rate_limit_exceeded")
    async with Provider(limited, ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat()
        rests = await resting(gateway)

    assert {"lab#1": {"lab/a": "rate_limited"}} == faults(rests)
    assert 19 <= rests["lab#1"]["lab/a"]["seconds"] <= 20


async def test_a_date_to_wait_for_needs_no_date_beside_it(start):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    limited = fails(429, "Rate limit reached", {"retry-after": until})
    async with Provider(limited, ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        await gateway.chat()
        rests = await resting(gateway)

    assert {"lab#1": {"lab/a": "rate_limited"}} == faults(rests)
    assert 20 <= rests["lab#1"]["lab/a"]["seconds"] <= 41


def faults(rests):
    return {name: {target: rest["fault"] for target, rest in each.items()} for name, each in rests.items()}
