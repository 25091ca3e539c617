"""Streams of OpenAI's relatives, told in OpenAI's chunks, however the bytes are cut."""

import orjson
import pytest
from api_stream import written
from relatives import CALL, COUNTED, STREAMS, deltas, heard, joined, read
from streams import DONE, FINISH, ROLE, USAGE, chunk, text
from worded import TOOL, adapter_of, ask_of, calls, covering

from core.faults import Fault, UpstreamError
from core.usage import Usage


@pytest.mark.parametrize("dialect", covering(STREAMS, "text", "stream", "reasoning"))
@pytest.mark.parametrize("tools", [None, [TOOL]])
def test_streams_are_told_in_openais_words(dialect, tools):
    data, decoder = heard(dialect, STREAMS[dialect], tools=tools)

    assert ("hm ä", "so it is") == (joined(data, "reasoning_content"), joined(data, "content"))
    assert (True, "tool_calls" if dialect == "mistral" else "stop") == (decoder.finished, decoder.finish)
    assert Usage(3, output=2) == decoder.usage
    assert [Usage(3, output=2).total] == [
        event["usage"]["total_tokens"] for event in read(data) if not event["choices"]
    ]
    assert 1 == sum(finish is not None for _, finish in deltas(data))
    assert 1 == sum("role" in delta for delta, _ in deltas(data))


@pytest.mark.parametrize("dialect", STREAMS)
@pytest.mark.parametrize("tools", [None, [TOOL]])
def test_streams_mean_the_same_however_they_are_cut(dialect, tools):
    stream = STREAMS[dialect]
    expected, whole = heard(dialect, stream, tools=tools)

    one_by_one, decoder = heard(dialect, stream, 1, tools=tools)
    assert expected == one_by_one
    assert whole.remember == decoder.remember
    for at in range(1, len(stream)):
        adapter, ask = adapter_of(dialect), ask_of(stream=True, include_usage=True, tools=tools)
        decoder = adapter.decoder(ask, adapter.encode(ask))
        events = decoder.feed(stream[:at]) + decoder.feed(stream[at:])
        assert expected == written(events + decoder.close())


@pytest.mark.parametrize("dialect", STREAMS)
def test_a_stream_that_is_cut_off_has_no_end(dialect):
    cut = b'"finish_reason":"' if dialect != "perplexity" else b"chat.completion.done"
    stream = STREAMS[dialect]

    with pytest.raises(UpstreamError) as caught:
        heard(dialect, stream[: stream.rindex(cut)])

    assert Fault.BROKEN == caught.value.failure.fault


def test_more_21_comments_are_never_taken_for_content():
    for size in (1, 7, 64):
        data, _ = heard("openrouter", STREAMS["openrouter"], size)
        assert b"PROCESSING" not in data


@pytest.mark.parametrize(
    "event",
    [
        chunk({"content": ""}, "error", error={"code": "server_error", "message": "gone"}),
        chunk({}, "error"),
        b'data: {"choices":[{"index":0,"delta":{},"error":{"code":502,"message":"gone"}}]}\n\n',
    ],
)
@pytest.mark.covers("openrouter", "errors", "stream")
def test_more_23_an_error_after_text_is_an_error_and_no_finish(event):
    adapter, ask = adapter_of("openrouter"), ask_of(stream=True)
    decoder = adapter.decoder(ask, adapter.encode(ask))

    before = written(decoder.feed(ROLE + text("x") + event))

    assert b'"content":"x"' in before
    assert b"error" not in before
    assert Fault.BROKEN == decoder.broken.fault
    assert not decoder.finished
    with pytest.raises(UpstreamError):
        decoder.feed(DONE)


def test_more_22_an_error_in_the_first_event_is_one():
    error = {"message": "slow", "code": 429, "metadata": {"headers": {"X-RateLimit-Reset": "1743292800000"}}}
    event = b"data: " + orjson.dumps({"error": error}) + b"\n\n"

    with pytest.raises(UpstreamError) as caught:
        heard("openrouter", event)

    assert Fault.RATE_LIMITED == caught.value.failure.fault


SEALED = {"type": "reasoning.encrypted", "data": "AA", "index": 1}


