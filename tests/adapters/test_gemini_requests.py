"""How a call's fields become Gemini's."""

import orjson
import pytest
from gemini_calls import USER, ask_of, calls, config, encoded, gemini, result, sent, tool

from adapters import ADAPTERS
from core.ask import Abilities
from core.errors import Refusal
from core.faults import UpstreamError
from core.secret import Secret
from core.target import Provider

JSON = {"type": "json_object"}


def refusal(model="gemini-3.8-flash", **body):
    with pytest.raises(Refusal) as refused:
        encoded(model, **body)
    return refused.value.status, refused.value.param


@pytest.mark.covers("google", "text", "stream")
@pytest.mark.parametrize(
    ("model", "stream", "path"),
    [
        ("gemini-3.8-flash", False, "/v1beta/models/gemini-3.8-flash:generateContent"),
        ("gemini-3.8-flash", True, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"),
        ("models/x", False, "/v1beta/models/x:generateContent"),
        ("tunedModels/x", False, "/v1beta/tunedModels/x:generateContent"),
        ("a/../b?c:d", False, "/v1beta/models/a%2F..%2Fb%3Fc%3Ad:generateContent"),
    ],
)
def test_the_model_and_the_method_are_in_the_path(model, stream, path):
    assert path == encoded(model, stream=stream).path


def test_the_version_of_the_api_is_the_operators():
    assert "/v1/models/m:generateContent" == gemini(version="v1").encode(ask_of("m")).path
    assert "/v1/models?pageSize=1000" == gemini(version="v1").listing.path


def test_the_key_is_a_header_and_never_in_the_address():
    made = ADAPTERS["gemini"].make(Provider(name="g", dialect="gemini", headers={"X-Team": "a"}))

    headers = dict(made.headers(Secret("AIza-1")))

    assert "AIza-1" == headers["x-goog-api-key"]
    assert ("application/json", "a") == (headers["content-type"], headers["x-team"])
    assert "x-goog-api-key" not in dict(made.headers(None))
    assert made.signature(Secret("x")) is None


def test_it_is_known_by_two_names():
    assert ADAPTERS["google"] is ADAPTERS["gemini"]
    assert "https://generativelanguage.googleapis.com" == ADAPTERS["google"].base_url


def test_the_operators_threshold_holds_for_all_categories():
    body = orjson.loads(gemini(safety="block_none").encode(ask_of()).body)

    assert 4 == len(body["safetySettings"])
    assert {"BLOCK_NONE"} == {one["threshold"] for one in body["safetySettings"]}
    assert "safetySettings" not in sent()


@pytest.mark.covers("google", "stop")
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {}),
        ({"stop": "END"}, {"stopSequences": ["END"]}),
        ({"stop": ["a", "", "b"]}, {"stopSequences": ["a", "b"]}),
        ({"stop": ""}, {}),
        ({"seed": 7}, {"seed": 7}),
        ({"n": 1}, {}),
        ({"n": 3}, {"candidateCount": 3}),
        ({"max_tokens": 10}, {"maxOutputTokens": 10}),
        ({"max_tokens": 10, "max_completion_tokens": 20}, {"maxOutputTokens": 20}),
        ({"logprobs": True}, {"responseLogprobs": True}),
        ({"logprobs": True, "top_logprobs": 3}, {"responseLogprobs": True, "logprobs": 3}),
        ({"temperature": None, "top_p": 0.5, "top_k": 5}, {"topP": 0.5, "topK": 5}),
        ({"temperature": 0.2, "presence_penalty": 1, "frequency_penalty": -1}, None),
    ],
)
def test_parameters_have_other_names(body, expected):
    expected = {"temperature": 0.2, "presencePenalty": 1, "frequencyPenalty": -1} if expected is None else expected

    assert expected == config("gemini-2.5-flash", **body)


