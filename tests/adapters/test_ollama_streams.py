"""Streams of Ollama, as the client gets them; however they are cut."""

import orjson
import pytest
from asking import SENT, asked
from streams import passed, played
from test_official_client import client_of, written

from core.faults import Fault, UpstreamError
from core.usage import Usage
from core.wire import Report


def line(content="", *, model="qwen3:8b", **facts):
    message = {"role": "assistant", "content": content, **facts.pop("message", {})}
    return orjson.dumps({"model": model, "created_at": "2026-11-20T10:00:00Z", "message": message, **facts}) + b"\n"


def done(reason="stop", **facts):
    return line(done=True, done_reason=reason, **{"prompt_eval_count": 10, "eval_count": 3, **facts})


def calling(*names, **facts):
    calls = [{"function": {"index": 0, "name": name, "arguments": {"of": name}}} for name in names]
    return line(message={"tool_calls": calls}, **facts)


HELLO, THERE = line("Hello", done=False), line(' "there" ä€😀 \u2028', done=False)
STREAM = line(message={"thinking": "Hm."}, done=False) + HELLO + THERE + calling("f", "g") + calling("h") + done()
TOKEN = {"token": "b", "logprob": -1.0}


@pytest.fixture
def decoder(adapter, call):
    def make(endpoint="chat", **facts):
        return adapter("ollama").decoder(asked(call(endpoint, stream=True, **facts)), SENT)

    return make


def chunks(events):
    return [orjson.loads(one.removeprefix(b"data: ")) for one in passed(events).split(b"\n\n") if one]


def deltas(events):
    return [one["choices"][0]["delta"] for one in chunks(events)]


@pytest.mark.covers("ollama", "stream", "text")
def test_a_text_is_told_in_chunks_that_belong_together(decoder):
    one = decoder()

    events = played(one, HELLO, THERE, done())

    told = chunks(events)
    assert [{"role": "assistant", "content": ""}, {"content": "Hello"}, {"content": ' "there" ä€😀 \u2028'}, {}] == [
        each["choices"][0]["delta"] for each in told
    ]
    assert {("chatcmpl-req-1", "chat.completion.chunk", 1_800_000_000, "qwen3:8b")} == {
        (each["id"], each["object"], each["created"], each["model"]) for each in told
    }
    assert [None, None, None, "stop"] == [each["choices"][0]["finish_reason"] for each in told]
    assert (True, True, "stop", Usage(10, output=3)) == (one.done, one.finished, one.finish, one.usage)


@pytest.mark.covers("ollama", "tools", "parallel tools")
def test_more_3_calls_are_numbered_across_lines_after_what_was_said(decoder):
    one = decoder()

    told = deltas(played(one, HELLO, calling("f", "g"), calling("h"), done()))

    calls = [call for delta in told for call in delta.get("tool_calls", [])]
    assert [(0, "f", '{"of":"f"}'), (1, "g", '{"of":"g"}'), (2, "h", '{"of":"h"}')] == [
        (call["index"], call["function"]["name"], call["function"]["arguments"]) for call in calls
    ]
    assert 3 == len({call["id"] for call in calls})
    assert "tool_calls" == one.finish


