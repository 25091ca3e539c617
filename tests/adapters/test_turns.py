"""Messages, whatever their spelling, as what they mean."""

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media import Blob
from adapters.turns import Document, Picture, Request, Sound, Text, arguments_of, mark_of, merged, turns
from api.messages import check
from core.ask import NOTHING_FETCHED, Media
from core.errors import Refusal

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n rest").decode()
PDF = base64.b64encode(b"%PDF-1.7 rest").decode()
PICTURE = f"data:image/png;base64,{PNG}"


def told(*messages, media=NOTHING_FETCHED):
    return turns({"messages": list(messages)}, media)


def parts(*given, media=NOTHING_FETCHED):
    return told({"role": "user", "content": list(given)}, media=media)[0].parts


def called(id="c1", name="f", arguments="{}", **more):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def assistant(*calls, content=None):
    return {"role": "assistant", "content": content, "tool_calls": list(calls)}


@pytest.mark.parametrize(
    ("role", "expected"),
    [("system", "system"), ("developer", "system"), ("user", "user"), ("assistant", "assistant")],
)
def test_a_developer_is_the_system(role, expected):
    turn = told({"role": role, "content": "hi"})[0]

    assert (expected, (Text("hi"),), "messages.0") == (turn.role, turn.parts, turn.at)
    assert turn.text == "hi"
    assert turn.raw == {"role": role, "content": "hi"}


@pytest.mark.parametrize("content", [None, "", []])
def test_nothing_said_is_no_part(content):
    assert told({"role": "assistant", "content": content})[0].parts == ()


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "text", "text": "a"}, Text("a")),
        ({"type": "input_text", "text": "a"}, Text("a")),
        ({"type": "output_text", "text": None}, Text("")),
        ({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}, Text("a", "5m")),
        ({"type": "refusal", "refusal": "no"}, Text("no")),
        (
            {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
            Picture(PICTURE, Blob("image/png", PNG), "low", "messages.0.content.0"),
        ),
        (
            {"type": "image_url", "image_url": "https://x.test/a", "detail": "high"},
            Picture("https://x.test/a", None, "high", "messages.0.content.0"),
        ),
        (
            {"type": "input_image", "input_image": {"url": "https://x.test/a", "detail": 5}},
            Picture("https://x.test/a", None, None, "messages.0.content.0"),
        ),
        (
            {"type": "image_url", "image_url": {"url": PICTURE}, "cache_control": {"ttl": "1h"}},
            Picture(PICTURE, Blob("image/png", PNG), None, "messages.0.content.0", "1h"),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            Sound("AAAA", "mp3", "messages.0.content.0"),
        ),
        ({"type": "input_audio", "input_audio": {"data": "AAAA"}}, Sound("AAAA", "wav", "messages.0.content.0")),
        (
            {"type": "file", "file": {"file_id": "file-1", "filename": "a.pdf"}},
            Document(None, None, "file-1", "a.pdf", "messages.0.content.0"),
        ),
        (
            {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{PDF}", "filename": ""}},
            Document(Blob("application/pdf", PDF), None, None, None, "messages.0.content.0"),
        ),
        (
            {"type": "file", "file": {"file_data": f"DATA:;BASE64,{PDF}"}},
            Document(Blob("application/pdf", PDF), None, None, None, "messages.0.content.0"),
        ),
        (
            {"type": "file", "file": {"file_data": PDF}},
            Document(Blob("application/pdf", PDF), None, None, None, "messages.0.content.0"),
        ),
        (
            {"type": "input_file", "file_url": "https://x.test/a.pdf"},
            Document(None, "https://x.test/a.pdf", None, None, "messages.0.content.0"),
        ),
    ],
)
def test_a_part_is_read_in_every_spelling(part, expected):
    assert (expected,) == parts(part)


