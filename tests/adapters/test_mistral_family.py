"""Mistral: ids of nine characters, chunks of thought, turns, and text that fills in a gap."""

import re

import orjson
import pytest
from streams import DONE, chunk, passed, played
from worded import HI, TOOL, adapter_of, ask_of, calls, sent, told, understood, whole

from core.errors import Refusal
from core.faults import UpstreamError
from core.usage import Usage
from core.wire import Chunk, Report

THINKING = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}, {"type": "reference"}]}]
PAGE = "https://a.example/x"
IMAGE = {"type": "image_url", "image_url": {"url": PAGE}}
SAID = [*THINKING, {"type": "text", "text": "so"}, {"type": "reference", "reference_ids": [1]}]
RESULT = {"role": "tool", "tool_call_id": "call_0fypS1hVXabc", "content": "7"}
CALLED = {"role": "assistant", "content": "", "tool_calls": calls("call_0fypS1hVXabc")}


@pytest.mark.covers("mistral", "tools", "tool loop")
def test_more_11_ids_of_calls_have_nine_characters_on_both_sides_and_come_back_as_they_were():
    messages = told("mistral", *HI, CALLED, RESULT)

    id = messages[2]["tool_call_id"]
    assert re.fullmatch(r"[a-zA-Z0-9]{9}", id)
    assert id == messages[1]["tool_calls"][0]["id"]
    assert id == told("mistral", *HI, CALLED, RESULT)[2]["tool_call_id"]
    answer = whole({"content": "", "tool_calls": calls(id, "abcdefghi")}, "tool_calls")
    body, _ = understood("mistral", answer, ask_of(messages=[*HI, CALLED, RESULT]))
    assert calls("call_0fypS1hVXabc", "abcdefghi") == body["choices"][0]["message"]["tool_calls"]


def test_more_11_ids_that_fit_stay_and_none_are_alike():
    many = [f"call_{number}" for number in range(200)]
    history = [{"role": "assistant", "tool_calls": calls("D681PevKs", *many)}]

    (message,) = told("mistral", *history, {"role": "tool", "tool_call_id": "D681PevKs", "content": "x"})[:1]

    ids = [call["id"] for call in message["tool_calls"]]
    assert "D681PevKs" == ids[0]
    assert 201 == len(set(ids))


def test_more_12_what_only_others_know_of_a_message_is_left_out():
    echo = {"role": "assistant", "content": "a", "reasoning_content": "r", "refusal": None, "name": "bot"}

    body, dropped, _ = sent("mistral", ask_of(messages=[*HI, echo, {**HI[0], "name": "ann"}]))

    assert [*HI, {"role": "assistant", "content": "a"}, *HI] == body["messages"]
    assert ("messages.name",) == dropped


@pytest.mark.covers("mistral", "reasoning", "stream")
def test_more_13_chunks_of_thought_are_reasoning_and_never_a_list():
    decoder = adapter_of("mistral").decoder(ask_of(stream=True), adapter_of("mistral").encode(ask_of(stream=True)))
    stream = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": THINKING}),
        chunk({"content": SAID}),
        chunk({"content": "on"}),
        chunk({"content": []}),
        chunk({}, "stop"),
    ]

    events = played(decoder, *stream, DONE)

    deltas = [event.body["choices"][0]["delta"] for event in events if isinstance(event, Chunk)]
    assert [{"reasoning_content": "hm"}, {"content": "so", "reasoning_content": "hm"}, {"content": ""}] == deltas
    assert b'"content":"on"' in passed(events)
    assert decoder.done


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (THINKING, {"content": None, "reasoning_content": "hm"}),
        (SAID, {"content": "so", "reasoning_content": "hm"}),
        (
            [{"type": "thinking", "thinking": "bare"}, {"type": "text", "text": "x"}],
            {"content": "x", "reasoning_content": "bare"},
        ),
        (["so", {"type": "text", "text": " it"}, {"text": " is"}], {"content": "so it is"}),
        ([{"type": "thinking", "thinking": ["hm", 7]}], {"content": None, "reasoning_content": "hm"}),
        ([{"type": "image_url", "image_url": PAGE}], {"content": None, "images": [IMAGE]}),
        ([{"type": "image_url", "image_url": {"url": PAGE}}, "so"], {"content": "so", "images": [IMAGE]}),
        ([{"type": "document_url", "document_url": PAGE}], {"content": f"\n{PAGE}\n"}),
        ("plain", {"content": "plain"}),
    ],
)
def test_more_13_whole_answers_are_flattened_too(content, expected):
    body, completion = understood("mistral", whole({"content": content}))

    assert {"role": "assistant", **expected} == body["choices"][0]["message"]
    assert "stop" == completion.finish


