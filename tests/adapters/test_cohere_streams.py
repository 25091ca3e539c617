"""Streams of Cohere, as the client gets them; however they are cut."""

import orjson
import pytest
from asking import SENT, asked
from streams import passed, played
from test_cohere_answers import CITATION, USAGE
from test_official_client import client_of, written

from core.faults import Fault, UpstreamError
from core.usage import Usage
from core.wire import Report


def event(kind, message=None, **facts):
    body = {"type": kind, **facts, **({} if message is None else {"delta": {"message": message}})}
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(body))


def text(words, **facts):
    return event("content-delta", {"content": {"text": words}}, index=0, **facts)


def thought(words):
    return event("content-delta", {"content": {"thinking": words}}, index=0)


def plan(words):
    return event("tool-plan-delta", {"tool_plan": words})


def begun(index, name, arguments="", id="w_1"):
    call = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return event("tool-call-start", {"tool_calls": call}, index=index)


def more(index, arguments):
    return event("tool-call-delta", {"tool_calls": {"function": {"arguments": arguments}}}, index=index)


def ended(reason="COMPLETE", **facts):
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE, **facts})


START = event("message-start", {"role": "assistant", "content": [], "tool_calls": []}, id="94e3907b")
OPEN = event("content-start", {"content": {"type": "text", "text": ""}}, index=0)
CLOSE = event("content-end", index=0)
HELLO, THERE = text("Hello"), text(' "there" ä€😀 \u2028')
CITED = event("citation-start", {"citations": CITATION}, index=0) + event("citation-end", index=0)
STREAM = (
    START
    + plan("I will ")
    + plan("look.")
    + OPEN
    + HELLO
    + THERE
    + CLOSE
    + CITED
    + CITED
    + begun(0, "get_weather")
    + more(0, '{"city":')
    + more(0, '"Oslo"}')
    + event("tool-call-end", index=0)
    + begun(1, "clock", id="w_2")
    + more(1, "")
    + event("tool-call-end", index=1)
    + event("debug", prompt="secret")
    + ended("TOOL_CALL")
)


@pytest.fixture
def decoder(adapter, call):
    def make(notes=None, **facts):
        return adapter("cohere").decoder(asked(call(stream=True, **facts)), SENT._replace(notes=notes))

    return make


def chunks(events):
    return [orjson.loads(one.removeprefix(b"data: ")) for one in passed(events).split(b"\n\n") if one]


def deltas(events):
    return [one["choices"][0]["delta"] for one in chunks(events)]


@pytest.mark.covers("cohere", "stream", "text")
def test_more_36_the_end_of_the_message_has_the_finish_and_the_usage(decoder):
    one = decoder()

    events = played(one, START, OPEN, HELLO, THERE, CLOSE, ended())

    told = chunks(events)
    assert [{"role": "assistant", "content": ""}, {"content": "Hello"}, {"content": ' "there" ä€😀 \u2028'}, {}] == [
        each["choices"][0]["delta"] for each in told
    ]
    assert {("94e3907b", 1_800_000_000, "m")} == {(each["id"], each["created"], each["model"]) for each in told}
    assert [None, None, None, "stop"] == [each["choices"][0]["finish_reason"] for each in told]
    assert isinstance(events[-1], Report)
    assert Usage(17, output=19, free_input=1417, free_output=29) == one.usage
    assert (True, True, "stop", 1482) == (one.done, one.finished, one.finish, events[-1].body["usage"]["total_tokens"])


@pytest.mark.covers("cohere", "tools", "parallel tools")
def test_calls_are_told_in_pieces_that_make_json_even_without_arguments(decoder):
    one = decoder({"get_weather": "get-weather"})

    told = deltas(played(one, STREAM))

    calls = [call for delta in told for call in delta.get("tool_calls", [])]
    heads = [call for call in calls if "id" in call]
    assert [(0, "w_1", "get-weather"), (1, "w_2", "clock")] == [
        (call["index"], call["id"], call["function"]["name"]) for call in heads
    ]
    assert ['{"city":"Oslo"}', "{}"] == [
        "".join(call["function"]["arguments"] for call in calls if call["index"] == index) for index in (0, 1)
    ]
    assert "tool_calls" == one.finish


