"""Both sides held against Anthropic's own SDK: what we send fits its types, what we read is what it reads."""

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

import anthropic
import httpx2
import orjson
import pytest
from anthropic.types import (
    Message,
    MessageCreateParams,
    RawContentBlockDeltaEvent,
    RawContentBlockStartEvent,
    RawContentBlockStopEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
)
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from claude import (
    CUSTOM,
    FUNCTION,
    HI,
    OLD,
    OPUS,
    RICH,
    SONNET,
    calls,
    message,
    result,
    said,
    sent,
    speaker,
    text,
    thought,
    use,
)
from test_anthropic_answers import HIDDEN, SHAPED
from test_anthropic_parts import PNG, cached, filed, pictured
from test_anthropic_requests import LATER
from test_anthropic_streams import CITED, HITS, SEARCH
from typing_extensions import get_type_hints, is_typeddict

EVENTS = {
    "message_start": RawMessageStartEvent,
    "message_delta": RawMessageDeltaEvent,
    "message_stop": RawMessageStopEvent,
    "content_block_start": RawContentBlockStartEvent,
    "content_block_delta": RawContentBlockDeltaEvent,
    "content_block_stop": RawContentBlockStopEvent,
}


def wrong(value, kind, at=""):
    """Where *value* isn't what the type says; nothing if it is."""
    if kind is Any or kind is object:
        return None
    if is_typeddict(kind):
        return wrong_object(value, kind, at)
    origin, inside = get_origin(kind), get_args(kind)
    if origin in {Annotated, Required, NotRequired}:
        return wrong(value, inside[0], at)
    if origin in {Union, UnionType}:
        found = [wrong(value, one, at) for one in inside]
        return None if None in found else max(found, key=len)
    if origin is Literal:
        return None if value in inside else f"{at}: {value!r} is none of {inside}"
    if origin in {dict, Mapping}:
        return None if isinstance(value, dict) else f"{at}: no object"
    if origin in {Iterable, Sequence, list}:
        if not isinstance(value, list):
            return f"{at}: no list"
        return next((one for index, each in enumerate(value) if (one := wrong(each, inside[0], f"{at}.{index}"))), None)
    if kind is None or kind is NoneType:
        return None if value is None else f"{at}: not null"
    return (
        None
        if isinstance(value, (int, float) if kind is float else origin or kind)
        else f"{at}: {value!r} is no {kind}"
    )


def wrong_object(value, kind, at):
    if not isinstance(value, dict):
        return f"{at}: no object"
    hints = get_type_hints(kind, include_extras=True)
    open_ended = kind.__name__ == "InputSchemaTyped"
    # Its annotations are strings, so that the class itself doesn't know which keys are required.
    for name, hint in hints.items():
        if get_origin(hint) is Required and name not in value:
            return f"{at}.{name}: missing"
    for name, one in value.items():
        if name not in hints:
            if not open_ended:
                return f"{at}.{name}: unknown"
        elif found := wrong(one, hints[name], f"{at}.{name}"):
            return found
    return None


LOOP = [
    said("system", [cached("S")]),
    *HI,
    said("assistant", "ok", tool_calls=calls("call:1"), thinking_blocks=[thought(), HIDDEN]),
    result(
        "call:1", [{"type": "text", "text": "r"}, *pictured(f"data:image/png;base64,{PNG}")["messages"][0]["content"]]
    ),
]


@pytest.mark.parametrize(
    ("body", "model"),
    [
        ({}, OPUS),
        ({"messages": LOOP, "tools": [FUNCTION, CUSTOM], "parallel_tool_calls": False}, OPUS),
        ({"messages": LOOP}, OLD),
        ({"messages": [*LATER, said("user", "e")], "user": "u", "stop": ["x"], "service_tier": "fast"}, OPUS),
        ({"messages": [*LATER, said("user", "e")], "service_tier": "default"}, SONNET),
        ({"reasoning_effort": "high", "web_search_options": {"user_location": {"city": "Ulm"}}, "stream": True}, OPUS),
        ({"reasoning_effort": "high", "cache_control": {"type": "ephemeral"}}, OLD),
        ({"reasoning_effort": "none"}, "claude-sonnet-5-5"),
        ({"temperature": 2, "top_k": 3, "tools": [FUNCTION], "tool_choice": "required"}, SONNET),
        ({"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": "f"}}}, SONNET),
        ({"tools": [{**FUNCTION, "function": {"name": "f", "strict": True}}], "tool_choice": "none"}, SONNET),
        (SHAPED, OPUS),
        (SHAPED, "claude-opus-4-1"),
        (filed(file_data="data:application/pdf;base64,AAAA", filename="a"), OPUS),
        (filed(file_data="data:text/plain;base64,AAAA"), OPUS),
        (filed(file_url="https://x.example/a"), OPUS),
        (filed(file_id="file_1"), OPUS),
        (pictured("https://x.example/a"), OPUS),
    ],
)
def test_what_is_sent_fits_the_types_of_the_sdk(body, model):
    _, made = sent(body, model)

    # The SDK speaks version 2026-10-21 and has forgotten these.
    known = {name: value for name, value in made.items() if name not in {"temperature", "top_p", "top_k"}}
    assert None is wrong(known, MessageCreateParams)


