"""What Cohere is asked, for what a client asked."""

import pytest
from asking import asked
from sending import refuser, sender

from core.ask import Abilities, Media
from core.secret import Secret

PNG = "iVBORw0KGgoAAAA="
CALLS = [
    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
    {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": ""}},
]
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "Tells it."}}
THINKING, PLAIN = (
    Abilities(capabilities=frozenset({"tools", "reasoning"})),
    Abilities(capabilities=frozenset({"tools"})),
)


@pytest.fixture
def sent(adapter, call):
    return sender(adapter, call, "cohere", "cohere/command")


@pytest.fixture
def refused(sent):
    return refuser(sent)


def said(*messages):
    return {"messages": list(messages)}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.covers("cohere", "text", "stream")
def test_a_chat_says_whether_to_stream(sent, stream):
    assert {"model": "command", "stream": stream, "messages": [{"role": "user", "content": "hi"}]} == sent(
        stream=stream
    )


@pytest.mark.parametrize(("endpoint", "path"), [("chat", "/v2/chat"), ("embeddings", "/v2/embed")])
def test_each_endpoint_has_its_path(adapter, call, endpoint, path):
    cohere = adapter("cohere")

    assert path == cohere.encode(asked(call(endpoint))).path
    assert endpoint in cohere.endpoints


def test_the_key_is_a_bearer(adapter):
    cohere = adapter("cohere", headers={"X-Own": "1"})

    headers = dict(cohere.headers(Secret("k")))

    assert ("Bearer k", "1") == (headers["authorization"], headers["x-own"])
    assert "authorization" not in dict(cohere.headers(None))
    assert cohere.signature(Secret("k")) is None


# Messages


@pytest.mark.covers("cohere", "image")
def test_roles_and_parts_are_cohere_s(sent):
    url = "https://example.com/a.png"
    body = sent(
        said(
            {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "Look."},
                    {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
                    {"type": "image_url", "image_url": {"url": f"data:image/jpg;base64,{PNG}", "detail": "original"}},
                ],
            },
            {"role": "user", "content": [{"type": "text", "text": "Well?"}]},
        ),
        media={url: Media("image/png", PNG)},
    )

    assert [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look."},
                {"type": "image_url", "image_url": {"url": url, "detail": "high"}},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
            ],
        },
        {"role": "user", "content": "Well?"},
    ] == body["messages"]


def test_it_fetches_images_itself(adapter, call):
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

    assert () == adapter("cohere").fetches(asked(call(body=said({"role": "user", "content": [part]}))))


HISTORY = said(
    {"role": "user", "content": "hi"},
    {"role": "assistant", "content": "Hm.", "tool_calls": CALLS, "reasoning_content": "Plan."},
    {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "rain"}]},
    {"role": "tool", "tool_call_id": "c2", "content": "noon"},
    {"role": "assistant", "content": "It rains.", "reasoning_content": "Gone."},
)
TOLD = [
    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
    {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
]


@pytest.mark.covers("cohere", "tool loop", "parallel tools")
def test_a_plan_goes_back_with_the_calls_that_came_of_it(sent):
    assert [
        {"role": "assistant", "tool_calls": TOLD, "tool_plan": "Plan.", "content": "Hm."},
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        {"role": "tool", "tool_call_id": "c2", "content": "noon"},
        {"role": "assistant", "content": "It rains."},
    ] == sent(HISTORY)["messages"][1:]


@pytest.mark.parametrize("facts", [{"model": THINKING}, {"target": "cohere/command-a-reasoning-08-2025"}])
@pytest.mark.covers("cohere", "reasoning")
def test_a_model_that_thinks_gets_its_thoughts_back_as_a_block(sent, facts):
    thought, text = {"type": "thinking", "thinking": "Plan."}, {"type": "text", "text": "Hm."}
    silent = said({**HISTORY["messages"][1], "content": None}, *HISTORY["messages"][2:4])

    assert {"role": "assistant", "tool_calls": TOLD, "content": [thought, text]} == sent(HISTORY, **facts)["messages"][
        1
    ]
    assert {"role": "assistant", "tool_calls": TOLD, "content": [thought]} == sent(silent, **facts)["messages"][0]


def test_calls_without_thoughts_have_no_plan(sent):
    body = said({"role": "assistant", "tool_calls": CALLS}, *HISTORY["messages"][2:4])

    assert {"role": "assistant", "tool_calls": TOLD} == sent(body)["messages"][0]


@pytest.mark.parametrize(("failed", "told"), [(True, "The tool failed:\nrain"), (False, "rain"), (None, "rain")])
def test_a_tool_that_failed_is_told_as_such(sent, failed, told):
    calls = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    result = {"role": "tool", "tool_call_id": "c1", "content": "rain", "is_error": failed}

    body = sent(said({"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": calls}, result))

    assert told == body["messages"][-1]["content"]


def test_an_answer_that_said_nothing_is_not_repeated(sent):
    body = said(
        {"role": "user", "content": "a"}, {"role": "assistant", "content": ""}, {"role": "user", "content": "b"}
    )

    assert [("user", "a"), ("user", "b")] == [(one["role"], one["content"]) for one in sent(body)["messages"]]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE"}}]},
            "messages.0.content.0",
        ),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": "data:application/pdf;base64,JVBERi0="}]},
            "messages.0.content.0",
        ),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklG"}}]},
            "messages.0.content.0",
        ),
        (
            {"role": "system", "content": [{"type": "image_url", "image_url": f"data:image/png;base64,{PNG}"}]},
            "messages.0.content.0",
        ),
    ],
)
@pytest.mark.covers("cohere", "errors")
def test_what_no_message_can_carry_is_refused_and_another_target_may_take_it(refused, message, param):
    assert (400, param, "unsupported_value") == refused(said(message))


def test_names_of_speakers_are_dropped_by_name(sent):
    sent(said({"role": "user", "name": "Ann", "content": "x"}), dropped=["messages.name"])
