"""Responses that come in events, told as chunks."""

import orjson
import pytest
from responding import (
    MODEL,
    answered,
    cited,
    custom,
    decoding,
    function,
    message,
    response,
    searched,
    thought,
    told,
    wire,
)
from streams import passed, played
from test_responses_answers import ODD

from core.usage import Usage
from core.wire import Report

LEGACY = {"tools": None, "functions": [{"name": "weather"}]}
EVERYTHING = response(
    thought("plan", "mehr 😀"),
    message("Ich seh' nach. ", phase="commentary"),
    searched(),
    thought("then", number=2),
    message("Wien: naß.", 2, annotations=[cited(0, 4)]),
    function(),
    custom("ls -l", number=2),
    function(arguments="", number=3),
)
WHOLE = wire(told(EVERYTHING))
INCLUDE = {"stream_options": {"include_usage": True}}


def deltas(events):
    """The first choices of all chunks: deltas without what is empty, and the last reason."""
    lines = [orjson.loads(line[6:]) for line in passed(events).split(b"\n\n") if line]
    choices = [line["choices"][0] for line in lines]
    return [one["delta"] for one in choices if one["delta"]], choices[-1]["finish_reason"]


def joined(events):
    """What an accumulator makes of the chunks: a message, and the finish."""
    message: dict = {}
    pieces, finish = deltas(events)
    for delta in pieces:
        for name, value in delta.items():
            if isinstance(value, str):
                message[name] = message.get(name, "") + value
            elif isinstance(value, dict):
                known = message.get(name, {})
                message[name] = {**known, **{key: known.get(key, "") + text for key, text in value.items()}}
            else:
                for entry in value:
                    _merge(message.setdefault(name, []), entry)
    return message, finish


def _merge(entries, entry):
    if entry["index"] == len(entries):
        entries.append(entry)
        return
    mine = entries[entry["index"]]
    for kind in {"function", "custom"} & entry.keys():
        for name, text in entry[kind].items():
            mine[kind][name] += text


def play(answer, body=(), *, size=4, **facts):
    decoder = decoding(body)
    return decoder, played(decoder, wire(told(answer, size=size)), **facts)


@pytest.mark.covers("openai", "stream", "text")
def test_text_comes_piece_by_piece():
    decoder, events = play(response(message("Hello")), size=2)

    pieces, finish = deltas(events)
    assert [{"role": "assistant", "content": ""}, *({"content": text} for text in ("He", "ll", "o"))] == pieces
    assert ("stop", "stop", True, True) == (finish, decoder.finish, decoder.finished, decoder.done)
    assert (5, {}, Usage(20, 60, 20, 30, 10, tier="default")) == (decoder.produced, decoder.remember, decoder.usage)
    first = orjson.loads(passed(events).split(b"\n\n")[0][6:])
    assert ("resp_1", "gpt-6-sol-2026-09-01", 1_800_000_000) == (first["id"], first["model"], first["created"])


@pytest.mark.covers("openai", "stream", "tools", "parallel tools", "reasoning")
def test_streamed_and_whole_answers_say_the_same():
    completion, whole = answered(EVERYTHING)

    decoder, events = play(EVERYTHING)

    message, finish = joined(events)
    expected = {name: value for name, value in whole["choices"][0]["message"].items() if value is not None}
    expected["tool_calls"] = [{**one, "index": index} for index, one in enumerate(expected["tool_calls"])]
    expected["annotations"] = [{**one, "index": index} for index, one in enumerate(expected["annotations"])]
    assert (expected, "tool_calls") == (message, finish)
    assert completion.remember == decoder.remember
    assert completion.usage == decoder.usage


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_pieces_of_any_size_say_the_same(size):
    _, at_once = play(EVERYTHING)
    decoder = decoding()

    pieces = [WHOLE[at : at + size] for at in range(0, len(WHOLE), size)]

    assert passed(at_once) == passed(played(decoder, *pieces))


def test_core_64_a_long_stream_may_be_cut_in_two():
    expected = passed(play(EVERYTHING)[1])

    for at in range(1, len(WHOLE), 23):
        assert expected == passed(played(decoding(), WHOLE[:at], WHOLE[at:]))


def test_every_byte_of_a_small_stream_may_be_the_last_of_a_read():
    data = wire(told(response(thought("hm 😀"), message("naß"), function()), size=8))
    expected = passed(played(decoding(), data))

    assert all(expected == passed(played(decoding(), data[:at], data[at:])) for at in range(1, len(data)))