def test_a_call_gets_the_same_id_whether_it_is_streamed_or_not(adapter, call, decoder):
    message = {"content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}
    whole = orjson.dumps({"message": message, "done": True})

    streamed = deltas(played(decoder(), line(message=message), done()))[1]["tool_calls"][0]
    told = orjson.loads(adapter("ollama").decode(whole, asked(call()), SENT).body)

    assert streamed["id"] == told["choices"][0]["message"]["tool_calls"][0]["id"]


@pytest.mark.parametrize("reason", ["length", "stop"])
def test_more_2_the_reason_to_finish_is_ollamas_own(decoder, reason):
    one = decoder()

    played(one, HELLO, done(reason))

    assert reason == one.finish


@pytest.mark.covers("ollama", "reasoning")
def test_thoughts_are_told_apart_from_the_text(decoder):
    told = deltas(played(decoder(), line(message={"thinking": "Hm."}), HELLO, done()))

    assert [{"reasoning_content": "Hm."}, {"content": "Hello"}] == told[1:3]


@pytest.mark.covers("ollama", "errors")
def test_more_4_an_error_after_content_is_no_finish(decoder):
    one = decoder()
    three = [event for piece in (HELLO, THERE, HELLO) for event in one.feed(piece)]

    with pytest.raises(UpstreamError) as caught:
        one.feed(b'{"error":"model runner has unexpectedly stopped, see the log"}\n')

    assert Fault.BROKEN is caught.value.failure.fault
    assert b'finish_reason":"' not in passed(three)
    assert (False, None) == (one.finished, one.finish)


def test_more_4_an_error_in_the_same_read_as_content_leaves_the_content_good(decoder):
    one = decoder()

    events = one.feed(HELLO + b'{"error":"out of memory"}\n' + done())

    assert b"Hello" in passed(events)
    assert ("out of memory", False) == (one.broken.message, one.done)
    with pytest.raises(UpstreamError):
        one.close()


def test_an_error_before_any_content_is_told_by_its_words(decoder):
    with pytest.raises(UpstreamError) as caught:
        decoder().feed(b'{"error":"the input length exceeds the context length"}\n')

    assert Fault.CONTEXT_LENGTH is caught.value.failure.fault


@pytest.mark.parametrize("pieces", [[HELLO], [HELLO, line()], [], [HELLO, done()[:20]]])
def test_more_5_an_end_that_was_not_announced_is_no_success(decoder, pieces):
    one = decoder()
    for piece in pieces:
        one.feed(piece)

    with pytest.raises(UpstreamError) as caught:
        one.close()

    assert (Fault.BROKEN, False) == (caught.value.failure.fault, one.finished)


def test_more_7_counts_may_be_missing(decoder):
    some, none = decoder(), decoder()

    played(some, HELLO, line(done=True, done_reason="stop", eval_count=3))
    played(none, HELLO, line(done=True))

    assert (Usage(output=3), None, 5) == (some.usage, none.usage, none.produced)


@pytest.mark.parametrize("noise", [b"<html>\n", b"[]\n", b"nonsense\n"])
def test_lines_that_are_no_objects_are_no_answer(decoder, noise):
    with pytest.raises(UpstreamError):
        decoder().feed(noise)


def test_core_61_the_last_line_may_lack_its_end_and_nothing_after_it_counts(decoder):
    one, other = decoder(), decoder()

    lacking = played(one, HELLO, done().rstrip(b"\n"))
    more = played(other, HELLO + done() + HELLO, HELLO)

    assert one.done
    assert passed(lacking) == passed(more)


def test_a_line_without_a_message_says_nothing(decoder):
    assert 3 == len(deltas(played(decoder(), b'{"model":"qwen3:8b"}\n\r\n', HELLO, done())))


@pytest.mark.parametrize("asked_for", [True, False])
def test_core_58_usage_is_told_last_and_only_the_chunk_of_it_has_no_choices(decoder, asked_for):
    events = played(decoder(include_usage=asked_for), line("a", logprobs=[TOKEN]), HELLO, done())

    assert isinstance(events[-1], Report)
    assert (13, []) == (events[-1].body["usage"]["total_tokens"], events[-1].body["choices"])
    assert {asked_for} == {"usage" in one and one["usage"] is None for one in chunks(events)}
    assert all(one["choices"] for one in chunks(events))


def test_log_probabilities_come_with_their_text(decoder):
    one = decoder()

    told = chunks(
        played(
            one,
            line(message={"thinking": "Hm."}, logprobs=[TOKEN]),
            line("b", logprobs=[TOKEN]),
            line("c", logprobs=[]),
            done(),
        )
    )

    content = {"token": "b", "bytes": [98], "logprob": -1.0, "top_logprobs": []}
    assert [None, None, {"content": [content]}, None, None] == [each["choices"][0]["logprobs"] for each in told]
    assert 5 == one.produced


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_core_64_pieces_of_any_size_give_the_same(decoder, size):
    whole = passed(played(decoder(), STREAM))

    pieces = passed(played(decoder(), *(STREAM[at : at + size] for at in range(0, len(STREAM), size))))

    assert whole == pieces


def test_a_cut_at_any_byte_gives_the_same(decoder):
    whole = passed(played(decoder(), STREAM))

    odd = [at for at in range(len(STREAM)) if passed(played(decoder(), STREAM[:at], STREAM[at:])) != whole]

    assert odd == []


def test_core_65_a_long_line_is_as_good_as_a_short_one(decoder):
    long = "x" * 200_000

    assert long == deltas(played(decoder(), line(long), done()))[1]["content"]


# Completions


def text(response, **facts):
    return orjson.dumps({"model": "qwen3:8b", "response": response, "done": False, **facts}) + b"\n"


def test_a_generated_text_streams_as_a_text_completion(decoder):
    one = decoder("completions", include_usage=True)

    events = played(one, text("", thinking="Hm."), text("re"), text("turn"), text("", done=True, eval_count=2))

    told = chunks(events)
    assert {("cmpl-req-1", "text_completion", "qwen3:8b", None)} == {
        (each["id"], each["object"], each["model"], each["usage"]) for each in told
    }
    assert [
        {"index": 0, "text": "", "logprobs": None, "finish_reason": None, "reasoning_content": "Hm."},
        {"index": 0, "text": "re", "logprobs": None, "finish_reason": None},
        {"index": 0, "text": "turn", "logprobs": None, "finish_reason": None},
        {"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"},
    ] == [each["choices"][0] for each in told]
    assert ("text_completion", 2) == (events[-1].body["object"], events[-1].usage.output)


def test_log_probabilities_of_a_streamed_text_go_on_counting(decoder):
    events = played(
        decoder("completions"),
        text("aa"),
        text("b", logprobs=[TOKEN]),
        text("b", logprobs=[TOKEN]),
        text("", done=True),
    )

    found = [each["choices"][0]["logprobs"] for each in chunks(events)]
    assert [None, [2], [3], None] == [one and one["text_offset"] for one in found]


# The official client


def completion_of(decoder, *pieces):
    body = b"".join(written(played(decoder, *pieces)))
    with (
        client_of(body) as client,
        client.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "hi"}], stream_options={"include_usage": True}
        ) as stream,
    ):
        return stream.get_final_completion()


