"""The most that an attempt can cost: what has no end is said, and what has one is never too low."""

import pytest
from bounding import CHEAP, PICTURE, TOOL, bound_of, call_of, model_of, published, text, user, written

from adapters import ADAPTERS
from catalog.bound import SLACK, Bound, Unbounded, bound, ruled
from catalog.lookup import Model
from catalog.rule import UNSAID

DIALECTS = sorted(set(ADAPTERS) - {"demo"})
# What a plain call costs


def test_a_plain_call_costs_its_bytes_and_its_limit_at_most():
    call = call_of(max_tokens=100)
    body = written(call, "groq")

    found = bound(call, body, ruled(model_of(), "groq", "m"))

    input = len(body) + 1_024
    assert found == Bound(input * 1_000 + (100 + SLACK) * 2_000, input + 100 + SLACK, input, 100 + SLACK)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_limit_of_an_answer_reaches_the_provider_under_one_name_or_the_other(dialect):
    model = model_of(most=50_000)

    for field in ("max_tokens", "max_completion_tokens"):
        assert b"12345" in written(call_of(**{field: 12_345}), dialect, "m", model)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_call_of_text_has_an_end_at_every_dialect(dialect):
    found = bound_of(dialect, model=model_of(vouched=True), max_completion_tokens=1_000)

    assert isinstance(found, Bound)
    assert found.output == 1_000 + SLACK
    assert found.tokens == found.input + found.output


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("limit", [{}, {"max_tokens": 9}, {"max_completion_tokens": 9, "n": 1}])
def test_the_short_way_of_a_plain_call_leads_to_the_same_as_the_long_one(dialect, limit):
    model = model_of({**CHEAP, "cache_write_long": 10**10, "long": {"above": 50, **CHEAP}}, vouched=True)
    call = call_of(messages=[{"role": "user", "content": "größer"}] * 3, **limit)
    body = written(call, dialect, "m", model)

    short = bound(call, body, ruled(model, dialect, "m"))
    long = bound(call._replace(body={**call.body, "echo": False}), body, ruled(model, dialect, "m"))

    assert short == long


@pytest.mark.parametrize(
    ("body", "model", "output"),
    [
        ({}, {"most": 4_096}, 4_096),
        ({}, {"most": None, "context": 8_192}, 8_192),
        ({"max_tokens": 7}, {"most": None, "context": None}, 7),
        ({"max_tokens": 0}, {"most": 4_096}, 4_096),  # which some take for no limit
        ({"max_tokens": 7, "max_completion_tokens": 5}, {}, 7),
        ({"max_tokens": 99_999}, {"most": 4_096}, 99_999),
        ({"max_new_tokens": 999, "max_tokens": 7}, {}, 999),
        ({"n_predict": 8}, {}, 8),
    ],
)
def test_an_answer_is_as_long_as_the_largest_limit_of_the_call_or_else_of_the_model(body, model, output):
    assert output + SLACK == bound_of("vllm", model=model_of(**model), **body).output


def test_a_dialect_that_clamps_sends_no_limit_above_the_models():
    assert bound_of("anthropic", "claude-sonnet-4-5", max_tokens=99_999, tools=[TOOL]).output == 4_096 + SLACK


def test_novas_hardest_thinking_knows_no_limit():
    model = model_of(most=10_000)
    name = "amazon.nova-2-lite-v1:0"

    hard = bound_of("bedrock", name, model, max_tokens=50, reasoning_effort="high")
    mild = bound_of("bedrock", name, model, max_tokens=50, reasoning_effort="low")

    assert (hard.output, mild.output) == (10_000 + SLACK, 50 + SLACK)


@pytest.mark.parametrize(
    ("body", "times"),
    [({"n": 3}, 3), ({"n": 1}, 1), ({"prompt": ["a", "b"], "n": 2}, 4), ({"prompt": ["a", "b"], "best_of": 5}, 10)],
)
def test_each_choice_may_be_as_long_as_the_limit(body, times):
    endpoint = "completions" if "prompt" in body else "chat"

    assert times * (10 + SLACK) == bound_of("vllm", endpoint=endpoint, max_tokens=10, **body).output


