"""What Ollama's errors mean."""

import orjson
import pytest

from core.faults import Fault

NESTED = '{"error":{"code":400,"message":"request (64010 tokens) exceeds","type":"exceed_context_size_error"}}'
TOO_LONG = "the prompt is longer than the context length currently available to the model; shorten the prompt"


@pytest.mark.parametrize(
    ("status", "error", "fault"),
    [
        (404, "model 'x' not found", Fault.MODEL_NOT_FOUND),
        (404, 'model "x" not found, try pulling it first', Fault.MODEL_NOT_FOUND),
        (503, "server busy, please try again.  maximum pending requests exceeded", Fault.OVERLOADED),
        (400, '"m" does not support tools', Fault.UNSUPPORTED),
        (400, '"m" does not support thinking', Fault.UNSUPPORTED),
        (400, "m does not support insert", Fault.UNSUPPORTED),
        (400, 'option "num_ctx" must be of type integer', Fault.BAD_REQUEST),
        (400, "missing request body", Fault.BAD_REQUEST),
        (400, TOO_LONG, Fault.CONTEXT_LENGTH),
        (400, "the input length exceeds the context length", Fault.CONTEXT_LENGTH),
        (500, "the request exceeds the available context size", Fault.CONTEXT_LENGTH),
        (400, NESTED, Fault.CONTEXT_LENGTH),
        (500, "model runner has unexpectedly stopped, this may be due to resource limitations", Fault.BROKEN),
        (500, "cudaMalloc failed: out of memory", Fault.BROKEN),
        (500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)", Fault.BROKEN),
        (500, "failed to process inputs: image: unknown format", Fault.BAD_REQUEST),
        (401, "unauthorized", Fault.BAD_CREDENTIAL),
        (429, "you have reached your hourly usage limit", Fault.RATE_LIMITED),
        (502, "could not reach the cloud", Fault.BROKEN),
        (499, "request canceled", Fault.BROKEN),
    ],
)
@pytest.mark.covers("ollama", "errors")
def test_an_error_is_told_by_its_words_and_status(adapter, status, error, fault):
    failure = adapter("ollama").failure(status, {}, orjson.dumps({"error": error}))

    assert (fault, status) == (failure.fault, failure.status)


def test_an_error_inside_of_an_error_is_read(adapter):
    failure = adapter("ollama").failure(400, {}, orjson.dumps({"error": NESTED}))

    assert ("request (64010 tokens) exceeds", "exceed_context_size_error") == (failure.message, failure.type)


@pytest.mark.parametrize("error", ["{broken", "{}", "[1]"])
def test_what_only_looks_like_an_error_inside_of_one_is_a_message(adapter, error):
    assert Fault.BAD_REQUEST is adapter("ollama").failure(400, {}, orjson.dumps({"error": error})).fault


def test_a_host_that_is_not_local_is_refused_without_a_word(adapter):
    failure = adapter("ollama").failure(403, {}, b"")

    assert (Fault.BAD_CREDENTIAL, "HTTP 403 without an explanation") == (failure.fault, failure.message)


def test_a_page_of_html_is_told_by_its_status(adapter):
    assert Fault.OVERLOADED is adapter("ollama").failure(503, {}, b"<html>out of memory</html>").fault
    assert Fault.BROKEN is adapter("ollama").failure(500, {}, b"[1]").fault


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "250"}, 0.25),
        ({"date": "Sun, 22 Nov 2026 10:00:00 GMT", "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT"}, 30),
    ],
)
def test_how_long_to_wait_is_read_in_every_spelling(adapter, headers, wait):
    assert wait == adapter("ollama").failure(429, headers, b'{"error":"slow down"}').retry_after