LOST = [7, None, {"type": "text", "text": 7}, {"type": "image_url"}, {"type": "document_url", "document_url": {}}]


@pytest.mark.parametrize("piece", [*LOST, {"type": "file", "file_id": "f"}, {"type": "something_new"}])
def test_content_that_cannot_be_told_is_no_answer(piece):
    with pytest.raises(UpstreamError, match="content"):
        understood("mistral", whole({"content": ["so", piece]}))
    adapter = adapter_of("mistral")
    decoder = adapter.decoder(ask_of(stream=True), adapter.encode(ask_of(stream=True)))
    with pytest.raises(UpstreamError, match="content"):
        played(decoder, chunk({"content": [piece]}))


def test_images_in_a_stream_are_numbered():
    adapter = adapter_of("mistral")
    decoder = adapter.decoder(ask_of(stream=True), adapter.encode(ask_of(stream=True)))
    image = chunk({"content": [{"type": "image_url", "image_url": PAGE}]})

    events = played(decoder, image, image, chunk({"content": ["so"]}), chunk({}, "stop"), DONE)

    deltas = [event.body["choices"][0]["delta"] for event in events if isinstance(event, Chunk)]
    assert [0, 1] == [delta["images"][0]["index"] for delta in deltas if "images" in delta]
    assert ["so"] == [delta["content"] for delta in deltas if delta.get("content")]


@pytest.mark.covers("mistral", "parallel tools")
def test_more_14_calls_that_were_all_numbered_zero_get_their_own_numbers():
    adapter = adapter_of("mistral")
    decoder = adapter.decoder(ask_of(stream=True), adapter.encode(ask_of(stream=True)))
    first, second = calls("abcdefghi", "bcdefghij", arguments={"a": 1})

    events = played(
        decoder,
        chunk({"tool_calls": [{"index": 0, **first}]}),
        chunk({"tool_calls": [{"index": 0, **second}]}),
        close=False,
    )

    made = [event.body["choices"][0]["delta"]["tool_calls"][0] for event in events]
    assert [(0, '{"a":1}'), (1, '{"a":1}')] == [(one["index"], one["function"]["arguments"]) for one in made]


def test_more_15_model_length_is_length_and_error_is_one():
    body, completion = understood("mistral", whole({"content": "x"}, "model_length"))

    assert ("length", "length") == (completion.finish, body["choices"][0]["finish_reason"])
    with pytest.raises(UpstreamError):
        understood("mistral", whole({"content": "x"}, "error"))


def test_turns_are_as_mistral_wants_them():
    said = [
        *HI,
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": "a"},
        {"role": "system", "content": "late"},
        CALLED,
        RESULT,
        {"role": "user", "content": "stop"},
        {"role": "assistant", "content": "I beg"},
    ]

    messages = told("mistral", *said)

    assert ["system", "user", "assistant", "assistant", "tool", "assistant", "user", "assistant"] == [
        message["role"] for message in messages
    ]
    assert {"role": "assistant", "content": "Done."} == messages[5]
    assert {"role": "assistant", "content": "I beg", "prefix": True} == messages[-1]


