"""Where Bedrock is, and what opens it."""

import pytest
from asking import asked

from core.call import Call
from core.secret import Secret

ID, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("key", "access_key", "secret", "token"),
    [
        (f"{ID}:{SECRET}", ID, SECRET, None),
        (f"{ID}:{SECRET}:IQoJ+/=:x", ID, SECRET, "IQoJ+/=:x"),
    ],
)
def test_an_access_key_signs_and_is_never_a_header(adapter, key, access_key, secret, token):
    bedrock = adapter("bedrock", options={"region": "eu-west-1"})

    signature = bedrock.signature(Secret(key))

    assert ("bedrock", "eu-west-1", access_key, Secret(secret), token and Secret(token)) == signature
    assert "authorization" not in dict(bedrock.headers(Secret(key)))


@pytest.mark.parametrize("key", ["ABSKQmVkcm9j", "bedrock-api-key-YmVk", f"{ID}:", f"{ID}:a b", "akia:secret", "a:b:c"])
def test_anything_else_is_an_api_key(adapter, key):
    bedrock = adapter("bedrock")

    assert bedrock.signature(Secret(key)) is None
    assert f"Bearer {key}" == dict(bedrock.headers(Secret(key)))["authorization"]


@pytest.mark.parametrize("key", [None, Secret("")])
def test_without_a_credential_there_is_none(adapter, key):
    bedrock = adapter("bedrock", headers={"X-Team": "research"})

    assert bedrock.signature(key) is None
    assert {
        "content-type": "application/json",
        "accept": "application/json, application/vnd.amazon.eventstream",
        "user-agent": "switchyard",
        "x-team": "research",
    } == dict(bedrock.headers(key))


@pytest.mark.parametrize(
    ("facts", "region"),
    [
        (
            {"options": {"region": "ap-south-1"}, "base_url": "https://bedrock-runtime.us-west-2.amazonaws.com"},
            "ap-south-1",
        ),
        ({"base_url": "https://bedrock-runtime.us-west-2.amazonaws.com"}, "us-west-2"),
        ({"base_url": "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"}, "us-gov-west-1"),
        ({"base_url": "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"}, "cn-north-1"),
        ({"base_url": "http://127.0.0.1:4566"}, "us-east-1"),
        ({}, "us-east-1"),
    ],
)
def test_the_region_is_what_the_operator_says_or_the_address(adapter, facts, region):
    assert region == adapter("bedrock", **facts).signature(Secret(f"{ID}:{SECRET}")).region


def test_it_serves_chats_and_can_not_be_asked_for_its_models(adapter):
    bedrock = adapter("bedrock")

    assert (frozenset({"chat"}), None) == (bedrock.endpoints, bedrock.listing)


def test_nothing_is_fetched_for_a_call_of_words(adapter):
    call = Call("chat", "m", {"messages": [{"role": "user", "content": "https://x.test/a.png"}]})

    assert [] == adapter("bedrock").fetches(asked(call))
