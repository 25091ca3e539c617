"""The plain form: options as clients write them, and what they become."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from api.plain import NAMES, call_of, plain_words, workspace
from core.errors import Refusal
from core.wishes import NO_WISHES

HI = [{"role": "user", "content": "hi"}]


def test_a_prompt_becomes_a_message_and_nobody_has_to_name_a_model() -> None:
    call = call_of({"prompt": "hi"}, stream=False)

    assert ("chat", "auto", HI, False) == (call.endpoint, call.model, call.body["messages"], call.stream)
    assert call.wishes is NO_WISHES


def test_both_spellings_are_read_and_null_is_absent() -> None:
    call = call_of(
        {"messages": HI, "model": "m", "maxTokens": 5, "top_p": 1, "stop": None, "prompt": None}, stream=True
    )

    assert {"messages": HI, "model": "m", "max_tokens": 5, "top_p": 1, "stream": True} == call.body
    assert (5, True) == (call.max_output, call.stream)


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"model": "claude"}, "claude"),
        ({"model": "claude", "provider": "anthropic"}, "anthropic/claude"),
        ({"model": "anthropic/claude", "provider": "anthropic"}, "anthropic/claude"),
        ({"model": "auto", "provider": "anthropic"}, "auto"),
        ({"model": ""}, "auto"),
    ],
)
def test_provider_and_model_name_a_target(fields: dict[str, Any], model: str) -> None:
    assert model == call_of({"prompt": "hi", **fields}, stream=False).model


@pytest.mark.parametrize(
    ("fields", "wish", "expected"),
    [
        ({"task_type": "analysis"}, "task", "analysis"),
        ({"requiredCapability": "vision"}, "capabilities", frozenset({"vision"})),
        ({"budget_remaining": 0.5}, "budget", 500_000_000),
        ({"enableFallback": False}, "fallback", False),
        ({"execution_id": "e-1"}, "session", "e-1"),
        ({"max_latency_ms": 200}, "max_latency", 0.2),
        ({"prefer_local": True}, "local", True),
        ({"strategy": "cheapest"}, "strategy", "cheapest"),
        ({"prefer": ["p"]}, "prefer", ("p",)),
        ({"provider": "p"}, "prefer", ("p",)),
        ({"providerOptions": {"preferredProvider": "p"}}, "prefer", ("p",)),
        ({"providerOptions": {"preferredProvider": ""}, "prefer": "q"}, "prefer", ("q",)),
        ({"costConstraints": {"maxCost": 0.01}}, "max_cost", 10_000_000),
        ({"costConstraints": {"preferredModels": ["m", "p/m", "x*"]}}, "prefer", ("*/m", "p/m", "x*")),
        ({"cost_constraints": {"preferred_models": "m"}}, "prefer", ("*/m",)),
    ],
)
def test_options_become_wishes(fields: dict[str, Any], wish: str, expected: object) -> None:
    assert expected == getattr(call_of({"prompt": "hi", **fields}, stream=False).wishes, wish)


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({}, "prompt", "missing_required_parameter"),
        ({"prompt": "hi", "messages": HI}, "prompt", "invalid_value"),
        ({"prompt": 5}, "prompt", "invalid_type"),
        ({"prompt": "hi", "n": 2}, "n", "unknown_parameter"),
        ({"prompt": "hi", "\n": 2}, "\\n", "unknown_parameter"),
        ({"prompt": "hi", "maxTokens": 2, "max_tokens": 2}, "max_tokens", "invalid_value"),
        ({"prompt": "hi", "maxTokens": "2"}, "max_tokens", "invalid_type"),
        ({"prompt": "hi", "budget_remaining": -1}, "budget_remaining", "invalid_value"),
        ({"prompt": "hi", "prefer": 1}, "prefer", "invalid_value"),
        ({"prompt": "hi", "prefer": "p", "provider": "q"}, "prefer", "invalid_value"),
        (
            {"prompt": "hi", "max_cost": 1, "costConstraints": {"maxCost": 1}},
            "cost_constraints.max_cost",
            "invalid_value",
        ),
        ({"prompt": "hi", "costConstraints": {"maxCost": "1"}}, "cost_constraints.max_cost", "invalid_type"),
        ({"prompt": "hi", "costConstraints": {"most": 1}}, "cost_constraints.most", "unknown_parameter"),
        ({"prompt": "hi", "costConstraints": 1}, "cost_constraints", "invalid_type"),
        ({"messages": "hi"}, "messages", "invalid_type"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_the_name_that_was_written(
    fields: dict[str, Any], param: str, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        call_of(fields, stream=False)

    assert (400, param, code) == (refused.value.status, refused.value.param, refused.value.code)
    assert "routing" not in refused.value.message


def test_other_refusals_pass_as_they_are() -> None:
    refusal = Refusal(400, "no", param="model")

    with pytest.raises(Refusal) as refused, plain_words():
        raise refusal

    assert refused.value is refusal


@pytest.mark.parametrize("fields", [{"workspace_id": "w"}, {"workspaceId": "w"}])
def test_a_workspace_is_read_in_both_spellings(fields: dict[str, str]) -> None:
    assert "w" == workspace(fields)


JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


@given(some.dictionaries(some.sampled_from(NAMES) | some.text(), JSON, max_size=5))
def test_whatever_comes_is_a_call_or_a_refusal(fields: dict[str, Any]) -> None:
    try:
        call = call_of(fields, stream=False)
    except Refusal as refused:
        assert refused.status == 400
    else:
        assert call.model