def test_core_59_the_official_client_puts_the_pieces_together(decoder):
    completion = completion_of(decoder(include_usage=True), STREAM)

    choice = completion.choices[0]
    assert ("assistant", 'Hello "there" ä€😀 \u2028', "tool_calls") == (
        choice.message.role,
        choice.message.content,
        choice.finish_reason,
    )
    assert [("f", '{"of":"f"}'), ("g", '{"of":"g"}'), ("h", '{"of":"h"}')] == [
        (call.function.name, call.function.arguments) for call in choice.message.tool_calls
    ]
    assert 13 == completion.usage.total_tokens


def test_core_59_the_official_client_reads_them_one_by_one(decoder):
    body = b"".join(written(played(decoder(), HELLO, THERE, done())))

    with client_of(body) as client:
        stream = client.chat.completions.create(model="m", messages=[], stream=True)
        said = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]

    assert 'Hello "there" ä€😀 \u2028' == "".join(filter(None, said))


def test_the_official_client_reads_streamed_texts(decoder):
    body = b"".join(written(played(decoder("completions"), text("re"), text("turn"), text("", done=True))))

    with client_of(body) as client:
        said = [chunk.choices[0].text for chunk in client.completions.create(model="m", prompt="x", stream=True)]

    assert ["re", "turn", ""] == said


@pytest.mark.parametrize(
    ("endpoint", "garbled"),
    [
        ("chat", {"message": "garbled"}),
        ("chat", {"message": {"content": 7}}),
        ("chat", {"message": {"thinking": ["a"]}}),
        ("completions", {"response": 7}),
    ],
)
def test_no_line_gets_lost(decoder, endpoint, garbled):
    with pytest.raises(UpstreamError, match=r"message that is none|no text"):
        decoder(endpoint).feed(orjson.dumps({"model": "m", "done": False, **garbled}) + b"\n")


def test_a_line_may_say_nothing(decoder):
    assert [{"role": "assistant", "content": ""}, {"content": "Hello"}, {}] == deltas(
        played(decoder(), HELLO, b'{"model":"m","done":false}\n', b'{"message":null,"done":false}\n', done())
    )
