"""What the client is told when nothing is left to try."""

import pytest
from playbook import failure, target

from core.faults import Failure, Fault
from routing.candidates import Skipped
from routing.exhausted import Exhausted, refusal

A, B = target("openai/gpt-4o"), target("lab/llama")


def exhausted(*faults: Fault | Failure, skipped=(), retry_after=None) -> Exhausted:
    failures = [(A, failure(it) if isinstance(it, Fault) else it) for it in faults]
    return Exhausted(failures, skipped, retry_after=retry_after)


@pytest.mark.parametrize(
    ("faults", "best"),
    [
        ([Fault.TIMEOUT, Fault.RATE_LIMITED], Fault.TIMEOUT),
        ([Fault.RATE_LIMITED, Fault.RATE_LIMITED], Fault.RATE_LIMITED),
        ([Fault.BAD_CREDENTIAL, Fault.RATE_LIMITED], Fault.RATE_LIMITED),
        ([Fault.CONTEXT_LENGTH, Fault.OVERLOADED], Fault.CONTEXT_LENGTH),
    ],
)
def test_the_most_useful_failure_counts(faults, best):
    assert exhausted(*faults).failure.fault is best


def test_there_is_no_failure_when_nothing_was_tried():
    assert exhausted().failure is None


@pytest.mark.parametrize("fault", list(Fault))
def test_the_status_and_the_code_are_those_of_the_fault(fault):
    answer = refusal(exhausted(fault))

    assert (answer.status, answer.code) == (fault.status, fault.shown)
    # Whoever comes back when there is room multiplies nothing.
    assert answer.headers.get("x-should-retry") == (None if fault is Fault.BUSY else "false")
    assert answer.message


def test_a_bad_request_keeps_the_providers_words():
    answer = refusal(exhausted(Failure(Fault.BAD_REQUEST, "too hot", 422, "too_large", None, "temperature")))

    assert (answer.status, answer.body()["error"]) == (
        400,
        {
            "message": "too hot",
            "type": "invalid_request_error",
            "param": "temperature",
            "code": "too_large",
            "attempts": [{"target": "openai/gpt-4o", "fault": "bad_request", "message": "too hot"}],
            "skipped": [],
        },
    )


@pytest.mark.parametrize(
    ("fault", "code"), [(Fault.CONTEXT_LENGTH, "context_length_exceeded"), (Fault.CONTENT_POLICY, "content_filter")]
)
def test_what_the_caller_has_to_change_is_said_in_the_providers_words_with_our_code(fault, code):
    answer = refusal(exhausted(Failure(fault, "no", code="theirs", param="messages"), retry_after=3.0))

    assert (answer.message, answer.code, answer.param) == ("no", code, "messages")
    assert "retry-after" not in answer.headers


def test_other_messages_name_no_provider_and_attempts_do():
    answer = refusal(exhausted(Fault.TIMEOUT))

    assert answer.message == "the model did not answer in time"
    assert answer.extra["attempts"] == [
        {"target": "openai/gpt-4o", "fault": "timeout", "message": "it was timeout"},
    ]


def test_when_nothing_was_tried_it_says_why_for_each_target():
    answer = refusal(exhausted(skipped=[Skipped(A, "it sleeps"), Skipped(B, "it can't see")], retry_after=12.2))

    assert (answer.status, answer.code, answer.type) == (503, "no_target_available", "service_unavailable_error")
    assert answer.message == "no target can take this call: openai/gpt-4o: it sleeps; lab/llama: it can't see"
    assert answer.extra["skipped"] == [
        {"target": "openai/gpt-4o", "reason": "it sleeps"},
        {"target": "lab/llama", "reason": "it can't see"},
    ]
    assert answer.headers["retry-after"] == "13"


def test_what_no_target_can_ever_do_is_the_callers_mistake():
    unfit = [Skipped(A, "it has no endpoint for embeddings", unfit=True)]

    assert (refusal(exhausted(skipped=unfit)).status, refusal(exhausted(skipped=unfit)).code) == (
        400,
        "unsupported_by_model",
    )
    assert refusal(exhausted(skipped=[*unfit, Skipped(B, "it sleeps")])).status == 503


SLEEPS = Skipped(A, "it sleeps")  # for ever: it isn't configured
SLOWED = Skipped(A, "all its credentials rest for 300 s more (rate_limited)", Fault.RATE_LIMITED, 300.0)
KEPT = Skipped(B, "a limit of ours", Fault.LIMITED, 5.0)
BLIND = Skipped(B, "it can't see", unfit=True)
DOWN = Skipped(B, "its breaker is open", Fault.TIMEOUT, 5.0, tripped=True)


@pytest.mark.parametrize(
    ("skipped", "limited"),
    [
        ([SLOWED], True),
        ([SLOWED, KEPT], True),
        ([SLOWED, BLIND], True),
        ([SLOWED, BLIND, SLEEPS], True),
        ([SLOWED, DOWN], False),
        ([SLOWED, KEPT, DOWN], False),
        ([DOWN], False),
        ([SLEEPS], False),
    ],
)
def test_where_only_rate_limits_keep_all_away_it_is_one(skipped, limited):
    answer = refusal(exhausted(skipped=skipped, retry_after=300.0))

    expected = (429, "rate_limit_exceeded") if limited else (503, "no_target_available")
    assert expected == (answer.status, answer.code)
    assert ("300", "false") == (answer.headers["retry-after"], answer.headers["x-should-retry"])
    assert skipped[0].reason in answer.message


def test_when_the_time_was_up_at_once_it_says_so():
    assert refusal(exhausted()).message == "no target can take this call: its time is up"


@pytest.mark.parametrize(("wait", "header"), [(0.001, "1"), (1.0, "1"), (1.5, "2"), (299.5, "300"), (9e9, "3600")])
def test_retry_after_is_in_whole_seconds_and_capped(wait, header):
    assert refusal(exhausted(Fault.RATE_LIMITED, retry_after=wait)).headers["retry-after"] == header


def test_retry_after_is_left_out_where_nobody_knows():
    assert "retry-after" not in refusal(exhausted(Fault.TIMEOUT)).headers


def test_of_many_targets_the_reasons_are_counted():
    many = [Skipped(target(f"lab/m{number}"), "it can't see", unfit=True) for number in range(300)]
    rare = [Skipped(target(f"lab/r{number}"), f"reason {number}", unfit=True) for number in range(9)]

    answer = refusal(exhausted(skipped=[*rare, *many]))

    assert answer.message.startswith("no target can take this call: 300 targets: it can't see; 1 target: reason 0;")
    assert answer.message.endswith("and 5 other reasons")
    assert (20, 300, 10) == (
        len(answer.extra["skipped"]),
        answer.extra["skipped_by_reason"]["it can't see"],
        len(answer.extra["skipped_by_reason"]),
    )
    assert "309 targets: it sleeps" in refusal(exhausted(skipped=[Skipped(A, "it sleeps")] * 309)).message
