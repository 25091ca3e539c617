"""Whole answers of OpenAI's relatives, told in OpenAI's words."""

import orjson
import pytest
from worded import TOOL, adapter_of, ask_of, calls, covering, sent, understood, whole

from core.faults import Fault, UpstreamError
from core.usage import Usage

USAGE = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
SOURCES = [{"url": "https://a.example", "title": "A"}, {"url": "https://b.example"}, 7]


def cited(url, title, start, end):
    place = {"url": url, "title": title, "start_index": start, "end_index": end}
    return {"type": "url_citation", "url_citation": place}


# dialect, what the provider answers, the message that the client reads
MESSAGES = [
    ("groq", {"content": "x", "reasoning": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    ("cerebras", {"content": "x", "reasoning": "r"}, {"time_info": {}}, {"content": "x", "reasoning_content": "r"}),
    ("together", {"content": "x", "reasoning": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    ("vllm", {"content": "x", "reasoning": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    ("lmstudio", {"content": "x", "reasoning": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    ("huggingface", {"content": "x", "reasoning": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    (
        "openrouter",
        {"content": "x", "reasoning": "r", "reasoning_details": [{"type": "reasoning.text"}]},
        {"provider": "P"},
        {"content": "x", "reasoning_details": [{"type": "reasoning.text"}], "reasoning_content": "r"},
    ),
    ("sglang", {"content": "x", "reasoning_content": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    ("fireworks", {"content": "x", "reasoning_content": "r"}, {}, {"content": "x", "reasoning_content": "r"}),
    (
        "tgi",
        {"content": None, "tool_calls": calls("0", arguments={"a": 1})},
        {},
        {"content": None, "tool_calls": calls("0", arguments='{"a":1}')},
    ),
    ("minimax", {"content": "<think>\nr</think>\n\nx"}, {}, {"content": "x", "reasoning_content": "\nr"}),
    (
        "minimax",
        {"content": "x", "reasoning_details": [{"type": "reasoning.text", "text": "r"}, {"text": 7}, 7]},
        {"base_resp": {"status_code": 0}},
        {
            "content": "x",
            "reasoning_details": [{"type": "reasoning.text", "text": "r"}, {"text": 7}, 7],
            "reasoning_content": "r",
        },
    ),
    (
        "minimax",
        {"content": "x", "reasoning_content": "r", "reasoning_details": [{"text": "r"}]},
        {},
        {"content": "x", "reasoning_content": "r", "reasoning_details": [{"text": "r"}]},
    ),
    ("minimax", {"content": "<think>never closed"}, {}, {"content": "", "reasoning_content": "never closed"}),
    ("minimax", {"content": None, "tool_calls": calls("a")}, {}, {"content": None, "tool_calls": calls("a")}),
    ("perplexity", {"content": "x"}, {}, {"content": "x"}),
    (
        "perplexity",
        {"content": "<think>r</think>so [1] and [1]"},
        {"search_results": SOURCES, "citations": ["https://a.example"]},
        {
            "content": "so [1] and [1]",
            "reasoning_content": "r",
            "annotations": [cited("https://a.example", "A", 3, 6), cited("https://b.example", "", 0, 0)],
        },
    ),
    (
        "perplexity",
        {"content": "so [2]"},
        {"citations": ["https://a.example", "https://b.example", 7]},
        {
            "content": "so [2]",
            "annotations": [
                cited("https://a.example", "https://a.example", 0, 0),
                cited("https://b.example", "https://b.example", 3, 6),
            ],
        },
    ),
    ("perplexity", {"content": None}, {"citations": ["https://a.example"]}, {"content": None}),
]


@pytest.mark.parametrize(("dialect", "message", "beside", "expected"), covering(MESSAGES, "text"))
def test_messages_are_told_in_openais_words(dialect, message, beside, expected):
    body, _ = understood(dialect, whole(message, **beside))

    assert {"role": "assistant", **expected} == body["choices"][0]["message"]
    assert {name: body[name] for name in beside} == beside


def test_an_answer_that_needs_no_change_is_passed_as_the_same_bytes():
    message = b'{"role": "assistant", "content": "x"}'
    raw = b'{"choices": [{"index": 0, "message": %b, "finish_reason": "stop"}]}' % message

    for dialect in ("mistral", "groq", "deepseek", "openrouter", "perplexity", "minimax", "tgi", "xai", "together"):
        adapter, ask = adapter_of(dialect), ask_of()
        assert adapter.decode(raw, ask, adapter.encode(ask)).body is raw


@pytest.mark.parametrize(
    ("dialect", "theirs", "ours"),
    [
        ("together", "eos", "stop"),
        ("tgi", "eos_token", "stop"),
        ("tgi", "stop_sequence", "stop"),
        ("tgi", "length", "length"),
    ],
)
def test_finish_reasons_are_openais(dialect, theirs, ours):
    body, completion = understood(dialect, whole({"content": "x"}, theirs))

    assert (ours, ours) == (completion.finish, body["choices"][0]["finish_reason"])


def test_more_trap_together_ends_with_eos_and_lists_its_models_bare(adapter):
    assert "stop" == understood("together", whole({"content": "x"}, "eos"))[1].finish
    assert [{"id": "a"}] == adapter("together").listing.read(b'[{"id":"a"}]')


LISTS = {"tokens": ["a", "b"], "token_logprobs": [-0.5, None]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            LISTS,
            {
                "content": [
                    {"token": "a", "logprob": -0.5, "bytes": None, "top_logprobs": []},
                    {"token": "b", "logprob": 0.0, "bytes": None, "top_logprobs": []},
                ],
                "refusal": None,
            },
        ),
        ({"tokens": ["a"], "token_logprobs": None}, {"content": [], "refusal": None}),
        ({"content": []}, {"content": []}),
        (None, None),
    ],
)
def test_the_probabilities_of_together_become_openais(given, expected):
    answer = whole({"content": "ab"})
    answer["choices"][0]["logprobs"] = given

    body, _ = understood("together", answer, ask_of(logprobs=True))

    assert expected == body["choices"][0]["logprobs"]
    assert given == understood("together", answer)[0]["choices"][0]["logprobs"]


@pytest.mark.covers("openrouter", "errors")
def test_more_22_an_error_in_a_200_is_what_it_says():
    answer = {"id": None, "choices": None, "error": {"code": 429, "message": "slow", "metadata": {"retry_after": 7}}}

    with pytest.raises(UpstreamError) as caught:
        understood("openrouter", answer)

    failure = caught.value.failure
    assert (Fault.RATE_LIMITED, 429, 7.0) == (failure.fault, failure.status, failure.retry_after)


def test_an_answer_that_failed_half_way_is_no_answer():
    answer = whole({"content": "half"}, "error")
    answer["choices"][0]["error"] = {"code": 502, "message": "gone"}

    with pytest.raises(UpstreamError) as caught:
        understood("openrouter", answer)

    assert (Fault.BROKEN, "gone") == (caught.value.failure.fault, caught.value.failure.message)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"cost": 0.0002, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.004}}, 4_200_000),
        ({"cost": 0.0002, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, 200_000),
        ({"cost": 0.0002, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.004}}, 200_000),
        ({"cost": 0}, 0),
        ({}, None),
    ],
)
def test_more_26_what_openrouter_charges_is_the_bill_and_with_a_key_of_ones_own_both_parts(usage, expected):
    _, completion = understood("openrouter", whole({"content": "x"}, usage={**USAGE, **usage}))

    assert expected == completion.usage.cost


def test_thoughts_of_openrouter_are_remembered_unchanged():
    details = [{"type": "reasoning.encrypted", "data": "AA", "id": "rs_1", "format": "f", "index": 0}]
    message = {"content": None, "reasoning_details": details, "tool_calls": calls("call_1")}

    _, completion = understood("openrouter", whole(message, "tool_calls"), ask_of(tools=[TOOL]))

    assert {"call_1": {"reasoning_details": details}} == completion.remember


def test_more_39_what_vllm_ignores_since_long_is_said_as_it_is_understood():
    schema = {"type": "object"}

    body, dropped, _ = sent("vllm", ask_of(guided_json=schema))

    assert ({"json": schema}, ()) == (body["structured_outputs"], dropped)
    assert "guided_json" not in body
    answer, _ = understood("vllm", whole({"content": "{}", "reasoning": "r"}))
    assert "r" == answer["choices"][0]["message"]["reasoning_content"]


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_more_39_thoughts_of_earlier_turns_go_to_vllm_under_both_names(name):
    said = {"role": "assistant", "content": "a", name: "r"}

    assert [said] == sent("vllm", ask_of(messages=[said]))[0]["messages"]


@pytest.mark.covers("minimax", "errors")
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (1008, Fault.OUT_OF_CREDIT),
        (1002, Fault.RATE_LIMITED),
        (1004, Fault.BAD_CREDENTIAL),
        (1027, Fault.CONTENT_POLICY),
        (1039, Fault.CONTEXT_LENGTH),
        (2013, Fault.BAD_REQUEST),
        (1000, Fault.BROKEN),
        (1001, Fault.TIMEOUT),
    ],
)
def test_more_40_a_200_of_minimax_may_be_a_failure(code, fault):
    with pytest.raises(UpstreamError) as caught:
        understood("minimax", {"base_resp": {"status_code": code, "status_msg": "no"}})

    assert fault == caught.value.failure.fault


@pytest.mark.parametrize("name", ["input_sensitive", "output_sensitive"])
def test_what_minimax_finds_sensitive_is_no_answer(name):
    with pytest.raises(UpstreamError) as caught:
        understood("minimax", whole({"content": ""}, **{name: True}))

    assert Fault.CONTENT_POLICY == caught.value.failure.fault
    assert understood("minimax", whole({"content": "x"}, **{name: False}))[1].finish == "stop"


def test_more_trap_xai_ends_with_nothing_and_counts_thoughts_apart():
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 4,
        "total_tokens": 20,
        "completion_tokens_details": {"reasoning_tokens": 6},
        "cost_in_usd_ticks": 50_000_000,
    }

    body, completion = understood("xai", whole({"content": "", "tool_calls": calls("a")}, "", usage=usage))

    assert ("tool_calls", "tool_calls") == (completion.finish, body["choices"][0]["finish_reason"])
    assert Usage(10, output=10, reasoning=6, cost=5_000_000) == completion.usage


def test_what_perplexity_charges_is_told_in_parts():
    cost = {"input_tokens_cost": 0.001, "request_cost": 0.005, "total_cost": 0.006}

    assert 6_000_000 == understood("perplexity", whole({"content": "x"}, usage={**USAGE, "cost": cost}))[1].usage.cost


def test_more_trap_sglang_counts_thoughts_at_the_top():
    assert 3 == understood("sglang", whole({"content": "x"}, usage={**USAGE, "reasoning_tokens": 3}))[1].usage.reasoning


def test_more_27_azure_keeps_what_its_filters_found():
    answer = whole({"content": "x"}, prompt_filter_results=[{"prompt_index": 0}])
    answer["choices"][0]["content_filter_results"] = {"hate": {"filtered": False}}

    assert answer == understood("azure", answer)[0]


def test_an_answer_of_groq_may_name_its_error_elsewhere():
    with pytest.raises(UpstreamError) as caught:
        understood("groq", whole({"content": "x"}, x_groq={"id": "r", "error": "over capacity"}))

    assert Fault.OVERLOADED == caught.value.failure.fault


def test_arguments_that_are_nested_too_deeply_are_broken():
    raw = (
        b'{"choices":[{"message":{"tool_calls":[{"function":{"arguments":{"a":' + b"[" * 400 + b"]" * 400 + b"}}}]}}]}"
    )
    adapter, ask = adapter_of("mistral"), ask_of()

    with pytest.raises(UpstreamError):
        adapter.decode(raw, ask, adapter.encode(ask))


@pytest.mark.parametrize("choices", [[7], {}, [{"message": 7}], [{}]])
@pytest.mark.parametrize("dialect", ["mistral", "minimax", "perplexity", "tgi", "groq"])
def test_choices_that_are_none_are_broken(dialect, choices):
    adapter, ask = adapter_of(dialect), ask_of()

    with pytest.raises(UpstreamError):
        adapter.decode(orjson.dumps({"choices": choices}), ask, adapter.encode(ask))
