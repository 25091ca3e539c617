"""The most that an attempt can cost: what has no end is said, and what has one is never too low."""

import base64
import struct

import pytest
from bounding import CHEAP, bound_of, call_of, model_of, published, written

from adapters import ADAPTERS
from catalog.bound import REMEMBERED, SLACK, Bound, Unbounded, _rules, bound
from catalog.lookup import Model
from catalog.rule import UNSAID

DIALECTS = sorted(set(ADAPTERS) - {"demo"})
TOOL = {"type": "function", "function": {"name": "f", "description": "does", "parameters": {"type": "object"}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object", "properties": {}}}}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3_000)).decode()
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
FAR = {"type": "image_url", "image_url": {"url": "https://a.example/a.png"}}
PDF = base64.b64encode(b"%PDF-1.7" + bytes(6_000)).decode()
PAPER = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}


def user(*parts):
    return [{"role": "user", "content": list(parts)}]


def wav(seconds, *, rate=16_000, width=2, kind=1):
    head = b"RIFF" + bytes(4) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, kind, 1, rate, rate * width, width, 8 * width)
    return base64.b64encode(head + b"data" + bytes(4) + bytes(int(seconds * rate * width))).decode()


def heard(data, format="wav"):
    return {"type": "input_audio", "input_audio": {"data": data, "format": format}}


# What a plain call costs


def test_a_plain_call_costs_its_bytes_and_its_limit_at_most():
    call = call_of(max_tokens=100)
    body = written(call, "groq")

    found = bound(call, body, model=model_of(), dialect="groq", name="m")

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

    found = bound(call, older, model=model, dialect="xai", name="grok-4")

    assert found.output == 50_000 + SLACK
    assert bound_of("xai", "grok-4", model, max_tokens=100).output == 100 + SLACK
    assert bound(call, older, model=model, dialect="xai", name="grok-3").output == 100 + SLACK


@pytest.mark.parametrize(("can", "output"), [(["reasoning"], 50_000), ([], 100)])
def test_cohere_doesnt_say_that_its_limit_holds_thoughts_back(can, output):
    found = bound_of("cohere", "command-a", model_of(most=50_000, can=can), max_tokens=100)

    assert output + SLACK == found.output


def test_a_prediction_is_paid_for_even_where_it_was_wrong():
    prediction = {"type": "content", "content": "x" * 500}

    assert bound_of(max_tokens=10, prediction=prediction).output > 10 + SLACK + 500


def test_ollamas_own_limit_counts_as_well():
    assert bound_of("ollama", options={"num_predict": 77}).output == 77 + SLACK


def test_tools_weigh_more_where_a_template_writes_them():
    def input(dialect, description):
        tool = {"type": "function", "function": {"name": "f", "description": description}}
        plain = bound_of(dialect, max_tokens=1)
        return bound_of(dialect, max_tokens=1, tools=[tool]).input - plain.input

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
    nobody = bound(call, b"{}", model=None, dialect="openai", name="new")

    assert nobody == Unbounded("no price is known for new")
    assert nobody == bound_of(name="new", model=model_of(None))


def test_where_nothing_says_how_long_an_answer_gets_the_client_may_say_it():
    found = bound_of(model=model_of(most=None, context=None))

    assert (found.param, "how long" in found.reason) == ("max_completion_tokens", True)


def test_openrouter_is_bound_by_the_price_that_a_call_allows():
    most = {"max_price": {"prompt": 2, "completion": "4", "request": 0.01}}

    found = bound_of("openrouter", "qwen/q", max_tokens=100, provider=most)
    marked = bound_of(
        "openrouter", "qwen/q", max_tokens=100, provider=most, messages=user({**text(), "cache_control": {}})
    )

    assert found.cost == found.input * 2_000 + found.output * 4_000 + 10_000_000
    assert marked.cost == marked.input * 4_000 + marked.output * 4_000 + 10_000_000
    assert isinstance(bound_of("openrouter", "qwen/q", provider={"max_price": {"prompt": "dear"}}), Unbounded)
    assert isinstance(bound_of("openrouter", "qwen/q", model_of(vouched=True)), Bound)
    assert isinstance(bound_of("openrouter", "anthropic/claude-sonnet-4.5"), Bound)