def test_a_call_without_an_id_gets_one(decoder):
    told = deltas(played(decoder(), begun(0, "f", "{}", id=None), ended("TOOL_CALL")))

    assert told[1]["tool_calls"][0]["id"].startswith("call_")


@pytest.mark.covers("cohere", "reasoning")
def test_plans_and_thoughts_are_reasoning(decoder):
    told = deltas(played(decoder(), plan("I will."), thought("Hm."), HELLO, ended()))

    assert [{"reasoning_content": "I will."}, {"reasoning_content": "Hm."}, {"content": "Hello"}] == told[1:4]


def test_citations_are_counted_so_that_clients_can_put_them_together(decoder):
    told = deltas(played(decoder(), HELLO, CITED, CITED, event("citation-start", {}), ended()))

    assert [{"citations": [{"index": index, **CITATION}]} for index in (0, 1)] == told[2:4]
    assert 5 == len(told)


def test_log_probabilities_come_with_their_text(decoder):
    item = {"text": "Hel", "token_ids": [1], "logprobs": [-0.5, -0.25]}

    told = chunks(played(decoder(), text("Hel", logprobs=item), text("lo", logprobs=None), ended()))

    content = {"token": "Hel", "bytes": [72, 101, 108], "logprob": -0.75, "top_logprobs": []}
    assert [None, {"content": [content]}, None, None] == [each["choices"][0]["logprobs"] for each in told]


@pytest.mark.parametrize(
    ("end", "fault", "message"),
    [
        (ended("ERROR"), Fault.BROKEN, "the provider ended the answer with 'ERROR'"),
        (ended("ERROR", error="it broke"), Fault.BROKEN, "it broke"),
        (ended("COMPLETE", error="it broke"), Fault.BROKEN, "it broke"),
        (ended("TIMEOUT", error="it took long"), Fault.TIMEOUT, "it took long"),
        (ended("ERROR", error="too many tokens: 9"), Fault.CONTEXT_LENGTH, "too many tokens: 9"),
        (b'data: {"message":"internal server error"}\n\n', Fault.BROKEN, "internal server error"),
    ],
)
@pytest.mark.covers("cohere", "errors")
def test_an_error_after_content_is_no_finish(decoder, end, fault, message):
    one = decoder()
    one.feed(START + HELLO)

    with pytest.raises(UpstreamError) as caught:
        one.feed(end)

    assert (fault, message) == (caught.value.failure.fault, caught.value.failure.message)
    assert (False, None) == (one.finished, one.finish)


def test_an_error_in_the_same_read_as_content_leaves_the_content_good(decoder):
    one = decoder()

    events = one.feed(START + HELLO + ended("ERROR"))

    assert b"Hello" in passed(events)
    assert one.broken.fault is Fault.BROKEN


@pytest.mark.parametrize("pieces", [[START, HELLO], [START], [], [START, HELLO, ended()[:50]], [HELLO, b"data: x"]])
def test_an_end_that_was_not_announced_is_no_success(decoder, pieces):
    one = decoder()
    for piece in pieces:
        one.feed(piece)

    with pytest.raises(UpstreamError) as caught:
        one.close()

    assert (Fault.BROKEN, False) == (caught.value.failure.fault, one.finished)


@pytest.mark.parametrize(
    "noise",
    [
        b"data: []\n\n",
        b"data: nonsense\n\n",
        event("message-end"),
        event("tool-call-start", {"tool_calls": {"id": "a"}}, index=0),
        more(3, "{}"),
    ],
)
def test_events_that_can_not_be_meant_are_no_answer(decoder, noise):
    with pytest.raises(UpstreamError) as caught:
        decoder().feed(noise)

    assert Fault.BROKEN is caught.value.failure.fault


