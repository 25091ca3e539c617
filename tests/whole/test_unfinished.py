"""Answers that look like good ones until one counts: they are failures, and others are tried."""

import pytest

from tests.whole.provider import (
    DONE,
    ROLE,
    SSE,
    STOP,
    Provider,
    chunked,
    completion,
    ok,
    piece,
    says,
    sends,
    streams,
    words,
)

CHAIN = """
providers:
  a: {{dialect: openai, api_key: sk-a, base_url: "{a}"}}
  b: {{dialect: openai, api_key: sk-b, base_url: "{b}"}}
defaults:
  retry: {{attempts: 1}}
routes:
  m: {{chain: [a/one, b/two]}}
  alone: a/one
"""
HELLO = piece({"content": "hello"})
SAID = completion()["choices"][0]
TWO = completion("from b", choices=[SAID, {**SAID, "index": 1}])
VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}


def chain(a: Provider, b: Provider) -> str:
    return CHAIN.format(a=a.url, b=b.url)


@pytest.mark.parametrize(
    "choice",
    [
        {**SAID, "finish_reason": None},
        {"index": 0, "message": {"role": "assistant", "content": "half an ans"}},
        {"index": 0, "message": {}},
        {**SAID, "message": {"role": "assistant", "content": 5}},
        {**SAID, "finish_reason": "abort"},
        {"index": 0, "message": {}, "finish_reason": "function_call_filter: MALFORMED_FUNCTION_CALL"},
    ],
)
async def test_a_whole_answer_that_did_not_end_is_tried_elsewhere(start, choice):
    bad = says(200, completion(choices=[choice]))
    async with Provider(bad) as a, Provider(ok("from b")) as b, start(chain(a, b)) as gateway:
        whole = await gateway.chat()
        alone = await gateway.chat("alone")

    assert (whole.status, whole.body["choices"][0]["message"]["content"]) == (200, "from b")
    assert (alone.status, alone.body["error"]["code"]) == (502, "upstream_error")


async def test_one_of_two_choices_is_tried_elsewhere(start):
    async with Provider(ok()) as a, Provider(says(200, TWO)) as b, start(chain(a, b)) as gateway:
        whole = await gateway.chat(n=2)
        alone = await gateway.chat("alone", n=2)

    assert (whole.status, len(whole.body["choices"])) == (200, 2)
    assert (alone.status, alone.body["error"]["code"]) == (502, "upstream_error")


@pytest.mark.parametrize(
    ("path", "asked", "bad"),
    [
        ("/v1/completions", {"prompt": ["a", "b"]}, {"choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}),
        ("/v1/completions", {"prompt": "a"}, {"choices": [{"index": 0, "text": "x", "finish_reason": None}]}),
        ("/v1/embeddings", {"input": "a"}, {"data": [None]}),
        ("/v1/embeddings", {"input": "a"}, {"data": [{"index": 0, "embedding": []}]}),
        ("/v1/embeddings", {"input": ["a", "b"]}, {"data": [VECTOR, VECTOR]}),
    ],
)
async def test_other_answers_with_gaps_are_failures_too(start, path, asked, bad):
    async with Provider(says(200, bad)) as a, Provider(ok()) as b, start(chain(a, b)) as gateway:
        answer = await gateway.request("POST", path, {"model": "alone", **asked})

    assert (answer.status, answer.body["error"]["code"]) == (502, "upstream_error")


@pytest.mark.parametrize("end", [[], [DONE]])
async def test_a_stream_that_lacks_a_choice_ends_with_an_error(start, end):
    bad = streams([ROLE, HELLO, STOP, *end])
    async with Provider(bad) as a, Provider(ok()) as b, start(chain(a, b)) as gateway:
        answer = await gateway.chat("alone", stream=True, n=2)

    assert b'data: {"error":' in answer.raw
    assert b"[DONE]" not in answer.raw


async def test_a_stream_that_dies_after_it_went_on_ends_with_an_error(start):
    bad = sends(SSE + b"".join(chunked(each) for each in (ROLE, HELLO, STOP, HELLO)), close=True)
    async with Provider(bad) as a, Provider(ok()) as b, start(chain(a, b)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert b'data: {"error":' in answer.raw
    assert b"[DONE]" not in answer.raw


async def test_a_stream_with_a_finish_on_each_piece_finishes_once(start):
    pieces = [piece({"content": word}, "stop") for word in ("one", "two", "three")]
    each = streams([ROLE, *pieces, DONE], pace=0.02)
    async with Provider(each) as a, Provider(ok()) as b, start(chain(a, b)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert answer.raw.count(b'"finish_reason":"stop"') == 1
    assert answer.raw.endswith(DONE)
    assert b"three" in answer.raw


async def test_a_stream_that_has_all_is_whole(start):
    async with Provider(streams(words("hello"))) as a, Provider(ok()) as b, start(chain(a, b)) as gateway:
        answer = await gateway.chat("alone", stream=True)

    assert answer.raw.endswith(DONE)


@pytest.mark.parametrize("reason", ["abort", "function_call_filter: MALFORMED_FUNCTION_CALL"])
async def test_a_stream_that_says_that_it_failed_ends_with_an_error(start, reason):
    bad = streams([ROLE, HELLO, piece({}, reason), DONE])
    async with Provider(bad) as a, Provider(ok("from b")) as b, start(chain(a, b)) as gateway:
        told = await gateway.chat(stream=True)

    assert "hello" == told.text
    assert "upstream_error" == told.events[-1]["error"]["code"]
    assert reason not in [choice["finish_reason"] for event in told.events[:-1] for choice in event["choices"]]


async def test_what_a_filter_kept_back_is_an_answer(start):
    bad = says(200, completion(choices=[{"index": 0, "finish_reason": "content_filter: PROHIBITED_CONTENT"}]))
    async with Provider(bad) as a, Provider(ok("from b")) as b, start(chain(a, b)) as gateway:
        told = await gateway.chat()

    (choice,) = told.body["choices"]
    assert (200, "content_filter", None) == (told.status, choice["finish_reason"], choice["message"]["content"])
    assert "PROHIBITED_CONTENT" in choice["message"]["refusal"]