def thinking(*pieces):
    return b"".join(chunk({"reasoning": "r", "reasoning_details": [piece]}) for piece in pieces)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (
            [
                {"type": "reasoning.text", "text": "a", "index": 0, "format": "f"},
                {"type": "reasoning.text", "text": "b", "index": 0, "format": None},
                {"type": "reasoning.text", "signature": "s", "index": 0},
                SEALED,
            ],
            [{"type": "reasoning.text", "text": "ab", "index": 0, "format": "f", "signature": "s"}, SEALED],
        ),
        ([SEALED, SEALED], [SEALED, SEALED]),
        (
            [{"type": "reasoning.summary", "summary": "a"}, {"type": "reasoning.summary", "summary": "b"}],
            [{"type": "reasoning.summary", "summary": "ab"}],
        ),
    ],
)
def test_thoughts_that_come_in_pieces_go_back_whole(pieces, expected):
    stream = ROLE + thinking(*pieces) + chunk({"content": "x"}) + chunk(CALL) + chunk({}, "tool_calls") + DONE

    _, decoder = heard("openrouter", stream, tools=[TOOL])

    assert {"abcdefghi": {"reasoning_details": expected}} == decoder.remember


def test_thoughts_that_are_none_do_no_harm():
    stream = ROLE + chunk({"reasoning_details": [7]}) + chunk({"reasoning_details": {"a": 1}}) + chunk(CALL)

    _, decoder = heard("openrouter", stream + chunk({}, "tool_calls") + DONE, tools=[TOOL])

    assert {"abcdefghi": {"reasoning_details": []}} == decoder.remember


def test_two_choices_are_not_remembered():
    data, decoder = heard("openrouter", ROLE + FINISH + chunk({}, "stop", 1) + DONE, choices=2, n=2, tools=[TOOL])

    assert {} == decoder.remember
    assert data


# Azure

FILTERED = (
    b'data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}\n\n'
)
LATE = chunk({}, id="", model="", content_filter_offsets={})


@pytest.mark.covers("azure", "stream", "text")
def test_more_27_the_first_event_of_azure_is_not_forwarded():
    data, decoder = heard("azure", FILTERED + ROLE + text("x") + FINISH + USAGE + DONE)

    assert "c" == read(data)[0]["id"]
    assert "x" == joined(data, "content")
    assert "stop" == decoder.finish


def verdict(finish=None, **results):
    """What a filter that runs beside the model says when it is through."""
    choice = {"index": 0, "finish_reason": finish, "content_filter_results": results, "content_filter_offsets": {}}
    return b"data: " + orjson.dumps({"id": "", "object": "", "model": "", "created": 0, "choices": [choice]}) + b"\n\n"


CAUGHT = {"protected_material_text": {"detected": True, "filtered": True}}
LET_THROUGH = {"hate": {"filtered": False, "severity": "safe"}, "new": 7}


@pytest.mark.parametrize("size", [1, 50, None])
@pytest.mark.parametrize(
    "late",
    [chunk({}, "content_filter"), verdict("content_filter", **CAUGHT), verdict(**CAUGHT)],
    ids=["a finish", "a finish and a verdict", "a verdict"],
)
def test_more_27_a_filter_that_comes_late_is_the_finish(late, size):
    data, decoder = heard("azure", FILTERED + ROLE + text("x") + LATE + FINISH + late + FINISH + DONE, size)

    assert ["content_filter"] == [finish for _, finish in deltas(data) if finish]
    assert "content_filter" == deltas(data)[-1][1] == decoder.finish


def test_more_27_a_verdict_that_comes_late_and_catches_nothing_changes_no_finish():
    data, decoder = heard("azure", ROLE + text("x") + FINISH + verdict(**LET_THROUGH) + DONE)

    assert ["stop"] == [finish for _, finish in deltas(data) if finish]
    assert "stop" == decoder.finish


def test_more_27_a_filter_that_stops_the_answer_is_its_finish():
    _, decoder = heard("azure", FILTERED + ROLE + text("x") + chunk({}, "content_filter") + DONE)

    assert "content_filter" == decoder.finish


# Groq

BAD_CALL = {"error": {"message": "Failed to call a function.", "code": "tool_use_failed", "failed_generation": "<f"}}


@pytest.mark.parametrize(
    "event",
    [
        b"event: error\ndata: " + orjson.dumps({"error": {**BAD_CALL["error"], "status_code": 400}}) + b"\n\n",
        b"data: " + orjson.dumps(BAD_CALL) + b"\n\n",
        chunk({}, x_groq=BAD_CALL),
    ],
)
@pytest.mark.covers("groq", "errors", "stream")
def test_more_37_a_call_that_the_model_got_wrong_is_not_the_clients_fault(event):
    with pytest.raises(UpstreamError) as caught:
        heard("groq", ROLE + event)

    assert Fault.BROKEN == caught.value.failure.fault


