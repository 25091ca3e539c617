"""The top-level fields of a call: used, dropped by name, or refused."""

import pytest
from asking import asked
from hypothesis import given
from hypothesis import strategies as st

from adapters.fields import Fields, unsupported, written
from core.call import Call
from core.errors import Refusal

GATEWAYS = {"model": "m", "messages": [], "models": ["a"], "routing": {}, "stream": True, "stream_options": {}}


def fields(*, strict=False, **body):
    return Fields(asked(Call("chat", "m", {**GATEWAYS, **body}), strict=strict))


def test_what_nobody_took_is_dropped_and_named_in_order():
    found = fields(temperature=1, zebra=2, apple=3)

    taken = found.take("temperature")

    assert taken == 1
    assert found.end() == ("apple", "zebra")


def test_the_gateways_own_fields_and_null_are_not_there():
    found = fields(temperature=None)

    assert "temperature" not in found
    assert [name for name in GATEWAYS if name in found] == []
    assert found.end() == ()


@pytest.mark.parametrize("value", [0, False, "", [], {}])
def test_what_is_empty_but_not_null_was_said(value):
    found = fields(stop=value)

    assert "stop" in found
    assert value == found.peek("stop")
    assert found.end() == ("stop",)


def test_looking_at_a_field_does_not_take_it():
    found = fields(n=2)

    looked = (found.peek("n"), found.peek("seed"), found.take("n"), found.take("n"))

    assert looked == (2, None, 2, None)
    assert found.end() == ()


def test_what_changes_nothing_goes_without_a_word_even_under_strict():
    found = fields(store=False, strict=True)

    found.ignore("store", "never_sent")

    assert found.end() == ()


def test_only_what_was_sent_is_dropped():
    found = fields(seed=7)

    found.drop("seed", "top_k")

    assert found.end() == ("seed",)


@pytest.mark.parametrize(
    ("value", "expected", "told"),
    [(1.5, 1.0, ("temperature=1.0",)), (-1, 0.0, ("temperature=0.0",)), (0.5, 0.5, ()), (1, 1, ()), (0, 0, ())],
)
def test_a_value_beyond_bounds_is_clamped_and_told(value, expected, told):
    found = fields()

    fitting = found.clamped("temperature", value, 0.0, 1.0)

    assert expected == fitting
    assert told == found.end()


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e6, 0), st.floats(0, 1e6))
def test_a_clamped_value_is_within_bounds_and_told_only_if_it_changed(value, least, most):
    found = fields()

    fitting = found.clamped("x", value, least, most)

    assert least <= fitting <= most
    assert bool(found.end()) == (fitting != value)


@pytest.mark.parametrize(
    ("act", "message", "param"),
    [
        (lambda found: found.drop("seed"), "m doesn't take 'seed'.", "seed"),
        (lambda found: found.dropped("messages.0.name"), "m doesn't take 'messages.0.name'.", "messages.0.name"),
        (lambda found: found.clamped("top_p", 2, 0, 1), "m takes 'top_p' only as 1.", "top_p"),
        (lambda found: found.end(), "m doesn't take 'seed'.", "seed"),
    ],
)
def test_under_strict_nothing_is_dropped_or_changed(act, message, param):
    found = fields(strict=True, seed=1)

    with pytest.raises(Refusal) as refused:
        act(found)

    assert (refused.value.message, refused.value.param) == (message, param)
    assert (refused.value.status, refused.value.code) == (400, "unsupported_value")


def test_a_name_is_told_once():
    found = fields(user="u")

    found.dropped("messages.name")
    found.dropped("messages.name")

    assert found.end() == ("messages.name", "user")


def test_names_that_clients_make_up_do_not_grow_without_end():
    found = fields(**{f"made_up_{number:03}": 1 for number in range(45)}, **{"z" * 5000: 1})

    told = found.end()

    assert told[0] == "made_up_000"
    assert told[-1] == "and 6 more"
    assert len(", ".join(told)) < 1000


def test_a_long_name_is_cut_in_a_refusal():
    with pytest.raises(Refusal) as refused:
        fields(**{"z" * 5000: 1}, strict=True).end()

    assert len(refused.value.message) < 100


def test_a_refusal_by_one_target_says_so():
    refused = unsupported("no", param="n")

    assert (refused.status, refused.code, refused.param) == (400, "unsupported_value", "n")


def test_a_body_is_written_as_json():
    assert written({"a": [1, "é"]}) == '{"a":[1,"é"]}'.encode()


def test_a_body_nested_too_deeply_is_the_clients_mistake():
    body = {}
    for _ in range(300):
        body = {"a": body}

    with pytest.raises(Refusal) as refused:
        written(body)

    assert refused.value.status == 400
