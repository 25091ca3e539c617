"""Whatever a provider may count and charge, it is no more than the bound."""

import unicodedata

import orjson
import pytest
from bounding import bound_of, call_of, model_of, published, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import ADAPTERS
from catalog.bound import Bound, bound, ruled
from catalog.published import published as rows
from catalog.tokens import encoding
from core.usage import Usage

TALKING = sorted(set(ADAPTERS) - {"demo"})
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

# Prices

KINDS = {
    "plain": {},
    "marked": {"messages": [{"role": "user", "content": "hi", "cache_control": {"type": "ephemeral"}}]},
    "for an hour": {
        "messages": [{"role": "user", "content": "hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    },
    "kept": {"prompt_cache_options": {"ttl": "12h"}},
    "fast": {"service_tier": "priority"},
    "default": {"service_tier": "default"},
    "flex": {"service_tier": "flex"},
}
PRICED = [
    (provider, name)
    for provider in ("openai", "anthropic", "google", "bedrock", "mistral", "groq", "deepseek", "xai", "openrouter")
    for name, row in rows()[provider].items()
    if "price" in row and row["status"] == "active" and "embedding" not in name
]
# What a provider may say that it has served, of what was asked for.
UNSAID = {"openai": ["", "default", "priority"], "anthropic": ["", "standard", "priority"], "mistral": ["", "priority"]}
SERVED = {"fast": ["", "default", "standard", "priority"], "flex": ["", "default", "flex"], "default": ["", "default"]}
IMPLICIT = {"openai", "google", "mistral", "groq", "deepseek", "xai"}  # any call may write to a cache there
MARKED = {"anthropic", "bedrock"}


@st.composite
def counted(draw, found, *, short, long):
    """A usage within *found*, in any of the buckets that the call may fill; *short*, *long*: writes to a cache."""
    buckets = ["input", "cache_read", *(["cache_write"] if short else ()), *(["cache_write_long"] if long else ())]
    left, counts = found.input, {}
    for bucket in buckets:
        counts[bucket] = draw(st.integers(0, left) | st.just(left))
        left -= counts[bucket]
    counts["image_output"] = draw(st.integers(0, found.output))
    counts["output"] = draw(st.integers(0, found.output - counts["image_output"]))
    return Usage(**counts)


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_usage_within_the_tokens_costs_more_than_the_bound(data):
    provider, name = data.draw(st.sampled_from(PRICED))
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    size = data.draw(st.sampled_from([0, 1, 300_000]))
    body = {"messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 500, **KINDS[kind]}
    body["messages"] = [*body["messages"], {"role": "user", "content": "a" * size}]
    model = published(provider, name)
    found = bound_of(provider, name, model, **body)
    if not isinstance(found, Bound):
        return
    implicit = provider in IMPLICIT
    marked = provider in MARKED and kind in {"marked", "for an hour"}
    long = (provider == "openai" and kind == "kept") or (provider in MARKED and kind == "for an hour")

    usage = data.draw(counted(found, short=implicit or marked, long=long))
    tier = data.draw(st.sampled_from(SERVED.get(kind) or UNSAID.get(provider, [""])))

    assert model.price.cost(usage._replace(tier=tier)) <= found.cost


@given(
    price=st.fixed_dictionaries(
        {"input": st.integers(0, 10**10), "output": st.integers(0, 10**10)},
        optional={
            **{name: st.integers(0, 10**10) for name in ("cache_read", "cache_write", "audio_input", "audio_output")},
            "priority": st.integers(1, 5_000) | st.just({"input": 1, "output": 10**10}),
            "flex": st.integers(1, 2_000),
            "long": st.lists(
                st.fixed_dictionaries(
                    {"above": st.integers(0, 4_000), "input": st.integers(0, 10**10), "output": st.integers(0, 10**10)}
                ),
                max_size=3,
                unique_by=lambda step: step["above"],
            ),
        },
    ),
    tier=st.sampled_from(["default", "priority", "flex", None]),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_no_price_that_an_operator_may_write_is_dearer_than_the_bound(price, tier, data):
    model = model_of(price)
    found = bound_of("openai", "m", model, max_tokens=50, service_tier=tier, modalities=["text", "audio"], audio={})

    usage = data.draw(counted(found, short=True, long=False))
    spoken = usage._replace(output=0, audio_output=usage.output)
    served = data.draw(st.sampled_from(["", "default", *([tier] if tier else ["priority"])]))

    assert model.price.cost(usage._replace(tier=served)) <= found.cost
    assert model.price.cost(spoken._replace(tier=served)) <= found.cost


# Tokens

NAMES = {
    "openai": "gpt-4o",
    "azure": "gpt-4o",
    "anthropic": "claude-opus-4-5",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "command-a-03-2025",
    "gemini": "gemini-3.8-flash",
    "google": "gemini-2.5-flash",
    "mistral": "mistral-large-latest",
    "openrouter": "anthropic/claude-sonnet-4.5",
    "xai": "grok-4",
}
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
ODD = st.sampled_from(
    ["\ufdfa" * 9, "\u3300㍿", 'say "no"\n\t\\', "ÄÖÜß", "\x00\x01", "𝔘𝔫𝔦", "가각", " " * 40, "é" * 9, "1" * 30]
)
SAID = WORDS | ODD


@st.composite
def talks(draw):
    """A chat with a system, turns, and perhaps tools and their calls."""
    body = {"messages": [], "max_completion_tokens": 100}
    if draw(st.booleans()):
        body["messages"].append({"role": "system", "content": draw(SAID)})
    body["messages"].append({"role": "user", "content": draw(SAID)})
    if draw(st.booleans()):
        description, said = draw(SAID), draw(SAID)
        schema = {"type": "object", "properties": {"q": {"type": "string", "enum": [said, "b"], "description": said}}}
        body["tools"] = [
            {"type": "function", "function": {"name": "look_up", "description": description, "parameters": schema}}
        ]
        arguments = orjson.dumps({"q": said}).decode()
        call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": arguments}}
        body["messages"] += [
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": draw(SAID)},
        ]
    parts = [{"type": "text", "text": text} for text in draw(st.lists(SAID, min_size=1, max_size=3))]
    if body["messages"][-1]["role"] == "tool":
        body["messages"].append({"role": "assistant", "content": draw(SAID)})
    body["messages"].append({"role": "user", "content": parts})
    return body


def texts(body):
    """Everything in it that is somebody's words, as a template may show it to a model."""
    for message in body["messages"]:
        content = message.get("content")
        yield from [part["text"] for part in content] if isinstance(content, list) else [content or ""]
        yield from (call["function"]["name"] + call["function"]["arguments"] for call in message.get("tool_calls", ()))
    for tool in body.get("tools", ()):
        yield orjson.dumps(tool["function"], option=orjson.OPT_INDENT_2).decode()


@pytest.mark.parametrize("dialect", TALKING)
@given(body=talks())
@QUICK
def test_no_tokenizer_makes_more_tokens_of_a_request_than_the_bound(dialect, body):
    model = model_of(vouched=True, can=["tools"])
    call = call_of(**body)
    name = NAMES.get(dialect, "m")
    found = bound(call, written(call, dialect, name, model), ruled(model, dialect, name))
    said = list(texts(body))

    assert sum(len(text.encode()) for text in said) <= found.input  # a token for each byte is the most there can be
    assert sum(len(unicodedata.normalize("NFKC", text).encode()) for text in said) <= found.input
    assert sum(len(encoding().encode_ordinary(text)) + 8 for text in said) <= found.input


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
@settings(max_examples=200, deadline=None)
def test_normalizing_never_makes_a_text_longer_than_it_is_taken_for(text):
    model = model_of()
    for endpoint, body in (("completions", {"prompt": text, "max_tokens": 1}), ("embeddings", {"input": text or "a"})):
        call = call_of(endpoint, **body)
        found = bound(call, written(call, "openai", "m", model), ruled(model, "openai", "m"))

        for form in ("NFC", "NFKC"):
            assert len(unicodedata.normalize(form, text).encode()) + 2 <= found.input


@given(numbers=st.lists(st.integers(0, 200_000), min_size=1, max_size=300))
@settings(max_examples=50, deadline=None)
def test_numbers_of_tokens_are_as_many_tokens_at_most(numbers):
    assert bound_of(endpoint="embeddings", input=numbers).input >= len(numbers)
