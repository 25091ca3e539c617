"""What is written on the board is read as it was meant, and anything else as nothing."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.faults import Failure, Fault
from core.secret import Secret
from core.target import Provider
from gateway.watch.notices import LONGEST, Change, Probed, changed, mark, probed, read_change, read_probed
from gateway.watch.sightings import Look

LAB = Provider(name="lab", dialect="vllm", base_url="http://10.0.0.7/v1", keys=(Secret("sk-planted-1"),))
times = st.floats(0, 2e9)
json = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), st.lists, max_leaves=9)


@given(at=times, left=st.floats(0, LONGEST), cause=st.none() | st.sampled_from(list(Fault)), strikes=st.integers(0, 99))
def test_a_change_of_a_breaker_is_read_as_it_was_written(at, left, cause, strikes):
    change = Change("me", at, left, cause, strikes)

    assert change == read_change(changed(change))


@given(at=times, seconds=st.floats(0, 60), fault=st.sampled_from(list(Fault)), status=st.none() | st.integers(100, 599))
def test_a_probe_is_read_as_it_was_written(at, seconds, fault, status):
    bad = Probed("me", Look(at, seconds, fault.code), Failure(fault, "it was bad", status=status))
    good = Probed("me", Look(at, seconds), None)

    assert [bad, good] == [read_probed(probed(*each)) for each in (bad, good)]


@given(
    notice=st.binary(max_size=40) | json.map(orjson.dumps) | st.lists(json, min_size=5, max_size=6).map(orjson.dumps)
)
def test_anything_else_is_read_as_nothing_or_as_something_sane(notice):
    change, seen = read_change(notice), read_probed(notice)

    assert change is None or change.left <= LONGEST
    assert seen is None or (seen.failure is None) == seen.look.ok


def test_nobody_can_say_more_than_a_day_and_a_hundred_strikes():
    far = read_change(changed(Change("me", 0.0, 9e9, Fault.BROKEN, 10**9)))

    assert (LONGEST, 100) == (far.left, far.strikes)


@pytest.mark.parametrize(
    "facts",
    [
        {"dialect": "openai"},
        {"base_url": "http://10.0.0.8/v1"},
        {"keys": (Secret("sk-planted-2"),)},
        {"keys": ()},
        {"options": {"organization": "o"}},
        {"headers": {"x-team": "a"}},
        {"verify_tls": False},
    ],
)
def test_another_account_or_address_has_another_mark(facts):
    assert mark(LAB) == mark(replace(LAB, probe=9.0, discover=9.0))
    assert mark(LAB) != mark(replace(LAB, **facts))
    assert "planted" not in mark(LAB)
