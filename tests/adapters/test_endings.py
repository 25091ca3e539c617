"""Reasons to finish that are not OpenAI's: failures are failures, whoever passes them on, and filters have one name."""

import orjson
import pytest
from api_stream import written
from asking import SENT, asked
from relatives import deltas
from streams import DONE, ROLE, chunk, decoder_of, passed, played, text

from core.faults import Fault, UpstreamError

FAILED = [
    ("openai", "function_call_filter: MALFORMED_FUNCTION_CALL", Fault.BROKEN),
    ("openrouter", "function_call_filter: UNEXPECTED_TOOL_CALL", Fault.BROKEN),
    ("vllm", "abort", Fault.BROKEN),
    ("sglang", "abort", Fault.BROKEN),
    ("openai", "abort", Fault.BROKEN),
    ("huggingface", "insufficient_system_resource", Fault.OVERLOADED),
    ("deepseek", "insufficient_system_resource", Fault.OVERLOADED),
    ("openai", "error", Fault.BROKEN),
]
WITHHELD = {"index": 0, "finish_reason": "content_filter: PROHIBITED_CONTENT"}


def whole(adapter, call, choice, dialect="openai", endpoint="chat"):
    answer = {"id": "c", "choices": [choice]}
    return adapter(dialect).decode(orjson.dumps(answer), asked(call(endpoint)), SENT)


def said(reason, content="so"):
    return {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": reason}


@pytest.mark.parametrize(("dialect", "reason", "fault"), FAILED)
def test_a_whole_answer_that_failed_is_no_answer(adapter, call, dialect, reason, fault):
    with pytest.raises(UpstreamError) as caught:
        whole(adapter, call, said(reason), dialect)

    assert fault is caught.value.failure.fault
    assert reason in caught.value.failure.message


@pytest.mark.parametrize(("dialect", "reason", "fault"), FAILED)
@pytest.mark.parametrize("rest", [DONE, b""])
def test_a_stream_that_failed_never_finishes(dialect, reason, fault, rest):
    decoder = decoder_of(dialect)
    told = played(decoder, ROLE, text("so"), close=False)

    with pytest.raises(UpstreamError) as caught:
        decoder.feed(chunk({}, reason) + rest)

    assert fault is caught.value.failure.fault
    assert not decoder.finished
    assert b"so" in passed(told)


def test_a_failure_without_a_message_says_what_failed(adapter, call):
    with pytest.raises(UpstreamError, match="function_call_filter"):
        whole(adapter, call, {"index": 0, "finish_reason": "function_call_filter: MALFORMED_FUNCTION_CALL"})


@pytest.mark.parametrize("reason", ["content_filter: PROHIBITED_CONTENT", "content_filter"])
@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_what_was_withheld_is_filtered_even_without_a_message(adapter, call, dialect, reason):
    told = whole(adapter, call, {**WITHHELD, "finish_reason": reason}, dialect)
    (choice,) = orjson.loads(told.body)["choices"]

    assert "content_filter" == told.finish == choice["finish_reason"]
    assert choice["message"]["content"] is None
    assert reason.removeprefix("content_filter: ") in choice["message"]["refusal"]


@pytest.mark.parametrize(
    "choice", [{**WITHHELD, "finish_reason": "stop"}, {**WITHHELD, "message": "no"}, {"index": 0}, 7]
)
def test_nothing_else_may_lack_its_message(adapter, call, choice):
    with pytest.raises(UpstreamError, match="without message"):
        whole(adapter, call, choice)


def test_a_completion_may_not_lack_its_text(adapter, call):
    with pytest.raises(UpstreamError, match="without text"):
        whole(adapter, call, WITHHELD, endpoint="completions")


def test_a_filters_own_reason_is_openais_word_for_it(adapter, call):
    told = whole(adapter, call, said("content_filter: RECITATION"))
    streamed = played(decoder_of(), ROLE, text("so"), chunk({}, "content_filter: RECITATION"), DONE)

    assert "content_filter" == orjson.loads(told.body)["choices"][0]["finish_reason"]
    assert "content_filter" == deltas(written(streamed))[-1][1]


LLAMA = b'error: {"code":400,"message":"the request exceeds the available context size","type":"invalid_request_error"}'


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"])
@pytest.mark.parametrize("begun", [b"", ROLE])
def test_an_error_in_a_field_of_its_own_is_one(begun, end):
    with pytest.raises(UpstreamError) as caught:
        played(decoder_of("llama.cpp"), begun, LLAMA + end)

    assert Fault.CONTEXT_LENGTH is caught.value.failure.fault
    assert "context size" in caught.value.failure.message


def test_an_error_in_a_field_of_its_own_ends_what_was_said():
    decoder = decoder_of("llama.cpp")
    told = decoder.feed(ROLE + text("so") + b'error: {"code":500,"message":"boom"}\n\n')

    assert b"so" in passed(told)
    assert "boom" == decoder.broken.message
