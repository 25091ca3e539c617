"""How an event begins tells whether it may say more than its choices do."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from adapters.failure import is_error
from adapters.openai_events import is_head

USUAL = b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","system_fingerprint":null,'
NAMES = ("id", "object", "created", "model", "service_tier", "error", "usage", "choice", "object\n")
values = (
    some.none()
    | some.sampled_from(("error", "text_completion", "chat.completion.chunk"))
    | some.integers(-(2**53), 2**53)
    | some.text(max_size=4)
    | some.dictionaries(some.text(max_size=2), some.none())
)


@pytest.mark.parametrize(
    "head",
    [USUAL, USUAL.replace(b":", b": ").replace(b",", b", "), b"data: {", b'data:{"created":0,', b'data: {"x":[1,2],'],
)
def test_what_stands_beside_the_choices_says_nothing(head):
    assert is_head(head)


@pytest.mark.parametrize(
    "head",
    [
        USUAL + b'"usage":{"total_tokens":1},',
        USUAL + b'"error":{"message":"no"},',
        USUAL.replace(b"chat.completion.chunk", b"error"),
        USUAL.replace(b"1,", b"01,"),
        USUAL.replace(b'"x"', b'"\xff"'),
        USUAL.replace(b'"x"', b'"\n"'),
        USUAL.replace(b'"x"', b'"\\x"'),
        USUAL[:-1],
        b": data",
        b"",
    ],
)
def test_what_says_more_or_is_no_head_is_none(head):
    assert not is_head(head)


@given(some.lists(some.tuples(some.sampled_from(NAMES), values), max_size=6), some.booleans())
def test_a_short_look_says_what_reading_it_says(fields, spaced):
    said = b"".join(orjson.dumps(name) + b":" + b" " * spaced + orjson.dumps(value) + b"," for name, value in fields)
    read = dict(fields)

    assert is_head(b"data: {" + said) == (not is_error(read) and not read.get("usage"))