def test_a_burst_is_one_piece():
    _, events = play(response(message("Hello there, all of you")), size=1, close=False)

    assert [Report] == [type(one) for one in events[1:]]


@pytest.mark.parametrize("blank", [b"\r\n", b"\r"])
def test_other_line_ends_say_the_same(blank):
    assert passed(play(EVERYTHING)[1]) == passed(played(decoding(), WHOLE.replace(b"\n", blank)))


def test_events_without_names_comments_and_an_end_mark_change_nothing():
    lines = [b": ping\n\n", *(b"data:%b\n\n" % orjson.dumps(one) for one in told(EVERYTHING)), b"data: [DONE]\n\n"]

    assert passed(play(EVERYTHING)[1]) == passed(played(decoding(), b"".join(lines)))


def test_the_last_event_may_lack_its_blank_line():
    assert passed(play(EVERYTHING)[1]) == passed(played(decoding(), WHOLE[:-2]))


def test_core_65_an_event_may_be_long():
    text = "x" * 100_000

    message, _ = joined(play(response(message_of(text)), size=100_000)[1])

    assert text == message["content"]


def message_of(text):
    return message(text)


def test_unknown_events_say_nothing():
    news = [{"type": "response.telepathy.delta", "delta": "x"}, {"type": ["x"]}, {"sequence_number": 1}]

    events = told(EVERYTHING)

    assert passed(play(EVERYTHING)[1]) == passed(played(decoding(), wire_of(events[:1], news, events[1:])))


def wire_of(*groups):
    return b"".join(b"data: %b\n\n" % orjson.dumps(one) for group in groups for one in group)


def without(answer, *kinds):
    return wire_of([one for one in told(answer) if not any(kind in one["type"] for kind in kinds)])


@pytest.mark.parametrize(
    "kinds",
    [(".delta", "annotation"), (".delta", "annotation", "added"), (".delta", "annotation", "output_item", "part")],
)
def test_what_no_delta_told_is_told_at_the_end(kinds):
    expected, _ = joined(play(EVERYTHING)[1])

    message, finish = joined(played(decoding(), without(EVERYTHING, *kinds)))

    assert (expected, "tool_calls") == (message, finish)


def test_a_refusal_that_no_delta_told_is_told_at_the_end():
    answer = response(message(refusal="I can't."))

    message_, _ = joined(played(decoding(), without(answer, ".delta")))

    assert "I can't." == message_["refusal"]


@pytest.mark.parametrize("size", [1, 100])
def test_refusals_come_piece_by_piece(size):
    decoder, events = play(response(message(refusal="I can't.")), size=size)

    message_, finish = joined(events)
    assert ({"role": "assistant", "content": "", "refusal": "I can't."}, "stop") == (message_, finish)
    assert decoder.produced == 8


def test_an_empty_message_says_nothing():
    empty = [message(""), {**message(), "content": [{"type": "other"}]}, {**message(refusal="")}]

    assert ({"role": "assistant", "content": ""}, "stop") == joined(play(response(*empty))[1])


def test_members_of_odd_types_say_nothing():
    body = {"logprobs": True, "reasoning_effort": "none", "web_search_options": {}}
    end = {"type": "response.completed", "response": response(*ODD, function())}

    decoder = decoding(body)
    message_, finish = joined(played(decoder, wire_of([end])))

    assert ("a", "tool_calls", {}) == (message_["content"], finish, decoder.remember)
    assert message_.keys() == {"role", "content", "tool_calls"}


def test_empty_deltas_say_nothing():
    kinds = ("output_text", "refusal", "reasoning_summary_text")
    empty = [{"type": f"response.{kind}.delta", "delta": "", "output_index": 0} for kind in kinds]
    call = [one for one in told(response(function())) if one["type"] == "response.output_item.added"]
    nothing = {"type": "response.function_call_arguments.delta", "delta": "", "output_index": 0}
    broken_off = {"type": "response.reasoning_summary_part.done", "output_index": 0}

    decoder = decoding()

    assert [] == decoder.feed(wire_of(empty, [broken_off]))
    assert not decoder.started
    assert passed(decoding().feed(wire_of(call))) == passed(decoding().feed(wire_of(call, [nothing])))