def test_what_was_fetched_stands_where_its_url_stood():
    media = {"https://x.test/a": Media("image/png", PNG), "https://x.test/b": Media("application/pdf", PDF)}

    picture, document = parts(
        {"type": "image_url", "image_url": {"url": "https://x.test/a"}},
        {"type": "file", "file": {"file_url": "https://x.test/b"}},
        media=media,
    )

    assert picture.blob == Blob("image/png", PNG)
    assert (document.blob, document.url) == (Blob("application/pdf", PDF), "https://x.test/b")


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "image_url", "image_url": {}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": ""}}, "image_url.url"),
        ({"type": "image_url"}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "ftp://x.test/a"}}, "image_url.url"),
        ({"type": "image_url", "image_url": {"url": "data:text/html,<p>"}}, "image_url.url"),
        ({"type": "input_audio", "input_audio": "AAAA"}, "input_audio"),
        ({"type": "input_audio"}, "input_audio"),
        ({"type": "input_audio", "input_audio": {"data": 5}}, "input_audio.data"),
        ({"type": "file", "file": "file-1"}, "file"),
        ({"type": "file", "file": {}}, "file"),
        ({"type": "file", "file": {"file_data": "ftp://x.test/a"}}, "file.file_data"),
        ({"type": "file", "file": {"file_data": "not base64"}}, "file.file_data"),
        ({"type": "input_text", "text": 5}, "text"),
        ({"type": "refusal", "refusal": 5}, "refusal"),
        ({"type": "video_url", "video_url": {}}, ""),
    ],
)
def test_a_part_that_means_nothing_is_refused_by_its_path(part, param):
    with pytest.raises(Refusal) as refused:
        parts({"type": "text", "text": "hi"}, part)

    assert refused.value.status == 400
    assert refused.value.param == f"messages.0.content.1.{param}".rstrip(".")


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        ({}, None),
        ({"cache_control": None}, None),
        ({"cache_control": "ephemeral"}, None),
        ({"cache_control": {"type": "ephemeral"}}, "5m"),
        ({"cache_control": {"ttl": "5m"}}, "5m"),
        ({"cache_control": {"ttl": "1h"}}, "1h"),
        ({"cache_control": {"ttl": ["1h"]}}, "5m"),
        ({"prompt_cache_breakpoint": {"ttl": "30m"}}, "5m"),
        ({"prompt_cache_breakpoint": {"ttl": "12h"}}, "1h"),
    ],
)
def test_both_spellings_of_a_cache_mark_mean_one_of_two_times(thing, expected):
    assert expected == mark_of(thing)


def test_a_message_has_a_mark_of_its_own():
    assert told({"role": "user", "content": "hi", "cache_control": {"ttl": "1h"}})[0].mark == "1h"


def test_calls_and_their_results_find_each_other():
    answer, result = told(
        assistant(called("c1", "weather", '{"city":"Bonn"}'), content="let me see"),
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
    )

    assert answer.calls == (Request("c1", "weather", {"city": "Bonn"}, custom=False, extra={}),)
    assert answer.text == "let me see"
    assert (result.role, result.answers, result.name, result.text) == ("tool", "c1", "weather", "rain")


def test_the_result_of_a_call_that_is_not_there_keeps_its_own_name():
    result = told({"role": "tool", "tool_call_id": "c9", "name": "weather", "content": "rain"})[0]

    assert (result.answers, result.name) == ("c9", "weather")
    assert told({"role": "tool", "tool_call_id": "c9", "content": "rain"})[0].name == ""


def test_what_stands_beside_a_call_is_kept():
    call = told(assistant(called(index=0, extra_content={"google": {"thought_signature": "s"}})))[0].calls[0]

    assert call.extra == {"extra_content": {"google": {"thought_signature": "s"}}}


@pytest.mark.parametrize(("input", "expected"), [("print(1)", "print(1)"), (None, "")])
def test_a_custom_call_has_its_text_as_its_one_argument(input, expected):
    call = told(assistant({"id": "c1", "type": "custom", "custom": {"name": "run", "input": input}}))[0].calls[0]

    assert Request("c1", "run", {"input": expected}, custom=True, extra={}) == call


def test_a_legacy_call_gets_an_id_that_its_result_has_too():
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"a":1}'}},
        {"role": "function", "name": "f", "content": "2"},
    ]

    _, answer, result = told(*messages)

    assert answer.calls == (Request("call_1", "f", {"a": 1}, custom=False, extra={}),)
    assert (result.role, result.answers, result.name) == ("tool", "call_1", "f")
    assert told(*messages) == told(*messages)


def test_a_legacy_result_without_its_call_gets_an_id_of_its_own():
    result = told({"role": "function", "name": None, "content": "2"})[0]

    assert (result.answers, result.name) == ("call_0", "")


