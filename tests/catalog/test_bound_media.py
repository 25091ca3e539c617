"""What of a call is no text: by its provider's formula, or as much as the model can take."""

import base64

import pytest
from bounding import (
    CHEAP,
    FAR,
    PAPER,
    PDF,
    PICTURE,
    PNG,
    TOOL,
    bound_of,
    call_of,
    heard,
    model_of,
    text,
    user,
    wav,
)

from catalog.bound import bound, ruled


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
        ("openai", "qwen3-vl", PICTURE),  # somebody else's model behind the same dialect
        ("google", "gemma-4-31b", PICTURE),
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

    assert bound(call, body, ruled(model_of(), "mistral", "m")).input == 128_000


def test_an_image_by_its_id_alone_fills_the_context():
    body = b'{"messages":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]}'
    call = call_of(messages=user(PICTURE), max_tokens=1)

    assert bound(call, body, ruled(model_of(), "openai", "gpt-4o")).input == 128_000
