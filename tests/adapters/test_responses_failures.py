"""Responses that fail, before they begin and half way."""

import orjson
import pytest
from responding import answered, decoding, message, openai, put, response, told, wire
from streams import passed, played

from core.faults import Failure, Fault, UpstreamError

EVENTS = told(response(message("Hello there")))
BEGUN = EVENTS[:6]  # two pieces of text
pytestmark = pytest.mark.covers("openai", "errors")


def raised(*pieces, body=()):
    with pytest.raises(UpstreamError) as error:
        played(decoding(body), *pieces)
    return error.value.failure


@pytest.mark.parametrize("count", range(len(EVENTS)))
def test_core_36_an_end_without_the_last_event_is_broken(count):
    failure = raised(wire(EVENTS[:count]))

    assert (Fault.BROKEN, "the answer ended before it was complete") == (failure.fault, failure.message)


def test_a_last_event_that_is_cut_is_broken():
    failure = raised(wire(EVENTS)[:-10])

    assert (Fault.BROKEN, "the answer ended before it was complete") == (failure.fault, failure.message)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            {"type": "error", "code": "server_error", "message": "oops", "param": None, "sequence_number": 3},
            Failure(Fault.BROKEN, "oops", code="server_error"),
        ),
        (
            {"type": "error", "error": {"type": "server_error", "code": "server_is_overloaded", "message": "busy"}},
            Failure(Fault.OVERLOADED, "busy", code="server_is_overloaded", type="server_error"),
        ),
        (
            {"type": "error", "code": "context_length_exceeded", "message": "too long", "param": "input"},
            Failure(Fault.CONTEXT_LENGTH, "too long", code="context_length_exceeded", param="input"),
        ),
        (
            {"type": "error", "code": "insufficient_quota", "message": "You exceeded your current quota"},
            Failure(Fault.OUT_OF_CREDIT, "You exceeded your current quota", code="insufficient_quota"),
        ),
        (
            {
                "type": "response.failed",
                "response": response(status="failed", error={"code": "rate_limit_exceeded", "message": "slow down"}),
            },
            Failure(Fault.RATE_LIMITED, "slow down", code="rate_limit_exceeded"),
        ),
        (
            {"type": "response.failed", "response": response(status="failed", error=None)},
            Failure(Fault.BROKEN, "an error without an explanation"),
        ),
        ({"type": "response.cancelled", "response": None}, Failure(Fault.BROKEN, "an error without an explanation")),
        (
            {"error": {"message": "no", "code": "invalid_prompt"}},
            Failure(Fault.CONTENT_POLICY, "no", code="invalid_prompt"),
        ),
        (
            {"type": "response.completed", "response": response(status="queued")},
            Failure(Fault.BROKEN, "the answer's status is queued"),
        ),
    ],
)
def test_core_34_an_error_inside_a_stream_is_a_failure(event, expected):
    assert expected == raised(wire(EVENTS[:2]), b"data: %b\n\n" % orjson.dumps(event))


def test_an_error_after_content_in_the_same_read_loses_nothing():
    decoder = decoding()
    error = {"type": "error", "code": "server_error", "message": "oops"}

    events = decoder.feed(wire([*BEGUN, error]))

    assert b"Hell" in passed(events)
    assert b'finish_reason":"' not in passed(events)
    assert (Fault.BROKEN, False, False) == (decoder.broken.fault, decoder.finished, decoder.done)
    for action in (decoder.close, lambda: decoder.feed(b"x")):
        with pytest.raises(UpstreamError, match="oops"):
            action()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"data: {\n\n", "an event of the stream is not JSON"),
        (b"data: []\n\n", "an event of the stream is not a JSON object"),
        (b'data: {"type":"response.created"}\n\n', "an event of the stream has no response"),
        (b'data: {"type":"response.output_item.done","item":1}\n\n', "an event of the stream has no item"),
        (
            b'data: {"type":"response.output_text.delta","delta":1}\n\n',
            "an event of the stream has a delta without text",
        ),
        (
            b'data: {"type":"response.function_call_arguments.delta","delta":"x","output_index":"y"}\n\n',
            "the answer goes on with a call that it never began",
        ),
        (
            b'data: {"type":"response.output_item.added","item":{"type":"function_call","call_id":"c"}}\n\n',
            "the answer has a call without an id or a name",
        ),
    ],
)
def test_nonsense_is_broken(data, message):
    failure = raised(data)

    assert (Fault.BROKEN, message) == (failure.fault, failure.message)


