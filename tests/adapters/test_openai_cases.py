"""Streams of OpenAI's own chat completions, towards the client."""

import orjson
import pytest
from responding import HI, openai, put
from streams import DONE, FINISH, HELLO, MORE, ROLE, USAGE, chunk, decoder_of, passed, played, text
from test_official_client import client_of, written

from core.wire import Chunk, Report


def lines(events):
    return [orjson.loads(line[6:]) for line in b"".join(written(events)).split(b"\n\n")[:-2]]


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.covers("openai", "stream")
def test_core_58_usage_comes_once_and_last(asked):
    null = b',"usage":null}\n\n'
    pieces = [one.replace(b"}\n\n", null) for one in (ROLE, HELLO, FINISH)]

    events = played(decoder_of(include_usage=asked), *pieces, USAGE, DONE)

    assert isinstance(events[-1], Report)
    assert asked == (b'"usage":null' in passed(events))
    assert b"prompt_tokens" not in passed(events)


def test_core_59_the_official_accumulator_takes_it():
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": "{}"}}
    kind = {"object": "chat.completion.chunk"}
    pieces = [{"role": "assistant", "content": None}, {"tool_calls": [call]}, {"tool_calls": [rest]}]
    whole = [*(chunk(piece, **kind) for piece in pieces), chunk({}, "tool_calls", **kind), DONE]

    events = played(decoder_of(), *whole)

    with (
        client_of(b"".join(written(events))) as client,
        client.chat.completions.stream(model="m", messages=HI) as stream,
    ):
        message = stream.get_final_completion().choices[0].message

    assert ("assistant", [("c1", "f", "{}")]) == (
        message.role,
        [(one.id, one.function.name, one.function.arguments) for one in message.tool_calls],
    )


def test_core_61_a_second_finish_is_not_told():
    events = played(decoder_of(), ROLE, HELLO, FINISH, FINISH, DONE)

    assert 1 == passed(events).count(b'"finish_reason":"stop"')


def test_core_62_choices_interleave():
    pieces = [
        chunk({"role": "assistant", "content": ""}, index=0),
        chunk({"role": "assistant", "content": ""}, index=1),
        text("a"),
        chunk({"content": "b"}, index=1),
        chunk({}, "stop", index=1),
        text("c"),
        chunk({}, "length", index=0),
        DONE,
    ]
    decoder = decoder_of(choices=2)

    events = played(decoder, *pieces)

    begun, ended = [*pieces[:4], pieces[5]], [pieces[4], pieces[6]]
    assert b"".join(begun + ended) == passed(events)
    assert (True, "length") == (decoder.finished, decoder.finish)


def test_core_64_a_character_may_be_cut():
    data = ROLE + text("naß 😀") + FINISH + DONE
    expected = passed(played(decoder_of(), data))

    assert all(expected == passed(played(decoder_of(), data[:at], data[at:])) for at in range(1, len(data)))


def test_core_65_an_event_may_be_long():
    long = text("x" * 100_000)

    assert long in passed(played(decoder_of(), ROLE, long[:70_000], long[70_000:], MORE, FINISH, DONE))


def test_core_68_the_model_is_the_one_that_answered():
    adapter, ask = openai(), put({"tools": None}, "real")
    answer = {"model": "real-2026", "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}

    completion = adapter.decode(orjson.dumps(answer), ask, adapter.encode(ask))

    assert "real-2026" == orjson.loads(completion.body)["model"]


@pytest.mark.covers("openai", "text", "image", "pdf", "tools", "tool loop", "json_schema")
def test_what_openai_takes_goes_out_as_it_came():
    body = {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "?"},
                    {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
                    {
                        "type": "file",
                        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                    },
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "x"},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
        "stop": ["END"],
        "temperature": 0.5,
    }

    request = openai().encode(put(body, "gpt-4o"))

    assert {**body, "model": "gpt-4o"} == orjson.loads(request.body)
    assert () == request.dropped


def test_core_60_the_same_model_thinks_without_tools_on_chat_completions():
    request = openai().encode(put({"tools": None, "reasoning_effort": "low"}, "gpt-5.6-terra"))

    assert ("/chat/completions", "low") == (request.path, orjson.loads(request.body)["reasoning_effort"])


def test_no_chunk_is_without_choices():
    events = played(
        decoder_of(), b'data: {"id":"","choices":[],"prompt_filter_results":[]}\n\n', ROLE, HELLO, FINISH, DONE
    )

    assert all(line["choices"] for line in lines(events))
    assert not [one for one in events if isinstance(one, Chunk)]