@pytest.mark.parametrize(
    ("model", "body", "dropped"),
    [
        ("gemini-3.8-flash", {"temperature": 0.2, "top_p": 1, "top_k": 4}, ("temperature", "top_k", "top_p")),
        ("gemini-4-argon", {"presence_penalty": 1, "frequency_penalty": 0}, ("frequency_penalty", "presence_penalty")),
        ("gemini-flash-latest", {"presence_penalty": 1}, ("presence_penalty",)),
        ("gemini-2.5-flash", {"temperature": 3}, ("temperature=2",)),
        ("gemini-2.5-flash", {"seed": 2**31 + 5}, ("seed=5",)),
        ("gemini-2.5-flash", {"logprobs": True, "top_logprobs": 50}, ("top_logprobs=20",)),
        ("gemini-2.5-flash", {"top_logprobs": 5}, ("top_logprobs",)),
        ("m", {"user": "u", "store": True, "logit_bias": {}, "verbosity": "low"}, None),
        ("m", {"store": False, "prediction": {}, "prompt_cache_key": "k", "service_tier": "auto"}, ()),
        ("m", {"service_tier": "scale"}, ("service_tier",)),
        ("m", {"tools": [tool()], "parallel_tool_calls": False}, ("parallel_tool_calls",)),
        ("m", {"tools": [tool()], "parallel_tool_calls": True}, ()),
        ("m", {"whatever": 1}, ("whatever",)),
    ],
)
def test_what_does_not_go_out_is_named(model, body, dropped):
    dropped = ("logit_bias", "store", "user", "verbosity") if dropped is None else dropped

    assert dropped == encoded(model, **body).dropped


def test_nothing_is_dropped_where_nothing_may_be():
    with pytest.raises(Refusal) as refused:
        encoded(temperature=1, facts={"strict": True})

    assert ("temperature", "unsupported_value") == (refused.value.param, refused.value.code)


def test_no_more_is_asked_for_than_the_model_can_write():
    made = gemini().encode(ask_of("m", max_tokens=100, facts={"model": Abilities(max_output=50)}))

    assert 50 == orjson.loads(made.body)["generationConfig"]["maxOutputTokens"]
    assert ("max_tokens=50",) == made.dropped


def test_more_choices_than_the_model_gives_are_refused():
    assert (400, "n") == refusal(n=9)


@pytest.mark.parametrize(
    ("tier", "sent_as"), [("default", "standard"), ("flex", "flex"), ("priority", "priority"), ("auto", None)]
)
def test_service_tiers_have_other_names(tier, sent_as):
    assert sent_as == sent(service_tier=tier).get("serviceTier")


@pytest.mark.covers("google", "reasoning")
@pytest.mark.parametrize(
    ("model", "effort", "expected", "dropped"),
    [
        ("gemini-3.8-flash", "high", {"thinkingLevel": "high", "includeThoughts": True}, ()),
        ("gemini-3.8-flash", "none", {"thinkingLevel": "low"}, ("reasoning_effort=low",)),
        ("gemini-3.8-flash", "minimal", {"thinkingLevel": "low", "includeThoughts": True}, ("reasoning_effort=low",)),
        ("gemini-3.8-flash", "xhigh", {"thinkingLevel": "high", "includeThoughts": True}, ("reasoning_effort=high",)),
        ("gemini-3.5-flash", "minimal", {"thinkingLevel": "minimal", "includeThoughts": True}, ()),
        ("gemini-3.5-flash", "none", {"thinkingLevel": "minimal"}, ("reasoning_effort=minimal",)),
        ("gemini-3.1-pro-preview", "none", {"thinkingLevel": "low"}, ("reasoning_effort=low",)),
        ("gemini-9-new", "medium", {"thinkingLevel": "medium", "includeThoughts": True}, ()),
        ("unheard-of", "low", {"thinkingLevel": "low", "includeThoughts": True}, ()),
        ("gemini-2.5-flash", "high", {"thinkingBudget": 24576, "includeThoughts": True}, ()),
        ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}, ()),
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}, ()),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}, ("reasoning_effort=minimal",)),
        ("gemini-2.5-pro", "medium", {"thinkingBudget": 8192, "includeThoughts": True}, ()),
        ("gemini-2.5-pro", "max", {"thinkingBudget": 32768, "includeThoughts": True}, ()),
        ("gemini-2.5-flash-lite-preview", "medium", {"thinkingBudget": 8192, "includeThoughts": True}, ()),
        ("gemini-2.0-flash", "high", None, ("reasoning_effort",)),
        ("gemini-pro", "high", None, ("reasoning_effort",)),
    ],
)
def test_core_45_the_effort_is_a_level_or_a_budget(model, effort, expected, dropped):
    made = encoded(model, reasoning_effort=effort)

    assert expected == orjson.loads(made.body).get("generationConfig", {}).get("thinkingConfig")
    assert dropped == made.dropped


