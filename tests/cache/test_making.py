"""What is kept of an answer, and what isn't; and answers told in another form than they came in."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from cache.entry import Entry, Labels
from cache.forms import events, whole
from cache.making import of_stream, of_whole
from core.usage import Usage

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
TOOL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


def answer(finish="stop", **message):
    said = {"role": "assistant", **(message or {"content": "hello"})}
    choice = {"index": 0, "message": said, "finish_reason": finish}
    frame = {"id": "c-1", "object": "chat.completion", "created": 17, "model": "x", "choices": [choice]}
    return {**frame, "usage": USAGE}


def chunk(delta, finish=None, index=0, **more):
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    frame = {"id": "c-1", "object": "chat.completion.chunk", "created": 17, "model": "x", "choices": [choice]}
    return b"data: " + orjson.dumps({**frame, **more}) + b"\n\n"


def stream(*deltas, finish="stop"):
    return [chunk({"role": "assistant", "content": ""}), *map(chunk, deltas), chunk({}, finish)]


def entry(kept):
    return Entry(Labels("", "", "", ""), 0.0, 1.0, 0.0, 0, "stop", kept.usage, kept.whole, kept.pieces, kept.pauses)


def kept(pieces, choices=1):
    return of_stream(pieces, [0.5] * len(pieces), Usage(9, output=3), choices)


@pytest.mark.parametrize(
    "body",
    [
        answer(),
        answer("tool_calls", content=None, tool_calls=[TOOL]),
        {"object": "text_completion", "choices": [{"index": 0, "text": "x", "finish_reason": "stop"}], "usage": USAGE},
        {"object": "list", "data": [{"embedding": [0.25], "index": 0}], "model": "e", "usage": {"prompt_tokens": 1}},
    ],
)
def test_a_whole_answer_is_kept_and_says_that_it_costs_nothing(body):
    found = of_whole(orjson.dumps(body), None)

    assert {**body, "usage": {**body["usage"], "cost": 0}} == orjson.loads(found.whole)


@pytest.mark.parametrize(
    "body",
    [
        answer("length"),
        answer("content_filter"),
        answer(None),
        answer(content=None, refusal="no"),
        answer(content=""),
        {**answer(), "choices": []},
        {**answer(), "error": {"message": "x"}},
        {**answer(), "choices": [*answer()["choices"], *answer("length")["choices"]]},
        {"object": "list", "data": []},
        {"object": "list", "data": [{}]},
        [],
        "text",
    ],
)
def test_what_is_cut_filtered_refused_or_empty_is_not(body):
    assert of_whole(orjson.dumps(body), None) is None


def test_garbage_is_not_kept():
    assert of_whole(b"{", None) is None
    assert of_whole(b'{"choices":["x"]}', None) is None


def test_usage_that_nobody_reported_is_what_was_counted():
    body = {name: value for name, value in answer().items() if name != "usage"}

    usage = orjson.loads(of_whole(orjson.dumps(body), Usage(9, output=3)).whole)["usage"]

    assert (9, 3, 0) == (usage["prompt_tokens"], usage["completion_tokens"], usage["cost"])


@pytest.mark.parametrize(
    "pieces",
    [
        stream({"content": "a"}, finish="length"),
        stream({"content": "a"}, finish="content_filter"),
        stream({"content": "a"})[:-1],
        stream({"refusal": "no"}),
        stream(),
        [*stream({"content": "a"}), b'data: {"error":{"message":"x"}}\n\n'],
        [*stream({"content": "a"}), b"data: {\n\n"],
        [*stream({"content": "a"}), b"data: {}"],
        [*stream({"content": "a"}), b"data: []\n\n"],
    ],
)
def test_a_stream_that_is_not_whole_is_not_kept(pieces):
    assert kept(pieces) is None


def test_a_stream_is_kept_with_its_pace_and_without_its_usage():
    usage = b"data: " + orjson.dumps({"choices": [], "usage": USAGE}) + b"\n\n"
    pieces = [
        b": hello\n\n",
        *(one.replace(b"}\n\n", b',"usage":null}\n\n') for one in stream({"content": "a"})),
        usage,
    ]

    found = kept([*pieces, b"data: [DONE]\n\n"])

    assert stream({"content": "a"}) == list(found.pieces)
    assert (1.0, 0.5, 0.5) == found.pauses
    assert {**USAGE, "cost": 0} == orjson.loads(found.usage)


def test_each_choice_must_have_come_to_its_end():
    both = [chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk({}, "stop"), chunk({}, "stop", index=1)]

    assert kept(both, choices=2) is not None
    assert kept(both, choices=1) is None
    assert kept(both[:-1], choices=2) is None


STREAMS = {
    "text": stream({"content": "Hel"}, {"content": "lo"}),
    "reasoning": stream({"reasoning_content": "hm"}, {"reasoning_content": "m"}, {"content": "x"}),
    "tools": stream(
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {
            "tool_calls": [
                {"index": 1, "id": "call_2", "type": "function", "function": {"name": "g", "arguments": "{}"}}
            ]
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]},
        finish="tool_calls",
    ),
}


def assembled(pieces):
    """What the official client makes of a stream."""
    state = ChatCompletionStreamState()
    for one in pieces:
        state.handle_chunk(ChatCompletionChunk.model_validate(orjson.loads(one[6:])))
    return state.get_final_completion()


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_told_as_a_whole_is_what_the_official_client_makes_of_it(name):
    found = ChatCompletion.model_validate(orjson.loads(whole(entry(kept(STREAMS[name])))))

    expected = assembled(STREAMS[name]).choices[0].message.model_dump(exclude_none=True)
    calls = [
        {**one, "function": {k: v for k, v in one["function"].items() if k in ("name", "arguments")}}
        for one in ({k: v for k, v in call.items() if k != "index"} for call in expected.pop("tool_calls", []))
    ]
    said = found.choices[0].message.model_dump(exclude_none=True)
    assert calls == said.pop("tool_calls", [])
    assert {k: v for k, v in expected.items() if v != ""} == said


@pytest.mark.parametrize(
    "message",
    [
        {"content": "hello", "refusal": None, "annotations": []},
        {"content": "hello", "reasoning_content": "hm"},
        {"content": None, "tool_calls": [TOOL, {**TOOL, "id": "call_2"}]},
    ],
)
def test_a_whole_told_as_a_stream_comes_together_again(message):
    body = answer("tool_calls" if "tool_calls" in message else "stop", **message)
    found = of_whole(orjson.dumps(body), None)

    told = events(entry(found), usage=True)

    again = orjson.loads(whole(entry(kept([*told]))))
    assert {k: v for k, v in body["choices"][0]["message"].items() if v not in (None, [])} == {
        k: v for k, v in again["choices"][0]["message"].items() if v is not None
    }
    assert {**USAGE, "cost": 0} == orjson.loads(told[-1][6:])["usage"]
    assert [b"chat.completion.chunk"] * len(told) == [orjson.loads(one[6:])["object"].encode() for one in told]


@pytest.mark.parametrize(
    "delta", [{"audio": {"data": "x"}, "content": "a"}, {"content": ["x"]}, {"tool_calls": [{"index": 0, "custom": 1}]}]
)
def test_what_is_not_known_well_enough_is_told_as_it_came_or_not_at_all(delta):
    found = entry(kept(stream(delta)))

    assert whole(found) is None
    assert found.pieces == events(found, usage=False)


def test_a_whole_with_something_unknown_in_it_is_no_stream():
    found = entry(of_whole(orjson.dumps(answer(content="x", audio={"data": "y"})), None))

    assert events(found, usage=False) is None


SOURCES = {"citations": ["https://a.example"], "search_results": [{"title": "A"}]}


def test_what_a_provider_says_beside_a_whole_is_in_its_stream():
    body = {**answer(content="x"), **SOURCES, "provider": None, "prompt": []}
    body["choices"][0] |= {"native_finish_reason": "end", "seed": None}
    told = [orjson.loads(each[6:]) for each in events(entry(of_whole(orjson.dumps(body), None)), usage=True)]

    assert SOURCES == {name: told[0][name] for name in SOURCES}
    assert "end" == told[1]["choices"][0]["native_finish_reason"]
    assert not [each for each in told if {"provider", "prompt"} & each.keys()]
    assert [True, False, False] == ["citations" in each for each in told]


def test_what_a_provider_says_beside_a_stream_is_in_its_whole():
    first = chunk({"content": "x"}, obfuscation="ab", **SOURCES)
    last = orjson.loads(chunk({}, "stop", obfuscation="c", **SOURCES)[6:])
    last["choices"][0]["native_finish_reason"] = "end"
    found = orjson.loads(whole(entry(kept([first, b"data: " + orjson.dumps(last) + b"\n\n"]))))

    assert SOURCES == {name: found[name] for name in SOURCES}
    assert "end" == found["choices"][0]["native_finish_reason"]
    assert "obfuscation" not in found


@pytest.mark.parametrize("place", ["answer", "choice"])
def test_what_was_told_in_two_ways_is_told_as_it_came(place):
    pieces = []
    for at, piece in enumerate(stream({"content": "x"})):
        body = orjson.loads(piece[6:])
        (body if place == "answer" else body["choices"][0])["filtered"] = {"part": at}
        pieces.append(b"data: " + orjson.dumps(body) + b"\n\n")
    found = entry(kept(pieces))

    assert whole(found) is None
    assert pieces == [*events(found, usage=False)]


def test_an_event_about_the_prompt_alone_names_no_answer():
    about = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{"index": 0}]}
    found = entry(kept([b"data: " + orjson.dumps(about) + b"\n\n", *stream({"content": "x"})]))
    usage = orjson.loads(events(found, usage=True)[-1][6:])

    assert ("c-1", "chat.completion.chunk") == (usage["id"], usage["object"])
    assert ("c-1", [{"index": 0}]) == tuple(
        orjson.loads(whole(found))[name] for name in ("id", "prompt_filter_results")
    )


def test_embeddings_are_no_stream():
    body = {"object": "list", "data": [{"embedding": [1]}], "usage": {}}

    assert events(entry(of_whole(orjson.dumps(body), None)), usage=False) is None


def test_older_completions_change_their_form_too():
    body = {
        "object": "text_completion",
        "choices": [{"index": 0, "text": "x", "logprobs": None, "finish_reason": "stop"}],
    }
    told = events(entry(of_whole(orjson.dumps(body), None)), usage=False)

    again = orjson.loads(whole(entry(kept(list(told)))))

    assert body["choices"] == again["choices"]


def test_probabilities_are_put_together():
    pieces = [
        chunk({"role": "assistant"}),
        *(
            b"data: "
            + orjson.dumps(
                {
                    "object": "chat.completion.chunk",
                    "choices": [
                        {
                            "index": 0,
                            "delta": {"content": text},
                            "logprobs": {"content": [{"token": text}], "refusal": None},
                        }
                    ],
                }
            )
            + b"\n\n"
            for text in "ab"
        ),
        chunk({}, "stop"),
    ]

    assert {"content": [{"token": "a"}, {"token": "b"}], "refusal": None} == orjson.loads(whole(entry(kept(pieces))))[
        "choices"
    ][0]["logprobs"]


# Whatever a provider may say

SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", "stop", "x", "chat.completion", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "delta",
                    "tool_calls",
                    "function",
                    "index",
                    "finish_reason",
                    "content",
                    "logprobs",
                    "object",
                    "data",
                    "embedding",
                    "usage",
                    "text",
                    "refusal",
                    "arguments",
                    "id",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(SHAPES)
def test_an_answer_of_any_shape_is_kept_or_not_and_breaks_nothing(shape):
    found = of_whole(orjson.dumps(shape), None)

    if found is not None:
        assert events(entry(found), usage=True) is None or whole(entry(found))


@settings(max_examples=300, deadline=None)
@given(SHAPES, SHAPES)
def test_so_is_a_stream_of_any_shape(delta, event):
    lines = [chunk(delta), b"data: " + orjson.dumps(event) + b"\n\n", chunk({"content": "a"}), chunk({}, "stop")]

    found = kept(lines)

    if found is not None:
        assert whole(entry(found)) is None or events(entry(found), usage=True)
