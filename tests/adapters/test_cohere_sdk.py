"""Both sides of the wire held against Cohere's official client: what we send, and what our tests let Cohere say."""

from contextlib import contextmanager

import cohere
import httpx
import orjson
import pytest
from asking import asked
from cohere import types
from pydantic import TypeAdapter
from test_cohere_answers import ANSWER, CALL, CITATION, LOGPROBS, VECTORS, told
from test_cohere_parameters import SCHEMA
from test_cohere_requests import HISTORY, WEATHER
from test_cohere_streams import STREAM, ended, thought

TALK = {
    **HISTORY,
    "tools": [WEATHER, {"type": "function", "function": {"name": "f", "strict": True, "parameters": SCHEMA}}],
    "tool_choice": "required",
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 40,
    "max_tokens": 900,
    "stop": ["END"],
    "seed": 7,
    "frequency_penalty": 0.5,
    "reasoning_effort": "low",
    "logprobs": True,
    "safety_mode": "STRICT",
    "documents": [{"id": "1", "data": {"text": "b"}}],
    "citation_options": {"mode": "FAST"},
}
IMAGE = {
    "messages": [
        {"role": "developer", "content": "Look."},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.b/c", "detail": "low"}}]},
    ],
    "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
}


@contextmanager
def client_of(body, status=200, kind="application/json"):
    """The official client, and the bodies that it sent."""
    sent = []

    def answer(request):
        sent.append((request.url.path, orjson.loads(request.content or b"{}")))
        return httpx.Response(status, content=body, headers={"content-type": kind})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        yield (
            cohere.ClientV2(
                "k", base_url="http://127.0.0.1", httpx_client=http, log_warning_experimental_features=False
            ),
            sent,
        )


@pytest.fixture
def request_of(adapter, call):
    def make(endpoint="chat", stream=False, **body):
        request = adapter("cohere").encode(asked(call(endpoint, body=body, stream=stream), "cohere/command"))
        return request.path, orjson.loads(request.body)

    return make


@pytest.mark.parametrize("talk", [TALK, IMAGE])
@pytest.mark.covers("cohere", "text", "tools", "tool loop", "image", "json_schema", "reasoning")
def test_a_chat_is_what_the_official_client_would_send(request_of, talk):
    path, body = request_of(**talk)
    said = {name: value for name, value in body.items() if name != "stream"}

    with client_of(orjson.dumps(ANSWER)) as (client, sent):
        client.chat(**said)

    assert (path, body) == sent[0]
    TypeAdapter(types.ChatMessages).validate_python(body["messages"])
    TypeAdapter(list[types.ToolV2]).validate_python(body.get("tools", []))
    if "response_format" in body:
        TypeAdapter(types.ResponseFormatV2).validate_python(body["response_format"])


def test_a_streamed_chat_is_what_the_official_client_would_send(request_of):
    path, body = request_of(stream=True, **TALK)
    said = {name: value for name, value in body.items() if name != "stream"}

    with client_of(STREAM, kind="text/event-stream") as (client, sent):
        list(client.chat_stream(**said))

    assert (path, body) == sent[0]


def test_embeddings_are_what_the_official_client_would_send(request_of):
    path, body = request_of("embeddings", input=["a"], dimensions=256)

    with client_of(orjson.dumps(VECTORS)) as (client, sent):
        response = client.embed(**body)

    assert path == sent[0][0]
    assert body == {name: value for name, value in sent[0][1].items() if value is not None}
    assert [[0.5, -1.0]] == response.embeddings.float_
    assert 4 == response.meta.billed_units.input_tokens


def test_what_our_tests_let_cohere_answer_is_what_the_official_client_reads():
    blocks = [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Hello."}]
    body = {**told(content=blocks, tool_plan="Plan.", tool_calls=[CALL], citations=[CITATION]), "logprobs": LOGPROBS}
    with client_of(orjson.dumps(body)) as (client, _):
        answer = client.chat(model="m", messages=[])
    with client_of(orjson.dumps({"models": [{"name": "command", "endpoints": ["chat"]}]})) as (client, _):
        listed = client.models.list()

    message = answer.message
    assert ("Hm.", "Hello.", "Plan.") == (message.content[0].thinking, message.content[1].text, message.tool_plan)
    assert ("w_1", "doc:1") == (message.tool_calls[0].id, message.citations[0].sources[0].id)
    assert ("COMPLETE", 17, 992) == (
        answer.finish_reason,
        answer.usage.billed_units.input_tokens,
        answer.usage.cached_tokens,
    )
    assert ("Hel", "command") == (answer.logprobs[0].text, listed.models[0].name)


@pytest.mark.covers("cohere", "stream", "parallel tools")
def test_what_our_tests_let_cohere_stream_is_what_the_official_client_reads():
    # The client takes this character for the end of a line.
    body = STREAM.replace("\u2028".encode(), rb"\u2028") + thought("Hm.") + ended("ERROR", error="it broke")

    with client_of(body, kind="text/event-stream") as (client, _):
        events = list(client.chat_stream(model="m", messages=[]))

    of = {kind: [one for one in events if one.type == kind] for kind in {one.type for one in events}}
    assert "94e3907b" == of["message-start"][0].id
    assert "I will look." == "".join(one.delta.message.tool_plan for one in of["tool-plan-delta"])
    assert "Hello" == of["content-delta"][0].delta.message.content.text
    assert "Hm." == of["content-delta"][-1].delta.message.content.thinking
    assert ["get_weather", "clock"] == [one.delta.message.tool_calls.function.name for one in of["tool-call-start"]]
    assert '{"city":' == of["tool-call-delta"][0].delta.message.tool_calls.function.arguments
    assert "Hello" == of["citation-start"][0].delta.message.citations.text
    assert ("TOOL_CALL", 48) == (
        of["message-end"][0].delta.finish_reason,
        of["message-end"][0].delta.usage.tokens.output_tokens,
    )
    assert "it broke" == of["message-end"][1].delta.error


@pytest.mark.covers("cohere", "errors")
def test_what_our_tests_call_an_error_is_one_to_the_official_client():
    error = orjson.dumps({"id": "abc", "message": "invalid request: no"})

    with client_of(error, status=400) as (client, _), pytest.raises(cohere.BadRequestError, match="invalid request"):
        client.chat(model="m", messages=[])
