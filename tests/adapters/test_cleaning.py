"""What may be shown of a provider's words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.clean import LONGEST, clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words stay", "plain words stay"),
        ("see https://platform.example.com/keys?x=1 now", "see *** now"),
        ("Incorrect API key provided: sk-proj-abc123DEF456.", "Incorrect API key provided: ***"),
        ("Incorrect API key provided: xx***yy", "Incorrect API key provided: ***"),
        ("key gsk_abcdefgh12345678 and xai-abcdefgh12345678", "key *** and ***"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("id 0123456789abcdef0123456789abcdef", "id ***"),
        ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9_AbCdEfGh-12", "token ***"),
        ("AIzaSyA1234567890abcdefghijklmnop", "***"),
        ("model claude-sonnet-4-5-20250929 not found", "model claude-sonnet-4-5-20250929 not found"),
        ("accounts/fireworks/models/llama-v3p1-405b-instruct", "accounts/fireworks/models/llama-v3p1-405b-instruct"),
        ("unsupported_country_region_territory", "unsupported_country_region_territory"),
        ("a\r\nb\x00c\x1b[31m", "a b c [31m"),
    ],
)
def test_secrets_urls_and_control_characters_go(text, expected):
    assert expected == clean(text)


def test_messages_are_short():
    assert LONGEST == len(clean("word " * 10_000))


@given(st.text())
def test_anything_is_printable_and_short_afterwards(text):
    cleaned = clean(text)

    assert LONGEST >= len(cleaned)
    assert not any(ord(character) < 32 for character in cleaned)


@pytest.mark.parametrize("text", ["a" * 100_000, "*" * 100_000, "a1-" * 50_000, "Bearer " * 20_000, "http://" * 20_000])
def test_hostile_texts_cost_no_time(text):
    before = time.perf_counter()

    clean(text)

    assert 0.2 > time.perf_counter() - before