def test_a_model_that_does_not_think_is_not_told_to():
    silent = {"model": Abilities(capabilities=frozenset({"tools"}))}

    assert ("reasoning_effort",) == encoded("m", reasoning_effort="high", facts=silent).dropped


def test_an_effort_that_is_none_is_refused():
    assert (400, "reasoning_effort") == refusal(reasoning_effort="huge")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"modalities": ["text"]}, {}),
        ({"modalities": ["text", "image"]}, {"responseModalities": ["TEXT", "IMAGE"]}),
        ({"modalities": ["audio"]}, {"responseModalities": ["AUDIO"]}),
        (
            {"modalities": ["text", "audio"], "audio": {"voice": "Kore", "format": "wav"}},
            {
                "responseModalities": ["AUDIO"],
                "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
            },
        ),
        ({"modalities": ["audio"], "audio": {"voice": "alloy", "format": "pcm16"}}, {"responseModalities": ["AUDIO"]}),
    ],
)
def test_it_draws_and_speaks_where_that_is_wanted(body, expected):
    assert expected == config("m", **body)


@pytest.mark.parametrize(
    ("body", "dropped"),
    [
        ({"modalities": ["text", "audio"]}, ("modalities=audio",)),
        ({"modalities": ["audio"], "audio": {"voice": "Alloy"}}, ("audio.voice",)),
    ],
)
def test_sounds_differ_from_what_was_asked_for_and_say_so(body, dropped):
    assert dropped == encoded("m", **body).dropped


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"modalities": ["smell"]}, "modalities"),
        ({"modalities": ["audio"], "audio": {"format": "mp3"}}, "audio.format"),
        ({"modalities": ["audio"], "audio": {"format": "wav"}, "stream": True}, "audio.format"),
    ],
)
def test_what_it_cannot_make_is_refused(body, param):
    assert (400, param) == refusal("m", **body)


def test_a_call_that_is_nested_too_deeply_is_refused():
    deep = value = {}
    for _ in range(300):
        value["a"] = value = {}
    arguments = orjson.dumps({"a": 1}).decode()
    made = {"id": "c", "type": "function", "function": {"name": "f", "arguments": deep}}

    with pytest.raises(Refusal, match="nested") as refused:
        encoded(messages=[USER, calls(made), result("c", arguments)])

    assert 400 == refused.value.status


def test_the_list_of_models_holds_those_that_talk_or_embed():
    listed = {
        "models": [
            {"name": "models/gemini-3.8-flash", "supportedGenerationMethods": ["generateContent", "countTokens"]},
            {"name": "models/gemini-embedding-2", "supportedGenerationMethods": ["embedContent"]},
            {"name": "models/veo", "supportedGenerationMethods": ["predictLongRunning"]},
            {"name": "models/none"},
            "x",
        ]
    }

    found = gemini().listing.read(orjson.dumps(listed))

    assert ["gemini-3.8-flash", "gemini-embedding-2"] == [one["id"] for one in found]
    assert {"object": "model", "created": 0, "owned_by": "google"}.items() <= found[0].items()


@pytest.mark.parametrize("body", [b"{}", b'{"models": {}}', b"x"])
def test_a_list_of_models_that_is_none_is_a_failure(body):
    with pytest.raises(UpstreamError):
        gemini().listing.read(body)
