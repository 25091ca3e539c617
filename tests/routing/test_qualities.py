"""How good answers are, by what was known, seen and said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.quality import (
    FORGOTTEN,
    HALF_LIFE,
    LONGEST,
    MOST,
    NONE,
    STRENGTH,
    Evidence,
    Qualities,
    leaning,
    opinion,
    together,
)

NOW = 1_800_000_000.0
PLACE = ("p/m", "chat")
weights = st.floats(0, 1000)
shares = st.floats(0, 1)


def qualities(*evidence, at=NOW):
    made = Qualities(NOW)
    for one in evidence:
        made.add(*PLACE, one, at)
    return made


def test_without_evidence_the_prior_stands():
    assert 0.7 == Qualities(NOW).score(*PLACE, 0.7)


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ([opinion(1.0)] * 20, 0.75),
        ([opinion(0.0)] * 20, 0.25),
        ([opinion(0.5)] * 20, 0.5),
        ([Evidence(seen=1.0)] * 1000, 0.5),
        ([Evidence(flaws=1.0, seen=1.0)] * 20, 0.25),
        ([Evidence(flaws=1.0)] * 20, 0.25),
        ([opinion(1.0)] * 20 + [Evidence(flaws=1.0, seen=1.0)] * 20, 0.375),
    ],
)
def test_opinions_move_the_mean_and_flaws_lower_it(evidence, expected):
    assert expected == pytest.approx(qualities(*evidence).score(*PLACE, 0.5))


def test_evidence_counts_for_half_after_a_half_life():
    made = qualities(*[opinion(1.0)] * 40)

    made.tick(NOW + HALF_LIFE)

    assert made.score(*PLACE, 0.5) == pytest.approx((0.5 * STRENGTH + 20) / (STRENGTH + 20))


def test_what_is_said_late_of_an_old_answer_counts_as_if_said_then():
    early, late = Qualities(NOW), Qualities(NOW)
    early.add(*PLACE, opinion(1.0), NOW)
    late.tick(NOW + 3 * HALF_LIFE)
    late.add(*PLACE, opinion(1.0), NOW)
    early.tick(NOW + 3 * HALF_LIFE)

    assert early.score(*PLACE, 0.5) == pytest.approx(late.score(*PLACE, 0.5))


@given(shares, st.floats(0, 100), st.floats(0, 100))
def test_what_is_taken_back_leaves_nothing(score, told, since):
    made = Qualities(NOW)
    made.add(*PLACE, opinion(score), NOW + told)

    made.add(*PLACE, opinion(score), NOW + told, times=-1.0)
    made.tick(NOW + since)

    assert made.score(*PLACE, 0.7) == pytest.approx(0.7)


sums = st.floats(-1000, 1000)


@given(sums, sums, sums, sums, shares, st.floats(0.001, 1))
def test_a_score_is_a_share(praise, opinions, flaws, seen, prior, age):
    assert 0 <= leaning(Evidence(praise, opinions, flaws, seen), age).score(prior) <= 1.0000001


@pytest.mark.parametrize(
    "evidence", [Evidence(opinions=-30.0), Evidence(seen=-30.0, flaws=-1.0), Evidence(opinions=-30.0, praise=2.0)]
)
def test_what_was_taken_back_before_it_was_heard_changes_nothing(evidence):
    assert 0.6 == pytest.approx(leaning(evidence).score(0.6))


@given(weights, st.floats(0.5, 1000), shares)
def test_a_better_opinion_never_lowers_the_score(praise, opinions, prior):
    before = Evidence(min(praise, opinions), opinions)

    assert leaning(before.plus(opinion(1.0))).score(prior) >= leaning(before).score(prior) - 1e-9


def test_processes_know_together_what_each_has_seen():
    one, other, all_in_one = qualities(opinion(1.0)), Qualities(NOW + 50), Qualities(NOW)
    other.add(*PLACE, opinion(0.0), NOW + 60)
    all_in_one.add(*PLACE, opinion(1.0), NOW)
    all_in_one.add(*PLACE, opinion(0.0), NOW + 60)

    at = NOW + 100
    one.hears(together([(place, evidence, at) for place, evidence in other.own(at).items()], one.base))
    other.hears(together([(place, evidence, at) for place, evidence in one.own(at).items()], other.base))
    for each in (one, other, all_in_one):
        each.tick(at)

    assert all_in_one.score(*PLACE, 0.5) == pytest.approx(one.score(*PLACE, 0.5))
    assert all_in_one.score(*PLACE, 0.5) == pytest.approx(other.score(*PLACE, 0.5))


def test_hearing_again_replaces_what_was_heard():
    made = Qualities(NOW)
    told = together([(PLACE, opinion(1.0), NOW)], made.base)

    made.hears(told)
    made.hears(told)
    made.add(*PLACE, opinion(1.0), NOW)

    assert [PLACE] == made.places()
    assert {PLACE: Evidence(praise=2.0, opinions=2.0)} == made.known()
    assert {PLACE: opinion(1.0)} == made.own(NOW)


def test_a_successor_goes_on_from_what_was_left():
    left = [(place, evidence, NOW) for place, evidence in qualities(opinion(1.0)).own(NOW).items()]
    made = Qualities(NOW + HALF_LIFE)

    made.resume(left)
    unchanged = made.changed

    assert not unchanged
    assert made.own(NOW + HALF_LIFE)[PLACE].opinions == pytest.approx(0.5)


def test_only_what_changed_needs_telling():
    made = Qualities(NOW)
    before = made.changed
    made.add(*PLACE, opinion(1.0), NOW)
    after = made.changed
    made.own(NOW)

    assert (False, True, False) == (before, after, made.changed)


def test_what_is_too_old_is_forgotten():
    made = qualities(opinion(1.0))

    assert {} == made.own(NOW + 10 * HALF_LIFE)
    assert {} == made.own(NOW)
    assert Evidence(opinions=FORGOTTEN / 2).slight
    assert NONE.slight


def test_names_that_somebody_makes_up_have_an_end():
    made = Qualities(NOW)
    made.add("p/" + "x" * LONGEST, "chat", opinion(1.0), NOW)
    for number in range(MOST + 1):
        made.add(f"p/{number}", "chat", opinion(1.0), NOW)

    assert MOST == len(made.known())