def test_the_types_of_the_sdk_are_looked_at_closely():
    _, made = sent()

    assert ".seed: unknown" == wrong({**made, "seed": 1}, MessageCreateParamsNonStreaming)
    assert ".max_tokens: missing" == wrong({"model": "m", "messages": []}, MessageCreateParamsNonStreaming)
    assert wrong({**made, "messages": [{"role": "user", "content": [{"type": "text"}]}]}, MessageCreateParams)
    assert wrong({**made, "service_tier": "flex"}, MessageCreateParams)


@pytest.mark.parametrize(
    "answer",
    [
        message(text("Hello")),
        message(thought(), HIDDEN, text("ok"), use(a=1), stop="tool_use"),
        message(SEARCH, HITS, text("x", citations=[{**CITED, "encrypted_index": "e"}])),
        message(stop="refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": "E"}),
        message(
            usage={
                "input_tokens": 1,
                "output_tokens": 2,
                "cache_creation": {"ephemeral_1h_input_tokens": 1, "ephemeral_5m_input_tokens": 2},
                "cache_creation_input_tokens": 3,
                "cache_read_input_tokens": None,
                "output_tokens_details": {"thinking_tokens": 1},
                "server_tool_use": {"web_search_requests": 1, "web_fetch_requests": 0},
                "service_tier": "priority",
                "speed": "fast",
            }
        ),
    ],
)
def test_answers_in_these_tests_are_messages_of_the_sdk(answer):
    assert answer["stop_reason"] == Message.model_validate(answer).stop_reason


def test_events_in_these_tests_are_events_of_the_sdk():
    lines = [orjson.loads(line[6:]) for line in RICH.decode().split("\n") if line.startswith("data: ")]

    read = [EVENTS[line["type"]].model_validate(line) for line in lines if line["type"] in EVENTS]

    assert len(lines) - 1 == len(read)  # all but the ping


def client_of(answer):
    return anthropic.Anthropic(
        api_key="k",
        base_url="http://127.0.0.1",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )


def test_the_sdk_sends_what_we_send():
    request, body = sent({"messages": LOOP, "tools": [FUNCTION], "reasoning_effort": "low", "max_tokens": 9000})
    seen = []

    def answer(theirs):
        seen.append(theirs)
        return httpx2.Response(200, json=message(text("ok")))

    with client_of(answer) as client:
        read = client.messages.create(**body)

    assert (request.path, body) == (seen[0].url.path, orjson.loads(seen[0].content))
    assert set(dict(speaker().headers(None))) <= set(seen[0].headers)
    assert "ok" == read.content[0].text


def test_the_sdk_reads_the_streams_of_these_tests():
    def answer(_theirs):
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=RICH)

    with client_of(answer) as client, client.messages.stream(model="m", max_tokens=9, messages=HI) as stream:
        whole = stream.get_final_message()

    assert ["thinking", "text", "tool_use", "tool_use"] == [block.type for block in whole.content]
    assert ({"a": "ä \n"}, 9) == (whole.content[2].input, whole.usage.output_tokens)


def test_the_sdk_reads_the_errors_of_these_tests():
    def answer(_theirs):
        error = {"type": "overloaded_error", "message": "Overloaded"}
        return httpx2.Response(529, json={"type": "error", "error": error, "request_id": "r"})

    with client_of(answer) as client, pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(model="m", max_tokens=9, messages=HI)

    assert (529, "overloaded_error") == (caught.value.status_code, caught.value.type)
