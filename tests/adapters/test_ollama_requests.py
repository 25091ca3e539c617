"""What Ollama is asked, for what a client asked."""

import pytest
from asking import asked
from sending import refuser, sender

from core.ask import Abilities, Media
from core.errors import Refusal
from core.secret import Secret

PNG = "iVBORw0KGgoAAAA="
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
CALLS = [
    {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
    {"id": "c2", "type": "function", "function": {"name": "clock", "arguments": ""}},
]
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tells it.", "parameters": {}}}
CLOCK = {"type": "function", "function": {"name": "clock"}}
THINKING, PLAIN = (
    Abilities(capabilities=frozenset({"tools", "reasoning"})),
    Abilities(capabilities=frozenset({"tools"})),
)


@pytest.fixture
def sent(adapter, call):
    return sender(adapter, call, "ollama", "ollama/qwen3")


@pytest.fixture
def refused(sent):
    return refuser(sent)


def said(*messages):
    return {"messages": list(messages)}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.covers("ollama", "text", "stream")
def test_more_1_it_always_says_whether_to_stream_and_never_lets_a_prompt_be_cut(sent, stream):
    body = sent(stream=stream)

    assert {
        "model": "qwen3",
        "stream": stream,
        "truncate": False,
        "shift": False,
        "messages": [{"role": "user", "content": "hi"}],
    } == body


def test_more_6_a_client_may_say_itself_that_its_prompt_may_be_cut(sent):
    body = sent({"truncate": True, "shift": True})

    assert (True, True) == (body["truncate"], body["shift"])


@pytest.mark.parametrize(
    ("endpoint", "path"), [("chat", "/api/chat"), ("completions", "/api/generate"), ("embeddings", "/api/embed")]
)
def test_each_endpoint_has_its_path(adapter, call, endpoint, path):
    assert path == adapter("ollama").encode(asked(call(endpoint))).path


def test_it_needs_no_key_and_sends_one_all_the_same(adapter):
    ollama = adapter("ollama", headers={"X-Own": "1"})

    bare, keyed = dict(ollama.headers(None)), dict(ollama.headers(Secret("k")))

    assert "authorization" not in bare
    assert ("Bearer k", "1") == (keyed["authorization"], keyed["x-own"])
    assert ollama.signature(Secret("k")) is None


# Messages


def test_roles_and_parts_become_one_text_each(sent):
    body = sent(
        said(
            {"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
            {"role": "user", "content": [{"type": "text", "text": "Look."}, PICTURE]},
            {"role": "assistant", "content": None, "refusal": "No."},
        )
    )

    assert [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look.", "images": [PNG]},
        {"role": "assistant", "content": "No."},
    ] == body["messages"]


@pytest.mark.covers("ollama", "tool loop", "parallel tools")
def test_a_history_of_tools_has_objects_for_arguments_and_names_on_results(sent):
    body = sent(
        said(
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "", "tool_calls": CALLS, "reasoning_content": "Hm."},
            {"role": "tool", "tool_call_id": "c2", "content": "noon"},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "rain"}]},
        )
    )

    assert [
        {
            "role": "assistant",
            "content": "",
            "thinking": "Hm.",
            "tool_calls": [
                {"id": "c1", "function": {"index": 0, "name": "weather", "arguments": {"city": "Oslo"}}},
                {"id": "c2", "function": {"index": 1, "name": "clock", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "noon", "tool_name": "clock", "tool_call_id": "c2"},
        {"role": "tool", "content": "rain", "tool_name": "weather", "tool_call_id": "c1"},
    ] == body["messages"][1:]


@pytest.mark.parametrize(("failed", "told"), [(True, "The tool failed:\nnoon"), (False, "noon")])
def test_a_tool_that_failed_is_told_as_such(sent, failed, told):
    result = {"role": "tool", "tool_call_id": "c2", "content": "noon", "is_error": failed}
    body = sent(said({"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": CALLS}, result))

    assert told == body["messages"][-1]["content"]


def test_thoughts_are_not_replayed_to_a_model_that_has_none(sent):
    history = said({"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "c"})

    assert "thinking" not in sent(history, model=PLAIN)["messages"][1]
    assert "c" == sent(history, model=THINKING)["messages"][1]["thinking"]


def test_more_9_broken_arguments_in_the_history_are_refused_with_the_id_of_the_call(adapter, call):
    broken = [{"id": "call_7", "type": "function", "function": {"name": "f", "arguments": "{broken"}}]
    body = said({"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": broken})

    with pytest.raises(Refusal, match="'call_7'") as caught:
        adapter("ollama").encode(asked(call(body=body)))

    assert "messages.1.tool_calls.0.function.arguments" == caught.value.param


@pytest.mark.covers("ollama", "image")
def test_more_8_an_image_that_was_fetched_is_inlined_without_its_frame(adapter, call, sent):
    url = "https://example.com/a.png"
    body = said({"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]})

    assert [url] == list(adapter("ollama").fetches(asked(call(body=body))))
    assert [PNG] == sent(body, media={url: Media("image/png", PNG)})["messages"][0]["images"]


def test_more_8_an_image_that_was_not_fetched_is_refused_by_its_part(refused):
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}

    found = refused(said({"role": "user", "content": [{"type": "text", "text": "x"}, part]}))

    assert (400, "messages.0.content.1.image_url.url", "unsupported_value") == found


def test_only_chats_have_images_to_fetch(adapter, call):
    assert [] == list(adapter("ollama").fetches(asked(call("completions"))))


def test_sounds_and_image_files_travel_as_images(sent):
    parts = [
        {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
        {"type": "file", "file": {"filename": "a.png", "file_data": f"data:image/png;base64,{PNG}"}},
    ]

    assert ["UklG", PNG] == sent(said({"role": "user", "content": parts}))["messages"][0]["images"]


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (
            {"role": "user", "content": [{"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE"}}]},
            "messages.0.content.0",
        ),
        ({"role": "user", "content": [{"type": "file", "file": {"file_id": "f1"}}]}, "messages.0.content.0"),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": "data:application/pdf;base64,JVBERi0="}]},
            "messages.0.content.0",
        ),
        ({"role": "user", "content": [{"type": "video", "video": {}}]}, "messages.0.content.0"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages.0.audio"),
    ],
)
@pytest.mark.covers("ollama", "errors")
def test_what_no_message_can_carry_is_refused_and_another_target_may_take_it(refused, message, param):
    assert (400, param, "unsupported_value") == refused(said(message))


def test_names_of_speakers_and_the_detail_of_images_are_dropped_by_name(sent):
    part = {"type": "image_url", "image_url": {"url": PICTURE["image_url"]["url"], "detail": "high"}}

    sent(said({"role": "user", "name": "Ann", "content": [part]}), dropped=["image_url.detail", "messages.name"])