def test_a_thought_without_words_is_no_paragraph():
    message_, _ = joined(play(response(thought(), thought("plan", number=2), message()))[1])

    assert "plan" == message_["reasoning_content"]


@pytest.mark.parametrize("kinds", [(), (".delta",)])
def test_who_knows_functions_only_gets_one_function_call(kinds):
    answer = response(thought(), function(), function(number=2))

    decoder = decoding(LEGACY)
    message_, finish = joined(played(decoder, without(answer, *kinds)))

    assert ({"name": "weather", "arguments": '{"city":"Wien"}'}, "function_call") == (message_["function_call"], finish)
    assert {} == decoder.remember


def test_what_was_thought_is_kept_by_the_first_call():
    decoder, _ = play(response(thought("plan"), function()))

    assert MODEL == decoder.remember["call_1"]["model"]
    assert ["reasoning", "function_call"] == [one["type"] for one in decoder.remember["call_1"]["order"]]


def test_calls_without_thoughts_leave_nothing_to_keep():
    decoder, events = play(response(function()))

    message_, finish = joined(events)
    assert ({}, "tool_calls", False) == (decoder.remember, finish, "reasoning_details" in message_)


@pytest.mark.parametrize(
    ("reason", "finish"), [("max_output_tokens", "length"), ("content_filter", "content_filter"), ("steered", "length")]
)
def test_why_it_is_incomplete_is_told(reason, finish):
    answer = response(thought(), function(), status="incomplete", incomplete_details={"reason": reason})

    decoder, events = play(answer)

    assert (finish, {}) == (joined(events)[1], decoder.remember)


def test_citations_point_into_the_whole_text():
    output = [message("Wien: wet."), message("Graz: dry.", 2, annotations=[cited(0, 4), {"type": "file_path"}])]

    message_, _ = joined(play(response(*output))[1])

    (one,) = message_["annotations"]
    span = one["url_citation"]
    assert "Graz" == message_["content"][span["start_index"] : span["end_index"]]


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("include", [INCLUDE, {}])
def test_probabilities_are_told_to_who_asked_for_them(asked, include):
    body = {"logprobs": asked, "reasoning_effort": "none", "web_search_options": {}, **include}
    events = told(response(message("It")))
    for one in events:
        if one["type"] == "response.output_text.delta":
            one["logprobs"] = [{"token": "It", "logprob": -0.5, "top_logprobs": [{"token": "It", "logprob": -0.5}]}]

    chunks = passed(played(decoding(body), wire(events))).split(b"\n\n")[:-1]

    logprobs = orjson.loads(chunks[1][6:])["choices"][0]["logprobs"]
    it = {"token": "It", "bytes": None, "logprob": -0.5}
    assert ({"content": [{**it, "top_logprobs": [it]}], "refusal": None} if asked else None) == logprobs
    assert all((b'"usage":null' in chunk) == bool(include) for chunk in chunks)


def test_probabilities_of_nothing_are_not_told():
    body = {"logprobs": True, "reasoning_effort": "none", "web_search_options": {}}

    assert [] == decoding(body).feed(wire_of([{"type": "response.output_text.delta", "delta": "", "logprobs": []}]))


@pytest.mark.parametrize("asked", [True, False])
def test_core_58_usage_comes_once_and_last_for_who_asked(asked):
    decoder, events = play(response(message()), INCLUDE if asked else {})

    chunks = passed(events).split(b"\n\n")[:-1]
    report = events[-1]
    assert all((b'"usage":null' in chunk) == asked for chunk in chunks)
    assert isinstance(report, Report)
    assert [report] == [one for one in events if isinstance(one, Report)]
    assert ([], 130, "default") == (
        report.body["choices"],
        report.body["usage"]["total_tokens"],
        report.body["service_tier"],
    )
    assert decoder.usage == report.usage


def test_without_usage_there_is_no_report():
    _, events = play(response(message(), usage=None))

    assert [] == [one for one in events if isinstance(one, Report)]


def test_nothing_is_told_after_the_end():
    decoder, _ = play(response(message()))

    assert [] == decoder.feed(wire(told(response(message()))))
    assert [] == decoder.close()


def test_core_61_a_second_end_in_the_same_read_is_not_told():
    ends = told(response(message()))

    events = played(decoding(), wire([*ends, ends[-1]]))

    assert 1 == passed(events).count(b'"finish_reason":"stop"')
