"""How hard a model at Bedrock shall think, how freely it may choose its words, and thoughts that go back."""

import orjson
import pytest
from bedrock_calls import (
    CALLED,
    CLAUDE,
    GPT_OSS,
    LLAMA,
    MISTRAL,
    NOVA,
    NOVA_2,
    OLD,
    OPUS_5,
    OPUS_46,
    OPUS_55,
    RESULT,
    SONNET_55,
    TOOL,
    Recalled,
    encode,
    refused,
    sent,
    user,
)

from adapters.bedrock.families import family
from core.ask import UNKNOWN, Abilities

GPT_6 = "us.openai.gpt-6-sol"
SUMMARIZED = {"type": "adaptive", "display": "summarized"}


def own(model, **fields):
    return sent(model, **fields).get("additionalModelRequestFields")


@pytest.mark.covers("bedrock", "reasoning")
@pytest.mark.parametrize(
    ("model", "effort", "expected", "dropped"),
    [
        (OPUS_5, "low", {"thinking": SUMMARIZED, "output_config": {"effort": "low"}}, ()),
        (OPUS_5, "minimal", {"thinking": SUMMARIZED, "output_config": {"effort": "low"}}, ("reasoning_effort=low",)),
        (OPUS_55, "max", {"thinking": SUMMARIZED, "output_config": {"effort": "max"}}, ()),
        (OPUS_46, "high", {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}, ()),
        (
            OPUS_46,
            "xhigh",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
            ("reasoning_effort=max",),
        ),
        (OLD, "high", None, ("reasoning_effort",)),
        (NOVA_2, "none", {"reasoningConfig": {"type": "disabled"}}, ()),
        (NOVA_2, "medium", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}, ()),
        (
            NOVA_2,
            "max",
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            ("reasoning_effort=high",),
        ),
        (NOVA, "high", None, ("reasoning_effort",)),
        (GPT_OSS, "high", {"reasoning_effort": "high"}, ()),
        (GPT_OSS, "none", {"reasoning_effort": "low"}, ("reasoning_effort=low",)),
        ("moonshot.kimi-k2-thinking", "medium", {"reasoning_effort": "medium"}, ()),
        (GPT_6, "xhigh", {"reasoning": {"effort": "xhigh"}}, ()),
        (GPT_6, "minimal", {"reasoning": {"effort": "low"}}, ("reasoning_effort=low",)),
        (LLAMA, "low", None, ("reasoning_effort",)),
    ],
)
def test_effort_is_said_in_the_words_of_the_family(model, effort, expected, dropped):
    assert expected == own(model, reasoning_effort=effort)
    assert dropped == encode(model, reasoning_effort=effort).dropped


@pytest.mark.parametrize(
    ("model", "expected", "dropped"),
    [
        (OPUS_5, {"thinking": {"type": "disabled"}}, ()),
        (SONNET_55, {"thinking": {"type": "between_tools"}}, ()),
        (OPUS_55, {"output_config": {"effort": "low"}}, ("reasoning_effort=low",)),
        ("anthropic.claude-mythos-5", {"output_config": {"effort": "low"}}, ("reasoning_effort=low",)),
        ("anthropic.claude-haiku-5-5", {"thinking": {"type": "disabled"}}, ()),
        ("anthropic.claude-opus-4-7", None, ()),
        (CLAUDE, None, ()),
    ],
)
def test_core_16_not_to_think_is_as_near_as_the_model_comes_to_it(model, expected, dropped):
    assert expected == own(model, reasoning_effort="none")
    assert dropped == encode(model, reasoning_effort="none").dropped


@pytest.mark.parametrize(
    ("effort", "most", "budget"),
    [
        ("high", 2000, 1024),
        ("high", 20_000, 4096),
        ("max", 20_000, 10_000),
        ("xhigh", None, 8192),
        ("minimal", 1025, 1024),
    ],
)
def test_core_17_a_budget_leaves_room_for_the_answer(effort, most, budget):
    limit = {} if most is None else {"max_tokens": most}

    body = sent(reasoning_effort=effort, temperature=0.5, **limit)

    assert {"thinking": {"type": "enabled", "budget_tokens": budget}} == body["additionalModelRequestFields"]
    assert {"maxTokens": most or 32_000} == body["inferenceConfig"]
    assert budget < body["inferenceConfig"]["maxTokens"]