@pytest.mark.parametrize(
    "written_as",
    [
        lambda stream: stream.replace(b"\n", b"\r\n"),
        lambda stream: stream.replace(b"data: ", b"data:"),
        lambda stream: b": ping\n\n" + stream.replace(b"event: debug", b": ping\n\nevent: something-new"),
        lambda stream: stream + b"data: [DONE]\n\n",
        lambda stream: stream + HELLO,
        lambda stream: stream.removesuffix(b"\n\n"),
        lambda stream: b"data: [DONE]\n\n" + stream,
        lambda stream: stream.replace(b',"delta":{"message":{"tool_plan"', b',\ndata: "delta":{"message":{"tool_plan"'),
    ],
)
def test_the_spelling_of_events_does_not_matter(decoder, written_as):
    assert passed(played(decoder(), STREAM)) == passed(played(decoder(), written_as(STREAM)))


def test_core_61_nothing_is_read_after_the_end(decoder):
    one = decoder()
    one.feed(STREAM)

    assert [] == one.feed(HELLO)


@pytest.mark.parametrize("asked_for", [True, False])
def test_core_58_usage_is_told_last_and_only_the_chunk_of_it_has_no_choices(decoder, asked_for):
    events = played(decoder(include_usage=asked_for), STREAM)

    assert isinstance(events[-1], Report)
    assert [] == events[-1].body["choices"]
    assert {asked_for} == {"usage" in one and one["usage"] is None for one in chunks(events)}
    assert all(one["choices"] for one in chunks(events))


def test_usage_that_was_not_told_is_left_to_be_estimated(decoder):
    one = decoder()

    events = played(one, HELLO, ended(usage=None))

    assert (None, 5, 1) == (one.usage, one.produced, len(events) - 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_core_64_pieces_of_any_size_give_the_same(decoder, size):
    whole = passed(played(decoder(), STREAM))

    pieces = passed(played(decoder(), *(STREAM[at : at + size] for at in range(0, len(STREAM), size))))

    assert whole == pieces


def test_a_cut_at_any_byte_gives_the_same(decoder):
    whole = passed(played(decoder(), STREAM))

    odd = [at for at in range(len(STREAM)) if passed(played(decoder(), STREAM[:at], STREAM[at:])) != whole]

    assert odd == []


def test_core_65_a_long_event_is_as_good_as_a_short_one(decoder):
    long = "x" * 200_000

    assert long == deltas(played(decoder(), text(long), ended()))[1]["content"]


def test_core_69_all_chunks_have_the_id_of_the_first(decoder):
    told = chunks(played(decoder(), START, event("message-start", {}, id="another"), HELLO, ended()))

    assert {"94e3907b"} == {each["id"] for each in told}


def test_core_59_the_official_client_puts_the_pieces_together(decoder):
    body = b"".join(written(played(decoder(include_usage=True), STREAM)))
    with (
        client_of(body) as client,
        client.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "hi"}], stream_options={"include_usage": True}
        ) as stream,
    ):
        completion = stream.get_final_completion()

    choice = completion.choices[0]
    assert ("assistant", 'Hello "there" ä€😀 \u2028', "tool_calls") == (
        choice.message.role,
        choice.message.content,
        choice.finish_reason,
    )
    assert [("get_weather", '{"city":"Oslo"}'), ("clock", "{}")] == [
        (call.function.name, call.function.arguments) for call in choice.message.tool_calls
    ]
    assert 1482 == completion.usage.total_tokens


def test_core_59_the_official_client_reads_them_one_by_one(decoder):
    body = b"".join(written(played(decoder(), START, HELLO, THERE, ended())))

    with client_of(body) as client:
        stream = client.chat.completions.create(model="m", messages=[], stream=True)
        said = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]

    assert 'Hello "there" ä€😀 \u2028' == "".join(filter(None, said))
