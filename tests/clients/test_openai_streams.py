"""The official Python client and streams, of the demo and of providers with habits of their own."""

import openai
from pydantic import BaseModel

from tests.whole.provider import DONE, Provider, piece, streams, words

CONFIG = """
server: {{keepalive: 50ms}}
providers:
  a: {{dialect: {dialect}, api_key: k, base_url: "{url}"}}
  demo: {{}}
routes: {{m: a/real, demo: demo/echo}}
"""
HI = [{"role": "user", "content": "hi"}]


class Weather(BaseModel):
    city: str
    days: int


def tool_call(number, name=None, arguments="", id=None):
    call = {"index": number, "function": {"arguments": arguments}}
    if id is not None:
        call |= {"id": id, "type": "function"}
    if name is not None:
        call["function"] |= {"name": name}
    return {"tool_calls": [call]}


def final(client, **fields):
    """What the client's own helper makes of a stream."""
    with client.chat.completions.stream(model="demo", messages=HI, **fields) as stream:
        return stream.get_final_completion()


def test_words_come_one_by_one(client):
    with client.chat.completions.create(model="demo", messages=HI, stream=True) as stream:
        chunks = list(stream)

    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert len([delta for delta in deltas if delta.content]) > 5
    assert "You said: “hi”" in "".join(delta.content or "" for delta in deltas)
    assert ["assistant"] == [delta.role for delta in deltas if delta.role]
    assert ["stop"] == [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason]
    assert 1 == len({(chunk.id, chunk.created, chunk.model, chunk.object) for chunk in chunks})


def test_usage_is_not_shown_to_who_did_not_ask(client):
    with client.chat.completions.create(model="demo", messages=HI, stream=True) as stream:
        chunks = list(stream)

    assert all(chunk.choices for chunk in chunks)
    assert {None} == {chunk.usage for chunk in chunks}


def test_usage_is_the_last_chunk_for_who_asked(client):
    options = {"include_usage": True}
    with client.chat.completions.create(model="demo", messages=HI, stream=True, stream_options=options) as stream:
        *chunks, last = list(stream)

    assert (last.choices, last.usage.prompt_tokens) == ([], 1)
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert last.id == chunks[0].id


def test_the_helper_tells_what_happens_and_ends_with_the_whole_answer(client):
    with client.chat.completions.stream(model="demo", messages=HI, stream_options={"include_usage": True}) as stream:
        events = list(stream)
        whole = stream.get_final_completion()

    said = "".join(event.delta for event in events if event.type == "content.delta")
    assert {"chunk", "content.delta", "content.done"} == {event.type for event in events}
    assert ("assistant", "stop") == (whole.choices[0].message.role, whole.choices[0].finish_reason)
    assert whole.choices[0].message.content == said != ""
    assert whole.usage.completion_tokens > 0


def test_the_helper_parses_an_answer_and_a_tool_call(client):
    parsed = final(client, response_format=Weather)
    called = final(client, tools=[openai.pydantic_function_tool(Weather)])

    call = called.choices[0].message.tool_calls[0]
    assert isinstance(parsed.choices[0].message.parsed, Weather)
    assert isinstance(call.function.parsed_arguments, Weather)
    assert (call.type, call.function.name, called.choices[0].finish_reason) == ("function", "Weather", "tool_calls")


def test_the_helper_keeps_several_choices_apart(client):
    whole = final(client, n=3)

    assert [0, 1, 2] == [choice.index for choice in whole.choices]
    assert {"assistant"} == {choice.message.role for choice in whole.choices}
    assert all("You said: “hi”" in choice.message.content for choice in whole.choices)


def test_old_completions_stream(client):
    options = {"include_usage": True}
    with client.completions.create(model="demo", prompt="hi", stream=True, stream_options=options) as stream:
        *chunks, last = list(stream)

    assert "You said: “hi”" in "".join(chunk.choices[0].text for chunk in chunks)
    assert (last.choices, last.usage.prompt_tokens, chunks[-1].choices[0].finish_reason) == ([], 1, "stop")


async def helped(client, **fields):
    async with client.chat.completions.stream(model="m", messages=HI, **fields) as stream:
        return await stream.get_final_completion()


async def test_the_asynchronous_client_reads_a_provider(start, asking):
    async with (
        Provider(streams(words("hel", "lo"))) as a,
        start(CONFIG.format(dialect="openai", url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        whole = await helped(client, stream_options={"include_usage": True})

    assert ("assistant", "hello") == (whole.choices[0].message.role, whole.choices[0].message.content)
    assert whole.usage.total_tokens == 11


async def test_comments_of_a_long_wait_are_not_noticed(start, asking):
    slow = streams(words("hel", "lo"), first=0.2, pace=0.06)
    async with (
        Provider(slow) as a,
        start(CONFIG.format(dialect="openai", url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        raw = await gateway.chat(stream=True)
        whole = await helped(client)

    assert raw.raw.startswith(b": keepalive\n\n")
    assert ("assistant", "hello") == (whole.choices[0].message.role, whole.choices[0].message.content)
    assert whole.usage is None


async def test_calls_of_several_tools_are_kept_apart(start, asking):
    events = [
        piece({"role": "assistant", "content": None}),
        piece(tool_call(0, "f", id="c1")),
        piece(tool_call(0, arguments='{"x"')),
        piece(tool_call(0, arguments=":1}")),
        piece(tool_call(1, "g", id="c2")),
        piece(tool_call(1, arguments="{}")),
        piece({}, "tool_calls"),
        DONE,
    ]
    async with (
        Provider(streams(events)) as a,
        start(CONFIG.format(dialect="openai", url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        whole = await helped(client)

    calls = [(call.id, call.function.name, call.function.arguments) for call in whole.choices[0].message.tool_calls]
    assert calls == [("c1", "f", '{"x":1}'), ("c2", "g", "{}")]


async def test_calls_that_a_provider_numbers_all_alike_get_dense_indexes(start, asking):
    events = [
        piece({"role": "assistant", "content": ""}),
        piece(tool_call(0, "f", "{}", id="abcdefghi")),
        piece(tool_call(0, "g", "{}", id="bcdefghij")),
        piece({}, "tool_calls"),
        DONE,
    ]
    async with (
        Provider(streams(events)) as a,
        start(CONFIG.format(dialect="mistral", url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        whole = await helped(client)

    calls = [(call.id, call.function.name) for call in whole.choices[0].message.tool_calls]
    assert calls == [("abcdefghi", "f"), ("bcdefghij", "g")]
