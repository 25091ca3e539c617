"""How each dialect goes on with an answer of which it is handed the beginning, and how it is told to."""

import orjson
import pytest
from asking import asked

from adapters import ADAPTERS
from catalog.lookup import Catalog
from core.ask import Abilities
from core.call import Call
from core.target import Provider

CATALOG = Catalog({})
HI = {"role": "user", "content": "hi"}
BEGUN = [HI, {"role": "assistant", "content": "Once upon "}]


def adapter(dialect):
    return ADAPTERS[dialect].make(Provider(name="p", dialect=dialect, base_url="http://localhost:1"))


def ask(dialect, model="m", *, flag=None, **fields):
    endpoint = "completions" if "prompt" in fields else "chat"
    body = {"model": "m", "stream": True, **({} if "prompt" in fields else {"messages": BEGUN}), **fields}
    found = CATALOG.facts(dialect, dialect, model)
    facts = found.abilities if found else Abilities()
    if flag is not None:
        facts = facts._replace(flags={**facts.flags, "assistant_prefill": flag})
    call = Call(endpoint, "m", body, stream=True)
    return asked(call, f"p/{model}", model=facts, goes_on=True)


@pytest.mark.parametrize(
    ("dialect", "model", "onward"),
    [
        ("openai", "gpt-4o", ""),
        ("azure", "gpt-4o", ""),
        ("demo", "echo", ""),
        ("openrouter", "openai/gpt-4o", ""),
        ("google", "gemini-2.5-flash", ""),
        ("cohere", "command-a-03-2025", ""),
        ("ollama", "llama3.1", ""),
        ("llama.cpp", "any", ""),
        ("vllm", "any", "exact"),
        ("sglang", "any", "exact"),
        ("mistral", "mistral-large-latest", "echoed"),
        ("codestral", "codestral-latest", "echoed"),
        ("deepseek", "deepseek-flash", ""),
        ("deepseek", "deepseek-chat", "exact"),
        ("deepseek", "deepseek-reasoner", ""),
        ("anthropic", "claude-sonnet-4-5", "trimmed"),
        ("anthropic", "claude-opus-5", ""),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", "trimmed"),
        ("bedrock", "anthropic.claude-opus-5", ""),
        ("bedrock", "amazon.nova-pro-v1:0", ""),
    ],
)
def test_only_who_is_known_to_is_expected_to_go_on_to_the_letter(dialect, model, onward):
    assert onward == adapter(dialect).onward(ask(dialect, model))


@pytest.mark.parametrize(
    ("dialect", "onward"),
    [
        ("openrouter", "exact"),
        ("llama.cpp", "exact"),
        ("ollama", "exact"),
        ("google", "exact"),
        ("cohere", "exact"),
        ("anthropic", "trimmed"),
        ("bedrock", "trimmed"),
    ],
)
def test_the_operator_may_know_better(dialect, onward):
    assert onward == adapter(dialect).onward(ask(dialect, flag=True))


@pytest.mark.parametrize("dialect", ["vllm", "sglang", "anthropic"])
def test_or_know_worse(dialect):
    assert adapter(dialect).onward(ask(dialect, flag=False)) == ""


def test_what_a_thinking_model_is_handed_would_pass_for_thoughts():
    thinking = ask("vllm")._replace(model=Abilities(capabilities=frozenset({"reasoning"})))

    assert adapter("vllm").onward(thinking) == ""


@pytest.mark.parametrize(
    ("fields", "onward"),
    [
        ({"reasoning_effort": "none"}, "exact"),
        ({"reasoning_effort": "high"}, ""),
        ({"thinking": {"type": "disabled"}}, "exact"),
        ({"thinking": {"type": "enabled"}}, ""),
    ],
)
def test_deepseek_goes_on_while_it_does_not_think(fields, onward):
    assert onward == adapter("deepseek").onward(ask("deepseek", "deepseek-flash", **fields))


@pytest.mark.parametrize(
    ("dialect", "fields", "onward"),
    [
        ("openai", {}, "exact"),
        ("mistral", {}, "exact"),
        ("vllm", {}, "exact"),
        ("ollama", {}, ""),
        ("ollama", {"raw": True}, "exact"),
    ],
)
def test_a_prompt_is_gone_on_with_where_no_template_stands_around_it(dialect, fields, onward):
    assert onward == adapter(dialect).onward(ask(dialect, prompt="Once", **fields))


@pytest.mark.parametrize(
    ("dialect", "more"),
    [
        ("vllm", {"add_generation_prompt": False, "continue_final_message": True}),
        ("sglang", {"continue_final_message": True}),
        ("openrouter", {}),
    ],
)
def test_it_is_said_in_the_providers_words(dialect, more):
    sent = orjson.loads(adapter(dialect).encode(ask(dialect)).body)

    assert sent == {
        "model": "m",
        "messages": BEGUN,
        "stream": True,
        "stream_options": {"include_usage": True},
        **more,
    }


@pytest.mark.parametrize("dialect", ["vllm", "sglang"])
def test_a_prompt_needs_no_words_for_it(dialect):
    assert b"continue_final_message" not in adapter(dialect).encode(ask(dialect, prompt="Once")).body


@pytest.mark.parametrize(
    ("dialect", "path", "last"),
    [
        ("mistral", "/chat/completions", {"role": "assistant", "content": "Once upon ", "prefix": True}),
        ("deepseek", "/beta/chat/completions", {"role": "assistant", "content": "Once upon ", "prefix": True}),
        (
            "anthropic",
            "/v1/messages",
            {"role": "assistant", "content": [{"type": "text", "text": "Once upon"}]},
        ),
    ],
)
def test_others_have_a_mark_for_it(dialect, path, last):
    request = adapter(dialect).encode(ask(dialect, "claude-sonnet-4-5" if dialect == "anthropic" else "m"))

    assert (request.path, orjson.loads(request.body)["messages"][-1]) == (path, last)
