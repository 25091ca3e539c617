"""Habits of providers, which the official client's own accumulator would not survive or would get wrong."""

import asyncio

import openai
import orjson
import pytest

from tests.whole.provider import DONE, SSE, STOP, Provider, chunked, hangs, piece, streams, usage_event

CONFIG = """
providers: {{a: {{dialect: {dialect}, api_key: k, base_url: "{url}"}}}}
routes: {{m: a/real}}
"""
HELLO = piece({"role": "assistant", "content": "hello"})
ROLE = piece({"role": "assistant", "content": None})
CALLED = piece({}, "tool_calls")


def chunk(**more):
    whole = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "real", **more}
    return b"data: " + orjson.dumps(whole) + b"\n\n"


def call(arguments, **more):
    name = more.pop("name", None)
    function = {"arguments": arguments} | ({"name": name} if name else {})
    return piece({"tool_calls": [{**more, "function": function}]})


HABITS = {
    "the role is in every delta": [
        piece({"role": "assistant", "content": "hel"}),
        piece({"role": "assistant", "content": "lo"}),
        piece({"role": "assistant", "content": ""}, "stop"),
    ],
    "the first delta has content already": [HELLO, STOP],
    "no role at all": [piece({"content": "hello"}), STOP],
    "the finish comes with the last word": [
        piece({"role": "assistant", "content": "hel"}),
        piece({"content": "lo"}, "stop"),
    ],
    "the finish comes twice": [HELLO, STOP, STOP],
    "usage comes first": [usage_event(9, 3), HELLO, STOP],
    "usage comes in the middle": [HELLO, usage_event(9, 3), STOP],
    "events are ended by carriage returns too": [event.replace(b"\n", b"\r\n") for event in [HELLO, STOP]],
    "there are comments and empty data": [
        b": OPENROUTER PROCESSING\n\n",
        piece({"role": "assistant", "content": "hel"}),
        b"data:\n\n",
        b": wait\n\n",
        piece({"content": "lo"}),
        STOP,
    ],
    "events have names and numbers": [
        b"event: completion\nid: 7\n" + HELLO,
        b"event: completion\n" + STOP,
    ],
    "the first chunk is about the prompt": [
        chunk(choices=[], prompt_filter_results=[{"prompt_index": 0}]),
        HELLO,
        STOP,
    ],
    "a filter's verdict comes late": [HELLO, STOP, chunk(choices=[{"index": 0, "delta": {}, "finish_reason": None}])],
    "usage is in every chunk": [
        chunk(choices=[{"index": 0, "delta": {"role": "assistant", "content": "hello"}}], usage={"prompt_tokens": 1}),
        chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], usage={"prompt_tokens": 1}),
    ],
    "a reason of no letters is none": [piece({"role": "assistant", "content": "hello"}, ""), STOP],
    "tool calls are null, or none": [
        piece({"role": "assistant", "content": "hel", "tool_calls": None}),
        piece({"content": "lo", "tool_calls": []}),
        piece({"content": "", "tool_calls": []}, "stop"),
    ],
    "choices have no index": [
        chunk(choices=[{"delta": {"role": "assistant", "content": "hello"}, "finish_reason": None}]),
        chunk(choices=[{"delta": {}, "finish_reason": "stop"}]),
    ],
    "the last delta is null": [HELLO, chunk(choices=[{"index": 0, "delta": None, "finish_reason": "stop"}])],
    "the last delta is missing": [HELLO, chunk(choices=[{"index": 0, "finish_reason": "stop"}])],
    "lists have no indexes": [
        piece({"role": "assistant", "content": "hel", "annotations": [{"type": "url_citation"}]}),
        piece({"content": "lo", "annotations": [{"type": "url_citation"}]}),
        STOP,
    ],
}
CALLS = {
    "id and name are in every piece": [
        call("", index=0, id="c1", type="function", name="f"),
        call("{}", index=0, id="c1", type="function", name="f"),
    ],
    "the id is null later": [
        call("", index=0, id="c1", type="function", name="f"),
        call("{}", index=0, id=None),
    ],
    "the id is empty later": [call("", index=0, id="c1", type="function", name="f"), call("{}", index=0, id="")],
    "it is all in one piece": [call("{}", index=0, id="c1", type="function", name="f")],
    "counting begins with one": [call("{}", index=1, id="c1", type="function", name="f")],
    "nobody counts": [call("{}", id="c1", type="function", name="f")],
}


async def helped(client, *, usage):
    """What the client's helper makes of the stream."""
    options = {"stream_options": {"include_usage": True}} if usage else {}
    async with client.chat.completions.stream(
        model="m", messages=[{"role": "user", "content": "hi"}], **options
    ) as stream:
        return await stream.get_final_completion()


@pytest.mark.parametrize("usage", [True, False], ids=["with usage", "without usage"])
@pytest.mark.parametrize("events", HABITS.values(), ids=HABITS.keys())
@pytest.mark.parametrize("dialect", ["openai", "mistral", "openrouter"])
async def test_the_helper_survives(start, asking, dialect, events, usage):
    async with (
        Provider(streams([*events, DONE])) as a,
        start(CONFIG.format(dialect=dialect, url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        whole = await helped(client, usage=usage)

    choice = whole.choices[0]
    assert ("hello", "stop") == (choice.message.content, choice.finish_reason)
    assert choice.message.role in {"assistant", None}
    assert (whole.usage is not None) == usage


@pytest.mark.parametrize("events", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize("dialect", ["openai", "mistral", "openrouter"])
async def test_the_helper_puts_calls_together(start, asking, dialect, events):
    async with (
        Provider(streams([ROLE, *events, CALLED, DONE])) as a,
        start(CONFIG.format(dialect=dialect, url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        whole = await helped(client, usage=False)

    calls = [(call.id, call.type, call.function.name) for call in whole.choices[0].message.tool_calls]
    assert calls == [("c1", "function", "f")]
    assert whole.choices[0].message.tool_calls[0].function.arguments == "{}"


async def test_an_error_right_behind_content_is_heard_at_once(start, asking):
    """And not when the provider, which says no more but keeps the connection, is given up."""
    error = b'data: {"error": {"message": "full", "code": 503}}\n\n'
    async with (
        Provider(hangs(SSE + chunked(HELLO + error))) as a,
        start(CONFIG.format(dialect="openai", url=a.url)) as gateway,
        asking(gateway) as client,
    ):
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=True
        )
        said = []

        with pytest.raises(openai.APIError):
            async with asyncio.timeout(20):
                async for each in stream:
                    said += [each.choices[0].delta.content]

    assert ["hello"] == said
