"""What was asked and answered, in the words of the conventions."""

import orjson
import pytest

from telemetry.said import LONGEST, answered, asked, model


def user(*parts):
    return {"role": "user", "parts": list(parts)}


def text(content):
    return {"type": "text", "content": content}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"messages": [{"role": "user", "content": "hi"}]}, [user(text("hi"))]),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, "b", 1]}]},
            [user(text("a"), {"type": "image_url"}, text("b"))],
        ),
        ({"messages": ["odd", {"role": 1}]}, [{"role": "", "parts": []}, {"role": "", "parts": []}]),
        ({"prompt": "once"}, [user(text("once"))]),
        ({"input": ["a", "b"]}, [user(text("a"), text("b"))]),
    ],
)
def test_what_was_asked(body, expected):
    assert expected == orjson.loads(asked(orjson.dumps(body)))


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b"{}"])
def test_what_has_no_messages_says_nothing(body):
    assert asked(body) is None


def test_of_too_much_the_end_is_kept():
    turns = [{"role": "user", "content": name * (LONGEST // 2)} for name in "ab"]

    (only,) = orjson.loads(asked(orjson.dumps({"messages": turns})))

    assert "b" == only["parts"][0]["content"][0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"choices":[{"message":{"content":"a"}},{"index":1,"message":{"content":"b"}}]}', ["a", "b"]),
        (b'{"choices":[{"text":"a"}]}', ["a"]),
        (b'{"content":[{"type":"text","text":"a"},{"type":"tool_use"}]}', ["a"]),
        (b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"choices":[{"delta":{"content":"b"}}]}\n', ["ab"]),
        (b'event: x\ndata: {"delta":{"text":"a"}}\n\ndata: [DONE]\n\n', ["a"]),
    ],
)
def test_what_was_answered(body, expected):
    found = orjson.loads(answered(body, "stop"))

    assert expected == [each["parts"][0]["content"] for each in found]
    assert {"stop"} == {each["finish_reason"] for each in found}


@pytest.mark.parametrize("body", [None, b"{", b'{"choices":[]}', b'{"choices":[{"message":{"content":null}}]}'])
def test_what_says_nothing(body):
    assert answered(body, None) is None


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b'{"id": "x", "model": "gpt-5-2026-01-01", "choices": [{"text": "hi"}]}', "gpt-5-2026-01-01"),
        (b'data: {"id":"x","model":"m\xc3\xbc","choices":[]}\n\n', "mü"),
        (b'event: message_start\ndata: {"type":"message_start","message":{"model":"claude","content":[]}}', "claude"),
        (b'{"choices": [{"message": {"content": "{\\"model\\":\\"x\\"}"}}], "model": "late"}', ""),
        (b'{"object": "list", "data": [{"model":"x"}]}', ""),
        (b'{"model":"a\\"b","choices":[]}', ""),
        (b'{"model": null}', ""),
        (b'{"id":"' + b"x" * 600 + b'","model":"far"}', ""),
        (b"", ""),
    ],
)
def test_an_answer_names_its_model_before_anything_is_said(answer, name):
    assert name == model(answer)
