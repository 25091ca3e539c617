"""Streams of Gemini that fail, or are none."""

import orjson
import pytest
from gemini_calls import answer, candidate, chunks, decoder, deltas, sse
from test_gemini_streams import failure

from core.faults import Fault

ERROR = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "The model is overloaded."}}


@pytest.mark.parametrize(
    "data",
    [
        sse(ERROR),
        b"data: [" + orjson.dumps(ERROR) + b"]\n\n",
        b"[" + orjson.dumps(ERROR, option=orjson.OPT_INDENT_2) + b"]",
        orjson.dumps(ERROR, option=orjson.OPT_INDENT_2),
    ],
)
def test_an_error_in_the_stream_is_a_failure(data):
    assert (Fault.OVERLOADED, "The model is overloaded.") == (
        (found := failure(data, close=False)).fault,
        found.message,
    )


def test_an_error_after_content_follows_it():
    one = decoder()

    events = one.feed(sse(answer(candidate("Hel", reason=None)), ERROR))

    assert "Hel" == deltas(chunks(events))[-1]["content"]
    assert Fault.OVERLOADED is one.broken.fault


@pytest.mark.parametrize("data", [b"data: x\n\n", b"data: 5\n\n", b"[{x}]", b"data: [5]\n\n"])
def test_what_is_no_event_is_a_failure(data):
    assert Fault.BROKEN is failure(data, close=False).fault


@pytest.mark.parametrize("data", [b"[{" + b" " * 9_000_000, b'[{"' + b"x" * 9_000_000])
def test_an_object_without_end_is_a_failure(data):
    assert "8 MiB" in failure(data, close=False).message
