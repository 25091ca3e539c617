"""Errors that come with a 200 and nothing around them: what their words mean, not only that there is no answer."""

import orjson
import pytest
from streams import DONE, FINISH, ROLE, decoder_of, passed, played, text
from worded import adapter_of, ask_of

from core.faults import Fault, UpstreamError

NESTED = {"message": {"detail": [{"msg": "too many requests"}]}}
FLAT = [
    ({"message": "slow down", "code": 429, "object": "error"}, Fault.RATE_LIMITED),
    ({"message": "slow down", "code": 429}, Fault.RATE_LIMITED),
    ({"message": "Rate limit exceeded"}, Fault.RATE_LIMITED),
    ({"message": "Unauthorized"}, Fault.BAD_CREDENTIAL),
    ({"detail": "Unauthorized"}, Fault.BAD_CREDENTIAL),
    ({"detail": "who knows"}, Fault.BROKEN),
    ({"error": "Unauthorized"}, Fault.BAD_CREDENTIAL),
    ({"errors": [{"code": 10000, "message": "Authentication error"}], "success": False}, Fault.BAD_CREDENTIAL),
    ({"errors": [{"code": 429, "message": "no"}]}, Fault.RATE_LIMITED),
    ({"errors": ["server busy"]}, Fault.OVERLOADED),
    ({"statusCode": 401, "message": "no"}, Fault.BAD_CREDENTIAL),
]


@pytest.mark.parametrize("dialect", ["openai", "mistral", "anthropic", "cohere", "ollama", "google"])
@pytest.mark.parametrize(("body", "fault"), FLAT)
def test_an_error_with_nothing_around_it_is_what_it_says(dialect, body, fault):
    adapter, ask = adapter_of(dialect), ask_of()

    with pytest.raises(UpstreamError) as caught:
        adapter.decode(orjson.dumps(body), ask, adapter.encode(ask))

    assert fault is caught.value.failure.fault
    assert "the answer" not in caught.value.failure.message


@pytest.mark.parametrize("dialect", ["openai", "mistral"])
@pytest.mark.parametrize(("body", "fault"), [*FLAT, (NESTED, Fault.RATE_LIMITED)])
def test_so_it_is_in_place_of_a_stream(dialect, body, fault):
    adapter, ask = adapter_of(dialect), ask_of(stream=True)

    with pytest.raises(UpstreamError) as caught:
        played(adapter.decoder(ask, adapter.encode(ask)), orjson.dumps(body))

    assert fault is caught.value.failure.fault


def test_words_beside_an_answer_break_no_stream():
    told = played(decoder_of(), b'data: {"message":"loading model"}\n\n', ROLE, text("so"), FINISH, DONE)

    assert b"so" in passed(told)