def test_what_is_echoed_may_be_charged_again():
    found = bound_of("vllm", endpoint="completions", max_tokens=10, echo=True)

    assert found.output == found.input + 10 + SLACK


def test_embeddings_have_no_answer_and_a_frame_for_each_text():
    one = bound_of("openai", endpoint="embeddings", input=["a"])
    two = bound_of("openai", endpoint="embeddings", input=["a", "b"])

    assert (one.output, two.output) == (0, 0)
    assert two.input == one.input + 16 + len(',"b"')


def test_thoughts_are_held_back_by_the_newer_limit_of_xai_only():
    call = call_of(max_tokens=100)
    model = model_of(most=50_000)
    older = written(call, "xai", "grok-4").replace(b"max_completion_tokens", b"max_tokens")

    found = bound(call, older, ruled(model, "xai", "grok-4"))

    assert found.output == 50_000 + SLACK
    assert bound_of("xai", "grok-4", model, max_tokens=100).output == 100 + SLACK
    assert bound(call, older, ruled(model, "xai", "grok-3")).output == 100 + SLACK


@pytest.mark.parametrize(("can", "output"), [(["reasoning"], 50_000), ([], 100)])
def test_cohere_doesnt_say_that_its_limit_holds_thoughts_back(can, output):
    found = bound_of("cohere", "command-a", model_of(most=50_000, can=can), max_tokens=100)

    assert output + SLACK == found.output


def test_an_image_that_is_made_comes_whole_whatever_the_limit():
    model = model_of({**CHEAP, "image_output": 9_000_000_000}, most=30_000)

    assert bound_of("google", "gemini-3-pro-image", model, max_tokens=10).output == 30_000 + SLACK


def test_the_dialect_that_nobody_serves_costs_nothing():
    found = bound(call_of(max_tokens=5), b"{}", ruled(None, "demo", "demo"))

    assert (found.cost, found.output) == (0, 5 + SLACK)


def test_the_dialect_that_nobody_serves_costs_what_the_operator_says():
    found = bound_of("demo", "echo", model_of(), max_tokens=5)

    assert found.output == 5 + SLACK
    assert found.cost > found.output * 2_000


def test_a_prediction_is_paid_for_even_where_it_was_wrong():
    prediction = {"type": "content", "content": "x" * 500}

    assert bound_of(max_tokens=10, prediction=prediction).output > 10 + SLACK + 500


def test_ollamas_own_limit_counts_as_well():
    assert bound_of("ollama", options={"num_predict": 77}).output == 77 + SLACK


def test_tools_weigh_more_where_a_template_writes_them():
    def input(dialect, description):
        tool = {"type": "function", "function": {"name": "f", "description": description}}
        plain = bound_of(dialect, "gpt-4o", max_tokens=1)
        return bound_of(dialect, "gpt-4o", max_tokens=1, tools=[tool]).input - plain.input

    assert input("openai", "a" * 1_000) < 1_300
    assert 2_000 < input("groq", "a" * 1_000) < 2_600
    assert 3_000 < input("groq", "ä" * 500) < 3_600


def test_a_text_that_tokenizers_may_make_longer_counts_as_long_as_it_gets():
    short = bound_of("vllm", messages=[{"role": "user", "content": "صلى"}], max_tokens=1).input
    grows = bound_of("vllm", messages=[{"role": "user", "content": "\ufdfa" * 100}], max_tokens=1).input
    plain = bound_of("vllm", messages=[{"role": "user", "content": "問題，" * 100}], max_tokens=1).input

    assert grows - short > 3_200
    assert plain - short < 1_000


# What has no end


