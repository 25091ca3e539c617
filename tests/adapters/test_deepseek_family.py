"""DeepSeek: thoughts that come back, names that are gone, and what is only to be had under /beta."""

import orjson
import pytest
from streams import DONE, FINISH, ROLE, chunk, played
from worded import HI, TOOL, Kept, adapter_of, ask_of, calls, sent, told, understood, whole

from core.usage import Usage
from core.wire import Chunk

CALLED = {"role": "assistant", "content": None, "tool_calls": calls("call_1")}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "7"}
LOOP = [*HI, CALLED, RESULT]
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
WANTED = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}


@pytest.mark.covers("deepseek", "tool loop", "reasoning")
def test_more_16_thoughts_that_a_client_lost_come_from_the_memory():
    messages = told("deepseek", *LOOP, _memory=Kept(call_1={"reasoning_content": "because"}))

    assert {**CALLED, "content": "", "reasoning_content": "because"} == messages[1]


@pytest.mark.parametrize("kept", [{}, {"call_1": {}}, {"call_1": {"reasoning_content": 7}}])
@pytest.mark.parametrize("strict", [True, False])
def test_more_16_where_nobody_knows_them_any_longer_there_is_a_blank_and_a_word_about_it(kept, strict):
    body, dropped, _ = sent("deepseek", ask_of(messages=LOOP, _memory=Kept(**kept), _strict=strict))

    assert " " == body["messages"][1]["reasoning_content"]
    assert ("messages.reasoning_content",) == dropped


@pytest.mark.parametrize(
    ("said", "expected"),
    [({"reasoning_content": "r"}, "r"), ({"reasoning_content": ""}, ""), ({"reasoning": "r"}, "r")],
)
def test_more_16_thoughts_that_a_client_kept_are_the_right_ones(said, expected):
    messages = told("deepseek", *HI, {**CALLED, **said}, RESULT, _memory=Kept(call_1={"reasoning_content": "no"}))

    assert expected == messages[1]["reasoning_content"]


def test_a_legacy_call_has_no_memory():
    call = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}

    messages = told("deepseek", *HI, call, {"role": "function", "name": "f", "content": "7"})

    assert " " == messages[1]["reasoning_content"]


def test_who_does_not_think_needs_no_thoughts():
    assert "reasoning_content" not in told("deepseek", *LOOP, model="deepseek-chat")[1]
    plain = {"role": "assistant", "content": "a", "reasoning_content": "r"}
    assert {"role": "assistant", "content": "a"} == told("deepseek", *HI, plain, *HI)[1]


def test_two_calls_that_lack_thoughts_are_said_once():
    again = {**CALLED, "tool_calls": calls("call_2")}
    loop = [*LOOP, again, {**RESULT, "tool_call_id": "call_2"}]

    assert ("messages.reasoning_content",) == sent("deepseek", ask_of(messages=loop))[1]


@pytest.mark.covers("deepseek", "tools")
def test_thoughts_of_a_whole_answer_are_remembered_by_its_first_call():
    message = {"content": "", "reasoning_content": "because", "tool_calls": calls("call_1", "call_2")}

    _, completion = understood("deepseek", whole(message, "tool_calls"), ask_of(tools=[TOOL]))

    assert {"call_1": {"reasoning_content": "because"}} == completion.remember


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ({"content": "x", "reasoning_content": "r"}, {"tools": [TOOL]}),
        ({"content": "x", "tool_calls": calls("call_1")}, {"tools": [TOOL]}),
        ({"content": "x", "reasoning_content": "r", "tool_calls": calls("call_1")}, {}),
        ({"content": "x", "reasoning_content": "r", "tool_calls": [{"id": 7}]}, {"tools": [TOOL]}),
    ],
)
def test_what_nobody_will_ask_for_is_not_remembered(message, facts):
    assert {} == understood("deepseek", whole(message), ask_of(**facts))[1].remember


def stream_of(*deltas, finish="tool_calls"):
    return [ROLE, *(chunk(delta) for delta in deltas), chunk({}, finish), DONE]


def decoder(**facts):
    adapter, ask = adapter_of("deepseek"), ask_of(stream=True, tools=[TOOL], **facts)
    return adapter.decoder(ask, adapter.encode(ask))


@pytest.mark.covers("deepseek", "stream")
def test_thoughts_of_a_stream_are_remembered_by_its_first_call():
    heard = decoder()
    thoughts = [{"reasoning_content": "be"}, {"reasoning_content": "cause"}]
    call = {"tool_calls": [{"index": 0, **calls("call_1")[0]}]}

    played(heard, *stream_of(*thoughts, {"content": "x"}, {"content": "y"}, call))

    assert {"call_1": {"reasoning_content": "because"}} == heard.remember


@pytest.mark.parametrize(
    "deltas", [[{"reasoning_content": "r"}, {"content": "x"}], [{"content": "x"}], [{"tool_calls": []}]]
)
def test_a_stream_without_thoughts_or_calls_is_forgotten(deltas):
    heard = decoder()

    played(heard, *stream_of(*deltas, finish="stop"))

    assert {} == heard.remember


def test_a_stream_that_ends_without_its_mark_is_remembered_as_well():
    heard = decoder()
    call = {"tool_calls": [{"index": 0, **calls("call_1")[0]}]}

    played(heard, ROLE, chunk({"reasoning_content": "r"}), chunk(call), chunk({}, "tool_calls"))

    assert {"call_1": {"reasoning_content": "r"}} == heard.remember


