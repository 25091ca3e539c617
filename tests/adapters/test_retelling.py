"""Streams of a toy dialect, told again as OpenAI's.

Each line of the toy's is a JSON string, a word and what belongs to it: `say`, `think`, `call`, `argue`, `stop`,
`usage`, `add`, `end`, `error`.
"""

import orjson
import pytest
from asking import asked
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from adapters.failure import broken
from adapters.ndjson import Lines, next_line
from adapters.retelling import Retelling
from core.call import Call
from core.faults import Failure, Fault, UpstreamError
from core.usage import Usage
from core.wire import Report, Verbatim

LOST = Failure(Fault.OVERLOADED, "try later")


class Toy(Retelling):
    """*lenient*: the end of the body is an end as well."""

    def __init__(self, ask, *, lenient=False):
        super().__init__(ask)
        self._lines = Lines()
        self._lenient = lenient

    def _read(self, data):
        whole, at = self._lines.whole(data), 0
        while at < len(whole):
            line, at = next_line(whole, at)
            self._tell(line)

    def _over(self):
        if rest := self._lines.end():
            self._tell(rest)
        if self._lenient:
            self._end()

    def _tell(self, line):
        try:
            text = orjson.loads(line)
        except ValueError:
            raise broken("half a line") from None
        word, _, rest = text.partition(" ")
        index, _, text = rest.partition(" ") if rest[:1].isdigit() else ("0", "", rest)
        match word:
            case "begin":
                self._begin(*text.split("/"))
            case "say":
                self._say(text, int(index))
            case "think":
                self._think(text, int(index))
            case "call":
                self._call(*text.split("/"), index=int(index))
            case "argue":
                self._argue(int(index), text)
            case "add":
                self._add({"annotations": []}, int(index))
            case "draw":
                self._add({"image": text}, int(index), size=len(text))
            case "stop":
                self._stop(text, int(index))
            case "usage":
                self.usage = Usage(input=int(index), output=1)
            case "end":
                self._end(**({"service_tier": text} if text else {}))
            case "error":
                raise UpstreamError(LOST)


def toy(*, include_usage=False, **facts):
    call = Call("chat", "smart", {}, stream=True, include_usage=include_usage)
    return Toy(asked(call), **facts)


def stream(*lines):
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


def told(events):
    """The chunks as dictionaries, and the report's body last."""
    bodies = []
    for event in events:
        if isinstance(event, Verbatim):
            assert event.data.endswith(b"\n\n")
            bodies += [orjson.loads(one[6:]) for one in event.data.split(b"\n\n") if one]
        else:
            bodies.append(event.body)
    return bodies


def deltas(events):
    return [(choice["index"], choice["delta"]) for body in told(events) for choice in body["choices"]]


ROLE = {"role": "assistant", "content": ""}
WHOLE = stream(
    "begin a1/real",
    "think hm äö",
    "say Hello ",
    "say wörld 😀",
    "call c1/f",
    'argue 0 {"a":',
    "argue 0 1}",
    "call c2/g/{}",
    "add",
    "stop tool_calls",
    "usage 7",
    "end flex",
)


