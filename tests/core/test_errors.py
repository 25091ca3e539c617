"""What a log may say of a refusal."""

import pytest

from core.errors import Refusal

NOTED = {
    "ours": (Refusal(400, "my words", code="a"), False, "my words"),
    "a provider's": (
        Refusal(400, "words", quoted=True),
        False,
        "the provider's words, 5 characters, were for the client",
    ),
    "and what it is called": (
        Refusal(400, "words", code="a", param="b", quoted=True),
        False,
        "the provider's words, 5 characters, were for the client (code a, param b)",
    ),
    "where content is wanted": (Refusal(400, "words", quoted=True), True, "words"),
}


@pytest.mark.parametrize(("refusal", "content", "noted"), NOTED.values(), ids=NOTED.keys())
def test_a_providers_words_are_noted_only_where_content_is(refusal, content, noted):
    assert noted == refusal.noted(content=content)
