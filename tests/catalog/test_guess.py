"""What an attempt probably took whose provider didn't say it."""

import pytest

from catalog.bound import Bound
from catalog.guess import believed, guessed, hides
from core.usage import Usage
from tests.catalog.bounding import call_of, model_of, published


def guess(made=None, provider="openai", name="gpt-5", *, told=None, produced=0, silent=0.0, most=None):
    made = call_of() if made is None else made
    return guessed(
        made, published(provider, name), provider, name, told=told, produced=produced, silent=silent, most=most
    )


def test_what_came_counts_by_its_bytes_and_what_may_have_been_thought_by_its_time():
    assert 25 == guess(name="gpt-4o", produced=100, silent=9.0).output
    assert 25 + 2500 == guess(produced=100, silent=2.5).output
    assert 3 * 2500 == guess(call_of(n=3), silent=2.5).output


def test_no_more_is_guessed_than_there_can_be():
    assert 200 == guess(call_of(max_completion_tokens=200), silent=9.0).output
    assert 128_000 == guess(silent=600.0).output
    assert (7, 90) == guess(silent=9.0, most=Bound(1, 97, 7, 90))[:4:3]


def test_what_was_told_of_the_prompt_stands():
    told = Usage(input=5, cache_read=7, cache_write=11, output=1)
    assert told._replace(output=300, estimated=True) == guess(told=told, produced=1200, silent=0.0)
    spoken = Usage(input=5, output=10, audio_output=40)
    assert spoken._replace(output=260, estimated=True) == guess(told=spoken, produced=1200)


@pytest.mark.parametrize(
    ("told", "produced", "sound"),
    [
        (Usage(input=9), 0, True),
        (Usage(input=9), 1, False),
        (Usage(input=9, output=1), 17, False),
        (Usage(input=9, output=1), 16, True),
        (Usage(input=9, audio_output=100), 1000, True),
        (Usage(input=9, free_output=100), 1000, True),
        (Usage(input=9, output=1000, estimated=True), 1000, False),
        (Usage(input=9, cost=7), 1000, True),
    ],
)
def test_a_usage_that_cant_be_of_so_much_text_is_not_believed(told, produced, sound):
    assert sound is believed(told, produced)


@pytest.mark.parametrize(
    ("provider", "name", "fields", "hidden"),
    [
        ("openai", "gpt-4o", {}, False),
        ("openai", "gpt-5", {}, True),
        ("openai", "gpt-5.1", {}, False),
        ("openai", "gpt-5.1", {"reasoning_effort": "low"}, True),
        ("openai", "gpt-5.5", {"reasoning_effort": "none"}, False),
        ("openai", "gpt-5", {"reasoning_effort": "none"}, True),
        ("openai", "o3", {"reasoning_effort": "none"}, True),
        ("azure", "gpt-5-mini", {"reasoning_effort": "none"}, True),
        ("google", "gemini-2.5-pro", {}, True),
        ("google", "gemini-2.5-pro", {"reasoning_effort": "none"}, True),
        ("google", "gemini-2.5-flash", {"reasoning_effort": "none"}, False),
        ("google", "gemini-2.5-flash-lite", {}, False),
        ("google", "gemini-2.5-flash-lite", {"reasoning_effort": "low"}, True),
        ("google", "gemini-3.8-flash", {"reasoning_effort": "none"}, True),
        ("xai", "grok-code-fast-1", {"reasoning_effort": "none"}, True),
        ("xai", "grok-4.5", {}, True),
        ("anthropic", "claude-sonnet-4-5", {}, False),
        ("anthropic", "claude-sonnet-4-5", {"reasoning_effort": "none"}, False),
        ("anthropic", "claude-sonnet-4-5", {"reasoning_effort": "low"}, True),
        ("anthropic", "claude-sonnet-4-5", {"thinking": {"type": "enabled", "budget_tokens": 1024}}, True),
        ("anthropic", "claude-sonnet-4-5", {"thinking": {"type": "disabled"}}, False),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", {"thinking": {"type": "enabled"}}, False),
        (
            "bedrock",
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            {"reasoning_effort": "high", "thinking": {"type": "disabled"}},
            True,
        ),
        ("anthropic", "claude-opus-5", {}, True),
        ("anthropic", "claude-opus-5", {"reasoning_effort": "none"}, False),
        ("anthropic", "claude-opus-5-5", {"reasoning_effort": "none"}, True),
        ("deepseek", "deepseek-reasoner", {}, False),
    ],
)
def test_who_may_think_unseen(provider, name, fields, hidden):
    assert hidden is hides(call_of(**fields), published(provider, name), provider)


@pytest.mark.parametrize(
    ("flags", "fields", "hidden"),
    [
        ({}, {}, False),
        ({"hides_thinking": True}, {}, True),
        ({"hides_thinking": True}, {"reasoning_effort": "none"}, False),
        ({"hides_thinking": True, "thinking_always_on": True}, {"reasoning_effort": "none"}, True),
        ({"hides_thinking": True, "default_effort": "none"}, {}, False),
        ({"hides_thinking": True, "thinks_by_default": False}, {}, False),
        ({"hides_thinking": True, "thinks_by_default": False}, {"reasoning_effort": "low"}, True),
    ],
)
def test_the_operator_says_it_of_a_model_of_their_own(flags, fields, hidden):
    assert hidden is hides(call_of(**fields), model_of(flags=flags), "vllm")


def test_nothing_is_thought_for_embeddings():
    assert not hides(call_of("embeddings"), model_of(flags={"hides_thinking": True}), "vllm")
