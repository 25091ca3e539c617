"""What an adapter is told beside the call."""

import pytest

from core.ask import FORGETFUL, UNKNOWN, Abilities, Ask
from core.call import Call
from core.target import Target


@pytest.mark.parametrize(
    ("flags", "unknown", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"sampling_params": True}, False, True),
        ({"sampling_params": False}, True, False),
        ({"sampling_params": None}, False, False),
        ({"sampling_params": 0}, True, False),
        ({"sampling_params": "yes"}, False, True),
    ],
)
def test_what_the_catalog_does_not_say_is_what_the_asker_assumes(flags, unknown, expected):
    assert Abilities(flags=flags).allows("sampling_params", unknown=unknown) is expected


def test_an_unknown_model_is_refused_nothing():
    assert UNKNOWN.allows("anything")
    assert (UNKNOWN.context, UNKNOWN.max_output, UNKNOWN.capabilities) == (None, None, frozenset())


def test_an_ask_knows_nothing_more_than_it_is_told():
    ask = Ask(Call("chat", "m", {}), Target("p", "m"))

    assert (ask.model, ask.strict, ask.media) == (UNKNOWN, False, {})
    assert ask.memory is FORGETFUL
    assert ask.memory.recall("c1") is None