def text(said="hi"):
    return {"type": "text", "text": said}


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
        ("openrouter", {"cache_write": 1_250_000_000}, {}, 1),
        ("openrouter", {"cache_write": 1_250_000_000}, {"cache_control": {"type": "ephemeral"}}, 1.25),
        (
            "openrouter",
            {"cache_write": 1_250_000_000, "cache_write_long": 2_000_000_000},
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
    assert pytest.approx(dollars) == cost(dialect, price, "openai/m", **body)


def test_sound_that_comes_out_is_dear_and_images_always_may():
    dear = model_of({**CHEAP, "audio_output": 9_000_000_000})
    spoken = bound_of("openai", "gpt-audio-1.5", dear, max_tokens=1_000, modalities=["text", "audio"], audio={})
    written = bound_of("openai", "gpt-audio-1.5", dear, max_tokens=1_000)
    drawn = bound_of("google", "gemini-9-image", model_of({**CHEAP, "image_output": 9_000_000_000}), max_tokens=1_000)

    assert spoken.cost - written.cost > 1_016 * 2 * 6_900
    assert drawn.cost > 1_016 * 9_000


def test_a_call_of_perplexity_costs_a_search():
    free = {"input": 0, "output": 1, "search": 5_000_000_000}

    assert bound_of("perplexity", "sonar", model_of(free), max_tokens=1).cost == 5_000_000 + 1


# What is no text


@pytest.mark.parametrize(
    ("dialect", "name", "detail", "tokens"),
    [
        ("openai", "gpt-4o", None, 1_445),
        ("openai", "gpt-4o", "low", 85),
        ("openai", "gpt-4o-mini", "high", 48_169),
        ("openai", "ft:gpt-4.1-mini:me", None, 3_779),
        ("openai", "o3", None, 1_275),
        ("openai", "gpt-5", None, 1_190),
        ("openai", "gpt-6-sol", None, 12_000),
        ("azure", "gpt-5.4-nano", None, 24_600),
        ("anthropic", "claude-sonnet-4-5", None, 1_568),
        ("anthropic", "claude-opus-5-5", None, 4_784),
        ("anthropic", "claude-next", None, 4_784),
        ("bedrock", "us.anthropic.claude-3-5-sonnet-20240620-v1:0", None, 1_568),
        ("google", "gemini-2.5-pro", None, 6_192),
        ("google", "gemini-3.8-flash", "high", 2_240),
        ("mistral", "pixtral-large-latest", None, 4_160),
        ("xai", "grok-4", None, 1_792),
        ("cohere", "command-a-vision", None, 3_328),
        ("openrouter", "anthropic/claude-opus-5", None, 4_784),
    ],
)
def test_an_image_weighs_what_its_provider_has_published_and_not_its_bytes(dialect, name, detail, tokens):
    picture = {"type": "image_url", "image_url": {**PICTURE["image_url"], **({"detail": detail} if detail else {})}}

    without = bound_of(dialect, name, max_tokens=1, messages=user(text()))
    found = bound_of(dialect, name, max_tokens=1, messages=user(text(), picture))

    assert tokens <= found.input - without.input <= tokens + 200


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "openrouter", "xai"])
def test_an_address_weighs_as_much_as_the_image_behind_it(dialect):
    name = {"anthropic": "claude-opus-5", "openrouter": "anthropic/claude-opus-5"}.get(dialect, "gpt-4o")

    near = bound_of(dialect, name, max_tokens=1, messages=user(text(), PICTURE))
    far = bound_of(dialect, name, max_tokens=1, messages=user(text(), FAR))

    assert abs(near.input - far.input) < 80


def test_an_image_that_was_fetched_is_taken_out_as_well():
    media = [("https://a.example/a.png", "image/png", PNG)]

    found = bound_of("google", "gemini-3.8-flash", media=media, max_tokens=1, messages=user(text(), FAR))

    assert found.input < 3_000


@pytest.mark.parametrize(
    ("dialect", "name", "part"),
    [
        ("openai", "gpt-4o", PAPER),
        ("openai", "gpt-4o", {"type": "file", "file": {"file_id": "file-1"}}),
        ("openai", "gpt-4o", {"type": "video_url", "video_url": {"url": "https://a.example/a.mp4"}}),
        ("openai", "gpt-4o", {"type": "image_url", "image_url": {"url": f"data:application/pdf;base64,{PDF}"}}),
        ("openai", "gpt-4o", heard(wav(1, kind=2))),
        ("openai", "gpt-4o", heard(wav(1, rate=100))),
        ("openai", "gpt-4o", heard("AAAA" * 9)),
        ("openai", "gpt-4o", heard("A", "wav")),
        ("openai", "gpt-4o", heard("AAAA", "flac")),
        ("mistral", "voxtral-small-latest", heard("AAAA", "mp3")),
        ("mistral", "mistral-large-latest", PAPER),
        ("anthropic", "claude-sonnet-4-5", PAPER),
        ("anthropic", "claude-sonnet-4-5", {"type": "file", "file": {"file_id": "file_1"}}),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", PAPER),
        ("bedrock", "amazon.nova-pro-v1:0", PICTURE),
        ("google", "gemini-2.5-pro", PAPER),
        (
            "google",
            "gemini-2.5-pro",
            {"type": "file", "file": {"file_data": "https://www.youtube.com/watch?v=a"}},
        ),
        ("groq", "meta/llama", PICTURE),
        ("ollama", "llava", PICTURE),
    ],
)
def test_what_has_no_published_weight_fills_the_models_context_at_most(dialect, name, part):
    said = {"max_tokens": 1, "messages": user(text(), part)}

    assert bound_of(dialect, name, model_of(context=100_000), **said).input == 100_000
    assert bound_of(dialect, name, model_of(context=None), **said).param == "messages"


