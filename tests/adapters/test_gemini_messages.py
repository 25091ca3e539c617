"""What Gemini gets of a conversation."""

import pytest
from gemini_calls import USER, ask_of, calls, contents, gemini, result, sent

from core.ask import Media
from core.errors import Refusal

PNG = "iVBORw0KGgoAAAA="
SKIP = "skip_thought_signature_validator"
EARLIER = {"role": "assistant", "content": "hello"}


def user(*parts):
    return {"role": "user", "content": list(parts)}


def picture(url, **more):
    return {"type": "image_url", "image_url": {"url": url, **more}}


class Kept(dict):
    """A memory that holds what it was given."""

    def recall(self, call_id):
        return self.get(call_id)


def signature(text):
    return {"extra_content": {"google": {"thought_signature": text}}}


def call(id, name="f", **more):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}, **more}


def signatures(told):
    return [part.get("thoughtSignature") for content in told for part in content["parts"] if "functionCall" in part]


@pytest.mark.covers("google", "text")
def test_what_the_system_says_first_is_its_instruction():
    body = sent(messages=[{"role": "system", "content": "A"}, {"role": "developer", "content": "B"}, USER])

    assert {"parts": [{"text": "A"}, {"text": "B"}]} == body["systemInstruction"]
    assert [{"role": "user", "parts": [{"text": "hi"}]}] == body["contents"]


def test_what_the_system_says_later_is_said_in_its_place():
    told = contents(USER, EARLIER, {"role": "system", "content": "S"}, {"role": "user", "content": "go"})

    assert ["user", "model", "user"] == [content["role"] for content in told]
    assert [{"text": "S"}, {"text": "go"}] == told[2]["parts"]


def test_core_47_a_conversation_of_system_messages_only_says_the_last_of_them_as_the_user():
    body = sent(messages=[{"role": "system", "content": "A"}, {"role": "system", "content": "B"}])

    assert [{"role": "user", "parts": [{"text": "B"}]}] == body["contents"]
    assert {"parts": [{"text": "A"}]} == body["systemInstruction"]


def test_core_47_a_conversation_of_nothing_is_refused_here():
    with pytest.raises(Refusal) as refused:
        contents({"role": "user", "content": ""})

    assert (400, "messages") == (refused.value.status, refused.value.param)


def test_core_47_neighbours_of_one_role_are_one_content():
    told = contents(USER, USER, EARLIER, EARLIER, USER)

    assert [("user", 2), ("model", 2), ("user", 1)] == [(one["role"], len(one["parts"])) for one in told]


def test_empty_text_is_never_sent():
    told = contents(USER, calls(("c1", "f"), content=""), result("c1"), user({"type": "text", "text": ""}))

    assert ["user", "model", "user"] == [one["role"] for one in told]
    assert "text" not in told[1]["parts"][0]


@pytest.mark.covers("google", "tool loop", "parallel tools")
def test_core_39_signatures_and_ids_are_replayed_and_results_stand_together_in_order():
    memory = Kept(c1={"thought_signature": "S", "model": "gemini-3.8-flash"})

    told = contents(USER, calls(("c1", "f"), ("c2", "g")), result("c2", "y"), result("c1", "x"), memory=memory)

    assert [
        {"functionCall": {"id": "c1", "name": "f", "args": {}}, "thoughtSignature": "S"},
        {"functionCall": {"id": "c2", "name": "g", "args": {}}},
    ] == told[1]["parts"]
    assert "user" == told[2]["role"]
    assert [
        {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "x"}}},
        {"functionResponse": {"id": "c2", "name": "g", "response": {"output": "y"}}},
    ] == told[2]["parts"]


def test_core_39_what_the_client_sends_back_is_as_good_as_what_was_remembered():
    told = contents(USER, calls(call("c1", **signature("S")), call("c2")), result("c1"), result("c2"))

    assert ["S", None] == signatures(told)


def test_core_40_history_without_signatures_gets_the_documented_word_once_a_step():
    steps = [calls(("c1", "f"), ("c2", "f")), result("c1"), result("c2"), calls(("c3", "f")), result("c3")]

    assert [SKIP, None, SKIP] == signatures(contents(USER, *steps))


