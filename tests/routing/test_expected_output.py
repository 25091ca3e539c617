"""What a call will probably take, and cost."""

import pytest
from playbook import CALL, target

from core.usage import Usage
from routing import forecast
from routing.forecast import USUAL, Forecast
from routing.outlook import LONG, Known, Outlook, Rates

SMALL = CALL._replace(size=4000)  # a thousand tokens
A, B, C = target("lab/a"), target("lab/b"), target("lab/c")
RATES = {A.id: Rates(1_000_000, 4_000_000, 100_000), B.id: Rates(3_000_000, 3_000_000, 3_000_000)}


def outlook(it: Forecast | None = None) -> Outlook:
    return Outlook(rates=lambda target: RATES.get(target.id), forecast=it)


def test_an_answer_is_as_long_as_those_before_it():
    it = Forecast()
    for tokens in (100, 200):
        it.learn(CALL, A.id, Usage(output=tokens))

    other = CALL._replace(model="other")
    assert [it.output(CALL), it.output(other)] == [110, USUAL]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"max_output": 50}, 50),
        ({"max_output": 900}, USUAL),
        ({"choices": 3}, 3 * USUAL),
        ({"endpoint": "embeddings"}, 0),
    ],
)
def test_an_answer_is_no_longer_than_it_may_be(facts, expected):
    assert Forecast().output(CALL._replace(**facts)) == expected


def test_a_choice_is_learned_of_several():
    it = Forecast()

    it.learn(CALL._replace(choices=4), A.id, Usage(output=400))

    assert it.output(CALL) == 100


def test_pictures_are_not_counted_by_their_bytes():
    call = CALL._replace(size=4_000_000, needs=frozenset({"vision", "tools"}))

    assert [Forecast.input(call), Forecast.input(call._replace(needs=frozenset({"tools"})))] == [10_000, 1_000_000]


def test_a_call_costs_by_its_tokens_and_prices_to_the_nano_dollar():
    assert outlook().costs((A, C, B), SMALL) == [1000 + 4 * USUAL, None, 3000 + 3 * USUAL]
    assert outlook().cost(A, SMALL) == 1000 + 4 * USUAL


def test_prices_are_prepared_once_for_the_targets_of_a_stage(monkeypatch):
    monkeypatch.setattr("routing.outlook._MOST_STAGES", 1)
    look, asked = outlook(), []
    stages = (A, B), (B, A), (A, C)
    look.rates = Known(lambda target: asked.append(target.id) or RATES.get(target.id))

    costs = [look.costs(stage, SMALL) for stage in (*stages, *stages, stages[-1], list(stages[0]))]

    a, b = 1000 + 4 * USUAL, 3000 + 3 * USUAL
    assert costs == [[a, b], [b, a], [a, None], [a, b], [b, a], [a, None], [a, None], [a, b]]
    assert asked == [A.id, B.id, C.id]


def test_what_a_session_has_in_a_cache_is_cheaper_there():
    it = Forecast()
    mine = SMALL._replace(body={"prompt_cache_key": "mine"})
    it.learn(mine, A.id, Usage(input=100, cache_read=300, cache_write=600, output=USUAL))

    look = outlook(it)

    assert look.costs((A, C, B), mine) == [100 + 90 + 4 * USUAL, None, 3000 + 3 * USUAL]
    assert look.cost(A, mine) == 100 + 90 + 4 * USUAL
    assert look.cost(A, SMALL._replace(body={"prompt_cache_key": "other"})) == 1000 + 4 * USUAL


def test_without_a_session_nothing_is_remembered_of_caches():
    it = Forecast()

    it.learn(SMALL, A.id, Usage(cache_read=1000))

    assert it.cached(SMALL) is None


def test_long_prompts_have_prices_of_their_own():
    rates = Rates(1_000_000, 0, 0, ((200_000, Rates(3_000_000, 0, 0)), (128_000, Rates(2_000_000, 0, 0))))
    look = Outlook(rates=lambda _: rates)

    tokens = [LONG, LONG + 1, 128_000, 128_001, 200_001]
    assert [look.cost(A, CALL._replace(size=4 * count)) // count for count in tokens] == [1, 1, 1, 2, 3]


@pytest.mark.plain  # of its constants
def test_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(forecast, "_MOST_NAMES", 2)
    monkeypatch.setattr(forecast, "_MOST_SESSIONS", 2)
    monkeypatch.setattr("routing.outlook._MOST", 2)
    it, asked = Forecast(), []
    for name in "abc":
        it.learn(CALL._replace(model=name, body={"user": name}), A.id, Usage(cache_read=9, output=7))
    known = Known(lambda target: asked.append(target.model))

    assert [it.output(CALL._replace(model=name)) for name in "abc"] == [USUAL, USUAL, 7]
    assert [it.cached(CALL._replace(body={"user": name})) is None for name in "abc"] == [True, False, False]
    assert [known[f"lab/{name}"] for name in ["a/x", "b", "b", "c", "b"]] == [None] * 5
    assert asked == ["a/x", "b", "c", "b"]


def test_qualities_are_asked_for_again_after_a_while():
    asked = []

    def quality(target, task, now):
        asked.append((target.id, task, now))
        return 0.25

    look = Outlook(quality=quality)
    got = [look.qualities(task, now)[A.id] for task, now in [("chat", 9), ("chat", 10), ("code", 10), ("chat", 15)]]
    for number in range(70):
        look.qualities(str(number), 15)

    assert got == [0.25] * 4
    assert asked == [(A.id, "chat", 9), (A.id, "code", 10), (A.id, "chat", 15)]
    assert len(look._qualities) < 70
