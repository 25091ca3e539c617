"""What clients may send, and what they read when they sent something else."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import ENDPOINTS, body, chat, completions, embeddings, messages, shape
from api.models import unknown
from catalog.bound import WATCHED
from core.errors import Refusal
from core.tasks import CHAT, LONG, task_of
from core.wishes import NO_WISHES

HELLO = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
IMAGE = {"type": "image_url", "image_url": "https://example.org/cat.png"}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "type", "text", "id", "model"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def parsed(parse, **fields):
    return parse(orjson.dumps(fields))


def refused(parse, **fields):
    with pytest.raises(Refusal) as caught:
        parsed(parse, **fields)
    return caught.value


def test_the_simplest_chat_is_understood():
    call = parsed(chat.parse, **HELLO)

    assert (call.endpoint, call.model, call.stream, call.choices) == ("chat", "m", False, 1)
    assert call.body == HELLO
    assert call.needs == frozenset()


def test_everything_that_a_chat_asks_of_a_target_is_noticed():
    call = parsed(
        chat.parse,
        model="m",
        stream=True,
        stream_options={"include_usage": True},
        n=3,
        max_tokens=5,
        max_completion_tokens=7,
        tools=[{"type": "function", "function": {"name": "f"}}],
        response_format={"type": "json_schema", "json_schema": {"name": "s"}},
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
                    {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
                    {"type": "file", "file": {"file_id": "f"}},
                    {"type": "something_new", "value": 1},
                ],
            }
        ],
    )

    assert call.needs == {"tools", "json_schema", "vision", "audio", "files"}
    assert (call.stream, call.include_usage, call.choices, call.max_output) == (True, True, 3, 7)


# What is no list of texts, nor one of tokens, nor one of such lists.
MIXED = [[None], [1.5], [True], [[]], [1, "a"], ["a", 1], ["a", None], [[1], "a"], [["a"]], [[True]]]


def test_null_means_absent():
    call = parsed(chat.parse, **HELLO, stream=None, n=None, tools=None, stop=None, stream_options=None)

    assert (call.stream, call.choices, call.include_usage) == (False, 1, False)


def test_unknown_fields_pass():
    call = parsed(chat.parse, **HELLO, top_k=5, my_own={"a": [1]})

    assert call.body["my_own"] == {"a": [1]}


def test_what_clients_really_send_is_let_through():
    history = [
        {"role": "user", "content": "weather?", "name": "Ann"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {}}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "", "name": "f"},
        {"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": []},
        {"role": "user", "content": [{"type": "image_url", "image_url": "https://example.org/cat.png"}]},
        {"role": "assistant"},
        {"role": "developer", "content": [{"type": "text", "text": "be kind"}]},
    ]

    assert messages.check(history) == {"vision"}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"model": ""}, "model"),
        ({"model": 7}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "x"}] * 10_001}, "messages"),
        ({"messages": ["hello"]}, "messages.0"),
        ({"messages": [{"content": "hello"}]}, "messages.0.role"),
        ({"messages": [{"role": 7, "content": "hello"}]}, "messages.0.role"),
        ({"messages": [{"role": "wizard", "content": "hello"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": None}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": ["hello"]}]}, "messages.0.content.0"),
        ({"messages": [{"role": "user", "content": [{"text": "hello"}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": 7}]}]}, "messages.0.content.0.type"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 7}]}]}, "messages.0.content.0.text"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages.0.content.0.image_url"),
        ({"messages": [{"role": "assistant", "tool_calls": 7}]}, "messages.0.tool_calls"),
        ({"messages": [{"role": "system", "tool_calls": [7]}]}, "messages.0.tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": 7}]}]}, "messages.0.tool_calls.0.id"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.tool_call_id"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": 7}]}, "messages.0.tool_call_id"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "c9"}]}, "messages.0.tool_call_id"),
        ({"stream": "yes"}, "stream"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"n": True}, "n"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"seed": "x"}, "seed"),
        ({"stop": [1]}, "stop"),
        ({"stop": 1}, "stop"),
        ({"tools": {}}, "tools"),
        ({"tools": ["f"]}, "tools"),
        ({"tools": [{}]}, "tools.0.function"),
        ({"tools": [{"type": 7}]}, "tools.0.type"),
        ({"tools": [{"type": "web_search"}, {"type": "function", "function": "f"}]}, "tools.1.function"),
        ({"tools": [{"function": {"name": 5}}]}, "tools.0.function.name"),
        ({"messages": [{"role": "user", "content": "x", "name": 5}]}, "messages.0.name"),
        ({"prompt_cache_key": 5}, "prompt_cache_key"),
        ({"safety_identifier": {}}, "safety_identifier"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"tool_choice": 1}, "tool_choice"),
        ({"modalities": "text"}, "modalities"),
        ({"metadata": "x"}, "metadata"),
        ({"user": 1}, "user"),
        ({"logprobs": 1}, "logprobs"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {}}, "response_format.type"),
        ({"stream_options": {}}, "stream_options"),
        ({"stream": True, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"routing": []}, "routing"),
        ({"routing": {"locale": True}}, "routing.locale"),
        ({"routing": {"local": "yes"}}, "routing.local"),
        ({"routing": {"prefer": ["a"] * 33}}, "routing.prefer"),
        ({"routing": {"max_cost_usd": -1}}, "routing.max_cost_usd"),
        ({"routing": {"max_latency_ms": "fast"}}, "routing.max_latency_ms"),
        ({"routing": {"seed": -1}}, "routing.seed"),
        ({"models": "a"}, "models"),
        ({"models": ["a", ""]}, "models"),
    ],
)
def test_a_wrong_chat_is_refused_with_the_name_of_what_is_wrong(change, param):
    refusal = refused(chat.parse, **{**HELLO, **change})

    assert (400, param) == (refusal.status, refusal.param)
    assert refusal.body()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("prompt", "choices"),
    [("hello", 1), (["a", ""], 2), ([1, 2, 3], 1), ([[1], [2]], 2)],
)
def test_completions_know_how_many_answers_they_get(prompt, choices):
    call = parsed(completions.parse, model="m", prompt=prompt, n=2, logprobs=3, max_tokens=0)

    assert choices * 2 == call.choices
    assert call.endpoint == "completions"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        *(({"prompt": prompt}, "prompt") for prompt in (None, 7, [], *MIXED)),
        ({"echo": 1}, "echo"),
        ({"logprobs": -1}, "logprobs"),
    ],
)
def test_a_wrong_completion_is_refused(change, param):
    assert refused(completions.parse, **{"model": "m", "prompt": "x"} | change).param == param


@pytest.mark.parametrize(
    ("given_input", "texts"),
    [("hello", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1], [2]], 2), ([{"image": "x"}] * 2, 2)],
)
def test_embeddings_know_how_many_texts_they_get(given_input, texts):
    assert texts == parsed(embeddings.parse, model="m", input=given_input, encoding_format="base64").choices


@pytest.mark.parametrize("given_input", [None, "", [], 7, {}, ["x"] * 2049, [""], *MIXED])
def test_wrong_embeddings_are_refused(given_input):
    assert refused(embeddings.parse, model="m", input=given_input).param == "input"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"nope", b"[1]", b'"x"', b"null", b"\xff\xfe", b'{"a": NaN}', b"[" * 2000, b'{"a":"\xc3"}']
)
def test_what_is_no_json_object_is_refused(raw):
    with pytest.raises(Refusal) as caught:
        body.parse(raw)

    assert (400, "invalid_json") == (caught.value.status, caught.value.code)


def test_a_body_of_a_million_values_is_refused_before_it_is_parsed():
    with pytest.raises(Refusal) as caught:
        body.parse(b'{"a":[' + b"[]," * 600_000 + b"[]]}")

    assert caught.value.status == 413


def test_a_large_body_of_few_values_is_fine():
    assert body.parse(b'{"a":"' + b"x" * 2_000_000 + b'"}')["a"][:1] == "x"


@given(JSON)
def test_no_json_makes_a_parser_fail_in_any_other_way(value):
    for endpoint in ENDPOINTS.values():
        for name in (*chat.FIELDS, "messages", "prompt", "input", "model", "stream_options"):
            fields = {
                "model": "m",
                "messages": [{"role": "user", "content": "x"}],
                "prompt": "p",
                "input": "i",
                name: value,
            }
            try:
                endpoint.parse(orjson.dumps(fields))
            except Refusal as refusal:
                assert refusal.status == 400


WORDS = st.text(max_size=3)
THING = st.dictionaries(WORDS, WORDS, max_size=2)
COUNT = st.integers(-1, 5)
FINE = {
    shape.text: WORDS,
    shape.flag: st.booleans(),
    shape.number: st.integers(-5, 5) | st.floats(-5, 5),
    shape.integer: COUNT,
    shape.natural: COUNT,
    shape.choices: COUNT,
    shape.thing: THING | st.fixed_dictionaries({"type": st.sampled_from(["text", "json_schema"])}),
    shape.things: st.lists(THING, max_size=2),
    shape.texts: st.lists(WORDS, max_size=2),
    shape.text_or_texts: WORDS | st.lists(WORDS, max_size=2),
    shape.text_or_thing: WORDS | THING,
    shape.flag_or_natural: st.booleans() | COUNT,
}
SAID = [[], [{"role": "user", "content": [IMAGE]}], [{"role": "user"}]]
ALL = {**{name: FINE[rule] for name, rule in chat.FIELDS.items()}, "x": WORDS, "model": st.just("")}


@pytest.mark.parametrize("name", [*ALL, "messages"])
@given(st.data())
def test_a_plain_body_is_read_as_every_other_one(name, data):
    """Each field, alone and beside another one."""
    other = data.draw(st.sampled_from(["max_tokens", "stream", "user"]))
    fields = HELLO | {other: data.draw(st.none() | ALL[other])}
    fields[name] = data.draw(st.none() | (st.sampled_from(SAID) if name == "messages" else ALL[name]))

    def read(parse):
        try:
            call = parse()
        except Refusal as refusal:
            return refusal.body()
        if call.plain:
            assert plain(call)
        return call._replace(plain=False)

    raw = orjson.dumps(fields)

    assert read(lambda: chat._parse(fields, len(raw))) == read(lambda: chat.parse(raw))


def plain(call):
    """What whoever sees that a call is plain takes for granted."""
    return (
        not call.needs
        and call.wishes is NO_WISHES
        and call.cache is None
        and all(call.body.get(name) is None for name in WATCHED)
        and call.body.keys().isdisjoint({"routing", "models", "cache"})
        and task_of(call) == CHAT
        and all(message.keys() == {"role", "content"} for message in call.body["messages"])
        and all(isinstance(message["content"], str) for message in call.body["messages"])
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"temperature": 0.5, "stream": True, "tools": None}, True),
        ({"cache": None}, False),
        ({"models": None}, False),
        ({"reasoning_effort": "low"}, False),
        ({"tools": []}, False),
        ({"service_tier": "flex"}, False),
        ({"cache": {"ttl": 5}}, False),
        ({"response_format": {"type": "json_object"}}, False),
        ({"routing": {"task": "code"}}, False),
        ({"user": "x" * LONG}, False),
        ({"messages": [{"role": "user", "content": "x", "name": "n"}]}, False),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]}, False),
        ({"messages": [{"role": "function", "content": "x"}]}, False),
        ({"messages": [{"role": "assistant", "content": None}]}, False),
    ],
)
def test_a_call_is_plain_where_nobody_has_to_look_any_further(more, expected):
    assert expected is parsed(chat.parse, **(HELLO | more)).plain


@pytest.mark.parametrize("said", [[], [["role", "content"]], ["content"], [{"role": {}, "content": "x"}], [1, 2]])
def test_messages_of_no_form_are_not_plain(said):
    assert not messages.plain(said)


@given(JSON)
def test_what_suffices_for_a_check_is_fine_whatever_it_is(value):
    for rule, types in shape.SUFFICES.items():
        assert type(value) not in types or value is None or rule(value) is None


def test_an_unknown_model_is_named_without_its_control_characters():
    refusal = unknown("gpt\r\nx-evil: 1\x00é")

    assert (404, "model_not_found") == (refusal.status, refusal.code)
    assert refusal.message.isprintable()


def test_a_body_may_be_read_where_it_lies() -> None:
    body = b'{"model": "m", "messages": [{"role": "user", "content": "hello"}]}'
    for endpoint, asked in (("chat", body), ("completions", b'{"model": "m", "prompt": "p"}')):
        parse = ENDPOINTS[endpoint].parse
        assert parse(memoryview(b"head" + asked)[4:]) == parse(asked)
