"""Images, documents and cache marks, as Anthropic gets them."""

import pytest
from claude import FUNCTION, HI, ask, calls, refused, result, said, sent, speaker, texts

from core.ask import Media

PNG, PDF = "iVBORw0KGgoAAAA=", "JVBERi0xLjQ="


def pictured(url, **more):
    return {"messages": [said("user", [{"type": "image_url", "image_url": {"url": url, **more}}])]}


def filed(**file):
    return {"messages": [said("user", [{"type": "file", "file": file}])]}


@pytest.mark.covers("anthropic", "image", "pdf")
@pytest.mark.parametrize(
    ("body", "block"),
    [
        (
            pictured(f"data:image/png;base64,{PNG}", detail="high"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            pictured("https://x.example/a.png"),
            {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        ),
        (
            pictured("data:image/jpg;base64,AAAA"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        ),
        (
            pictured("data:application/pdf;base64,AAAA"),
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AAAA"}},
        ),
        (
            filed(file_data=f"data:application/pdf;base64,{PDF}", filename="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                "title": "a.pdf",
            },
        ),
        (
            filed(file_data="data:text/markdown;base64,aMOk", filename="a.md"),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hä"}, "title": "a.md"},
        ),
        (
            filed(file_data=f"data:image/png;base64,{PNG}"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        ),
        (
            filed(file_url="https://x.example/a.pdf", filename="a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}, "title": "a.pdf"},
        ),
        (
            filed(file_id="file_011abc"),
            {"type": "document", "source": {"type": "file", "file_id": "file_011abc"}},
        ),
    ],
)
def test_core_19_pictures_and_documents_are_what_their_bytes_are(body, block):
    assert [block] == sent(body)[1]["messages"][0]["content"]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (pictured("http://x.example/a.png"), "messages.0.content.0.image_url.url"),
        (pictured("data:image/bmp;base64,AAAA"), "messages.0.content.0"),
        (filed(file_data="data:application/zip;base64,AAAA"), "messages.0.content.0"),
        (filed(file_data="data:text/plain;base64,/w=="), "messages.0.content.0"),
        (filed(file_id="file-openai"), "messages.0.content.0.file.file_id"),
        (
            {"messages": [said("user", [{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}])]},
            "messages.0.content.0",
        ),
        ({"messages": [said("user", [{"type": "video_url"}])]}, "messages.0.content.0"),
        (
            {"messages": [said("system", [{"type": "image_url", "image_url": "https://x.example/a"}]), *HI]},
            "messages.0.content.0",
        ),
    ],
)
def test_what_anthropic_cannot_read_is_refused_by_its_path(body, param):
    assert param == refused(body)[0]


def test_what_it_cannot_fetch_is_fetched_for_it():
    url = "http://x.example/a.png"
    question = ask({"messages": [*pictured(url)["messages"], *pictured("https://x.example/b.png")["messages"]]})

    assert (url,) == speaker().fetches(question)

    _, body = sent(pictured(url), media={url: Media("image/png", PNG)})
    assert PNG == body["messages"][0]["content"][0]["source"]["data"]


def test_results_hold_pictures_and_say_that_they_are_errors():
    parts = [{"type": "text", "text": "see"}, *pictured(f"data:image/png;base64,{PNG}")["messages"][0]["content"]]
    messages = [*HI, said("assistant", tool_calls=calls("t")), result("t", parts, is_error=True)]

    block = sent({"messages": messages})[1]["messages"][2]["content"][0]

    assert (["see", "image"], True) == (texts(block["content"]), block["is_error"])


@pytest.mark.parametrize("content", [None, [], [{"type": "text", "text": " "}]])
def test_a_result_may_be_empty(content):
    messages = [*HI, said("assistant", tool_calls=calls("t")), result("t", content)]

    assert {"type": "tool_result", "tool_use_id": "t"} == sent({"messages": messages})[1]["messages"][2]["content"][0]


# Cache marks


def cached(words, ttl=None):
    mark = {"type": "ephemeral", **({"ttl": ttl} if ttl else {})}
    return {"type": "text", "text": words, "cache_control": mark}


def marks(body):
    blocks = [*body.get("tools", []), *body.get("system", [])]
    blocks += [block for one in body["messages"] for block in one["content"]]
    return [(block.get("text", block.get("name")), block["cache_control"].get("ttl")) for block in blocks if _is(block)]


def _is(block):
    return "cache_control" in block


def test_cache_marks_are_kept_in_both_spellings():
    tool = {**FUNCTION, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    breakpoint = {"type": "text", "text": "b", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}}
    messages = [said("system", [cached("s")]), said("user", [breakpoint]), said("assistant", "x"), *HI]
    messages[2]["cache_control"] = {"type": "ephemeral"}
    messages[3] = {**messages[3], "cache_control": {"type": "ephemeral"}}
    short = {"type": "function", "function": {"name": "g", "cache_control": {"type": "ephemeral"}}}

    _, body = sent({"messages": messages, "tools": [tool]})

    assert [("f", "1h"), ("b", None), ("x", None), ("hi", None)] == marks(body)
    assert [("g", None)] == marks(sent({"tools": [short]})[1])


def test_a_message_of_the_operators_is_marked_at_its_end():
    messages = [said("system", [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), *HI]
    messages[0]["cache_control"] = {"type": "ephemeral"}

    assert [("b", None)] == marks(sent({"messages": messages})[1])


def test_more_than_four_cache_marks_are_thinned_out_and_said():
    parts = [cached(str(number)) for number in range(6)]

    request, body = sent({"messages": [said("user", parts)]})

    assert [("0", None), ("3", None), ("4", None), ("5", None)] == marks(body)
    assert ("cache_control",) == request.dropped
    assert ("cache_control", "unsupported_value") == refused({"messages": [said("user", parts)]}, strict=True)


def test_the_automatic_cache_mark_is_one_of_the_four():
    parts = [cached(str(number)) for number in range(4)]

    _, body = sent({"messages": [said("user", parts)], "cache_control": {"type": "ephemeral", "ttl": "1h"}})

    assert ([("0", None), ("2", None), ("3", None)], "1h") == (marks(body), body["cache_control"]["ttl"])
    assert {"type": "ephemeral"} == sent({"cache_control": {"type": "ephemeral"}})[1]["cache_control"]


def test_what_stands_before_an_hour_lasts_an_hour():
    parts = [cached("a"), cached("b", "1h"), cached("c")]

    assert [("a", "1h"), ("b", "1h"), ("c", None)] == marks(sent({"messages": [said("user", parts)]})[1])


def test_a_mark_within_a_result_stands_on_the_result():
    messages = [*HI, said("assistant", tool_calls=calls("t"), cache_control={"ttl": "1h"}), result("t", [cached("r")])]

    _, body = sent({"messages": messages})

    assert "1h" == body["messages"][1]["content"][0]["cache_control"]["ttl"]
    block = body["messages"][2]["content"][0]
    assert ({"type": "ephemeral"}, [{"type": "text", "text": "r"}]) == (block["cache_control"], block["content"])