def test_a_conversation_longer_than_the_context_counts_as_it_is():
    long = text("word " * 1_000)

    assert bound_of(model=model_of(context=100), max_tokens=1, messages=user(long, PAPER)).input > 5_000


@pytest.mark.parametrize(
    ("dialect", "name"),
    [("anthropic", "claude-sonnet-4-5"), ("google", "gemini-3.8-flash"), ("bedrock", "amazon.nova-pro-v1:0")],
)
def test_a_file_of_text_counts_by_its_letters(dialect, name):
    data = base64.b64encode(b"words " * 500).decode()
    part = {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{data}"}}

    found = bound_of(dialect, name, max_tokens=1, messages=user(text(), part))

    assert 3_000 < found.input < 6_000


@pytest.mark.parametrize(
    ("dialect", "name", "data", "form", "tokens"),
    [
        ("openai", "gpt-audio-1.5", wav(10), "wav", 200),
        ("google", "gemini-3.8-flash", wav(10), "wav", 320),
        ("google", "gemini-3.8-flash", base64.b64encode(bytes(10_000)).decode(), "mp3", 320),
        ("google", "gemini-3.8-flash", base64.b64encode(bytes(480_000)).decode(), "pcm16", 320),
    ],
)
def test_a_sound_weighs_by_its_seconds_and_costs_as_sound(dialect, name, data, form, tokens):
    model = model_of({**CHEAP, "audio_input": 40_000_000_000})

    without = bound_of(dialect, name, model, max_tokens=1, messages=user(text()))
    found = bound_of(dialect, name, model, max_tokens=1, messages=user(text(), heard(data, form)))

    assert tokens <= found.input - without.input <= tokens + 200
    assert found.cost > found.input * 40_000


def test_what_tools_bring_back_may_be_an_image_too():
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    talk = [
        {"role": "user", "content": "look"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": [text(), PICTURE]},
    ]

    for dialect, name in (
        ("anthropic", "claude-sonnet-4-5"),
        ("google", "gemini-3.8-flash"),
        ("bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ):
        assert bound_of(dialect, name, max_tokens=1, messages=talk, tools=[TOOL]).input < 8_000


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": None, "audio": {"id": "audio_1"}},
        {"role": "assistant", "content": "", "images": [{"image_url": {"file_id": "f"}}]},
    ],
)
def test_what_was_answered_before_and_is_kept_elsewhere_fills_the_context(message):
    talk = [{"role": "user", "content": "hi"}, message, {"role": "user", "content": "on"}]

    assert bound_of("vllm", max_tokens=1, messages=talk).input == 128_000


def test_images_and_files_have_their_place_in_responses():
    model = model_of(flags={"endpoints": ["responses"]})
    before = bound_of("openai", "o3-pro", model, max_tokens=99, messages=user(text())).input

    assert bound_of("openai", "o3-pro", model, max_tokens=99, messages=user(text(), PICTURE)).input < before + 1_500
    assert bound_of("openai", "o3-pro", model, max_tokens=99, messages=user(text(), PAPER)).input == 128_000


@pytest.mark.parametrize("part", [{"type": "input_audio", "input_audio": "https://a.example/a.mp3"}])
def test_a_sound_at_an_address_fills_the_context(part):
    body = b'{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":"https://a.example"}]}]}'
    call = call_of(messages=user(heard("AAAA")), max_tokens=1)

    assert bound(call, body, model=model_of(), dialect="mistral", name="m").input == 128_000


def test_an_image_by_its_id_alone_fills_the_context():
    body = b'{"messages":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}'
    call = call_of(messages=user(PICTURE), max_tokens=1)

    assert bound(call, body, model=model_of(), dialect="openai", name="gpt-4o").input == 128_000


def test_what_is_known_of_models_has_an_end():
    call = call_of()

    kept = [model_of() for _ in range(REMEMBERED + 10)]
    for model in kept:
        bound(call, b"{}", model=model, dialect="openai", name="m")

    assert len(_rules) <= REMEMBERED


def test_one_model_under_two_names_is_two_models():
    model: Model = model_of()
    call = call_of(max_tokens=1)
    body = written(call, "xai", "grok-4")

    assert isinstance(bound(call, body, model=model, dialect="xai", name="x-search-api"), Unbounded)
    assert isinstance(bound(call, body, model=model, dialect="xai", name="grok-4"), Bound)


def test_a_published_model_is_bound_by_its_published_price():
    found = bound_of(
        "openai", "gpt-6.1-sol", published("openai", "gpt-6.1-sol"), max_tokens=100, service_tier="default"
    )

    assert found.cost == found.input * 2_500 + found.output * 10_000
