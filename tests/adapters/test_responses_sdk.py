"""Neither side is our own idea: OpenAI's own types accept what we send, and parse what our tests play."""

from functools import cache
from typing import get_type_hints

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseInputItemParam, ResponseStreamEvent, ToolParam
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
    ToolChoice,
)
from pydantic import TypeAdapter
from responding import (
    HI,
    MODEL,
    TOOL,
    answered,
    cited,
    custom,
    decoding,
    function,
    message,
    response,
    searched,
    sent,
    thought,
    told,
    wire,
)
from test_official_client import client_of, written

from adapters.responses.kept import kept

PNG = "data:image/png;base64,iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="
SH = {"type": "custom", "custom": {"name": "sh", "description": "a shell", "format": {"type": "text"}}}
GRAMMAR = {
    "type": "custom",
    "custom": {"name": "g", "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}},
}
CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}},
    {"id": "call_2", "type": "custom", "custom": {"name": "sh", "input": "ls"}},
]
CONVERSATION = [
    {"role": "developer", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "?", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
            {"type": "image_url", "image_url": {"url": PNG, "detail": "original"}},
            {"type": "image_url", "image_url": {"url": PDF}},
            {"type": "file", "file": {"file_id": "file-1"}},
            {"type": "file", "file": {"file_url": "https://a.example/b.pdf"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}},
        ],
    },
    {"role": "assistant", "content": "Let me see.", "tool_calls": CALLS},
    {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "image_url", "image_url": PNG}]},
    {"role": "tool", "tool_call_id": "call_2", "content": "a b"},
    {"role": "assistant", "content": "Done."},
    {"role": "user", "content": "Thanks."},
]
SCHEMA = {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": True}
OUTPUT = [
    thought("plan", "more"),
    message("Hm.", phase="commentary"),
    searched(),
    message("Wien: naß.", 2, annotations=[cited(0, 4)]),
    message(number=3, refusal="no"),
    function(),
    custom(number=2),
]
# The official accumulator can't put calls of custom tools together, whoever tells them (openai-python, PR 3505).
FUNCTIONS = [*OUTPUT[:-1], function(number=2)]
ANSWERS = [
    response(*OUTPUT),
    response(message()),
    response(function(), function(number=2)),
    response(message(), status="incomplete", incomplete_details={"reason": "max_output_tokens"}),
    response(status="failed", error={"code": "server_error", "message": "oops"}),
]


class Remembering:
    def recall(self, call_id):
        return kept([thought("plan"), message("", phase="commentary"), searched(), function()], MODEL).get(call_id)


@cache
def typed(kind):
    return TypeAdapter(kind)


@cache
def fields(kind):
    return get_type_hints(kind).keys()


def validated(body):
    """Every part by itself, since the types are lazy about lists; and no field that there isn't."""
    kind = ResponseCreateParamsStreaming if body.get("stream") else ResponseCreateParamsNonStreaming
    typed(kind).validate_python(body)
    assert body.keys() <= fields(kind)
    for item in body["input"]:
        typed(ResponseInputItemParam).validate_python(item)
    for tool in body.get("tools", ()):
        typed(ToolParam).validate_python(tool)
    if "tool_choice" in body:
        typed(ToolChoice).validate_python(body["tool_choice"])
    return body


@pytest.mark.parametrize(
    "body",
    [
        {"messages": CONVERSATION, "tools": [TOOL, SH, GRAMMAR]},
        {"stream": True, "stream_options": {"include_obfuscation": False}, "max_tokens": 100},
        {"tool_choice": {"type": "function", "function": {"name": "weather"}}, "parallel_tool_calls": False},
        {"tools": [SH], "tool_choice": {"type": "custom", "custom": {"name": "sh"}}},
        {
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "weather"}}]},
            }
        },
        {"response_format": {"type": "json_schema", "json_schema": SCHEMA}, "verbosity": "low"},
        {"response_format": {"type": "json_object"}, "reasoning_effort": "max"},
        {
            "reasoning_effort": "none",
            "temperature": 0.5,
            "top_p": 0.5,
            "logprobs": True,
            "top_logprobs": 2,
            "web_search_options": {
                "search_context_size": "low",
                "user_location": {"type": "approximate", "approximate": {"city": "Wien"}},
            },
        },
        {
            "metadata": {"a": "b"},
            "user": "u",
            "safety_identifier": "s",
            "service_tier": "flex",
            "prompt_cache_key": "k",
            "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
            "prompt_cache_retention": "24h",
        },
    ],
)
def test_what_we_send_is_accepted_by_the_official_types(body):
    validated(sent(body))
    validated(sent(body, memory=Remembering()))


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_we_play_is_parsed_by_the_official_types(answer):
    Response.model_validate(answer)
    for event in told(answer):
        typed(ResponseStreamEvent).validate_python(event)


