"""Requests as Mistral's own SDK has them, and answers as it and OpenAI's read them."""

import orjson
import pytest
from api_stream import ended
from mistralai.client import models as mistral
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from relatives import STREAMS
from streams import DONE
from test_official_client import client_of
from worded import HI, TOOL, adapter_of, ask_of, calls, understood, whole

SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}}
LOOP = [
    {"role": "developer", "content": "s"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}},
            {"type": "file", "file": {"file_id": "f-1"}},
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        ],
    },
    {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "reasoning_content": "r",
        "tool_calls": [{**calls("call_1", arguments={"a": 1})[0], "index": 0}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "7"},
    {"role": "user", "content": "go on"},
    {"role": "assistant", "content": "So"},
]
EVERYTHING = {
    "messages": LOOP,
    "tools": [TOOL, {"type": "function", "function": {"name": "g", "strict": True}}],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "response_format": SCHEMA,
    "reasoning_effort": "medium",
    "max_completion_tokens": 5,
    "seed": 1,
    "stop": ["x"],
    "n": 2,
    "temperature": 0.5,
    "top_p": 0.9,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "logprobs": True,
    "top_logprobs": 2,
    "metadata": {"a": "b"},
    "prediction": {"type": "content", "content": "x"},
    "service_tier": "default",
    "prompt_cache_key": "k",
    "user": "me",
    "logit_bias": {"1": 1},
    "store": True,
    "verbosity": "low",
}


def known(model, body):
    """Whether the SDK's model takes *body* and leaves nothing of it out."""
    read = model.model_validate(body).model_dump(by_alias=True, exclude_unset=True)
    return _common(body, read) == body


def _common(body, read):
    """What of *body* was read."""
    if isinstance(body, dict) and isinstance(read, dict):
        return {name: _common(value, read[name]) for name, value in body.items() if name in read}
    if isinstance(body, list) and isinstance(read, list) and len(body) == len(read):
        return [_common(*pair) for pair in zip(body, read, strict=True)]
    return read


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.covers("mistral", "tools", "tool loop", "image", "pdf", "json_schema", "stop")
def test_mistrals_sdk_knows_everything_that_is_sent(stream):
    body = orjson.loads(adapter_of("mistral").encode(ask_of("mistral-large-latest", stream=stream, **EVERYTHING)).body)

    model = mistral.ChatCompletionStreamRequest if stream else mistral.ChatCompletionRequest
    assert known(model, body)
    assert "any" == body["tool_choice"]
    assert not known(model, {**body, "messages": [{**HI[0], "name": "ann"}]})


def test_mistrals_sdk_knows_what_fills_a_gap_and_embeddings():
    gap = ask_of(endpoint="completions", suffix="x", seed=1, stop=["y"], max_tokens=4, temperature=0, stream=True)
    embedded = ask_of(endpoint="embeddings", dimensions=8, encoding_format="float", user="me")

    assert known(mistral.FIMCompletionStreamRequest, orjson.loads(adapter_of("mistral").encode(gap).body))
    assert known(mistral.EmbeddingRequest, orjson.loads(adapter_of("mistral").encode(embedded).body))


ANSWER = {
    "id": "a",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True},
                    {"type": "text", "text": "so"},
                ],
                "tool_calls": [{**calls("D681PevKs", arguments={"a": 1})[0], "index": 0}],
            },
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}


@pytest.mark.covers("mistral", "text", "reasoning")
def test_what_mistral_answers_here_is_what_its_sdk_reads_and_comes_out_as_openais():
    assert mistral.ChatCompletionResponse.model_validate(ANSWER)

    body, _ = understood("mistral", ANSWER)

    message = ChatCompletion.model_validate(body, strict=True).choices[0].message
    assert ("so", "hm", '{"a":1}') == (
        message.content,
        message.reasoning_content,
        message.tool_calls[0].function.arguments,
    )


def test_what_mistral_streams_here_is_what_its_sdk_reads():
    lines = [line for line in STREAMS["mistral"].split(b"\n\n") if line.startswith(b"data: {")]

    for line in lines:
        assert mistral.CompletionChunk.model_validate({"model": "m", **orjson.loads(line[6:])}).choices is not None


@pytest.mark.parametrize("dialect", STREAMS)
def test_openais_client_puts_every_stream_together(dialect):
    head = b'"id":"c","object":"chat.completion.chunk","created":1,"model":"m"'
    stream = STREAMS[dialect].replace(b'"id":"c"', head).replace(b'"id":"p"', b'"id":"c","created":1,"model":"m"')
    adapter, ask = adapter_of(dialect), ask_of(stream=True, include_usage=True)
    decoder = adapter.decoder(ask, adapter.encode(ask))
    events = [event for at in range(0, len(stream), 60) for event in decoder.feed(stream[at : at + 60])]
    body = ended(events + decoder.close(), decoder.usage)

    with client_of(body) as client:
        chunks = list(client.chat.completions.create(model="m", messages=HI, stream=True))
        with client.chat.completions.stream(model="m", messages=HI, stream_options={"include_usage": True}) as told:
            completion = told.get_final_completion()

    assert "so it is" == completion.choices[0].message.content
    assert "hm ä" == completion.choices[0].message.reasoning_content
    assert 5 == completion.usage.total_tokens
    assert {"c"} == {chunk.id for chunk in chunks}
    for line in body.split(b"\n\n"):
        if line.startswith(b"data: {"):
            ChatCompletionChunk.model_validate(orjson.loads(line[6:]), strict=True)


def test_openais_client_reads_where_perplexity_cites():
    beside = {"id": "a", "object": "chat.completion", "created": 1, "model": "m", "citations": ["https://a.example"]}

    body, _ = understood("perplexity", whole({"content": "so [1]"}, **beside))

    (found,) = ChatCompletion.model_validate(body, strict=True).choices[0].message.annotations
    assert ("https://a.example", 3, 6) == (
        found.url_citation.url,
        found.url_citation.start_index,
        found.url_citation.end_index,
    )


def test_openais_client_reads_what_fills_a_gap():
    answer = {**whole({"content": "pass"}), "id": "a", "object": "chat.completion", "created": 1, "model": "m"}

    body, _ = understood("codestral", answer, ask_of(endpoint="completions", suffix="x"))

    assert "pass" == Completion.model_validate(body).choices[0].text
    assert DONE.endswith(b"\n\n")