def test_a_stream_is_told_in_canonical_chunks():
    decoder = toy()

    events = decoder.feed(WHOLE)

    assert [type(event) for event in events] == [Verbatim, Report]
    assert deltas(events) == [
        (0, ROLE),
        (0, {"reasoning_content": "hm äö"}),
        (0, {"content": "Hello "}),
        (0, {"content": "wörld 😀"}),
        (
            0,
            {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        ),
        (0, {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]}),
        (0, {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
        (
            0,
            {
                "tool_calls": [
                    {"index": 1, "id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
                ]
            },
        ),
        (0, {"annotations": []}),
        (0, {}),
    ]
    assert {(body["id"], body["model"], body["created"]) for body in told(events)} == {("a1", "real", 1_800_000_000)}
    assert told(events)[-2]["choices"][0]["finish_reason"] == "tool_calls"
    assert told(events)[-1]["service_tier"] == "flex"
    assert (decoder.started, decoder.finished, decoder.done, decoder.finish) == (True, True, True, "tool_calls")
    assert decoder.usage == Usage(input=7, output=1)
    assert decoder.broken is None
    assert decoder.close() == []


def played(pieces):
    decoder = toy(include_usage=True)
    events = [event for piece in pieces for event in decoder.feed(piece)] + decoder.close()
    return b"".join(event.data for event in events if isinstance(event, Verbatim)), told(events)[-1], decoder.produced


@pytest.mark.parametrize("at", range(len(WHOLE) + 1))
def test_a_stream_may_be_cut_at_any_byte(at):
    assert played([WHOLE]) == played([WHOLE[:at], WHOLE[at:]])


def test_a_stream_may_come_byte_by_byte():
    assert played([WHOLE]) == played([WHOLE[at : at + 1] for at in range(len(WHOLE))])


@pytest.mark.parametrize("at", range(len(WHOLE) - 1))
def test_a_stream_that_is_cut_off_never_looks_complete(at):
    decoder = toy()
    events = decoder.feed(WHOLE[:at])

    with pytest.raises(UpstreamError) as error:
        decoder.close()

    assert error.value.failure.fault is Fault.BROKEN
    assert not decoder.finished
    assert all(choice["finish_reason"] is None for body in told(events) for choice in body["choices"])


def test_the_official_client_accumulates_what_is_told():
    state = ChatCompletionStreamState()

    for body in told(toy(include_usage=True).feed(WHOLE)):
        state.handle_chunk(ChatCompletionChunk.model_validate(body))

    final = state.get_final_completion()
    assert final.choices[0].message.content == "Hello wörld 😀"
    assert [call.function.arguments for call in final.choices[0].message.tool_calls] == ['{"a":1}', "{}"]
    assert final.choices[0].finish_reason == "tool_calls"
    assert final.usage.total_tokens == 8


def test_an_answer_without_an_id_or_a_model_gets_ours():
    body = told(toy().feed(stream("say hi")))[0]

    assert (body["id"], body["model"]) == ("chatcmpl-req-1", "m")


def test_the_first_id_counts():
    events = toy().feed(stream("begin a/x", "say hi", "begin b/y", "say ho"))

    assert {(body["id"], body["model"]) for body in told(events)} == {("a", "x")}


def test_empty_pieces_are_not_told_and_are_no_content():
    decoder = toy()

    events = decoder.feed(stream("say ", "think ", "argue 0 ", "begin a/b"))

    assert events == []
    assert not decoder.started


def test_what_is_no_content_starts_nothing():
    decoder = toy()

    assert deltas(decoder.feed(stream("add"))) == [(0, ROLE), (0, {"annotations": []})]
    assert not decoder.started
    decoder.feed(stream("draw xyz"))
    assert (decoder.started, decoder.produced) == (True, 3)


@pytest.mark.parametrize(
    ("line", "size"), [("say abc", 3), ("say ä€", 5), ("think 😀", 4), ("call c/fé/{}", 6), ("argue 0 ab", 2)]
)
def test_what_was_produced_is_counted_in_bytes(line, size):
    decoder = toy()

    decoder.feed(stream(line))

    assert (decoder.started, decoder.produced) == (True, size)


def test_an_answer_may_be_empty():
    decoder = toy()

    events = decoder.feed(stream("stop content_filter", "end"))

    assert deltas(events) == [(0, ROLE), (0, {})]
    assert (decoder.started, decoder.done, decoder.finish, decoder.usage) == (True, True, "content_filter", None)


def test_choices_are_told_apart_and_all_of_them_finish():
    decoder = toy()

    events = decoder.feed(
        stream(
            "say 1 b",
            "say 0 a",
            "call 1 c/f",
            "call 1 d/g",
            "call c/f",
            "stop 1 tool_calls",
            "stop 0 stop",
            "usage",
            "end",
        )
    )

    said = deltas(events)
    assert [delta for index, delta in said if index == 1][:2] == [ROLE, {"content": "b"}]
    assert [delta["tool_calls"][0]["index"] for index, delta in said if index == 1 and "tool_calls" in delta] == [0, 1]
    assert [delta["tool_calls"][0]["index"] for index, delta in said if index == 0 and "tool_calls" in delta] == [0]
    assert [body["choices"][0]["finish_reason"] for body in told(events)[-3:-1]] == ["stop", "tool_calls"]
    assert decoder.finish == "stop"


def test_without_a_first_choice_another_says_why():
    decoder = toy()

    decoder.feed(stream("say 1 b", "stop 1 length", "end"))

    assert decoder.finish == "length"


def test_the_last_reason_of_a_choice_counts_and_the_end_comes_once():
    events = toy().feed(stream("say a", "stop stop", "stop length", "end", "end"))

    reasons = [choice["finish_reason"] for body in told(events) for choice in body["choices"]]
    assert reasons == [None, None, "length"]


@pytest.mark.parametrize("lines", [("say a", "end"), ("say a", "say 1 b", "stop stop", "end")])
def test_a_choice_without_a_reason_is_not_finished(lines):
    decoder = toy()

    events = decoder.feed(stream(*lines))

    assert {"content": "a"} in [delta for _, delta in deltas(events)]
    assert decoder.broken.fault is Fault.BROKEN
    assert not decoder.done


def test_content_before_an_error_in_the_same_read_is_told_first():
    decoder = toy()

    events = decoder.feed(stream("say a", "error", "say b"))

    assert deltas(events) == [(0, ROLE), (0, {"content": "a"})]
    assert decoder.broken is LOST
    for act in (lambda: decoder.feed(stream("say c")), decoder.close):
        with pytest.raises(UpstreamError) as error:
            act()
        assert error.value.failure is LOST


@pytest.mark.parametrize("before", [(), ("begin a/b",), ("add",), ("usage 3",)])
def test_an_error_before_content_is_the_whole_answer(before):
    decoder = toy()

    with pytest.raises(UpstreamError) as error:
        decoder.feed(stream(*before, "error"))

    assert error.value.failure is LOST
    assert decoder.broken is None


def test_an_error_in_a_later_read_is_raised_at_once():
    decoder = toy()
    decoder.feed(stream("say a"))

    with pytest.raises(UpstreamError):
        decoder.feed(stream("error"))


def test_what_follows_the_end_takes_nothing_away():
    decoder = toy()

    events = decoder.feed(stream("say a", "stop stop", "end", "error"))

    assert (decoder.done, decoder.broken) == (True, None)
    assert told(events)[-1]["choices"][0]["finish_reason"] == "stop"
    assert decoder.feed(stream("error")) == []
    assert decoder.close() == []


def test_a_dialect_may_end_with_its_body():
    decoder = toy(lenient=True)
    decoder.feed(stream("say a", "stop stop"))

    events = decoder.close()

    assert told(events)[-1]["choices"][0]["finish_reason"] == "stop"
    assert decoder.done


def test_the_last_line_may_lack_its_end():
    decoder = toy()
    decoder.feed(stream("say a", "stop stop") + b'"end"')

    assert told(decoder.close())[-1]["choices"][0]["finish_reason"] == "stop"


def test_a_dialect_that_ends_with_its_body_still_needs_a_reason():
    decoder = toy(lenient=True)
    decoder.feed(stream("say a"))

    with pytest.raises(UpstreamError):
        decoder.close()


@pytest.mark.parametrize("asked_for", [True, False])
def test_chunks_say_that_the_usage_is_not_known_yet_only_if_it_was_asked_for(asked_for):
    events = toy(include_usage=asked_for).feed(WHOLE)

    chunks = told(events)[:-1]
    assert {"usage" in body for body in chunks} == {asked_for}
