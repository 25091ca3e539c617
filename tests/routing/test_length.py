"""A prompt's length at a glance is never more than what providers count."""

import pytest

from catalog.tokens import counted
from core.call import Call
from routing.length import least_tokens, may_exceed


def asking(content) -> Call:
    return Call("chat", "m", {"messages": [{"role": "user", "content": content}]})


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog, and counterrevolutionary institutionalisation goes on. " * 50,
        "    if value is None:\n        return default\n" * 50,
        "春眠不覚暁 処処聞啼鳥 " * 50,
        "Donaudampfschifffahrtsgesellschaftskapitän " * 50,
        " " * 5000,
    ],
)
def test_it_is_less_than_what_a_tokenizer_counts(text):
    call = asking(text)

    assert least_tokens(call) <= counted(call, "openai", "gpt-4o").tokens


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("x" * 65, 10),
        ([{"type": "text", "text": "x" * 13}, {"type": "image_url", "image_url": {"url": "data:..."}}], 2),
        (None, 0),
    ],
)
def test_text_is_looked_at_wherever_it_stands(content, tokens):
    assert tokens == least_tokens(asking(content))


def test_nobody_can_say_it_of_what_is_no_chat():
    assert 0 == least_tokens(Call("embeddings", "m", {"input": "x" * 100}))


def test_most_calls_are_not_worth_a_look():
    assert [False, True] == [may_exceed(asking("")._replace(size=size), 100) for size in (650, 651)]