def test_of_both_spellings_the_modern_one_counts():
    answer = told({**assistant(called("c1", "f")), "function_call": {"name": "g", "arguments": "{}"}})[0]

    assert [call.name for call in answer.calls] == ["f"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (assistant({"id": "c1"}), "tool_calls.0.function"),
        (assistant({"id": "c1", "type": "custom"}), "tool_calls.0.custom"),
        (assistant({"id": "c1", "type": "custom", "custom": {"name": 5}}), "tool_calls.0.custom.name"),
        (assistant(called(name="")), "tool_calls.0.function.name"),
        (assistant(called(), called(arguments="{half")), "tool_calls.1.function.arguments"),
        ({"role": "assistant", "function_call": "f"}, "function_call"),
        ({"role": "assistant", "function_call": {"arguments": "{}"}}, "function_call.name"),
        ({"role": "assistant", "function_call": {"name": "f", "arguments": "["}}, "function_call.arguments"),
    ],
)
def test_a_call_that_means_nothing_is_refused_by_its_path(message, param):
    with pytest.raises(Refusal) as refused:
        told(message)

    assert (refused.value.status, refused.value.param) == (400, f"messages.0.{param}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a":1}', {"a": 1}),
        (None, {}),
        ("", {}),
        ("  ", {}),
        ("[1]", {"value": [1]}),
        ("null", {"value": None}),
        ([1], {"value": [1]}),
        (5, {"value": 5}),
    ],
)
def test_arguments_are_an_object(given, expected):
    assert expected == arguments_of(given, "at")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"role": "assistant", "refusal": "no"}, "no"),
        ({"role": "assistant", "content": "yes", "refusal": "no"}, "yes"),
        ({"role": "assistant", "refusal": ""}, ""),
        ({"role": "assistant", "refusal": None}, ""),
        ({"role": "assistant", "refusal": 5}, ""),
        ({"role": "user", "content": "", "refusal": "no"}, ""),
    ],
)
def test_a_refusal_is_what_the_assistant_said_if_it_said_nothing_else(message, expected):
    assert expected == told(message)[0].text


def test_neighbours_of_one_role_are_together_and_results_are_the_users():
    roles = [
        {"role": "system", "content": "s"},
        {"role": "developer", "content": "d"},
        assistant(called("c1"), called("c2")),
        {"role": "tool", "tool_call_id": "c1", "content": "1"},
        {"role": "tool", "tool_call_id": "c2", "content": "2"},
        {"role": "user", "content": "go on"},
        {"role": "assistant", "content": "ok"},
    ]

    groups = [(side, [turn.text for turn in group]) for side, group in merged(told(*roles))]

    assert groups == [("system", ["s", "d"]), ("assistant", [""]), ("user", ["1", "2", "go on"]), ("assistant", ["ok"])]
    assert list(merged([])) == []


json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
words = st.sampled_from(["text", "image_url", "input_image", "input_audio", "file", "input_file", "refusal"])
odd_parts = st.fixed_dictionaries(
    {"type": words | st.text(max_size=5)},
    optional={
        name: json | st.fixed_dictionaries({}, optional=dict.fromkeys(("url", "data", "file_data", "detail"), json))
        for name in (*("text", "image_url", "input_image", "input_audio", "file", "refusal"), "cache_control")
    },
)
odd_calls = st.fixed_dictionaries(
    {"id": st.text(max_size=4)},
    optional={
        "type": st.sampled_from(["function", "custom"]) | json,
        "function": json | st.fixed_dictionaries({"name": st.text(max_size=3), "arguments": json}),
        "custom": json,
    },
)
odd_messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "function"])},
    optional={
        "content": json | st.lists(odd_parts, max_size=3),
        "tool_calls": json | st.lists(odd_calls, max_size=2),
        "function_call": json | st.fixed_dictionaries({"name": json, "arguments": json}),
        "tool_call_id": st.text(max_size=4),
        **dict.fromkeys(("name", "refusal", "cache_control", "prompt_cache_breakpoint"), json),
    },
)


@given(st.lists(odd_messages, min_size=1, max_size=4))
def test_whatever_clients_write_is_read_or_refused(messages):
    try:
        check(messages)
        first = told(*messages)
    except Refusal as refused:
        assert refused.status == 400
        return

    assert len(messages) == len(first)
    assert first == told(*orjson.loads(orjson.dumps(messages)))
    assert [turn for _, group in merged(first) for turn in group] == first
