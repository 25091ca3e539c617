"""Answers of other dialects of which something is missing, or in a wrong place: none of them ends as a good one."""

import orjson
import pytest
from asking import SENT, asked
from bedrock_calls import asked_of, bedrock
from bedrock_play import Play
from claude import answered, decoder, event, message, streamed, text, use, using, words
from converse import BEGIN, answer, delta, end, start, stop
from converse import event as told_by_aws
from streams import decoder_of
from test_cohere_answers import ANSWER, CALL
from test_cohere_streams import HELLO, START, begun, ended, more
from test_cohere_streams import event as told_by_cohere

from adapters import ADAPTERS
from core.call import Call
from core.faults import Fault, UpstreamError
from core.target import Provider

COHERE = ADAPTERS["cohere"].make(Provider(name="cohere", dialect="cohere"))
HALF = '{"city": "Os'
CALLED = start(0, toolUse={"toolUseId": "t", "name": "f"})
USE = {"toolUseId": "t", "name": "f", "input": {}}


def piece(kind, **said):
    return event("content_block_delta", index=0, delta={"type": kind, **said})


def opened(raw):
    return streamed(whole=False) + event("content_block_start", index=0, content_block=raw)


def closed(stop="end_turn"):
    change = event("message_delta", delta={"stop_reason": stop}, usage={"output_tokens": 5})
    return event("content_block_stop", index=0) + change + event("message_stop")


def cohere_answer(reason="COMPLETE", **facts):
    return {**ANSWER, "finish_reason": reason, "message": {"role": "assistant", **facts}}


def cohere_call(arguments):
    return {**CALL, "function": {"name": "f", "arguments": arguments}}


def decoded(given):
    """A whole answer of Cohere's."""
    question = asked(Call("chat", "m", {"messages": []}))
    return orjson.loads(COHERE.decode(orjson.dumps(given), question, SENT).body)["choices"][0]["message"]


def by_aws(content, reason="tool_use"):
    body = orjson.dumps(answer(*content, reason=reason))
    return orjson.loads(bedrock().decode(body, asked_of(), SENT).body)["choices"][0]


ANTHROPIC_WHOLE = {
    "no reason": message(text("x"), stop=None),
    "an empty reason": message(text("x"), stop=""),
    "a reason that is none": message(text("x"), stop={}),
    "a reason that says that it failed": message(text("x"), stop="inference_error"),
    "a call that is missing": message(text("x"), stop="tool_use"),
    "a call without an id": message({**use(), "id": None}, stop="tool_use"),
    "a call without a name": message(use(name=""), stop="tool_use"),
    "arguments that are no object": message({**use(), "input": HALF}, stop="tool_use"),
}
ANTHROPIC = {
    "no reason": streamed(words("x"), stop=None),
    "half of the arguments": streamed(using('{"city"', ': "Os'), stop="tool_use"),
    "half of the arguments, and a reason that nobody knows": streamed(using(HALF), stop="something_new"),
    "arguments that are no object": streamed(using("7"), stop="tool_use"),
    "a call that is missing": streamed(words("x"), stop="tool_use"),
    "a call without an id": streamed(using(id=None), stop="tool_use"),
    "arguments in a text": opened(text("")) + piece("input_json_delta", partial_json="{}") + closed("tool_use"),
    "words in a call": opened(use()) + piece("text_delta", text="x") + closed("tool_use"),
    "thoughts in a call": opened(use()) + piece("thinking_delta", thinking="x") + closed("tool_use"),
    "a second beginning": streamed(words("Hel"), whole=False) + streamed(words("Hello")),
    "a second block of a number": opened(use()) + opened(use()).removeprefix(streamed(whole=False)) + closed(),
    "an error of its type": streamed(words("x"), whole=False) + event("error", message="boom") + event("message_stop"),
    "an error of its name": opened(text("")) + b'event: error\ndata: {"message":"boom"}\n\n' + closed(),
}
BEDROCK_WHOLE = {
    "a call that is missing": [{"text": "x"}],
    "a call that is none": [{"toolUse": None}],
    "a call without a name": [{"toolUse": {**USE, "name": ""}}],
    "arguments that are no object": [{"toolUse": {**USE, "input": [1]}}],
    "a text that is none": [{"text": 5}],
}
BEDROCK = {
    "half of the arguments": BEGIN + CALLED + delta(0, toolUse={"input": HALF}) + stop(0) + end("tool_use"),
    "half of a call": BEGIN + CALLED + delta(0, toolUse={"input": HALF}) + end("tool_use"),
    "arguments that are no object": BEGIN + CALLED + delta(0, toolUse={"input": "7"}) + stop(0) + end("tool_use"),
    "a call that is missing": BEGIN + delta(text="x") + stop() + end("tool_use"),
    "a call without a name": BEGIN + start(0, toolUse={"toolUseId": "t"}) + stop(0) + end("tool_use"),
    "a call that never began": BEGIN + delta(0, toolUse={"input": "{}"}) + stop(0) + end("tool_use"),
    "words in a call": BEGIN + CALLED + delta(0, text="x") + stop(0) + end("tool_use"),
    "a second block of a number": BEGIN + CALLED + CALLED + stop(0) + end("tool_use"),
    "a second beginning": BEGIN + delta(text="x") + BEGIN + delta(text="x") + stop() + end(),
    "a text that is none": BEGIN + delta(text="x") + delta(text=5) + stop() + end(),
}
COHERE_WHOLE = {
    "a reason that says that it failed": cohere_answer("ERROR_UPSTREAM", content="x"),
    "half of the arguments": cohere_answer("TOOL_CALL", tool_calls=[cohere_call(HALF)]),
    "arguments that are no object": cohere_answer(tool_calls=[cohere_call("7")]),
    "arguments that are no text": cohere_answer("TOOL_CALL", tool_calls=[cohere_call(7)]),
    "a call that is missing": cohere_answer("TOOL_CALL", content=[{"type": "text", "text": "x"}]),
    "a text that is none": cohere_answer(content=[{"type": "text", "text": 5}]),
    "a content that is none": cohere_answer(content={"type": "text", "text": "x"}),
    "a piece that is none": cohere_answer(content=[{"type": "text", "text": "x"}, 7]),
    "an image": cohere_answer(content=[{"type": "text", "text": "x"}, {"type": "image_url", "image_url": "y"}]),
}
COHERE_STREAMS = {
    "half of the arguments": START + begun(0, "f", '{"city"') + more(0, ': "Os') + ended("TOOL_CALL"),
    "half of the first call": START + begun(0, "f", HALF) + begun(0, "g", "{}") + ended("TOOL_CALL"),
    "a call that is missing": START + HELLO + ended("TOOL_CALL"),
    "a text that is none": START + HELLO + told_by_cohere("content-delta", {"content": {"text": 5}}) + ended(),
    "an image": START + told_by_cohere("content-start", {"content": {"type": "image_url"}}) + ended(),
    "a second beginning": START + HELLO + START + HELLO + ended(),
    "an error of its type": START + HELLO + told_by_cohere("stream-error", detail="boom") + ended(),
    "an error inside": START + HELLO + told_by_cohere("error", delta={"error": "boom"}) + ended(),
    "an error of its name": START + HELLO + b'event: error\ndata: {"detail":"boom"}\n\n' + ended(),
}