def test_core_17_with_no_room_there_is_no_thinking():
    request = encode(reasoning_effort="high", max_tokens=1024, temperature=0.5)

    assert ("reasoning_effort",) == request.dropped
    assert {"maxTokens": 1024, "temperature": 0.5} == orjson.loads(request.body)["inferenceConfig"]


@pytest.mark.parametrize(
    ("model", "thinks"), [(CLAUDE, False), (OPUS_46, False), ("anthropic.claude-opus-4-8", False), (OPUS_5, True)]
)
def test_older_ones_do_not_think_when_they_must_call_a_tool(model, thinks):
    request = encode(model, reasoning_effort="high", tools=[TOOL], tool_choice="required")

    assert (() if thinks else ("reasoning_effort",)) == request.dropped
    assert thinks == (b'"thinking"' in request.body)


def test_an_effort_that_is_none_is_refused():
    assert (400, "reasoning_effort") == (
        refused(reasoning_effort="enormous").status,
        refused(reasoning_effort="enormous").param,
    )


# Limits and chance


@pytest.mark.parametrize(
    ("model", "fields", "expected", "dropped"),
    [
        (CLAUDE, {"temperature": 1.7}, {"temperature": 1}, ("temperature=1",)),
        (CLAUDE, {"temperature": 0.2, "top_p": 0.5}, {"temperature": 0.2}, ("top_p",)),
        (CLAUDE, {"top_p": 0.5}, {"topP": 0.5}, ()),
        (OLD, {"temperature": 0.2, "top_p": 0.5}, {"temperature": 0.2, "topP": 0.5}, ()),
        (NOVA, {"temperature": 0.2, "top_p": 0.5}, {"temperature": 0.2, "topP": 0.5}, ()),
        (OPUS_55, {"temperature": 0.2, "top_p": 0.5, "top_k": 3}, None, ("temperature", "top_k", "top_p")),
        (LLAMA, {"top_p": 1}, {"topP": 1}, ()),
    ],
)
def test_core_13_chance_is_set_as_far_as_the_model_takes_it(model, fields, expected, dropped):
    assert expected == sent(model, **fields).get("inferenceConfig")
    assert dropped == encode(model, **fields).dropped


def test_core_13_a_strict_target_refuses_what_it_would_change():
    assert "temperature" == refused(OPUS_55, temperature=0.2, strict=True).param


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (CLAUDE, {"top_k": 3}),
        (NOVA, {"inferenceConfig": {"topK": 3}}),
        (MISTRAL, {"top_k": 3}),
        ("cohere.command-r-v1:0", {"k": 3}),
        (LLAMA, None),
    ],
)
def test_top_k_is_in_a_place_of_each_familys_own(model, expected):
    assert expected == own(model, top_k=3)
    assert (("top_k",) if expected is None else ()) == encode(model, top_k=3).dropped


@pytest.mark.parametrize(
    ("model", "expected"), [(CLAUDE, {"maxTokens": 64_000}), (OPUS_55, {"maxTokens": 64_000}), (NOVA, None)]
)
def test_core_14_claude_may_answer_as_long_as_it_can_and_others_do_anyway(model, expected):
    assert expected == sent(model, model=Abilities(max_output=64_000)).get("inferenceConfig")


def test_core_15_the_newer_name_of_the_limit_wins():
    assert {"maxTokens": 20} == sent(NOVA, max_tokens=10, max_completion_tokens=20)["inferenceConfig"]


def test_a_limit_of_nothing_is_the_least_that_can_be_asked_for():
    assert {"maxTokens": 1} == sent(NOVA, max_tokens=0)["inferenceConfig"]


def test_a_limit_beyond_the_models_own_is_that():
    request = encode(NOVA, max_tokens=50_000, model=Abilities(max_output=10_000))

    assert ("max_tokens=10000",) == request.dropped
    assert {"maxTokens": 10_000} == orjson.loads(request.body)["inferenceConfig"]


