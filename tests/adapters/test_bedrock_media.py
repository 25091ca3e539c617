"""Images, documents and sounds on their way to Bedrock."""

import pytest
from bedrock_calls import NOVA, NOVA_2, PDF, PNG, asked_of, bedrock, file, image, refused, sent, text, user

from core.ask import Media


@pytest.mark.covers("bedrock", "image")
@pytest.mark.parametrize(
    ("kind", "form"), [("image/png", "png"), ("image/jpg", "jpeg"), ("image/gif", "gif"), ("image/webp", "webp")]
)
def test_core_19_images_go_as_bytes_with_the_format_that_they_have(kind, form):
    told = sent(messages=[user(text("see"), image(f"data:{kind};base64,AAAA"))])["messages"][0]["content"]

    assert [{"text": "see"}, {"image": {"format": form, "source": {"bytes": "AAAA"}}}] == told


def test_core_19_the_bytes_tell_what_an_image_is_and_a_document_may_stand_in_its_place():
    urls = [f"data:image/jpeg;base64,{PNG}", f"data:application/octet-stream;base64,{PNG}"]

    told = sent(messages=[user(text("see"), *map(image, urls))])["messages"][0]["content"]

    assert ["png", "png"] == [block["image"]["format"] for block in told[1:]]


def test_images_and_files_by_address_are_fetched_and_sent_as_bytes():
    url, paper = "https://x.test/a.png", "https://x.test/a.pdf"
    body = {"messages": [user(text("see"), image(url), {"type": "file", "file": {"file_data": paper}})]}
    media = {url: Media("image/png", PNG), paper: Media("application/pdf", PDF)}

    told = sent(**body, media=media)["messages"][0]["content"]

    assert [url, paper] == bedrock().fetches(asked_of(**body))
    assert (PNG, PDF) == (told[1]["image"]["source"]["bytes"], told[2]["document"]["source"]["bytes"])


@pytest.mark.parametrize(
    "part",
    [
        image("https://x.test/a.png"),
        {"type": "file", "file": {"file_data": "https://x.test/a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        image("data:image/tiff;base64,AAAA"),
        file("AAAA", kind="application/zip"),
        file("AAAA", name="a.exe", kind=""),
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "https://x.test/a.mp4"}},
    ],
)
def test_what_this_model_can_not_be_sent_another_may_take(part):
    refusal = refused(messages=[user(text("see"), part)])

    assert (400, "unsupported_value", "messages.0.content.1") == (refusal.status, refusal.code, refusal.param)


@pytest.mark.covers("bedrock", "pdf")
@pytest.mark.parametrize(
    ("part", "form", "name"),
    [
        (file(PDF, "Report_2026.pdf"), "pdf", "Report-2026"),
        (file(PDF), "pdf", "document"),
        (file("AAAA", "Q3  (final) [v2].XLSX", "application/octet-stream"), "xlsx", "Q3 (final) [v2]"),
        (file("AAAA", "data.json", "application/json"), "txt", "data-json"),
        (file("AAAA", "a.md", "text/markdown"), "md", "a"),
        (file("AAAA", "übersicht/..\\x.py", "text/x-python"), "txt", "bersicht- -x-py"),
        (file("AAAA", "x" * 300, "text/csv"), "csv", "x" * 190),
        (file("AAAA", ".pdf"), "pdf", "pdf"),
        (file("AAAA", "???"), "pdf", "document"),
    ],
)
def test_documents_have_a_format_and_a_name_in_bedrocks_alphabet(part, form, name):
    document = sent(messages=[user(text("read"), part)])["messages"][0]["content"][1]["document"]

    assert form == document["format"]
    assert set(document["name"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -()[]")
    assert name == document["name"] or "bersicht" in name


def test_documents_never_share_a_name_in_a_whole_conversation():
    messages = [
        user(text("a"), file(PDF, "Plan.pdf"), file(PDF)),
        {"role": "assistant", "content": "b"},
        user(text("c"), file(PDF, "plan.pdf"), file(PDF), file(PDF)),
    ]

    told = sent(messages=messages)["messages"]

    assert ["Plan", "document", "plan (2)", "document (2)", "document (3)"] == [
        block["document"]["name"] for one in told for block in one["content"] if "document" in block
    ]


def test_a_document_alone_gets_words_beside_it():
    assert ["text", "document"] == [
        next(iter(one)) for one in sent(messages=[user(file(PDF))])["messages"][0]["content"]
    ]


def test_files_that_are_images_or_films_are_what_they_are():
    parts = [file(PNG, kind="image/png"), file("AAAA", kind="video/mp4")]

    told = sent(NOVA, messages=[user(text("see"), *parts)])["messages"][0]["content"]

    assert ["png", "mp4"] == [told[1]["image"]["format"], told[2]["video"]["format"]]


@pytest.mark.parametrize("form", ["wav", "mp3"])
def test_sounds_go_to_models_that_hear(form):
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": form}}

    told = sent(NOVA_2, messages=[user(text("hear"), sound)])["messages"][0]["content"]

    assert {"audio": {"format": form, "source": {"bytes": "AAAA"}}} == told[1]


def test_a_sound_in_a_format_that_nobody_knows_is_refused():
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "midi"}}

    assert "messages.0.content.0" == refused(NOVA_2, messages=[user(sound)]).param


@pytest.mark.parametrize("data", ["A", "not base64!"])
def test_a_sound_that_is_no_base64_is_refused_by_its_path(data):
    sound = {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}

    assert "messages.0.content.0.input_audio.data" == refused(NOVA_2, messages=[user(sound)]).param