HALVES = [{"type": "function_call", "call_id": "c", "name": "f"}, {"type": "custom_tool_call"}]


@pytest.mark.parametrize("item", [*HALVES, message(None), message(refusal=5)])
def test_half_of_an_item_gets_lost_nowhere(item):
    with pytest.raises(UpstreamError, match="the answer has a"):
        answered(response(message(), item))


@pytest.mark.parametrize("item", [*HALVES, message([5]), message(refusal=5)])
def test_half_of_an_item_gets_lost_in_no_stream(item):
    events = told(response(message()))
    done = {"type": "response.output_item.done", "item": item, "output_index": 3}

    with pytest.raises(UpstreamError, match="the answer has a"):
        played(decoding(), wire([*events[:-1], done, events[-1]]))


def test_items_that_are_none_say_nothing():
    events = told(response(message()))
    begun = {"type": "response.output_item.added", "item": {"type": ["function_call"]}, "output_index": 3}
    odd = {"type": "response.output_item.done", "item": {"type": ["program"]}, "output_index": 3}
    last = {**events[-1], "response": {**response(), "output": None}}

    text = passed(played(decoding(), wire([*events[:-1], begun, odd, last])))

    assert b'"finish_reason":"stop"' in text


def test_a_body_that_is_no_stream_may_still_say_why():
    error = b'{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'

    assert Fault.OUT_OF_CREDIT is raised(error).fault
    assert "the answer ended before it was complete" == raised(b'{"id": "resp_1"}').message


REFUSED = (
    b'{"error":{"message":"Your organization must be verified to generate reasoning summaries.",'
    b'"type":"invalid_request_error","param":"%b","code":"unsupported_value"}}'
)


def test_where_thoughts_are_not_summarised_the_next_try_does_not_ask():
    adapter, ask = openai(), put({"reasoning_effort": "low"})

    failure = adapter.failure(400, {}, REFUSED % b"reasoning.summary")

    assert (Fault.BROKEN, True) == (failure.fault, failure.fault.retry_same)
    assert {"effort": "low"} == orjson.loads(adapter.encode(ask).body)["reasoning"]


def test_another_refusal_teaches_nothing():
    adapter, ask = openai(), put({"reasoning_effort": "low"})

    failure = adapter.failure(400, {}, REFUSED % b"reasoning.effort")

    assert Fault.BAD_REQUEST is failure.fault
    assert {"effort": "low", "summary": "auto"} == orjson.loads(adapter.encode(ask).body)["reasoning"]


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        (400, {"code": "invalid_encrypted_content", "message": "could not be verified"}, Fault.UNSUPPORTED),
        (400, {"code": "invalid_prompt", "message": "flagged"}, Fault.CONTENT_POLICY),
        (400, {"code": "context_length_exceeded", "message": "m"}, Fault.CONTEXT_LENGTH),
        (400, {"code": None, "message": "No tool output found for function call call_1."}, Fault.BAD_REQUEST),
        (404, {"code": "model_not_found", "message": "m"}, Fault.MODEL_NOT_FOUND),
        (429, {"code": "slow_down", "message": "m"}, Fault.RATE_LIMITED),
        (429, {"code": "insufficient_quota", "message": "m"}, Fault.OUT_OF_CREDIT),
        (503, {"code": "server_is_overloaded", "message": "m"}, Fault.OVERLOADED),
        (503, {"code": "slow_down", "message": "m"}, Fault.OVERLOADED),
    ],
)
@pytest.mark.parametrize("dialect", ["openai", "azure"])
def test_statuses_and_codes_tell_who_is_at_fault(dialect, status, error, fault):
    adapter = openai(dialect, base_url="https://x")

    assert fault is adapter.failure(status, {}, orjson.dumps({"error": error})).fault
