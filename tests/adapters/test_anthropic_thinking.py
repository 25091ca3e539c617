"""How much a model shall think, and what it thought before, as Anthropic gets it."""

import orjson
import pytest
from asking import asked
from claude import FUNCTION, HI, OLD, OPUS, SONNET, ask, calls, refused, result, said, sent, speaker

from core.ask import Abilities


@pytest.mark.covers("anthropic", "reasoning")
@pytest.mark.parametrize(
    ("model", "thinking", "output", "dropped"),
    [
        ("claude-opus-5", {"type": "disabled"}, None, ()),
        ("claude-sonnet-5-5", {"type": "between_tools"}, None, ()),
        ("claude-haiku-5-5", {"type": "disabled"}, None, ()),
        (OPUS, None, {"effort": "low"}, ("reasoning_effort=low",)),
        ("claude-opus-4-8", None, None, ()),
        (OLD, None, None, ()),
        ("claude-3-5-haiku-20241022", None, None, ()),
        ("house-model", {"type": "disabled"}, None, ()),
    ],
)
def test_core_16_no_effort_is_no_thinking_where_it_can_be_told(model, thinking, output, dropped):
    request, body = sent({"reasoning_effort": "none"}, model)

    assert (thinking, output, dropped) == (body.get("thinking"), body.get("output_config"), request.dropped)