def test_core_40_steps_before_the_users_last_words_need_none():
    told = contents(USER, calls(("c1", "f")), result("c1"), USER, calls(("c2", "f")), result("c2"))

    assert [None, SKIP] == signatures(told)


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-2.0-flash", "some-tuned-model"])
def test_core_40_models_that_know_neither_get_neither(model):
    told = contents(USER, calls(("c1", "f")), result("c1"), model=model)

    assert {"functionCall": {"name": "f", "args": {}}} == told[1]["parts"][0]
    assert {"name", "response"} == told[2]["parts"][0]["functionResponse"].keys()


def test_one_signature_is_sent_once():
    told = contents(USER, calls(call("c1", **signature("S")), call("c2", **signature("S"))), result("c1"), result("c2"))

    assert ["S", None] == signatures(told)


@pytest.mark.parametrize("extra", [{}, signature("S")])
def test_a_signature_of_another_model_is_not_sent(extra):
    memory = Kept(c1={"thought_signature": "S", "model": "gemini-4-argon"})

    assert [SKIP] == signatures(contents(USER, calls(call("c1", **extra)), result("c1"), memory=memory))


def test_what_google_ran_before_a_call_comes_back_before_it():
    ran = {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB"}}
    memory = Kept(c1={"thought_signature": None, "model": "gemini-3.8-flash", "before": [ran]})

    told = contents(USER, calls(("c1", "f")), result("c1"), memory=memory)

    assert ran == told[1]["parts"][0]
    assert [SKIP] == signatures(told)


def test_signed_text_keeps_its_signature():
    told = contents(USER, {"role": "assistant", "content": "hello", **signature("T")}, USER)

    assert [{"text": "hello", "thoughtSignature": "T"}] == told[1]["parts"]


@pytest.mark.parametrize(
    "extra",
    [{"extra_content": None}, {"extra_content": {"google": 1}}, signature(""), signature(5)],
)
def test_a_signature_that_is_none_is_no_signature(extra):
    assert [SKIP] == signatures(contents(USER, calls(call("c1", **extra)), result("c1")))


def test_thoughts_are_not_said_as_words():
    told = contents(USER, {"role": "assistant", "content": "hello", "reasoning_content": "hm"}, USER)

    assert [{"text": "hello"}] == told[1]["parts"]


def test_core_41_the_name_of_a_result_is_that_of_its_call():
    told = contents(USER, calls(("c1", "f"), ("c2", "g")), EARLIER, result("c1"), result("c2"))

    assert ["f", "g"] == [part["functionResponse"]["name"] for part in told[2]["parts"]]
    assert {"text": "hello"} == told[1]["parts"][2]


def test_core_41_a_result_of_no_call_is_refused_by_its_id():
    with pytest.raises(Refusal, match="'c9'") as refused:
        contents(USER, calls(("c1", "f")), result("c9"))

    assert "messages.2.tool_call_id" == refused.value.param


def test_results_stand_behind_their_calls_wherever_the_client_put_them():
    told = contents(USER, calls(("c1", "f")), {"role": "user", "content": "wait"}, result("c1", "x"))

    assert {"output": "x"} == told[2]["parts"][0]["functionResponse"]["response"]
    assert [{"text": "wait"}] == told[3]["parts"]


def test_ids_that_are_used_again_belong_to_the_latest_call():
    told = contents(USER, calls(("c", "f")), result("c", "1"), calls(("c", "g")), result("c", "2"))

    found = [part["functionResponse"] for one in told for part in one["parts"] if "functionResponse" in part]
    assert [("f", {"output": "1"}), ("g", {"output": "2"})] == [(one["name"], one["response"]) for one in found]


def test_a_call_without_result_gets_one_that_says_so():
    told = contents(USER, calls(("c1", "f"), ("c2", "g")), result("c1"), USER)

    assert {"error": "no result was provided"} == told[2]["parts"][1]["functionResponse"]["response"]


def test_a_call_without_result_is_refused_where_nothing_may_be_added():
    with pytest.raises(Refusal, match="'c2'") as refused:
        contents(USER, calls(("c1", "f"), ("c2", "g")), result("c1"), USER, strict=True)

    assert "messages.1.tool_calls.1" == refused.value.param


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("72F", {"output": "72F"}),
        ('{"t": 72}', {"t": 72}),
        ("[1,2]", {"output": [1, 2]}),
        ("", {"output": ""}),
        ("{no json", {"output": "{no json"}),
        ("17", {"output": "17"}),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], {"output": "ab"}),
    ],
)
def test_core_42_a_result_is_an_object_whatever_it_was(text, response):
    told = contents(USER, calls(("c1", "f")), result("c1", text))

    assert response == told[2]["parts"][0]["functionResponse"]["response"]