def test_nova_thinks_hard_without_any_limits():
    fields = {"reasoning_effort": "high", "max_tokens": 10, "temperature": 0.5, "top_p": 0.5}

    assert ("max_tokens", "temperature", "top_p") == encode(NOVA_2, **fields).dropped
    assert "inferenceConfig" not in sent(NOVA_2, **fields)
    assert {"maxTokens": 10} == sent(NOVA_2, reasoning_effort="low", max_tokens=10)["inferenceConfig"]


@pytest.mark.covers("bedrock", "stop")
@pytest.mark.parametrize(
    ("model", "stop", "expected", "dropped"),
    [
        (CLAUDE, "END", ["END"], ()),
        (CLAUDE, ["\n", "END"], ["END"], ("stop",)),
        (CLAUDE, "\n", None, ("stop",)),
        (NOVA, ["\n", ""], ["\n"], ("stop",)),
        (NOVA, [], None, ()),
    ],
)
def test_core_21_blank_stops_stay_here(model, stop, expected, dropped):
    assert expected == sent(model, stop=stop).get("inferenceConfig", {}).get("stopSequences")
    assert dropped == encode(model, stop=stop).dropped


# Thoughts that go back

SIGNED = {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}}
HIDDEN = {"reasoningContent": {"redactedContent": "AAAA"}}
CALL = {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Oslo"}}}
TALK = [user("a"), CALLED, RESULT]
ECHO = [
    {"type": "thinking", "thinking": "", "signature": "c2ln", "index": 0},
    {"type": "redacted_thinking", "data": "AAAA"},
    {"type": "thinking", "thinking": "unsigned"},
    {"type": "thinking", "thinking": "", "signature": 1},
    {"type": "redacted_thinking"},
    {"type": "odd"},
    "odd",
]


def recalled(content, model=CLAUDE):
    return Recalled(t1={"model": model, "content": content})


def kinds(body, index=1):
    return [next(iter(block)) for block in body["messages"][index]["content"]]


def test_core_22_a_remembered_answer_goes_back_as_it_was():
    content = [{"text": " "}, SIGNED, {"text": "I'll look."}, HIDDEN, CALL]
    messages = [user("a"), {**CALLED, "content": "I'll look.", "cache_control": {}}, RESULT]

    body = sent(messages=messages, tools=[TOOL], memory=recalled(content))

    assert [*content[1:]] == body["messages"][1]["content"]


def test_core_22_with_its_mark_if_the_client_made_one():
    messages = [user("a"), {**CALLED, "cache_control": {"type": "ephemeral"}}, RESULT]

    body = sent(messages=messages, tools=[TOOL], memory=recalled([SIGNED, CALL]))

    assert ["reasoningContent", "toolUse", "cachePoint"] == kinds(body)


def test_core_22_what_the_client_changed_gets_its_thoughts_in_front():
    messages = [user("a"), {**CALLED, "content": "Changed."}, RESULT]

    body = sent(messages=messages, tools=[TOOL], memory=recalled([SIGNED, {"text": "I'll look."}, CALL]))

    assert ["reasoningContent", "text", "toolUse"] == kinds(body)


def test_core_22_thoughts_of_another_model_are_left_out():
    body = sent(messages=TALK, tools=[TOOL], memory=recalled([SIGNED, CALL], model=OPUS_5))

    assert ["toolUse"] == kinds(body)


@pytest.mark.parametrize("state", [{}, {"model": CLAUDE}, {"model": CLAUDE, "content": []}])
def test_a_memory_of_another_kind_is_none(state):
    assert ["toolUse"] == kinds(sent(messages=TALK, tools=[TOOL], memory=Recalled(t1=state)))


def test_core_22_clients_may_keep_the_thoughts_themselves():
    messages = [user("a"), {**CALLED, "thinking_blocks": ECHO}, RESULT]

    content = sent(messages=messages, tools=[TOOL])["messages"][1]["content"]

    assert [SIGNED, HIDDEN, CALL] == content


@pytest.mark.parametrize(
    "message",
    [
        {"thinking_blocks": "odd"},
        {"thinking_blocks": [], "reasoning_content": "plain"},
        {"thinking_blocks": ECHO[2:]},
    ],
)
def test_core_22_without_a_signature_no_thought_is_made_up(message):
    assert ["toolUse"] == kinds(sent(messages=[user("a"), {**CALLED, **message}, RESULT], tools=[TOOL]))


def test_thoughts_that_a_client_kept_go_to_claude_only():
    messages = [user("a"), {**CALLED, "thinking_blocks": ECHO}, RESULT]

    assert ["toolUse"] == kinds(sent(NOVA, messages=messages, tools=[TOOL]))


def test_an_empty_turn_is_not_made_of_thoughts():
    messages = [user("a"), {"role": "assistant", "content": "", "thinking_blocks": ECHO}, user("b")]

    assert 1 == len(sent(messages=messages)["messages"])


@pytest.mark.parametrize(
    ("model", "memory", "thinks"),
    [
        (CLAUDE, Recalled(), False),
        (CLAUDE, recalled([SIGNED, CALL]), True),
        (OPUS_46, Recalled(), True),
    ],
)
def test_a_budget_in_the_middle_of_a_turn_needs_the_thoughts_of_its_beginning(model, memory, thinks):
    request = encode(model, messages=TALK, tools=[TOOL], reasoning_effort="low", memory=memory)

    assert thinks == (b'"thinking"' in request.body)
    assert (() if thinks else ("reasoning_effort",)) == request.dropped


# Generations

GENERATIONS = {
    # name: adaptive, budget, sampling, prefill, forced, late_system, structured
    "claude-opus-5-5": "a....ls",
    "claude-haiku-5-5-20261001-v1:0": "a...fls",
    "claude-fable-5": "a...fls",
    "claude-fable-5-1": "a....ls",
    "claude-opus-5": "a...fls",
    "claude-opus-4-8": "a...fls",
    "claude-opus-4-7": "a...f.s",
    "claude-sonnet-4-6": "a.s.f.s",
    "claude-opus-4-5-20251101-v1:0": ".bspf.s",
    "claude-sonnet-4-20250514-v1:0": ".bspf..",
    "claude-3-7-sonnet-20250219-v1:0": ".bspf..",
    "claude-3-5-haiku-20241022-v1:0": "..spf..",
    "claude-3-haiku-20240307-v1:0": "..spf..",
    "claude-v2:1": "..spf..",
    "claude-instant-v1": "..spf..",
    "claude-quartz-6": "a....ls",
}


@pytest.mark.parametrize(("name", "expected"), GENERATIONS.items())
def test_a_generation_is_read_from_the_name(name, expected):
    kind = family(f"eu.anthropic.{name}", UNKNOWN).claude

    facts = (
        kind.adaptive,
        kind.budget,
        kind.sampling,
        kind.prefill,
        kind.forced,
        kind.late_system,
        kind.structured,
    )
    assert expected == "".join(letter if fact else "." for letter, fact in zip("abspfls", facts, strict=True))


def test_the_operator_knows_better():
    flags = {"adaptive_thinking": False, "sampling_params": True, "forced_tool_choice": True}

    kind = family(f"anthropic.{'claude-opus-5-5'}", Abilities(flags=flags)).claude

    assert (False, True, True, True) == (kind.adaptive, kind.budget, kind.sampling, kind.forced)


def test_a_model_that_thinks_unasked_is_told_not_to():
    unasked = Abilities(flags={"thinks_by_default": True})

    body = orjson.loads(encode(OPUS_46, reasoning_effort="none", model=unasked).body)

    assert {"thinking": {"type": "disabled"}} == body["additionalModelRequestFields"]


@pytest.mark.parametrize("model", ["amazon.titan-text-express-v1", "ai21.jamba-1-5-large-v1:0", "deepseek.r1-v1:0"])
def test_a_model_that_can_do_little_is_asked_for_little(model):
    request = encode(model, temperature=0.5, reasoning_effort="low", top_k=3)

    assert {"temperature": 0.5} == orjson.loads(request.body)["inferenceConfig"]
    assert ("reasoning_effort", "top_k") == request.dropped
