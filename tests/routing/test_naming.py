"""What names with a `*` mean, and names without."""

import pytest

from routing.naming import means


@pytest.mark.parametrize(
    ("pattern", "name", "meant"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-*", "gpt-4o", True),
        ("*-mini", "gpt-4o-mini", True),
        ("gpt-*-mini", "gpt-4o-mini", True),
        ("ab*ba", "aba", False),
    ],
)
def test_one_star_stands_for_anything(pattern, name, meant):
    assert meant == means(pattern, name)