def table(cases):
    return pytest.mark.parametrize("given", cases.values(), ids=cases)


def ends_badly(reader, stream):
    """However it is cut: no finish, no report, and an error at the end."""
    told = []
    with pytest.raises(UpstreamError) as caught:
        for at in range(0, len(stream), 50):
            told += reader.feed(stream[at : at + 50])
        reader.close()
    assert Fault.BROKEN is caught.value.failure.fault
    assert (False, False, None) == (reader.done, reader.finished, reader.finish)
    assert not any(b'"finish_reason":"' in one.data for one in told)
    return caught.value.failure.message


@table(ANTHROPIC_WHOLE)
def test_anthropics_answers(given):
    with pytest.raises(UpstreamError) as caught:
        answered(given)
    assert Fault.BROKEN is caught.value.failure.fault


@table(ANTHROPIC)
def test_anthropics_streams(given):
    said = ends_badly(decoder(), given)

    assert ("boom" in said) == (b"boom" in given)


@table(BEDROCK_WHOLE)
def test_bedrocks_answers(given):
    with pytest.raises(UpstreamError) as caught:
        by_aws(given)
    assert Fault.BROKEN is caught.value.failure.fault


@table(BEDROCK)
def test_bedrocks_streams(given):
    ends_badly(Play().decoder, given)


@table(COHERE_WHOLE)
def test_coheres_answers(given):
    with pytest.raises(UpstreamError) as caught:
        decoded(given)
    assert Fault.BROKEN is caught.value.failure.fault


@table(COHERE_STREAMS)
def test_coheres_streams(given):
    said = ends_badly(decoder_of("cohere"), given)

    assert ("boom" in said) == (b"boom" in given)


# What may well be so


def test_an_answer_that_was_cut_off_by_its_limit_may_end_in_half_of_a_call():
    of_aws = BEGIN + CALLED + delta(0, toolUse={"input": HALF}) + stop(0) + end("max_tokens")
    of_cohere = START + begun(0, "f", HALF) + ended("MAX_TOKENS")
    for reader, stream in (
        (decoder(), streamed(using(HALF), stop="max_tokens")),
        (Play().decoder, of_aws),
        (decoder_of("cohere"), of_cohere),
    ):
        reader.feed(stream)
        assert "length" == reader.finish


def test_a_beginning_that_is_told_twice_is_one():
    opening, aws = streamed(whole=False), told_by_aws("messageStart", role="assistant")
    for reader, stream in (
        (decoder(), opening + streamed(words("x"))),
        (Play().decoder, aws + BEGIN + delta(text="x") + stop() + end()),
        (decoder_of("cohere"), START + START + HELLO + ended()),
    ):
        reader.feed(stream)
        assert "stop" == reader.finish


def test_a_content_that_is_a_text_is_the_text():
    reader = decoder_of("cohere")
    told = reader.feed(START + told_by_cohere("content-delta", {"content": "Hello."}) + ended())

    assert "Hello." == decoded(cohere_answer(content="Hello."))["content"]
    assert "Hello." == decoded(cohere_answer(content=["Hel", {"text": "lo."}]))["content"]
    assert any(b'"Hello."' in one.data for one in told)


def test_arguments_that_are_json_themselves_are_told_as_text():
    told = decoded(cohere_answer("TOOL_CALL", tool_calls=[cohere_call({"a": 1})]))

    assert '{"a":1}' == told["tool_calls"][0]["function"]["arguments"]


def test_half_of_what_a_provider_runs_itself_is_its_own_business():
    run = ({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, using(HALF)[1])
    reader = decoder()

    reader.feed(streamed(run, words("So.")))

    assert "stop" == reader.finish
