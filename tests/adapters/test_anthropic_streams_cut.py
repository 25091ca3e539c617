"""Anthropic's streams, however they are cut, as clients read them."""

import pytest
from claude import (
    FUNCTION,
    OPUS,
    RICH,
    decoder,
    event,
    finish,
    message,
    parsed,
    played,
    streamed,
    thinking,
    thought,
    words,
)
from test_official_client import client_of, written

from core.wire import Report, Verbatim


def told(reader, pieces):
    events = [one for piece in pieces for one in reader.feed(piece)] + reader.close()
    return list(written(events))


@pytest.mark.parametrize("blank", [b"\n", b"\r\n", b"\r"])
def test_a_stream_is_the_same_however_it_is_cut(blank):
    stream = RICH.replace(b"\n", blank)
    whole = b"".join(told(decoder(include_usage=True), [stream]))

    assert whole == b"".join(told(decoder(include_usage=True), [stream[at : at + 1] for at in range(len(stream))]))
    for at in range(len(stream)):
        assert whole == b"".join(told(decoder(include_usage=True), [stream[:at], stream[at:]])), at


def test_a_burst_is_one_piece():
    events = decoder().feed(streamed(*[words("a", "b")] * 50))

    assert [Verbatim, Report] == [one.__class__ for one in events]


def test_an_event_without_a_name_is_read_too():
    stream = b"\n".join(line for line in streamed(words("a")).split(b"\n") if not line.startswith(b"event:"))

    assert ["stop"] == finish(played(stream)[1])


# The official client


def test_core_58_usage_is_told_last_and_only_to_who_asked():
    _, asked_for = played(RICH, include_usage=True)
    events = decoder().feed(RICH)

    assert all(one["usage"] is None for one in asked_for[:-1])
    assert [] == asked_for[-1]["choices"]
    assert not any("usage" in one for one in parsed([one for one in events if isinstance(one, Verbatim)]))


def test_core_59_the_official_client_adds_it_up():
    body = b"".join(told(decoder({"tools": [FUNCTION]}, include_usage=True), [RICH]))

    with (
        client_of(body) as client,
        client.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "hi"}], stream_options={"include_usage": True}
        ) as stream,
    ):
        completion = stream.get_final_completion()

    choice = completion.choices[0]
    assert ('Hel"lo\u2028 wörld', "tool_calls", 14) == (
        choice.message.content,
        choice.finish_reason,
        completion.usage.total_tokens,
    )
    calls = [(one.id, one.function.name, one.function.arguments) for one in choice.message.tool_calls]
    assert [("toolu_1", "f", '{"a":"\\u00e4 \\n"}'), ("toolu_2", "g", "{}")] == calls
    assert [{"index": 0, **thought("Hm.\n\n ä😀")}] == choice.message.thinking_blocks


def test_the_official_client_reads_it_chunk_by_chunk():
    body = b"".join(told(decoder(include_usage=True), [streamed(thinking("Hm."), words("a", "b"))]))

    with client_of(body) as client:
        chunks = list(client.chat.completions.create(model="m", messages=[], stream=True))

    assert "ab" == "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert 12 == chunks[-1].usage.total_tokens


def test_an_answer_without_id_or_model_has_the_gateways():
    begun = message(stop=None)
    del begun["id"], begun["model"], begun["usage"]
    stream = event("message_start", message=begun) + event("message_delta", delta={"stop_reason": "end_turn"})

    _, chunks = played(stream + event("message_stop"))

    assert ("chatcmpl-req-1", OPUS) == (chunks[0]["id"], chunks[0]["model"])


@pytest.mark.parametrize(
    ("block", "kind"),
    [("new", "text_delta"), ("text", "thinking_delta"), ("text", "text_delta")],
)
def test_pieces_that_are_odd_for_their_block_are_told_one_by_one(block, kind):
    index = "0" if block == "text" else 0
    begun = {"type": block, "id": "t", "name": "f", "text": "", "input": {}}
    name = kind.removesuffix("_delta")
    piece = event("content_block_delta", index=index, delta={"type": kind, name: "a"})
    reader = decoder()
    reader.feed(streamed(whole=False) + event("content_block_start", index=index, content_block=begun))

    first, second = reader.feed(piece), reader.feed(piece)

    assert None is reader.cruise(piece)
    assert second[0].data in first[0].data
