"""Streams of MiniMax and Perplexity, which tell thoughts, sources and everything twice in their own ways."""

import pytest
from relatives import CALL, COUNTED, deltas, details, finished_with, heard, joined, perplexing, read
from streams import DONE, FINISH, ROLE, chunk, text

from core.faults import Fault, UpstreamError

# MiniMax


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["The user", " asks", " me"], "The user asks me"),
        (["The user", "The user asks", "The user asks me"], "The user asks me"),
        (["ab", "", "abc", "abcd"], "abcd"),
        (["ab", "abc", "x"], "abcx"),
        ([], ""),
    ],
)
@pytest.mark.covers("minimax", "reasoning", "stream")
def test_thoughts_of_minimax_are_told_once_whether_or_not_they_grow(texts, expected):
    stream = ROLE + b"".join(chunk(details(one)) for one in texts) + text("x") + FINISH + DONE

    data, _ = heard("minimax", stream)

    assert (expected, "x") == (joined(data, "reasoning_content"), joined(data, "content"))
    assert b"reasoning_details" not in data


def test_thoughts_that_minimax_tells_under_two_names_are_told_once():
    data, _ = heard("minimax", ROLE + chunk({**details("hm"), "reasoning_content": "hm"}) + text("x") + FINISH + DONE)

    assert "hm" == joined(data, "reasoning_content")


def test_an_answer_that_minimax_gives_only_at_the_end_is_the_answer():
    last = finished_with({"role": "assistant", "content": "all"})

    data, _ = heard("minimax", last + DONE)

    assert "all" == joined(data, "content")


@pytest.mark.parametrize(
    "cuts", [["<think>a</think>b"], ["<", "think>a<", "/thi", "nk>", "\n\nb"], [" <think>", "a</think>", "b"]]
)
def test_thoughts_between_tags_are_no_content(cuts):
    for dialect in ("minimax", "perplexity"):
        data, _ = heard(dialect, ROLE + b"".join(text(cut) for cut in cuts) + FINISH + DONE)
        assert ("a", "b") == (joined(data, "reasoning_content"), joined(data, "content"))


@pytest.mark.parametrize(
    ("cuts", "thought", "said"),
    [
        (["<thin"], "", "<thin"),
        (["<think>a</thi"], "a</thi", ""),
        (["a <think>b</think>"], "", "a <think>b</think>"),
        (["  "], "", "  "),
    ],
)
def test_what_only_looks_like_a_tag_is_told_at_the_end(cuts, thought, said):
    for dialect in ("minimax", "perplexity"):
        data, _ = heard(dialect, ROLE + b"".join(text(cut) for cut in cuts) + chunk({"content": ""}, "stop") + DONE)
        assert (thought, said) == (joined(data, "reasoning_content"), joined(data, "content"))


def test_what_was_held_back_is_told_at_an_end_without_words():
    data, _ = heard("minimax", ROLE + text("<think>a</thi") + FINISH + DONE)

    assert "a</thi" == joined(data, "reasoning_content")


def test_what_was_held_back_is_told_before_a_call():
    data, _ = heard("minimax", ROLE + text("<thi") + chunk(CALL) + chunk({}, "tool_calls") + DONE)

    assert "<thi" == joined(data, "content")


def test_more_40_a_failure_at_the_end_of_a_stream_is_one():
    event = b'data: {"choices":[],"base_resp":{"status_code":1013,"status_msg":"internal"}}\n\n'

    with pytest.raises(UpstreamError) as caught:
        heard("minimax", event)

    assert Fault.BROKEN == caught.value.failure.fault


# Perplexity


@pytest.mark.covers("perplexity", "text", "stream", "reasoning")
def test_more_trap_perplexity_repeats_its_usage_and_its_answer():
    sources = [{"url": "https://a.example", "title": "A"}]
    stream = (
        perplexing("so ", "so ")
        + perplexing("[1]", "so [1]", usage={**COUNTED, "cost": {"total_cost": 0.001}})
        + perplexing("", "so [1]", "stop", search_results=sources, usage={**COUNTED, "cost": {"total_cost": 0.002}})
    )

    data, decoder = heard("perplexity", stream)

    assert "so [1]" == joined(data, "content")
    assert b'"message"' not in data
    assert 2_000_000 == decoder.usage.cost
    place = {"url": "https://a.example", "title": "A", "start_index": 3, "end_index": 6}
    last = next(delta for delta, finish in deltas(data) if finish)
    assert [{"index": 0, "type": "url_citation", "url_citation": place}] == last["annotations"]
    assert {"chat.completion.chunk"} == {event["object"] for event in read(data)}


def test_a_choice_of_perplexity_without_a_delta_does_no_harm():
    bare = finished_with({"content": "x"}, citations=["u"])

    data, decoder = heard("perplexity", perplexing("x", "x") + b'data: {"id":"p"}\n\n' + bare)

    assert ("x", "stop") == (joined(data, "content"), decoder.finish)