@pytest.mark.parametrize(
    ("dialect", "name", "body", "param"),
    [
        ("openai", "gpt-4o", {"tools": [{"type": "web_search"}]}, "tools"),
        ("openai", "gpt-5", {"web_search_options": {}}, "web_search_options"),
        ("anthropic", "claude-sonnet-4-5", {"web_search_options": {}}, "web_search_options"),
        ("google", "gemini-3.8-flash", {"web_search_options": {}}, "web_search_options"),
        ("perplexity", "sonar", {"web_search_options": {"search_type": "pro"}}, "web_search_options"),
        ("openrouter", "openai/gpt-4o", {"plugins": [{"id": "web"}]}, "plugins"),
        ("openrouter", "meta-llama/llama-3.3-70b-instruct", {}, "provider.max_price"),
        ("openai", "gpt-4o-search-preview", {}, None),
        ("openai", "o3-deep-research", {}, None),
        ("perplexity", "sonar-deep-research", {}, None),
        ("groq", "groq/compound", {}, None),
        ("openrouter", "openai/gpt-4o:online", {}, None),
        ("xai", "grok-4.20-multi-agent", {}, None),
        ("anthropic", "claude-opus-5", {"service_tier": "fast"}, "service_tier"),
    ],
)
def test_what_a_provider_does_by_itself_has_no_bound(dialect, name, body, param):
    found = bound_of(dialect, name, max_tokens=10, **body)

    assert isinstance(found, Unbounded)
    assert param == found.param
    assert found.reason


@pytest.mark.parametrize("dialect", ["xai", "bedrock", "cohere", "ollama"])
def test_a_search_that_is_not_sent_is_none(dialect):
    assert isinstance(bound_of(dialect, max_tokens=10, web_search_options={}), Bound)


def test_what_costs_nothing_has_a_bound_whatever_it_does():
    free = model_of({"input": 0, "output": 0}, most=None, context=None)

    found = bound_of("vllm", "my-compound-model", free, tools=[{"type": "web_search"}], messages=user(PICTURE))

    assert (found.cost, found.output) == (0, UNSAID + SLACK)


def test_a_model_that_nobody_knows_and_one_without_a_price_have_none():
    call = call_of()
    nobody = bound(call, b"{}", ruled(None, "openai", "new"))

    assert nobody == Unbounded("no price is known for new")
    assert nobody == bound_of(name="new", model=model_of(None))


def test_where_nothing_says_how_long_an_answer_gets_the_client_may_say_it():
    found = bound_of(model=model_of(most=None, context=None))

    assert (found.param, "how long" in found.reason) == ("max_completion_tokens", True)


def test_openrouter_is_bound_by_the_price_that_a_call_allows():
    most = {"max_price": {"prompt": 2, "completion": "4", "request": 0.01}}

    found = bound_of("openrouter", "qwen/q", max_tokens=100, provider=most)
    marked = bound_of(
        "openrouter", "~anthropic/claude", max_tokens=100, provider=most, messages=user({**text(), "cache_control": {}})
    )

    assert found.cost == found.input * 2_000 + found.output * 4_000 + 10_000_000
    assert marked.cost == marked.input * 4_000 + marked.output * 4_000 + 10_000_000
    assert isinstance(bound_of("openrouter", "qwen/q", provider={"max_price": {"prompt": "dear"}}), Unbounded)
    assert isinstance(bound_of("openrouter", "qwen/q", model_of(vouched=True)), Bound)
    assert isinstance(bound_of("openrouter", "anthropic/claude-sonnet-4.5"), Bound)


# Prices


def cost(dialect, price, name="m", **body):
    found = bound_of(dialect, name, model_of({"input": 1_000_000_000, "output": 0, **price}), max_tokens=1, **body)
    return found.cost / found.input / 1_000


