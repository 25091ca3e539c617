"""The fields of a call and its headers, as Anthropic gets them."""

import pytest
from claude import CUSTOM, OLD, OPUS, SONNET, refused, sent, speaker

from core.errors import Refusal


def test_core_13_temperature_is_clamped_where_it_is_known():
    request, body = sent({"temperature": 1.7}, SONNET)

    assert (1, ("temperature=1",)) == (body["temperature"], request.dropped)
    assert "2023-06-01" == dict(speaker().headers(None))["anthropic-version"]


@pytest.mark.parametrize(
    ("options", "model", "temperature", "dropped"),
    [
        ({}, OPUS, 0.2, ("temperature",)),
        ({}, OPUS, 1, ()),
        ({"version": "2026-10-21"}, SONNET, 0.2, ("temperature",)),
        ({"version": "2026-10-21"}, SONNET, 1, ()),
    ],
)
def test_core_13_temperature_is_dropped_where_it_is_refused(options, model, temperature, dropped):
    request, body = sent({"temperature": temperature}, model, options=options)

    assert (False, dropped) == ("temperature" in body, request.dropped)


def test_core_13_temperature_is_refused_where_the_operator_is_strict():
    assert ("temperature", "unsupported_value") == refused({"temperature": 0.2}, strict=True)


@pytest.mark.parametrize(
    ("model", "given", "expected", "dropped"),
    [
        (SONNET, {"top_p": 0.5, "top_k": 4}, {"top_p": 0.5, "top_k": 4}, ()),
        (SONNET, {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5}, ("top_p",)),
        (SONNET, {"temperature": 0.5, "top_p": 1}, {"temperature": 0.5}, ()),
        ("claude-opus-4-20250514", {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}, ()),
        ("house-model", {"temperature": 0.5, "top_p": 0.5}, {"temperature": 0.5, "top_p": 0.5}, ()),
        (SONNET, {"temperature": 0.5, "top_k": 3, "reasoning_effort": "low"}, {}, ("temperature", "top_k")),
        (OPUS, {"top_p": 0.5, "top_k": 3}, {}, ("top_k", "top_p")),
    ],
)
def test_sampling_goes_by_the_generation(model, given, expected, dropped):
    request, body = sent(given, model)

    got = {name: body[name] for name in ("temperature", "top_p", "top_k") if name in body}
    assert (expected, dropped) == (got, request.dropped)


@pytest.mark.parametrize("value", ["x", True, 1.5])
def test_top_k_is_a_whole_number(value):
    assert ("top_k", "invalid_type") == refused({"top_k": value}, SONNET)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-haiku-4-5", 64_000),
        (OPUS, 128_000),
        ("claude-opus-6", 128_000),
        ("claude-3-5-sonnet-20241022", 8_192),
        ("claude-instant-1.2", 4_096),
        ("house-model", 32_000),
    ],
)
def test_core_14_max_tokens_is_the_models_where_the_client_says_none(model, expected):
    assert expected == sent(None, model, known="opus-6" not in model)[1]["max_tokens"]


def test_core_15_max_completion_tokens_wins():
    assert 20 == sent({"max_tokens": 10, "max_completion_tokens": 20})[1]["max_tokens"]
    assert 10 == sent({"max_tokens": 10})[1]["max_tokens"]


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_more_than_the_model_can_write_is_cut_and_said(name):
    request, body = sent({name: 200_000}, OLD)

    assert (64_000, (f"{name}=64000",)) == (body["max_tokens"], request.dropped)


@pytest.mark.parametrize(
    ("given", "kept"), [("a@b.c", False), ("+49 170 1234567", False), ("u" * 600, False), ("u-17", True)]
)
def test_core_20_a_user_is_an_opaque_id(given, kept):
    request, body = sent({"user": given, "metadata": {"k": "v"}})

    assert kept == (given == body["metadata"]["user_id"])
    assert ["user_id"] == list(body["metadata"])
    assert ("metadata",) == request.dropped
    assert "s" == sent({"user": given, "safety_identifier": "s"})[1]["metadata"]["user_id"]


def test_a_user_is_text_or_nobody():
    assert "metadata" not in sent({"user": ""})[1]
    assert "safety_identifier" == refused({"safety_identifier": 7})[0]


@pytest.mark.covers("anthropic", "stop")
@pytest.mark.parametrize(
    ("stop", "expected", "dropped"),
    [
        (["\n", "END"], ["END"], ("stop",)),
        ("\n", None, ("stop",)),
        ("END", ["END"], ()),
        ([], None, ()),
    ],
)
def test_core_21_stops_of_blanks_are_left_out_and_said(stop, expected, dropped):
    request, body = sent({"stop": stop})

    assert (expected, dropped) == (body.get("stop_sequences"), request.dropped)


@pytest.mark.parametrize(
    ("tier", "model", "expected", "dropped"),
    [
        ("auto", OPUS, {"service_tier": "auto"}, ()),
        ("default", OPUS, {"service_tier": "standard_only"}, ()),
        ("priority", OPUS, {"service_tier": "auto"}, ()),
        ("flex", OPUS, {}, ("service_tier",)),
        ("fast", OPUS, {"speed": "fast"}, ()),
        ("fast", SONNET, {}, ("service_tier",)),
    ],
)
def test_service_tiers(tier, model, expected, dropped):
    request, body = sent({"service_tier": tier}, model)

    assert (expected, dropped) == (
        {name: body[name] for name in ("service_tier", "speed") if name in body},
        request.dropped,
    )


def test_what_says_nothing_is_let_go_in_silence():
    nothing = {"n": 1, "store": False, "logprobs": False, "frequency_penalty": 0, "prompt_cache_key": "k", "seed": None}

    request, body = sent({**nothing, "modalities": ["text"], "response_format": {"type": "text"}}, strict=True)

    assert ((), {"model", "max_tokens", "messages"}) == (request.dropped, set(body))


def test_what_anthropic_has_nothing_for_is_dropped_and_named():
    request, _ = sent({"seed": 1, "logprobs": True, "verbosity": "low", "store": True, "new_field": 1})

    assert ("logprobs", "new_field", "seed", "store", "verbosity") == request.dropped


@pytest.mark.parametrize(
    ("field", "param"),
    [({"n": 2}, "n"), ({"modalities": ["text", "audio"]}, "modalities"), ({"audio": {"voice": "ash"}}, "modalities")],
)
def test_what_no_answer_could_stand_for_is_refused(field, param):
    assert (param, "unsupported_value") == refused(field)


def test_a_call_that_is_nested_too_deeply_is_the_callers_mistake():
    deep = {}
    for _ in range(300):
        deep = {"a": deep}

    with pytest.raises(Refusal, match="nested"):
        sent({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"x": deep}}}]})


# Headers


def test_the_operator_chooses_version_and_betas():
    adapter = speaker(version="2026-10-21", beta="a, b,a")

    headers = dict(adapter.headers(None))

    assert ("2026-10-21", "a,b") == (headers["anthropic-version"], headers["anthropic-beta"])
    assert "x-api-key" not in headers


def test_a_feature_that_needs_a_beta_comes_beside_the_operators():
    request, _ = sent({"service_tier": "fast"}, options={"beta": "a"})

    assert (("anthropic-beta", "a,fast-mode-2026-02-01"),) == request.headers
    assert () == sent({"service_tier": "fast"}, options={"beta": "fast-mode-2026-02-01"})[0].headers
    assert ("/v1/messages", ()) == (sent()[0].path, sent({"tools": [CUSTOM]})[0].headers)