@pytest.mark.parametrize(("failed", "key"), [(True, "error"), (False, "output"), (None, "output"), (1, "output")])
def test_a_tool_that_failed_has_an_error_in_the_place_of_an_output(failed, key):
    told = contents(USER, calls(("c1", "f")), {**result("c1", "no such town"), "is_error": failed})

    assert {key: "no such town"} == told[2]["parts"][0]["functionResponse"]["response"]


def test_two_results_of_one_call_are_one():
    told = contents(USER, calls(("c1", "f")), result("c1", "a"), result("c1", "b"))

    assert [{"output": "ab"}] == [part["functionResponse"]["response"] for part in told[2]["parts"]]


def test_a_result_with_an_image_holds_it_or_is_followed_by_it():
    shown = result("c1", [picture(f"data:image/png;base64,{PNG}"), {"type": "text", "text": ""}])
    image = {"inlineData": {"mimeType": "image/png", "data": PNG}}

    third = contents(USER, calls(("c1", "f")), shown)
    second = contents(USER, calls(("c1", "f")), shown, model="gemini-2.5-flash")

    assert [image] == third[2]["parts"][0]["functionResponse"]["parts"]
    assert [image] == second[3]["parts"]
    assert 1 == len(second[2]["parts"])


def test_calls_of_old_are_calls_too():
    called = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"a":1}'}}

    told = contents(USER, called, {"role": "function", "name": "f", "content": "x"}, model="gemini-2.5-flash")

    assert {"name": "f", "args": {"a": 1}} == told[1]["parts"][0]["functionCall"]
    assert {"name": "f", "response": {"output": "x"}} == told[2]["parts"][0]["functionResponse"]


def test_custom_calls_go_out_as_functions():
    made = {"id": "c1", "type": "custom", "custom": {"name": "sh", "input": "ls"}}

    told = contents(USER, calls(made), result("c1"))

    assert {"input": "ls"} == told[1]["parts"][0]["functionCall"]["args"]


@pytest.mark.covers("google", "image", "pdf")
@pytest.mark.parametrize(
    ("part", "inline"),
    [
        (picture(f"data:image/jpg;base64,{PNG}"), {"mimeType": "image/png", "data": PNG}),
        (picture("data:image/jpg;base64,AAAA"), {"mimeType": "image/jpeg", "data": "AAAA"}),
        (
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}},
            {"mimeType": "application/pdf", "data": "AAAA"},
        ),
        (
            {"type": "file", "file": {"file_data": "AAAA", "filename": "notes.TXT"}},
            {"mimeType": "text/plain", "data": "AAAA"},
        ),
        ({"type": "input_audio", "input_audio": {"data": "AAAA"}}, {"mimeType": "audio/wav", "data": "AAAA"}),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"mimeType": "audio/mp3", "data": "AAAA"},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "pcm16"}},
            {"mimeType": "audio/L16;rate=24000", "data": "AAAA"},
        ),
    ],
)
def test_media_go_inside_the_request(part, inline):
    assert [{"text": "see"}, {"inlineData": inline}] == contents(user({"type": "text", "text": "see"}, part))[0][
        "parts"
    ]


