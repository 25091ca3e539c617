"""What a call will probably cost."""

import pytest
from bounding import bound_of, call_of, model_of, published, written

from catalog.bound import Unbounded, bound, ruled
from catalog.estimate import FEW, MANY, Candidate, Past, estimate, estimates, output_of
from catalog.tokens import BY_BYTES, BY_TOKENIZER, Counted, counted
from store.ledger import Quantiles

CALL = call_of(max_tokens=1_000)


def candidate(model=None, *, input=None, bound=None, past=None, configured=True):
    model = model_of() if model is None else model
    found = Unbounded("it has no end", "tools") if bound is None else bound
    return Candidate("p/m", model, input or Counted(100, BY_TOKENIZER), found, past or Past(), configured)


def seen(calls=FEW, p50=200, p90=400):
    return Quantiles(calls, p50, p90)


def test_an_estimate_says_all_that_is_known():
    found = estimate(CALL, candidate(bound=bound_of(max_tokens=1_000), past=Past(key_and_route=seen(MANY))))

    most = bound_of(max_tokens=1_000)
    assert found == {
        "target": "p/m",
        "input_tokens": 100,
        "input_from": "tokenizer o200k_base",
        "output": {"p50": 200, "p90": 400, "from": "key and route", "calls": MANY},
        "cost_usd": {"p50": 0.0005, "p90": 0.0009, "bound": most.cost / 1e9, "confidence": "high"},
        "bound": {"input_tokens": most.input, "output_tokens": 1_016, "cost_usd": most.cost / 1e9},
        "priced": True,
        "configured": True,
    }


def test_what_has_no_bound_says_why():
    found = estimate(CALL, candidate(configured=False))

    assert found["bound"] == {"unbounded": "it has no end", "param": "tools"}
    assert (found["cost_usd"]["bound"], found["configured"]) == (None, False)


@pytest.mark.parametrize("model", [model_of(None), None])
def test_without_a_price_only_tokens_are_told(model):
    found = estimate(CALL, candidate()._replace(model=model))

    assert (found["priced"], found["cost_usd"]["p50"], found["cost_usd"]["p90"]) == (False, None, None)
    assert (found["cost_usd"]["confidence"], found["output"]["p50"]) == ("low", 300)


@pytest.mark.parametrize(
    ("past", "source", "p50"),
    [
        (Past(seen(p50=1), seen(p50=2), seen(p50=3)), "key and route", 1),
        (Past(seen(FEW - 1, p50=1), seen(p50=2), seen(p50=3)), "route", 2),
        (Past(None, None, seen(p50=3)), "target", 3),
        (Past(None, seen(1), seen(2)), "catalog", 300),
        (Past(), "catalog", 300),
    ],
)
def test_the_nearest_history_that_is_long_enough_counts(past, source, p50):
    found = output_of(call_of(), model_of(), past)

    assert (source, p50) == (found.source, found.p50)


@pytest.mark.parametrize(
    ("body", "model", "past", "expected"),
    [
        ({"max_tokens": 100}, {}, Past(seen(p50=90, p90=400)), (90, 100, "key and route")),
        ({"max_tokens": 100}, {}, Past(), (100, 100, "limit")),
        ({"max_tokens": 1_000}, {}, Past(), (300, 1_000, "limit")),
        ({}, {"most": 500}, Past(), (300, 500, "limit")),
        ({}, {"most": None}, Past(), (300, 1_200, "catalog")),
        ({"n": 2, "max_tokens": 5_000}, {}, Past(), (600, 2_400, "catalog")),
        ({}, {"most": 50_000, "can": ["reasoning"]}, Past(), (1_500, 8_000, "catalog")),
        ({"reasoning_effort": "none"}, {"most": 50_000, "can": ["reasoning"]}, Past(), (300, 1_200, "catalog")),
    ],
)
def test_no_answer_is_thought_to_be_longer_than_its_limit(body, model, past, expected):
    found = output_of(call_of(**body), model_of(**model), past)

    assert expected == (found.p50, found.p90, found.source)


def test_embeddings_have_no_answer():
    assert output_of(call_of("embeddings"), None, Past())[:3] == (0, 0, "limit")


@pytest.mark.parametrize(
    ("past", "source", "confidence"),
    [
        (Past(seen(MANY)), BY_TOKENIZER, "high"),
        (Past(seen(MANY)), BY_BYTES, "medium"),
        (Past(seen(MANY - 1)), BY_TOKENIZER, "medium"),
        (Past(None, seen(MANY)), BY_TOKENIZER, "medium"),
        (Past(), BY_TOKENIZER, "low"),
    ],
)
def test_confidence_comes_of_history_and_of_the_tokenizer(past, source, confidence):
    found = estimate(CALL, candidate(past=past, input=Counted(9, source)))

    assert confidence == found["cost_usd"]["confidence"]


def test_the_tier_that_is_asked_for_and_the_step_of_a_long_prompt_are_paid():
    dear = model_of(
        {"input": 10**9, "output": 0, "priority": 1_500, "long": {"above": 50, "input": 10**10, "output": 0}}
    )

    found = estimate(call_of(service_tier="priority"), candidate(dear))

    assert found["cost_usd"]["p50"] == 100 * 10_000 * 1.5 / 1e9


def test_a_chain_is_told_in_its_order_and_no_guess_is_above_the_bound():
    call = call_of(messages=[{"role": "user", "content": "Tell me about cats, and be brief. " * 50}], max_tokens=2_000)
    chain = []
    for dialect, name in (
        ("openai", "gpt-6.1-sol"),
        ("anthropic", "claude-opus-5"),
        ("groq", "llama-3.3-70b-versatile"),
    ):
        model = published(dialect, name)
        most = bound(call, written(call, dialect, name, model), ruled(model, dialect, name))
        chain.append(Candidate(f"{dialect}/{name}", model, counted(call, dialect, name), most))

    found = estimates(call, chain)

    assert [one["target"] for one in found] == [one.target for one in chain]
    assert [one["input_from"] for one in found] == ["tokenizer o200k_base", "bytes", "bytes"]
    for one in found:
        assert 0 < one["cost_usd"]["p50"] < one["cost_usd"]["p90"] < one["cost_usd"]["bound"]
        assert one["input_tokens"] < one["bound"]["input_tokens"]
