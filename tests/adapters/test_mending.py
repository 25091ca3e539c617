"""What is mended in streams, so that clients that put pieces together survive them."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming._deltas import accumulate_delta
from streams import DONE, FINISH, HELLO, MORE, ROLE, USAGE, chunk, decoder_of, passed, played, text

from core.faults import Fault, UpstreamError
from core.usage import Usage
from core.wire import Chunk, Report, Verbatim


def choices_of(events):
    """All choices, in order, as the client sees them."""
    found = []
    for event in events:
        if isinstance(event, Verbatim):
            bodies = [orjson.loads(line[6:]) for line in event.data.split(b"\n\n") if line]
        else:
            bodies = [event.body]
        found += [choice for body in bodies for choice in body["choices"]]
    return found


def put_together(deltas, dialect="openai"):
    """As the official client does it."""
    whole = {}
    events = played(decoder_of(dialect), *[chunk(delta) for delta in deltas], close=False)
    for choice in choices_of(events):
        whole = accumulate_delta(whole, choice["delta"])
    return whole


def calls_of(*pieces):
    calls = put_together([{"tool_calls": some} for some in pieces])["tool_calls"]
    return [
        (call.get("id"), call["index"], call["function"].get("name"), call["function"].get("arguments"))
        for call in calls
    ]


def function(arguments, name=None, **more):
    return {**more, "function": {"arguments": arguments} | ({"name": name} if name else {})}


CALLS = {
    "as OpenAI writes them": (
        [function("", "f", index=0, id="a", type="function")],
        [function("{", index=0)],
        [function("}", index=0)],
        [function("", "g", index=1, id="b", type="function")],
        [function("{}", index=1)],
    ),
    "everything in every piece": (
        [function("{", "f", index=0, id="a", type="function")],
        [function("}", "f", index=0, id="a", type="function")],
        [function("{}", "g", index=1, id="b", type="function")],
    ),
    "all of them are number 0": (
        [function("{", "f", index=0, id="a")],
        [function("}", index=0)],
        [function("{", "g", index=0, id="b")],
        [function("}", index=0)],
    ),
    "counted from one, with gaps": (
        [function("{", "f", index=1, id="a")],
        [function("{", "g", index=7, id="b")],
        [function("}", index=1)],
        [function("}", index=7)],
    ),
    "not counted": (
        [function("{", "f", id="a")],
        [function("}")],
        [function("{}", "g", id="b")],
    ),
    "both in one piece": ([function("{}", "f", index=0, id="a"), function("{}", "g", index=0, id="b")],),
    "a stray index": (
        [function("{}", "f", index=0, id="a")],
        [function("{", "g", index=1, id="b")],
        [function("}", index=9)],
    ),
    "the id comes late": (
        [function("", "f", index=0)],
        [function("{}", index=0, id="a")],
        [function("{}", "g", index=1, id="b")],
    ),
    "the name comes in pieces": (
        [{"index": 0, "id": "a", "function": {}}],
        [{"index": 0, "function": {"name": "f"}}],
        [function("{}", index=0)],
        [function("{}", "g", index=1, id="b")],
    ),
    "the index is a word": ([function("{}", "f", index="0", id="a")], [function("{}", "g", index="1", id="b")]),
}  # fmt: skip


@pytest.mark.parametrize("pieces", CALLS.values(), ids=CALLS.keys())
def test_calls_are_put_together(pieces):
    assert [("a", 0, "f", "{}"), ("b", 1, "g", "{}")] == calls_of(*pieces)


def test_calls_without_ids_are_told_by_their_names():
    pieces = [[function("{}", "f", index=0)], [function("{}", "g", index=0)]]

    assert [(None, 0, "f", "{}"), (None, 1, "g", "{}")] == calls_of(*pieces)


def test_the_same_id_under_another_index_is_another_call():
    pieces = [[function("{}", "f", index=0, id="x")], [function("{}", "g", index=1, id="x")]]

    assert [("x", 0, "f", "{}"), ("x", 1, "g", "{}")] == calls_of(*pieces)


def test_a_name_that_comes_in_two_parts_is_joined():
    pieces = [[{"index": 0, "id": "a", "function": {"name": "get_"}}], [function("{}", "time", index=0)]]

    assert [("a", 0, "get_time", "{}")] == calls_of(*pieces)


def test_a_call_without_a_type_is_a_function():
    calls = put_together([{"tool_calls": [function("{}", "f", index=0, id="a")]}])["tool_calls"]

    assert ["function"] == [call["type"] for call in calls]


def test_choices_count_their_calls_each_by_itself():
    decoder = decoder_of(choices=2)
    call = {"tool_calls": [function("{}", "f", index=3, id="a")]}

    events = played(decoder, chunk(call), chunk(call, index=1), close=False)

    assert [0, 0] == [choice["delta"]["tool_calls"][0]["index"] for choice in choices_of(events)]


def test_the_role_is_told_once():
    whole = put_together([{"role": "assistant", "content": "a"}] * 4)

    assert {"role": "assistant", "content": "aaaa"} == whole


def test_each_choice_tells_its_role():
    said = {"role": "assistant", "content": "a"}

    events = played(decoder_of(choices=2), chunk(said), chunk(said, index=1), close=False)

    assert [said, said] == [choice["delta"] for choice in choices_of(events)]


def test_entries_of_lists_are_counted_and_none_is_lost():
    some = {"annotations": [{"url": "a"}, {"url": "b"}], "images": [{"url": "x"}]}

    whole = put_together([some, {"annotations": [{"url": "c"}]}])

    assert [("a", 0), ("b", 1), ("c", 2)] == [(entry["url"], entry["index"]) for entry in whole["annotations"]]
    assert [{"url": "x", "index": 0}] == whole["images"]


def test_entries_that_are_counted_stay_as_they_are():
    event = chunk({"reasoning_details": [{"index": 2, "text": "a"}]})
    other = chunk({"reasoning_details": [{"text": "b"}]})

    events = played(decoder_of(), ROLE + event, other, close=False)

    assert Verbatim(ROLE + event) == events[0]
    assert [{"text": "b", "index": 3}] == events[1].body["choices"][0]["delta"]["reasoning_details"]


def test_lists_inside_an_object_are_counted_too():
    whole = put_together([{"more": {"cited": [{"url": "a"}], "odd": [1]}}, {"more": {"cited": [{"url": "b"}]}}])

    assert [0, 1] == [entry["index"] for entry in whole["more"]["cited"]]


@pytest.mark.parametrize("finish", [{"delta": None}, {}])
def test_a_delta_that_is_none_becomes_an_empty_one(finish):
    body = {"id": "c", "choices": [{"index": 0, **finish, "finish_reason": "stop"}]}
    decoder = decoder_of()

    events = played(decoder, ROLE + HELLO, b"data: " + orjson.dumps(body) + b"\n\n" + DONE)

    assert [
        Verbatim(ROLE + HELLO),
        Chunk({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
    ] == events


def test_texts_get_an_index_but_no_delta():
    event = b'data: {"choices":[{"text":"x","finish_reason":"stop"}]}\n\n'

    events = played(decoder_of(endpoint="completions"), event)

    assert [Chunk({"choices": [{"text": "x", "finish_reason": "stop", "index": 0}]})] == events


@pytest.mark.parametrize("at", range(4))
def test_usage_is_told_last_wherever_it_comes(at):
    stream = [ROLE + HELLO, MORE, FINISH]
    stream.insert(at, USAGE)

    events = played(decoder_of(), *stream, DONE)

    assert ROLE + HELLO + MORE + FINISH == passed(events)
    assert [Report(Usage(input=3, output=2), orjson.loads(USAGE[6:]), USAGE)] == events[-1:]


def test_the_last_usage_wins():
    less = USAGE.replace(b'"completion_tokens":2', b'"completion_tokens":1')
    bad = USAGE.replace(b":3", b":-3")
    decoder = decoder_of()

    events = played(decoder, HELLO + less + MORE + USAGE + bad + FINISH + DONE)

    assert [USAGE] == [event.raw for event in events if isinstance(event, Report)]
    assert Usage(input=3, output=2) == decoder.usage


ZEROS = USAGE.replace(b":3", b":0").replace(b":2", b":0").replace(b":5", b":0")


@pytest.mark.parametrize("last", [ZEROS, ZEROS.replace(b'"choices":[]', FINISH[FINISH.find(b'"choices"') : -3])])
def test_zeros_are_no_usage_behind_one(last):
    decoder = decoder_of()

    events = played(decoder, HELLO + USAGE + FINISH + last + DONE)

    assert [USAGE] == [event.raw for event in events if isinstance(event, Report)]
    assert Usage(input=3, output=2) == decoder.usage


def test_zeros_are_usage_where_there_is_no_other():
    decoder = decoder_of()
    played(decoder, HELLO + ZEROS, close=False)
    first = decoder.usage

    played(decoder, FINISH + USAGE + DONE)

    assert (Usage(), Usage(input=3, output=2)) == (first, decoder.usage)


def test_usage_without_choices_gets_an_empty_list_of_them():
    bare = b'data: {"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'

    events = played(decoder_of(), HELLO + FINISH + bare)

    assert [] == events[-1].body["choices"]
    assert events[-1].raw is None


@pytest.mark.parametrize("before", [b"", text("x")])
def test_what_is_nested_too_deeply_to_be_written_is_an_error(before):
    deep = b'data: {"choices":[{"delta":{"content":"x","deep":' + b"[" * 400 + b"]" * 400 + b"}}]}\n\n"
    decoder = decoder_of()
    decoder.feed(before)

    with pytest.raises(UpstreamError) as caught:
        decoder.feed(deep)

    assert Fault.BROKEN == caught.value.failure.fault


def test_many_brackets_are_not_deep():
    event = chunk({"content": "[" * 300, "annotations": [{}]})

    assert [Chunk] == [type(each) for each in decoder_of().feed(event)]


INDEX = st.sampled_from([{}, {"index": 0}, {"index": 1}, {"index": 3}, {"index": None}, {"index": "0"}])
ID = st.sampled_from([{}, {"id": "a"}, {"id": "b"}, {"id": ""}, {"id": None}])
NAME = st.sampled_from([{}, {"name": "f"}, {"name": "g"}, {"name": None}])
PIECE = st.builds(
    lambda index, known, name, arguments: {**index, **known, "function": {**name, "arguments": arguments}},
    INDEX, ID, NAME, st.sampled_from(["", "{", "}"]),
)  # fmt: skip
ENTRY = st.builds(lambda index, url: {**index, "url": url}, INDEX, st.sampled_from(["a", "b"]))
DELTA = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["assistant", "", None]),
        "content": st.sampled_from(["x", "", None]),
        "tool_calls": st.none() | st.lists(PIECE, max_size=3),
        "annotations": st.none() | st.lists(ENTRY, max_size=3),
        "more": st.none() | st.fixed_dictionaries({"cited": st.lists(ENTRY, max_size=2)}),
    },
)


@given(st.lists(DELTA, max_size=8), st.sampled_from(["openai", "mistral", "openrouter"]))
def test_the_official_accumulator_survives_any_habit(deltas, dialect):
    whole = put_together(deltas, dialect)

    calls = whole.get("tool_calls") or []
    said = [piece["function"]["arguments"] for delta in deltas for piece in delta.get("tool_calls") or []]
    assert list(range(len(calls))) == [call["index"] for call in calls]
    assert sorted("".join(said)) == sorted("".join(call["function"]["arguments"] for call in calls))
    assert whole.get("role") in {"assistant", "", None}


def test_a_completion_may_begin_without_a_word():
    decoder = decoder_of(endpoint="completions")
    empty, full = (
        b'data: {"id":"c","choices":[{"index":0,"text":"%b","logprobs":null,"finish_reason":null}]}\n\n' % text
        for text in (b"", b"a")
    )

    events = [*decoder.feed(empty), *decoder.feed(empty), *decoder.feed(full)]

    assert [empty, empty, full] == [event.data for event in events]
    assert decoder.started


NAMES = ["index", "role", "content", "tool_calls", "function", "name", "id", "arguments", "type"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
CHOICE = st.fixed_dictionaries({"delta": JSON}, optional={"index": JSON, "text": JSON, "finish_reason": JSON})


@given(st.lists(CHOICE, max_size=3), st.sampled_from(["chat", "completions"]))
def test_any_choice_at_all_is_taken_or_refused(choices, endpoint):
    decoder = decoder_of(endpoint=endpoint)
    body = b"data: " + orjson.dumps({"choices": choices}) + b"\n\n"

    try:
        events = decoder.feed(body) + decoder.feed(body)
    except UpstreamError as error:
        assert error.failure.message
    else:
        assert choices_of(events) is not None