@pytest.mark.parametrize(
    ("dialect", "price", "body", "dollars"),
    [
        ("openai", {}, {"service_tier": "default"}, 1),
        ("openai", {}, {}, 2),  # a project's default may be the priority tier
        ("openai", {"priority": 1_750}, {"service_tier": "auto"}, 1.75),
        ("openai", {"flex": 500}, {"service_tier": "flex"}, 1),
        ("groq", {}, {}, 1),
        ("groq", {}, {"service_tier": "performance"}, 2),
        ("bedrock", {}, {}, 1),
        ("bedrock", {}, {"performanceConfig": {"latency": "optimized"}}, 2),
        ("groq", {"cache_write": 1_250_000_000}, {}, 1.25),
        ("groq", {"cache_write_long": 2_500_000_000}, {}, 1),
        ("vllm", {"cache_write_long": 2_500_000_000}, {"prompt_cache_retention": "24h"}, 2.5),
        ("vllm", {"cache_write_long": 2_500_000_000}, {"prompt_cache_key": "mine"}, 1),
        ("anthropic", {"cache_write": 1_250_000_000, "priority": 1}, {}, 1),
        ("anthropic", {"cache_write": 1_250_000_000, "priority": 1}, {"cache_control": {"type": "ephemeral"}}, 1.25),
        ("anthropic", {}, {"service_tier": "default"}, 1),
        ("anthropic", {}, {"service_tier": "flex"}, 2),  # which is dropped, so that the account decides
        ("openrouter", {"cache_write": 1_250_000_000}, {}, 1.25),
        (
            "anthropic",
            {"priority": 1, "cache_write": 1_250_000_000, "cache_write_long": 2_000_000_000},
            {"messages": user({**text(), "cache_control": {"type": "ephemeral", "ttl": "1h"}})},
            2,
        ),
        ("groq", {"cache_read": 3_000_000_000}, {}, 3),
        ("groq", {"long": {"above": 10, "input": 4_000_000_000, "output": 0}}, {}, 4),
        ("groq", {"long": {"above": 100_000, "input": 4_000_000_000, "output": 0}}, {}, 1),
        (
            "groq",
            {
                "long": (
                    {"above": 10, "input": 4_000_000_000, "output": 0},
                    {"above": 20, "input": 3_000_000_000, "output": 0},
                    {"above": 10_000, "input": 5_000_000_000, "output": 0},
                )
            },
            {},
            4,
        ),
    ],
)
def test_the_highest_price_that_can_apply_counts(dialect, price, body, dollars):
    assert pytest.approx(dollars) == cost(
        dialect, price, "anthropic.claude-m" if dialect == "anthropic" else "openai/m", **body
    )


def test_sound_that_comes_out_is_dear_and_images_always_may():
    dear = model_of({**CHEAP, "audio_output": 9_000_000_000})
    spoken = bound_of("openai", "gpt-audio-1.5", dear, max_tokens=1_000, modalities=["text", "audio"], audio={})
    written = bound_of("openai", "gpt-audio-1.5", dear, max_tokens=1_000)
    drawn = bound_of("google", "gemini-9", model_of({**CHEAP, "image_output": 9_000_000_000}), max_tokens=1_000)

    assert spoken.cost - written.cost > 1_016 * 2 * 6_900
    assert drawn.cost > 1_016 * 9_000


def test_a_call_of_perplexity_costs_a_search():
    free = {"input": 0, "output": 1, "search": 5_000_000_000}

    assert bound_of("perplexity", "sonar", model_of(free), max_tokens=1).cost == 5_000_000 + 1


def test_one_model_under_two_names_is_two_models():
    model: Model = model_of()
    call = call_of(max_tokens=1)
    body = written(call, "xai", "grok-4")

    assert isinstance(bound(call, body, ruled(model, "xai", "x-search-api")), Unbounded)
    assert isinstance(bound(call, body, ruled(model, "xai", "grok-4")), Bound)


def test_a_published_model_is_bound_by_its_published_price():
    found = bound_of(
        "openai", "gpt-6.1-sol", published("openai", "gpt-6.1-sol"), max_tokens=100, service_tier="default"
    )

    assert found.cost == found.input * 2_500 + found.output * 10_000