def test_usage_that_groq_tells_twice_is_told_once():
    stream = ROLE + text("x") + chunk({}, "stop", x_groq={"usage": COUNTED}, usage=COUNTED) + DONE

    data, decoder = heard("groq", stream)

    assert 1 == sum(not event["choices"] for event in read(data))
    assert Usage(3, output=2) == decoder.usage


# xAI, TGI, Together


@pytest.mark.covers("xai", "tools", "stream")
def test_more_trap_xai_says_nothing_where_it_means_calls():
    usage = {**COUNTED, "total_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}

    data, decoder = heard("xai", ROLE + chunk(CALL, "") + chunk({}, "stop", usage=usage) + DONE)

    assert ["tool_calls"] == [finish for _, finish in deltas(data) if finish]
    assert Usage(3, output=6, reasoning=4) == decoder.usage


def test_text_that_xai_ends_with_nothing_goes_on():
    data, decoder = heard("xai", ROLE + chunk({"content": "a"}, "") + chunk({"content": "b"}, "") + FINISH + DONE)

    assert ("ab", "stop") == (joined(data, "content"), decoder.finish)


@pytest.mark.covers("tgi", "tools", "stream")
def test_arguments_that_tgi_gives_as_an_object_are_text():
    call = {"tool_calls": [{"index": 0, **calls("0", arguments={"a": 1})[0]}]}

    data, decoder = heard("tgi", ROLE + chunk(call) + chunk({}, "eos_token") + DONE)

    assert '{"a":1}' == deltas(data)[1][0]["tool_calls"][0]["function"]["arguments"]
    assert "stop" == decoder.finish


def test_the_probabilities_of_together_are_streamed_as_openais():
    choice = {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
    likely = {"tokens": ["a"], "token_logprobs": [-1]}
    event = b"data: " + orjson.dumps({"id": "c", "choices": [{**choice, "logprobs": likely}]}) + b"\n\n"

    data, _ = heard("together", ROLE + event + FINISH + DONE, logprobs=True)

    assert -1 == read(data)[1]["choices"][0]["logprobs"]["content"][0]["logprob"]


# Framing, for all


@pytest.mark.parametrize("dialect", ["mistral", "deepseek", "groq", "openrouter", "together"])
@pytest.mark.parametrize(
    "reframe",
    [
        lambda data: data.replace(b"data: ", b"data:"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.replace(b',"choices"', b',\ndata: "choices"'),
    ],
    ids=["without a blank", "CRLF", "two lines"],
)
def test_more_trap_events_may_be_framed_otherwise(dialect, reframe):
    expected, _ = heard(dialect, STREAMS[dialect])

    for size in (None, 5):
        data, _ = heard(dialect, reframe(STREAMS[dialect]), size)
        assert deltas(expected) == deltas(data)


@pytest.mark.parametrize("asked", [True, False])
def test_more_trap_usage_after_the_finish_is_for_those_who_asked(asked):
    data, decoder = heard("together", ROLE + text("x") + chunk({}, "eos") + USAGE + DONE, include_usage=asked)

    assert asked == any(not event["choices"] for event in read(data))
    assert Usage(3, output=2) == decoder.usage


@pytest.mark.parametrize(
    ("dialect", "error", "fault"),
    [
        ("vllm", {"message": "engine died", "type": "InternalServerError", "code": 500}, Fault.BROKEN),
        ("sglang", {"object": "error", "message": "The request queue is full.", "code": 503}, Fault.OVERLOADED),
        ("tgi", {"message": "Request failed during generation", "http_status_code": 424}, Fault.BROKEN),
        ("llama.cpp", {"code": 500, "message": "x", "type": "server_error"}, Fault.BROKEN),
    ],
)
def test_more_trap_an_error_in_a_stream_counts_more_than_the_mark_behind_it(dialect, error, fault):
    adapter, ask = adapter_of(dialect), ask_of(stream=True)
    decoder = adapter.decoder(ask, adapter.encode(ask))

    decoder.feed(ROLE + text("x") + b"data: " + orjson.dumps({"error": error}) + b"\n\n" + DONE)

    assert (fault, False, False) == (decoder.broken.fault, decoder.done, decoder.finished)