def test_a_call_without_its_results_is_no_beginning_of_an_answer():
    assert "prefix" not in told("mistral", *HI, CALLED)[-1]
    assert [] == told("mistral", {"role": "assistant", "content": None})


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "file", "file": {"file_id": "f-1"}}, {"type": "file", "file_id": "f-1"}),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}},
            {"type": "document_url", "document_url": "data:application/pdf;base64,AA", "document_name": "a.pdf"},
        ),
        (
            {"type": "file", "file": {"file_data": "AA"}},
            {"type": "document_url", "document_url": "data:application/pdf;base64,AA"},
        ),
        (
            {"type": "file", "file": {"file_url": "https://x.example/a.pdf"}},
            {"type": "document_url", "document_url": "https://x.example/a.pdf"},
        ),
        ({"type": "file", "file_id": "f-2"}, {"type": "file", "file_id": "f-2"}),
        (
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            {"type": "input_audio", "input_audio": "AA"},
        ),
        ({"type": "input_audio", "input_audio": "AA"}, {"type": "input_audio", "input_audio": "AA"}),
        (
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}, "cache_control": {}},
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        ),
        (
            {"type": "image_url", "image_url": "https://x.example/a.png"},
            {"type": "image_url", "image_url": "https://x.example/a.png"},
        ),
    ],
)
@pytest.mark.covers("mistral", "pdf", "image")
def test_documents_images_and_sounds_are_spelt_as_mistral_does(part, expected):
    (message,) = told("mistral", {"role": "user", "content": [part]})

    assert [expected] == message["content"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"$schema": "x", "$id": "y", "type": "object"}, {"type": "object"}),
        (None, {"type": "object", "properties": {}}),
    ],
)
def test_tools_have_parameters_without_ids_of_their_schema(parameters, expected):
    body, _, _ = sent(
        "mistral", ask_of(tools=[{"type": "function", "function": {"name": "f", "parameters": parameters}}])
    )

    assert [{"type": "function", "function": {"name": "f", "parameters": expected}}] == body["tools"]


# Text that fills in a gap

FILLED = {
    "id": "fim-1",
    "object": "chat.completion",
    "created": 1,
    "model": "codestral-2508",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "pass"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}


@pytest.mark.parametrize("dialect", ["mistral", "codestral"])
@pytest.mark.parametrize("prompt", ["def f():", ["def f():"]])
def test_a_gap_is_filled_where_mistral_does_that(dialect, prompt):
    ask = ask_of(endpoint="completions", prompt=prompt, suffix="x", seed=4, echo=False, best_of=1, user="me")

    body, dropped, path = sent(dialect, ask)

    assert {"prompt": "def f():", "suffix": "x", "random_seed": 4} == body
    assert (("user",), "/fim/completions") == (dropped, path)


@pytest.mark.parametrize("said", [{"prompt": ["a", "b"]}, {"prompt": [1, 2]}, {"n": 2}])
def test_one_gap_is_filled_once(said):
    with pytest.raises(Refusal):
        sent("mistral", ask_of(endpoint="completions", **said))


def test_what_fills_the_gap_is_told_as_a_completion():
    body, completion = understood("codestral", FILLED, ask_of(endpoint="completions", suffix="x"))

    assert {"index": 0, "text": "pass", "logprobs": None, "finish_reason": "stop"} == body["choices"][0]
    assert ("text_completion", Usage(3, output=1)) == (body["object"], completion.usage)


@pytest.mark.covers("codestral", "text", "stream")
def test_what_fills_the_gap_is_streamed_as_a_completion():
    adapter = adapter_of("codestral")
    ask = ask_of(endpoint="completions", suffix="x", stream=True, include_usage=True)
    decoder = adapter.decoder(ask, adapter.encode(ask))
    end = {"usage": FILLED["usage"], "object": "chat.completion.chunk"}

    events = played(
        decoder,
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "pa"}),
        chunk({"content": "ss"}, "stop", **end),
        DONE,
    )

    texts = [event.body["choices"][0]["text"] for event in events if isinstance(event, Chunk)]
    assert ["", "pa", "ss"] == texts
    assert isinstance(events[-1], Report)
    assert ("stop", Usage(3, output=1)) == (decoder.finish, decoder.usage)
    assert all(event.body["object"] == "text_completion" for event in events)


def test_embeddings_have_a_dimension():
    ask = ask_of(endpoint="embeddings", dimensions=256, encoding_format="float", user="me")

    assert ({"input": "hi", "output_dimension": 256, "encoding_format": "float"}, ("user",), "/embeddings") == sent(
        "mistral", ask
    )
    assert {"input": "hi"} == sent("mistral", ask_of(endpoint="embeddings"))[0]


def test_json_schemas_go_out_as_they_came():
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}

    assert wanted == sent("mistral", ask_of(response_format=wanted, tools=[TOOL]))[0]["response_format"]


def test_a_model_is_told_by_its_name_alone():
    assert "m" == orjson.loads(adapter_of("mistral").encode(ask_of()).body)["model"]