def test_addresses_are_fetched_by_the_gateway_but_googles_own():
    video = "https://www.youtube.com/watch?v=x"
    message = user(picture("https://a.example/x"), picture("https://a.example/x"), picture(video))
    media = {"https://a.example/x": Media("image/png", PNG)}

    wanted = gemini().fetches(ask_of(messages=[message]))
    parts = contents(message, media=media)[0]["parts"]

    assert ["https://a.example/x"] == list(wanted)
    assert [{"inlineData": {"mimeType": "image/png", "data": PNG}}] * 2 + [{"fileData": {"fileUri": video}}] == parts
    assert () == gemini().fetches(ask_of(endpoint="embeddings"))


def test_files_of_google_are_named():
    uri = "https://generativelanguage.googleapis.com/v1beta/files/abc"

    by_id = contents(user({"type": "file", "file": {"file_id": "files/abc"}}))
    by_address = contents(user({"type": "file", "file": {"file_data": uri}}))

    assert [{"fileData": {"fileUri": uri}}] == by_id[0]["parts"] == by_address[0]["parts"]


@pytest.mark.parametrize(
    ("part", "param", "code"),
    [
        (picture("https://a.example/x"), "messages.0.content.0", "unsupported_value"),
        ({"type": "file", "file": {"file_id": "file-1"}}, "messages.0.content.0.file.file_id", "unsupported_value"),
        ({"type": "file", "file": {"file_data": "AAAA"}}, "messages.0.content.0", "invalid_value"),
        (
            {"type": "file", "file": {"file_data": "data:application/octet-stream;base64,AAAA", "filename": "a.xyz"}},
            "messages.0.content.0",
            "invalid_value",
        ),
        ({"type": "video_url", "video_url": {"url": "x"}}, "messages.0.content.0", "unsupported_value"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_place(part, param, code):
    with pytest.raises(Refusal) as refused:
        contents(user(part))

    assert (400, param, code) == (refused.value.status, refused.value.param, refused.value.code)


@pytest.mark.parametrize(("detail", "level"), [("low", "LOW"), ("high", "HIGH")])
def test_the_detail_of_an_image_is_its_resolution(detail, level):
    part = contents(user(picture(f"data:image/png;base64,{PNG}", detail=detail)))[0]["parts"][0]

    assert {"level": f"MEDIA_RESOLUTION_{level}"} == part["mediaResolution"]


def test_models_without_resolutions_have_the_detail_dropped():
    ask = ask_of("gemini-2.5-flash", messages=[user(picture(f"data:image/png;base64,{PNG}", detail="low"))])
    plain = ask_of("gemini-2.5-flash", messages=[user(picture(f"data:image/png;base64,{PNG}", detail="auto"))])

    assert (("detail",), ()) == (gemini().encode(ask).dropped, gemini().encode(plain).dropped)


def test_images_that_the_model_drew_come_back_with_their_signatures():
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}, **signature("I")}
    bare = {"image_url": "https://www.youtube.com/watch?v=x"}
    stored = {"image_url": {"url": "gs://bucket/x.png"}}

    told = contents(USER, {"role": "assistant", "content": "here", "images": [image, bare, stored]}, USER)

    assert {"inlineData": {"mimeType": "image/png", "data": PNG}, "thoughtSignature": "I"} == told[1]["parts"][1]
    assert {"fileData": {"fileUri": bare["image_url"]}} == told[1]["parts"][2]
    assert {"fileData": {"fileUri": "gs://bucket/x.png"}} == told[1]["parts"][3]


@pytest.mark.parametrize("images", [["x"], [{"image_url": {}}]])
def test_images_that_are_none_are_refused(images):
    with pytest.raises(Refusal) as refused:
        contents(USER, {"role": "assistant", "content": "here", "images": images}, USER)

    assert "messages.1.images.0" == refused.value.param


def test_a_sound_that_was_made_elsewhere_is_refused():
    with pytest.raises(Refusal) as refused:
        contents(USER, {"role": "assistant", "content": None, "audio": {"id": "a"}}, USER)

    assert "messages.1.audio" == refused.value.param