@pytest.mark.covers("deepseek", "text")
def test_more_17_blank_lines_before_the_answer_are_nothing(adapter):
    ask = ask_of()
    body = b"\n" * 40 + orjson.dumps(whole({"content": "x"}))

    completion = adapter("deepseek").decode(body, ask, adapter("deepseek").encode(ask))

    assert "x" == orjson.loads(completion.body)["choices"][0]["message"]["content"]


def test_more_18_comments_that_keep_a_connection_alive_are_no_content():
    heard = decoder()

    assert [] == [event for _ in range(600) for event in heard.feed(b": keep-alive\n\n")]
    assert not heard.started
    assert ROLE == played(heard, ROLE, close=False)[0].data


@pytest.mark.parametrize(("model", "thinking"), [("deepseek-reasoner", "enabled"), ("deepseek-chat", "disabled")])
def test_more_19_names_that_are_gone_mean_how_to_think(adapter, model, thinking):
    ask = ask_of(model)
    request = adapter("deepseek").encode(ask)

    body = orjson.loads(request.body)
    assert ("deepseek-flash", {"type": thinking}) == (body["model"], body["thinking"])
    answer, _ = understood("deepseek", whole({"content": "x"}, model="deepseek-flash"), ask)
    assert model == answer["model"]
    heard = adapter("deepseek").decoder(ask_of(model, stream=True), request)
    events = played(heard, ROLE, chunk({"content": "x"}, model="deepseek-flash"), FINISH, DONE)
    assert {model} == {event.body["model"] for event in events if isinstance(event, Chunk)}


def test_more_19_what_the_client_says_of_thinking_comes_first():
    body, _, _ = sent("deepseek", ask_of("deepseek-chat", reasoning_effort="high"))

    assert ({"type": "enabled"}, "high") == (body["thinking"], body["reasoning_effort"])
    assert {"type": "enabled"} == sent("deepseek", ask_of("deepseek-chat", thinking={"type": "enabled"}))[0]["thinking"]


def test_more_20_what_was_cached_is_not_counted_twice():
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "total_tokens": 1010,
        "prompt_cache_hit_tokens": 900,
        "prompt_cache_miss_tokens": 100,
        "prompt_tokens_details": {"cached_tokens": 900},
    }

    _, completion = understood("deepseek", whole({"content": "x"}, usage=usage))

    assert Usage(100, 900, output=10) == completion.usage


@pytest.mark.parametrize(
    ("said", "facts", "expected"),
    [
        ({}, {}, "/chat/completions"),
        ({"tools": [TOOL]}, {}, "/chat/completions"),
        ({"tools": [{"type": "function", "function": {"name": "f", "strict": True}}]}, {}, "/beta/chat/completions"),
        ({"messages": [*HI, {"role": "assistant", "content": "a"}]}, {}, "/beta/chat/completions"),
        ({"messages": [*HI, CALLED]}, {}, "/chat/completions"),
        (
            {"messages": [*HI, {"role": "assistant", "content": "a"}]},
            {"base_url": "https://api.deepseek.com/beta"},
            "/chat/completions",
        ),
    ],
)
def test_some_things_are_only_to_be_had_under_beta(said, facts, expected):
    assert expected == sent("deepseek", ask_of(**said), **facts)[2]


def test_an_answer_that_is_begun_is_gone_on_with():
    assert {"role": "assistant", "content": "a", "prefix": True} == told(
        "deepseek", *HI, {"role": "assistant", "content": "a"}
    )[-1]


def test_a_gap_is_filled_under_beta():
    body, dropped, path = sent("deepseek", ask_of(endpoint="completions", suffix="x", seed=1, max_tokens=4))

    assert ({"prompt": "hi", "suffix": "x", "max_tokens": 4}, ("seed",), "/beta/completions") == (body, dropped, path)
    answer = {"choices": [{"index": 0, "text": "pass", "finish_reason": "stop"}]}
    body, _ = understood("deepseek", answer, ask_of(endpoint="completions"))
    assert answer == body
    assert (
        "deepseek-flash"
        == orjson.loads(adapter_of("deepseek").encode(ask_of("deepseek-chat", endpoint="completions")).body)["model"]
    )


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([{"role": "system", "content": "s"}, *HI], ["s\n\nAnswer", "hi"]),
        (HI, ["Answer", "hi"]),
    ],
)
@pytest.mark.covers("deepseek", "json_schema")
def test_a_schema_is_said_in_words(messages, expected):
    body, dropped, _ = sent("deepseek", ask_of(messages=messages, response_format=WANTED))

    assert ({"type": "json_object"}, ("response_format=json_object",)) == (body["response_format"], dropped)
    texts = [message["content"] for message in body["messages"]]
    assert [True, True] == [text.startswith(start) for text, start in zip(texts, expected, strict=True)]
    assert orjson.dumps(SCHEMA).decode() in texts[0]
    assert "JSON" in texts[0]


def test_parts_are_one_text_unless_there_is_more_than_text():
    text = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    image = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}

    messages = told("deepseek", {"role": "user", "content": text}, {"role": "user", "content": [*text, image]})

    assert ["ab", [*text, image]] == [message["content"] for message in messages]
