"""The words: secrets stay hidden, counts are counts, refusals look like OpenAI's."""

import copy
import pickle

import pytest

from core.errors import Refusal, invalid, type_of
from core.faults import BY_CODE, Blame, Failure, Fault, UpstreamError
from core.secret import Secret
from core.target import Provider, Target
from core.usage import Usage, count, int_or_none, shown


def test_a_secret_is_never_seen():
    secret = Secret("sk-very-secret")

    seen = f"{secret} {secret!r} {[secret]} {Provider(name='p', dialect='openai', keys=(secret,))!r}"

    assert "very" not in seen
    assert secret.reveal() == "sk-very-secret"


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_secret_is_not_written_anywhere(write):
    with pytest.raises(TypeError):
        write(Secret("sk-very-secret"))


def test_secrets_compare_by_what_they_hide():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret("a")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (7, 7),
        (0, 0),
        (7.0, 7),
        (-1, None),
        (7.5, None),
        (-7.0, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**9, 10**9),
        (2**32 - 1, None),
        (1e13, None),
        (True, None),
        ("7", None),
        (None, None),
        ([7], None),
    ],
)
def test_a_count_is_a_finite_number_that_is_not_negative(sent, expected):
    assert expected == count(sent)


def test_infinity_has_no_whole_part():
    assert int_or_none(float("inf")) is None
    assert int_or_none(3.7) == 3


def test_usage_adds_up_its_buckets():
    usage = Usage(input=7, cache_read=900, cache_write=100, output=50, reasoning=20)

    seen = shown(usage)

    assert seen["prompt_tokens"] == 1007
    assert seen["completion_tokens"] == 50
    assert seen["total_tokens"] == 1057
    assert seen["prompt_tokens_details"] == {"cached_tokens": 900, "cache_write_tokens": 100, "audio_tokens": 0}
    assert seen["completion_tokens_details"] == {"reasoning_tokens": 20, "audio_tokens": 0}


def test_every_fault_is_found_by_its_code():
    assert {fault.code: fault for fault in Fault} == BY_CODE
    assert len({fault.rank for fault in Fault}) == len(Fault)


def test_only_the_callers_faults_have_a_clients_status():
    for fault in Fault:
        if fault not in {Fault.RATE_LIMITED, Fault.LIMITED, Fault.CANCELLED}:
            assert (fault.status < 500) == (fault.blame is Blame.CALLER)


def test_an_upstream_error_carries_its_failure():
    failure = Failure(Fault.BROKEN, "half an answer")

    assert UpstreamError(failure).failure is failure
    assert str(UpstreamError(failure)) == "half an answer"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "service_unavailable_error"),
    ],
)
def test_every_status_has_a_type_that_is_not_empty(status, expected):
    assert expected == type_of(status)


def test_a_refusal_has_the_shape_that_clients_know():
    refusal = Refusal(429, "slow down", code="rate_limit_exceeded", extra={"attempts": []})

    assert refusal.body() == {
        "error": {
            "message": "slow down",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
            "attempts": [],
        }
    }
    assert invalid("no", param="n").body()["error"]["param"] == "n"


@pytest.mark.parametrize(
    ("provider", "configured"),
    [
        (Provider(name="p", dialect="openai"), False),
        (Provider(name="p", dialect="openai", keys=(Secret("k"),)), True),
        (Provider(name="p", dialect="demo", needs_key=False), True),
    ],
)
def test_a_provider_without_the_key_that_it_needs_is_not_configured(provider, configured):
    assert configured == provider.configured


def test_a_target_is_named_by_provider_and_model():
    assert Target("openrouter", "openai/gpt-4o").id == "openrouter/openai/gpt-4o"
    assert Target("a", "b") == Target("a", "b")
