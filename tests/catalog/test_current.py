"""Which models `auto` may choose among, and what they can do."""

import pytest

from catalog.abilities import able
from catalog.current import answers, current, gone
from catalog.lookup import NOTHING_KNOWN, Catalog
from core.ask import UNKNOWN, Abilities

CATALOG = Catalog({})


def facts(dialect, model):
    return CATALOG.facts(dialect, dialect, model) or NOTHING_KNOWN


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "google", "mistral", "deepseek", "groq", "gemini"])
def test_a_provider_offers_what_is_active_and_has_a_price(dialect):
    names = current(dialect)

    assert len(names) > 2
    assert not [name for name in names if gone(dialect, dialect, name) or facts(dialect, name).price is None]


def test_nobody_offers_what_is_retired_or_unknown():
    assert "gpt-4" not in current("openai")
    assert () == current("vllm")
    assert (True, False, False) == (
        gone("openai", "openai", "gpt-4"),
        gone("openai", "openai", "gpt-4o"),
        gone("lab", "vllm", "whatever"),
    )


@pytest.mark.parametrize(
    ("dialect", "model", "endpoint", "expected"),
    [
        ("openai", "gpt-6-luna", "chat", True),
        ("openai", "gpt-5.5-pro", "chat", True),
        ("openai", "gpt-6-luna", "completions", False),
        ("openai", "gpt-3.5-turbo-instruct", "chat", False),
        ("openai", "gpt-3.5-turbo-instruct", "completions", True),
        ("openai", "text-embedding-3-small", "chat", False),
        ("openai", "gpt-audio-1.5", "chat", False),
        ("google", "gemini-embedding-2", "chat", False),
        ("google", "gemini-3-pro-image", "chat", False),
        ("ollama", "llama3.2:latest", "chat", True),
        ("ollama", "nomic-embed-text", "chat", False),
        ("vllm", "whisper-large-v3", "chat", False),
        ("vllm", "imagery", "chat", True),
    ],
)
def test_a_model_is_of_use_where_it_answers(dialect, model, endpoint, expected):
    assert expected == answers(model, facts(dialect, model), endpoint)


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("m", set(), set()),
        ("m", {"tools"}, {"tools", "parallel_tools"}),
        ("m", {"vision"}, {"vision"}),
        ("m", {"tools", "reasoning"}, {"tools", "reasoning", "parallel_tools", "code"}),
        ("codestral-latest", {"json_schema"}, {"json_schema", "code"}),
        ("qwen2.5-coder:7b", {"json_schema"}, {"json_schema", "code"}),
        ("decoded", {"json_schema"}, {"json_schema"}),
        ("codestral-latest", set(), set()),
    ],
)
def test_what_a_model_can_do_follows_from_what_is_known(name, known, expected):
    assert expected == able(name, Abilities(capabilities=frozenset(known)))


def test_of_an_unknown_model_nothing_is_known():
    assert frozenset() == able("coder", UNKNOWN)
