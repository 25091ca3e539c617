"""Bedrock's streams and answers, read by OpenAI's official client."""

import httpx
import openai
import pytest
from asking import SENT
from bedrock_calls import CLAUDE, asked_of, bedrock
from bedrock_play import CALLS, TEXT, played
from converse import BEGIN, answer, delta, end, parsed, start, stop
from test_official_client import client_of, written

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
WEB = {"title": "T", "location": {"web": {"url": "https://x.test"}}}
RICH = (
    BEGIN
    + delta(0, reasoningContent={"redactedContent": "AAAA"})
    + stop(0)
    + delta(1, text="So. ")
    + delta(1, citation=WEB)
    + stop(1)
    + delta(2, text="And so.")
    + delta(2, citation=WEB)
    + stop(2)
    + start(3, image={"format": "png"})
    + delta(3, image={"source": {"bytes": "AAAA"}})
    + stop(3)
    + end("max_tokens")
)


def completion_of(stream):
    body = b"".join(written(played(stream).events))
    with (
        client_of(body) as client,
        client.chat.completions.stream(**ASKED, stream_options={"include_usage": True}) as told,
    ):
        return told.get_final_completion()


@pytest.mark.covers("bedrock", "stream", "text")
def test_its_accumulator_reads_words_and_usage():
    completion = completion_of(TEXT)

    choice = completion.choices[0]
    assert ("Hello wörld 😀\n\n", "stop", "assistant") == (
        choice.message.content,
        choice.finish_reason,
        choice.message.role,
    )
    assert (9, 4, 13) == (
        completion.usage.prompt_tokens,
        completion.usage.completion_tokens,
        completion.usage.total_tokens,
    )


@pytest.mark.covers("bedrock", "tools", "parallel tools")
def test_its_accumulator_reads_calls_beside_thoughts():
    completion = completion_of(CALLS)

    message = completion.choices[0].message
    assert [("tooluse_1", "weather", '{"city":"Oslo"}'), ("tooluse_2", "time", "{}")] == [
        (call.id, call.function.name, call.function.arguments) for call in message.tool_calls
    ]
    assert ("I'll look.", "Hm, well.", "tool_calls") == (
        message.content,
        message.reasoning_content,
        completion.choices[0].finish_reason,
    )
    assert [{"index": 0, "type": "thinking", "thinking": "Hm, well.", "signature": "c2ln"}] == message.thinking_blocks


def test_its_accumulator_puts_lists_together():
    with pytest.raises(openai.LengthFinishReasonError) as caught:
        completion_of(RICH)

    message = caught.value.completion.choices[0].message
    assert ("So. And so.", 1, 1) == (message.content, len(message.thinking_blocks), len(message.images))
    assert [(0, 4), (4, 11)] == [
        (note.url_citation.start_index, note.url_citation.end_index) for note in message.annotations
    ]


@pytest.mark.parametrize("stream", [TEXT, CALLS, RICH], ids=["text", "calls", "rich"])
def test_its_plain_iteration_sees_one_finish_and_usage_last(stream):
    body = b"".join(written(played(stream).events))

    with client_of(body) as client:
        chunks = list(client.chat.completions.create(**ASKED, stream=True, stream_options={"include_usage": True}))

    assert 1 == sum(chunk.choices[0].finish_reason is not None for chunk in chunks[:-1])
    assert ([], True) == (chunks[-1].choices, chunks[-1].usage is not None)
    assert {CLAUDE} == {chunk.model for chunk in chunks}


def test_it_reads_whole_answers():
    content = [
        {"text": "ok"},
        {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"city": "Oslo"}}},
    ]
    completion = bedrock().decode(parsed(answer(*content, reason="tool_use")), asked_of(), SENT)

    def reply(request):
        return httpx.Response(200, headers={"content-type": "application/json"}, content=completion.body)

    with openai.OpenAI(
        api_key="x", max_retries=0, http_client=httpx.Client(transport=httpx.MockTransport(reply))
    ) as client:
        told = client.chat.completions.create(**ASKED)

    assert ("ok", "tool_calls", 13) == (
        told.choices[0].message.content,
        told.choices[0].finish_reason,
        told.usage.total_tokens,
    )
    assert '{"city":"Oslo"}' == told.choices[0].message.tool_calls[0].function.arguments
