"""The fields of a call beside its messages, tools and thoughts, as Bedrock takes them or doesn't."""

import orjson
import pytest
from bedrock_calls import NOVA, RESULT, encode, refused, sent, user


def test_metadata_goes_into_the_logs_if_aws_takes_it():
    metadata = {"team": "a b", "bad key é": "x", "k": "v" * 257, "n": "1"}

    assert {"team": "a b", "n": "1"} == sent(metadata=metadata)["requestMetadata"]
    assert ("metadata.bad key é", "metadata.k") == encode(metadata=metadata).dropped
    assert 16 == len(sent(metadata={f"k{number}": "v" for number in range(20)})["requestMetadata"])


@pytest.mark.parametrize(
    ("tier", "expected"),
    [
        ("default", {"type": "default"}),
        ("flex", {"type": "flex"}),
        ("priority", {"type": "priority"}),
        ("fast", {"type": "priority"}),
        ("scale", {"type": "reserved"}),
    ],
)
def test_service_tiers_have_bedrocks_names(tier, expected):
    assert expected == sent(service_tier=tier)["serviceTier"]


@pytest.mark.parametrize(
    ("field", "value", "dropped"),
    [
        ("service_tier", "auto", ()),
        ("service_tier", "gold", ("service_tier",)),
        ("store", False, ()),
        ("store", True, ("store",)),
        ("logprobs", False, ()),
        ("logprobs", True, ("logprobs",)),
        ("modalities", ["text"], ()),
        ("user", "me", ("user",)),
        ("seed", 1, ("seed",)),
        ("frequency_penalty", 1, ("frequency_penalty",)),
        ("logit_bias", {"1": 1}, ("logit_bias",)),
        ("verbosity", "low", ("verbosity",)),
        ("whatever", 1, ("whatever",)),
        ("parallel_tool_calls", False, ()),
        ("stream_options", {"include_usage": True}, ()),
        ("n", 1, ()),
        ("temperature", None, ()),
    ],
)
def test_what_has_no_place_is_dropped_by_its_name(field, value, dropped):
    request = encode(NOVA, **{field: value})

    assert dropped == request.dropped
    assert {"messages": [{"role": "user", "content": [{"text": "hi"}]}]} == orjson.loads(request.body)


@pytest.mark.parametrize("name", ["user", "safety_identifier", "prompt_cache_key"])
def test_core_20_who_the_user_is_stays_here(name):
    request = encode(**{name: "a@b.c"})

    assert ((name,), False) == (request.dropped, b"a@b.c" in request.body)


def test_more_than_one_answer_is_refused():
    assert (400, "n") == (refused(n=2).status, refused(n=2).param)


def test_a_strict_target_refuses_what_another_drops():
    assert (400, "seed") == (refused(seed=1, strict=True).status, refused(seed=1, strict=True).param)


def test_what_converse_can_do_beyond_openai_can_be_asked_for_by_its_names():
    body = sent(
        NOVA,
        performanceConfig={"latency": "optimized"},
        guardrailConfig={"guardrailIdentifier": "abc", "guardrailVersion": "1"},
        additionalModelRequestFields={"inferenceConfig": {"topK": 3}},
    )

    assert ({"latency": "optimized"}, {"inferenceConfig": {"topK": 3}}, "abc") == (
        body["performanceConfig"],
        body["additionalModelRequestFields"],
        body["guardrailConfig"]["guardrailIdentifier"],
    )


@pytest.mark.parametrize("name", ["performanceConfig", "guardrailConfig", "additionalModelRequestFields"])
def test_but_not_in_another_shape(name):
    assert (name,) == encode(**{name: "x"}).dropped
    assert name == refused(**{name: "x"}, strict=True).param


def test_the_operators_guardrail_stands_whatever_the_client_says():
    options = {"guardrail": "abc123", "guardrail_version": "2"}
    theirs = {"guardrailIdentifier": "none", "guardrailVersion": "DRAFT"}

    told = sent(options=options, guardrailConfig=theirs, stream=True)

    assert {"guardrailIdentifier": "abc123", "guardrailVersion": "2"} == told["guardrailConfig"]
    assert ("guardrailConfig",) == encode(options=options, guardrailConfig=theirs).dropped
    assert "DRAFT" == sent(options={"guardrail": "abc123"})["guardrailConfig"]["guardrailVersion"]


def test_what_is_nested_too_deeply_to_be_written_is_refused():
    deep = {}
    for _ in range(300):
        deep = {"a": deep}
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": deep}}

    assert 400 == refused(messages=[user("a"), {"role": "assistant", "tool_calls": [call]}, RESULT]).status
