"""How many tokens a prompt probably has."""

import base64
import hashlib
import importlib

import pytest
from bounding import call_of

from catalog.tokens import BY_BYTES, BY_TOKENIZER, Counted, by_bytes, counted, encoding, exact, loaded, ranks


def test_the_ranks_are_those_that_openai_publishes():
    lines = b"".join(b"%s %d\n" % (base64.b64encode(token), rank) for token, rank in ranks().items())

    # The checksum that tiktoken compares with when it fetches them.
    assert hashlib.sha256(lines).hexdigest() == "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world! naïve 東京", ["Hello", ",", " world", "!", " naï", "ve", " 東京"]),
        ("I'LL   go\n\n12345", ["I", "'", "LL", "  ", " go", "\n\n", "123", "45"]),
        ("<|endoftext|>", ["<", "|", "end", "of", "text", "|", ">"]),  # what a client writes is text
        ("", []),
    ],
)
def test_the_tokenizer_cuts_as_openais_does(text, expected):
    said = encoding().encode_ordinary(text)

    assert expected == [encoding().decode([token]) for token in said]


@pytest.mark.parametrize("filling", [" ", "a", "word\n"])
def test_texts_of_any_length_are_counted(filling):
    text = filling * (1_200_000 // len(filling))

    assert 0 < exact(encoding(), text) <= len(text)


def test_pieces_are_cut_at_the_ends_of_lines():
    text = "one line of it\n" * 20_000

    assert exact(encoding(), text) == len(encoding().encode_ordinary(text))


@pytest.mark.parametrize(
    ("dialect", "name", "source"),
    [
        ("openai", "gpt-4o-mini", BY_TOKENIZER),
        ("openai", "gpt-6.1-sol", BY_TOKENIZER),
        ("openai", "o3", BY_TOKENIZER),
        ("openai", "ft:gpt-4.1:me", BY_TOKENIZER),
        ("openrouter", "openai/o3-mini", BY_TOKENIZER),
        ("groq", "openai/gpt-oss-20b", BY_TOKENIZER),
        ("openai", "gpt-4-turbo", BY_BYTES),
        ("openai", "gpt-3.5-turbo-instruct", BY_BYTES),
        ("anthropic", "claude-opus-5", BY_BYTES),
        ("ollama", "gpt-4o-like", BY_BYTES),
    ],
)
def test_the_tokenizer_is_used_for_whom_it_is_made(dialect, name, source):
    assert source == counted(call_of(), dialect, name).source


def test_everything_that_a_model_reads_is_counted():
    tool = {"type": "function", "function": {"name": "look_up", "description": "Looks things up."}}
    call = {"id": "c", "type": "function", "function": {"name": "look_up", "arguments": '{"q":"cats"}'}}
    talk = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "name": "ann", "content": [{"type": "text", "text": "What about cats?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "They purr."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}], "refusal": "No."},
    ]
    far = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.example/a.png"}}]}]

    bare = counted(call_of(messages=talk[:1]), "openai", "gpt-4o").tokens
    whole = counted(call_of(messages=talk, tools=[tool]), "openai", "gpt-4o").tokens
    seen = counted(call_of(messages=far), "openai", "gpt-4o").tokens

    assert (bare, whole) == (3 + 4 + 3, 87)
    assert seen == 1_445 + 4 + 3
    assert counted(call_of(messages=far), "groq", "llama").tokens == 1_500 + 4 + 3


def test_a_sound_counts_by_its_seconds():
    part = {"type": "input_audio", "input_audio": {"data": base64.b64encode(bytes(10_000)).decode(), "format": "mp3"}}

    found = counted(call_of(messages=[{"role": "user", "content": [part]}]), "google", "gemini-3.8-flash")

    assert found == Counted(11 * 32 + 4 + 3, BY_BYTES)


@pytest.mark.parametrize(("prompt", "tokens"), [("Hello, world!", 4), (["Hello", " world"], 2), ([1, 2, 3], 0)])
def test_prompts_of_completions_are_counted_too(prompt, tokens):
    assert tokens == counted(call_of("completions", prompt=prompt), "openai", "gpt-4o").tokens


PROSE = "The quick brown fox jumps over the lazy dog, and nobody in the village was surprised by it at all. " * 20
CODE = "def area(width: int, height: int) -> int:\n    return width * height\n\n\n" * 20
CHINESE = "这是一个关于机器学习的问题，请用中文回答。" * 40
HASHES = " ".join(hashlib.sha256(bytes([number])).hexdigest() for number in range(40))
BASE64 = base64.b64encode(b"".join(hashlib.sha256(bytes([number])).digest() for number in range(60))).decode()


@pytest.mark.parametrize("text", [PROSE, CODE, CHINESE, HASHES, BASE64])
def test_the_rule_of_bytes_is_near_the_tokenizer_whatever_the_text(text):
    guess, truth = by_bytes(text.encode(), "some-model"), len(encoding().encode_ordinary(text))

    assert 0.7 < guess / truth < 1.6


@pytest.mark.parametrize(("name", "tokens"), [("claude-opus-5", 125), ("open-mixtral-8x7b", 135), ("other", 105)])
def test_some_make_more_tokens_of_a_text_than_others(name, tokens):
    assert tokens == by_bytes(b"abc " * 100, name)


def test_without_the_package_everything_goes_by_bytes(monkeypatch):
    def missing(name):
        raise ImportError(name)

    loaded.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    try:
        assert counted(call_of(), "openai", "gpt-4o").source == BY_BYTES
    finally:
        loaded.cache_clear()
