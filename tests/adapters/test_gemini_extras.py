"""What Gemini answers besides text and calls: media, code, citations, probabilities."""

import base64

import pytest
from gemini_calls import answer, candidate, choice, decoded, deltas, streamed

from core.faults import Fault, UpstreamError

SOURCES = [{"web": {"uri": "https://a.example", "title": "A"}}, {"web": {"uri": "https://b.example"}}, {"image": {}}]


def failed(given, **more):
    with pytest.raises(UpstreamError) as error:
        decoded(given, **more)
    return error.value.failure


def grounded(*supports, chunks=SOURCES):
    return {"groundingMetadata": {"groundingChunks": chunks, "groundingSupports": list(supports)}}


def support(*indices, **segment):
    return {"segment": segment, "groundingChunkIndices": list(indices)}


@pytest.mark.covers("google", "image")
def test_images_are_told_as_addresses():
    part = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}

    message = choice("here", part, {**part, "thoughtSignature": "I"})["message"]

    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert [image, {**image, "extra_content": {"google": {"thought_signature": "I"}}}] == message["images"]


def test_files_that_lie_elsewhere_are_told_by_their_addresses():
    drawn = {"fileData": {"mimeType": "image/png", "fileUri": "gs://b/x.png"}, "thoughtSignature": "I"}
    film, file = ({"fileData": {**kind, "fileUri": "gs://b/y"}} for kind in ({"mimeType": "video/mp4"}, {}))

    message = choice("here", drawn, film, file)["message"]

    google = {"google": {"thought_signature": "I"}}
    assert [{"type": "image_url", "image_url": {"url": "gs://b/x.png"}, "extra_content": google}] == message["images"]
    assert "here\ngs://b/y\n\ngs://b/y\n" == message["content"]


def test_streamed_files_are_told_so_too():
    image, film = ({"fileData": {"mimeType": kind, "fileUri": "gs://b/x"}} for kind in ("image/png", "video/mp4"))

    told = deltas(streamed(answer(candidate("a", image, reason=None)), answer(candidate(film))))

    assert ["a", "\ngs://b/x\n"] == [one["content"] for one in told if one.get("content")]
    assert ["gs://b/x"] == [one["images"][0]["image_url"]["url"] for one in told if "images" in one]


def test_bytes_that_are_none_say_nothing():
    assert "x" == choice("x", {"inlineData": {"mimeType": "image/png", "data": ""}})["message"]["content"]


@pytest.mark.parametrize(("format", "head"), [("pcm16", b""), ("wav", b"RIFF"), (None, b"RIFF")])
def test_sounds_are_told_as_openai_tells_them(format, head):
    pieces = [base64.b64encode(data).decode() for data in (b"abcd", b"efgh")]
    parts = [{"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": data}} for data in pieces]
    wanted = {"modalities": ["audio"], **({"audio": {"format": format}} if format else {})}

    audio = choice(*parts, body=wanted)["message"]["audio"]

    data = base64.b64decode(audio["data"])
    assert data.startswith(head)
    assert data.endswith(b"abcdefgh")
    assert (44 if head else 0) + 8 == len(data)
    assert ("audio_req-1", "") == (audio["id"], audio["transcript"])


def test_a_sound_that_is_none_is_a_failure():
    part = {"inlineData": {"mimeType": "audio/L16", "data": "abc"}}

    assert Fault.BROKEN is failed(answer(candidate(part))).fault


def test_code_is_told_as_text():
    ran = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}

    message = choice("Look:", ran, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}, {"new": {}})[
        "message"
    ]

    assert "Look:\n```python\nprint(1)\n```\n\n```\n1\n```\n" == message["content"]


@pytest.mark.parametrize(
    ("texts", "given", "expected"),
    [
        (["Größe x"], support(0, endIndex=7, text="Größe"), [(0, 5, "https://a.example", "A")]),
        (
            ["Größe x"],
            support(1, 0, startIndex=8, endIndex=9),
            [(6, 7, "https://b.example", ""), (6, 7, "https://a.example", "A")],
        ),
        (["ab", "Größe"], support(0, partIndex=1, startIndex=6, endIndex=7), [(6, 7, "https://a.example", "A")]),
        (["a Größe"], support(0, endIndex=7, text="Größe"), [(2, 7, "https://a.example", "A")]),
        (["abc"], support(0, endIndex=2, text="zz"), [(0, 2, "https://a.example", "A")]),
        (["abc"], support(2, 9, "x", endIndex=2), []),
        (["abc"], support(0, partIndex=7, endIndex=2), []),
        (["abc"], {"groundingChunkIndices": [0]}, []),
        (["abc"], {"segment": {"endIndex": 2}}, []),
    ],
)
def test_core_57_citations_count_characters(texts, given, expected):
    message = choice(*texts, **grounded(given))["message"]

    cited = [one["url_citation"] for one in message.get("annotations", [])]
    assert expected == [(one["start_index"], one["end_index"], one["url"], one["title"]) for one in cited]


@pytest.mark.parametrize("metadata", [None, {}, {"groundingSupports": {}}, {"groundingSupports": ["x"]}])
def test_grounding_that_is_none_cites_nothing(metadata):
    assert "annotations" not in choice("x", groundingMetadata=metadata)["message"]


def test_probabilities_are_openais():
    chosen = [{"token": "é", "tokenId": 1, "logProbability": -0.5}, {"token": "x"}, "odd"]
    top = [{"candidates": [{"token": "é", "logProbability": -0.5}]}, {}]

    told = choice("éx", logprobsResult={"chosenCandidates": chosen, "topCandidates": top})["logprobs"]

    first = {"token": "é", "logprob": -0.5, "bytes": [195, 169]}
    assert {**first, "top_logprobs": [first]} == told["content"][0]
    assert {"token": "x", "logprob": 0.0, "bytes": [120], "top_logprobs": []} == told["content"][1]
    assert ("", None) == (told["content"][2]["token"], told["refusal"])


@pytest.mark.parametrize("odd", [None, {}, {"chosenCandidates": 5}])
def test_probabilities_that_are_none_are_not_told(odd):
    assert choice("x", logprobsResult=odd)["logprobs"] is None


def test_probabilities_may_lack_their_rivals():
    told = choice("x", logprobsResult={"chosenCandidates": [{"token": "x"}], "topCandidates": 5})

    assert [] == told["logprobs"]["content"][0]["top_logprobs"]
