"""Names in a client's wishes are ours in any spelling, or refused with those that exist."""

import pytest

from core.errors import Refusal
from core.wishes import Wishes
from routing.strategies import strategy_named
from routing.wishes import CAPABILITIES, capability_named, checked


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        *((name, name) for name in CAPABILITIES),
        ("PDF", "files"),
        ("Parallel-Tool-Calls", "parallel_tools"),
        ("function calling", "tools"),
        ("code-generation", "code"),
        ("telepathy", None),
    ],
)
def test_a_capability_goes_by_several_names(spelling, name):
    assert name == capability_named(spelling)


@pytest.mark.parametrize(
    ("spelling", "name"), [("order", "order"), ("Round-Robin", "round_robin"), (" RANDOM ", "random"), ("luck", None)]
)
def test_a_strategy_is_meant_in_any_spelling(spelling, name):
    assert name == strategy_named(spelling)


def test_wishes_come_back_in_our_own_words():
    wishes = Wishes("Least-Loaded", "Coding", frozenset({"pdf", "streaming", "tools"}), session="s")

    expected = Wishes("least_loaded", "code_generation", frozenset({"files", "tools"}), session="s")
    assert expected == checked(wishes)


def test_wishes_without_names_stay_as_they_are():
    assert Wishes(local=True) == checked(Wishes(local=True))


@pytest.mark.parametrize(
    ("wishes", "param", "code", "known"),
    [
        (Wishes(strategy="luck"), "routing.strategy", "unknown_strategy", "least_loaded"),
        (Wishes(task="love\n"), "routing.task", "unknown_task", "long_context"),
        (Wishes(capabilities=frozenset({"smell"})), "routing.capability", "unknown_capability", "json_schema"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_with_those_that_do(wishes, param, code, known):
    with pytest.raises(Refusal) as caught:
        checked(wishes)

    refused = caught.value
    assert (400, param, code) == (refused.status, refused.param, refused.code)
    assert known in refused.message
    assert refused.message.isprintable()
