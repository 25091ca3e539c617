"""A loopback provider behind another gateway, and the questions that its answers are for."""

import openai
import pytest

from tests.whole.provider import DONE, ROLE, completion, fails, ok, piece, says, streams, usage_event, words

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
HI = [{"role": "user", "content": "Where is Oz?"}]


def called():
    """An answer that calls a tool."""
    choice = {"index": 0, "message": {"role": "assistant", "content": None, "tool_calls": [CALL]}}
    return completion(choices=[{**choice, "finish_reason": "tool_calls"}])


def calling():
    """The same, streamed."""
    begun = {"index": 0, **CALL, "function": {"name": "weather", "arguments": ""}}
    rest = ({"index": 0, "function": {"arguments": part}} for part in ('{"city":', ' "Oslo"}'))
    calls = [piece({"tool_calls": [each]}) for each in (begun, *rest)]
    return [ROLE, *calls, piece({}, "tool_calls"), usage_event(), DONE]


async def tells_text(client, provider):
    provider.plays = [ok("Far away.")]
    whole = await client.chat.completions.create(model="m", messages=HI)

    assert ("Far away.", "stop", 21) == (
        whole.choices[0].message.content,
        whole.choices[0].finish_reason,
        whole.usage.total_tokens,
    )
    assert HI == provider.requests[-1].body["messages"]


async def tells_streams(client, provider):
    provider.plays = [streams(words("Far ", "away ", "ä€😀"), pace=0.01)]
    options = {"include_usage": True}
    stream = await client.chat.completions.create(model="m", messages=HI, stream=True, stream_options=options)
    chunks = [chunk async for chunk in stream]

    assert "Far away ä€😀" == "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert ["stop"] == [one.finish_reason for chunk in chunks for one in chunk.choices if one.finish_reason]
    assert 12 == chunks[-1].usage.total_tokens


async def loops_with_tools(client, provider):
    provider.plays = [says(200, called()), streams(calling()), ok("It rains.")]
    whole = await client.chat.completions.create(model="m", messages=HI, tools=[TOOL])
    async with client.chat.completions.stream(model="m", messages=HI, tools=[TOOL]) as stream:
        streamed = await stream.get_final_completion()
    for answer in (whole, streamed):
        (call,) = answer.choices[0].message.tool_calls
        assert ("tool_calls", CALL["function"]) == (
            answer.choices[0].finish_reason,
            {"name": call.function.name, "arguments": call.function.arguments},
        )
    turn = {"role": "assistant", "tool_calls": [CALL]}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "rain"}
    last = await client.chat.completions.create(model="m", messages=[*HI, turn, result], tools=[TOOL])

    assert "It rains." == last.choices[0].message.content
    assert [turn, result] == provider.requests[-1].body["messages"][1:]
    assert [TOOL] == provider.requests[-1].body["tools"]


async def breaks_visibly(client, provider):
    """Half a stream is an error after the words that came, never an answer that looks whole."""
    provider.plays = [streams([ROLE, piece({"content": "half"})], whole=False)]
    heard = []
    with pytest.raises(openai.APIError) as broken:
        async for chunk in await client.chat.completions.create(model="m", messages=HI, stream=True):
            heard.append(chunk)  # noqa: PERF401  (it keeps what came before the error)

    assert "half" == "".join(chunk.choices[0].delta.content or "" for chunk in heard)
    assert [] == [one.finish_reason for chunk in heard for one in chunk.choices if one.finish_reason]
    assert "upstream_error" == broken.value.code


async def refuses_as_told(client, provider):
    """Errors keep their meaning, and the time to wait. The limit comes last, since it rests the key."""
    provider.plays = [fails(400, "no such thing", param="messages", code="odd")]
    with pytest.raises(openai.BadRequestError, match="no such thing"):
        await client.chat.completions.create(model="m", messages=HI)
    provider.plays = [fails(503, "busy")]
    with pytest.raises(openai.InternalServerError) as busy:
        await client.chat.completions.create(model="m", messages=HI)
    provider.plays = [fails(429, "slow down", {"retry-after": "7"})]
    with pytest.raises(openai.RateLimitError) as limited:
        await client.chat.completions.create(model="m", messages=HI)

    assert "server_is_overloaded" == busy.value.code
    assert ("rate_limit_exceeded", "7") == (limited.value.code, limited.value.response.headers["retry-after"])


CHECKS = (tells_text, tells_streams, loops_with_tools, breaks_visibly, refuses_as_told)