ADAPTIVE = {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize(
    ("model", "effort", "expected", "dropped"),
    [
        (OPUS, "minimal", "low", ()),
        (OPUS, "medium", "medium", ()),
        (OPUS, "xhigh", "xhigh", ()),
        (OPUS, "max", "max", ()),
        (SONNET, "xhigh", "max", ("reasoning_effort=max",)),
        ("house-model", "max", "max", ()),
        ("claude-opus-6", "xhigh", "xhigh", ()),
    ],
)
def test_effort_is_told_to_models_that_adapt(model, effort, expected, dropped):
    request, body = sent({"reasoning_effort": effort}, model, known="opus-6" not in model)

    assert (ADAPTIVE, {"effort": expected}, dropped) == (body["thinking"], body["output_config"], request.dropped)


def test_nothing_is_said_of_thinking_where_the_client_says_nothing():
    assert not {"thinking", "output_config"} & set(sent()[1])


@pytest.mark.parametrize(
    ("effort", "max_tokens", "budget"), [("low", 9000, 1024), ("high", 9000, 4096), ("max", 9000, 4500)]
)
def test_older_models_think_by_a_budget(effort, max_tokens, budget):
    _, body = sent({"reasoning_effort": effort, "max_tokens": max_tokens}, OLD)

    assert {"type": "enabled", "budget_tokens": budget} == body["thinking"]


def test_core_17_a_budget_leaves_room_for_the_answer():
    request, body = sent({"reasoning_effort": "high", "max_tokens": 2000, "temperature": 0.5}, OLD)

    assert 1024 <= body["thinking"]["budget_tokens"] < 2000
    assert (False, ("temperature",)) == ("temperature" in body, request.dropped)


FORCED = {"tools": [FUNCTION], "tool_choice": "required"}
LOOP = {"messages": [*HI, said("assistant", tool_calls=calls("t")), result("t")]}


@pytest.mark.parametrize(
    ("model", "more"),
    [
        (OLD, {"max_tokens": 1024}),  # no room
        ("claude-3-5-haiku-20241022", {}),
        (OLD, FORCED),
        (SONNET, FORCED),
        (OLD, LOOP),
        (OLD, {"messages": [*HI, said("assistant", "Once")]}),
    ],
)
def test_thinking_gives_way_where_it_cannot_be(model, more):
    body = {"reasoning_effort": "high", **more}

    request, made = sent(body, model)

    assert (False, True) == ("thinking" in made, "reasoning_effort" in request.dropped)
    assert "reasoning_effort" == refused(body, model, strict=True)[0]


@pytest.mark.parametrize(("model", "more"), [("claude-opus-5", FORCED), (SONNET, LOOP), (OLD, {})])
def test_thinking_stays_where_it_can(model, more):
    assert "thinking" in sent({"reasoning_effort": "high", **more}, model)[1]


def test_effort_is_one_of_the_known_ones():
    assert "reasoning_effort" == refused({"reasoning_effort": "ultra"})[0]


@pytest.mark.parametrize(
    ("effort", "expected", "dropped"),
    [(None, None, ()), ("high", {"effort": "high"}, ()), ("none", None, ("reasoning_effort",))],
)
def test_thinking_in_anthropics_own_words_goes_as_it_is(effort, expected, dropped):
    own = {"type": "adaptive", "display": "omitted"}

    request, body = sent({"thinking": own, "reasoning_effort": effort})

    assert (own, expected, dropped) == (body["thinking"], body.get("output_config"), request.dropped)
    assert ["thinking"] * 2 == [refused({"thinking": wrong})[0] for wrong in ("hard", {"type": []})]


def test_effort_beside_a_budget_of_ones_own_cannot_be_told():
    own = {"type": "enabled", "budget_tokens": 2000}

    request, body = sent({"thinking": own, "reasoning_effort": "high"}, OLD)

    assert (own, ("reasoning_effort",)) == (body["thinking"], request.dropped)


def test_a_model_that_cannot_stop_thinking_nor_think_less_is_left_alone():
    flags = {"thinking_always_on": True, "effort_param": False}
    question = asked(ask({"reasoning_effort": "none"}).call, "p/house-model", model=Abilities(flags=flags))

    request = speaker().encode(question)

    assert ("reasoning_effort=default",) == request.dropped


@pytest.mark.parametrize(("flag", "told"), [(True, {"type": "disabled"}), (False, None)])
def test_a_model_that_doesnt_think_unasked_needs_no_word_to_stop(flag, told):
    flags = {"thinks_by_default": flag}
    question = asked(ask({"reasoning_effort": "none"}).call, "p/house-model", model=Abilities(flags=flags))

    body = orjson.loads(speaker().encode(question).body)

    assert told == body.get("thinking")


# Thoughts between turns


SIGNED = {"type": "thinking", "thinking": "", "signature": "c2ln"}
HIDDEN = {"type": "redacted_thinking", "data": "ZGF0"}


class Remembers:
    def __init__(self, **states):
        self.states = states

    def recall(self, call_id):
        return self.states.get(call_id)


def turn(**more):
    return [*HI, said("assistant", "ok", tool_calls=calls("t"), **more), result("t")]


def content(messages, model=OPUS, **facts):
    return sent({"messages": messages}, model, **facts)[1]["messages"][1]["content"]


PLAIN = [{"type": "text", "text": "ok"}, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]


def test_core_22_plain_reasoning_is_never_a_thinking_block():
    assert PLAIN == content(turn(reasoning_content="Hm.", thinking_blocks=[{"type": "thinking", "thinking": "Hm."}]))


@pytest.mark.parametrize(
    "unsigned",
    ["Hm.", [7], [{"type": "thinking", "thinking": "x", "signature": ""}], [{"type": "text", "text": "x"}], [{}]],
)
def test_what_is_no_signed_block_is_left_out(unsigned):
    assert PLAIN == content(turn(thinking_blocks=unsigned))


def test_core_22_signed_blocks_come_first_and_unchanged():
    echoed = [{"index": 0, **SIGNED}, {"index": 1, **HIDDEN}]

    assert [SIGNED, HIDDEN, *PLAIN] == content(turn(thinking_blocks=echoed))


def test_core_22_what_was_remembered_comes_back_in_its_order():
    kept = [PLAIN[0], SIGNED, {"type": "text", "text": " \n", "citations": None}, PLAIN[1]]
    memory = Remembers(t={"model": OPUS, "content": kept})

    assert [PLAIN[0], SIGNED, PLAIN[1]] == content(turn(), memory=memory)


@pytest.mark.parametrize(
    "messages",
    [
        [*HI, said("assistant", "other", tool_calls=calls("t")), result("t")],
        [*HI, said("assistant", "ok", tool_calls=calls("t", arguments='{"a":1}')), result("t")],
    ],
)
def test_what_the_client_changed_keeps_the_thoughts_in_front(messages):
    memory = Remembers(t={"model": OPUS, "content": [PLAIN[0], SIGNED, PLAIN[1]]})

    assert [SIGNED, "text", "tool_use"] == [
        block if block == SIGNED else block["type"] for block in content(messages, memory=memory)
    ]


def test_thoughts_of_another_model_are_left_out():
    memory = Remembers(t={"model": "claude-opus-5", "content": [SIGNED, *PLAIN]})

    assert PLAIN == content(turn(thinking_blocks=[SIGNED]), memory=memory)


def test_a_cache_mark_stands_on_the_call_not_on_a_thought():
    memory = Remembers(t={"model": OPUS, "content": [SIGNED, *PLAIN]})

    blocks = content(turn(cache_control={"type": "ephemeral"}), memory=memory)

    assert [SIGNED, PLAIN[0], {**PLAIN[1], "cache_control": {"type": "ephemeral"}}] == blocks


def test_thoughts_that_are_there_keep_a_budget_going():
    body = {"messages": turn(thinking_blocks=[SIGNED]), "reasoning_effort": "high"}

    assert "enabled" == sent(body, OLD)[1]["thinking"]["type"]