@pytest.mark.parametrize("answer", ANSWERS[:-1])
def test_what_we_tell_is_parsed_by_the_official_types(answer):
    _, body = answered(answer)

    ChatCompletion.model_validate(body)


def test_what_we_stream_is_parsed_by_the_official_types():
    decoder = decoding({"stream_options": {"include_usage": True}})
    events = decoder.feed(wire(told(response(*[one for one in OUTPUT if one["type"] != "custom_tool_call"]))))

    for line in b"".join(written(events)).split(b"\n\n")[:-2]:
        ChatCompletionChunk.model_validate_json(line[6:])
    assert decoder.done


def streamed(answer, **options):
    """Our stream of this answer."""
    decoder = decoding({"stream_options": {"include_usage": True}})
    data = wire(told(answer))
    events = [event for at in range(0, len(data), 97) for event in decoder.feed(data[at : at + 97])]
    return b"".join(written(events + decoder.close()))


@pytest.mark.covers("openai", "stream", "tools", "reasoning")
def test_core_59_the_official_accumulator_takes_the_stream():
    stream = streamed(response(*FUNCTIONS))

    with (
        client_of(stream) as client,
        client.chat.completions.stream(model="m", messages=HI, stream_options={"include_usage": True}) as events,
    ):
        completion = events.get_final_completion()

    choice = completion.choices[0]
    said = choice.message
    assert ("assistant", "Hm.Wien: naß.", "no", "tool_calls") == (
        said.role,
        said.content,
        said.refusal,
        choice.finish_reason,
    )
    assert ["call_1", "call_2"] == [call.id for call in said.tool_calls]
    assert ("weather", '{"city":"Wien"}') == (
        said.tool_calls[0].function.name,
        said.tool_calls[0].function.arguments,
    )
    assert (130, 60) == (completion.usage.total_tokens, completion.usage.prompt_tokens_details.cached_tokens)
    assert "plan\n\nmore" == said.reasoning_content


def test_core_59_plain_iteration_takes_the_stream():
    stream = streamed(response(*OUTPUT))

    with client_of(stream) as client:
        chunks = list(client.chat.completions.create(model="m", messages=HI, stream=True))

    assert ["tool_calls"] == [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]
    assert ["assistant"] == [c.choices[0].delta.role for c in chunks if c.choices and c.choices[0].delta.role]
    assert ([], 130) == (chunks[-1].choices, chunks[-1].usage.total_tokens)
    assert 1 == len({(c.id, c.created, c.model) for c in chunks})


def test_the_official_client_brings_back_what_was_thought():
    """Its messages keep members that it doesn't know, so a client that sends them back as they are does all it must."""
    with (
        client_of(streamed(response(*FUNCTIONS))) as client,
        client.chat.completions.stream(model="m", messages=HI) as events,
    ):
        said = events.get_final_completion().choices[0].message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "x"} for call in said.tool_calls]

    body = validated(sent({"messages": [*HI, said.model_dump(exclude_none=True), *results]}))

    kinds = ["message", "reasoning", "message", *["function_call"] * 2, *["function_call_output"] * 2]
    assert kinds == [one["type"] for one in body["input"]]


def test_core_59_every_event_is_closed_and_lists_are_numbered():
    stream = streamed(response(*OUTPUT))

    lines = [orjson.loads(line[6:]) for line in stream.split(b"\n\n")[:-2]]
    assert stream.endswith(b"\n\n")
    for line in lines:
        for choice in line["choices"]:
            assert all(
                "index" in entry for value in choice["delta"].values() if isinstance(value, list) for entry in value
            )
