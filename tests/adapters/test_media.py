"""Images and documents in a call: what is in them, and what somebody has to fetch."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.media import Blob, blob_of, kind_of, place, remote
from core.ask import NOTHING_FETCHED, Media
from core.errors import Refusal


def encoded(data):
    return base64.b64encode(data).decode()


PNG = encoded(b"\x89PNG\r\n\x1a\n rest")
JPEG = encoded(b"\xff\xd8\xff\xe0 rest")
GIF = encoded(b"GIF89a rest")
WEBP = encoded(b"RIFF\x01\x02\x03\x04WEBPVP8 ")
WAVE = encoded(b"RIFF\x01\x02\x03\x04WAVEfmt ")
PDF = encoded(b"%PDF-1.7 rest")


@pytest.mark.parametrize(
    ("claimed", "data", "expected"),
    [
        ("image/png", PNG, "image/png"),
        ("image/jpg", JPEG, "image/jpeg"),
        ("image/png", JPEG, "image/jpeg"),
        ("image/jpeg", GIF, "image/gif"),
        ("image/png", WEBP, "image/webp"),
        ("", PDF, "application/pdf"),
        ("application/x-pdf", PDF, "application/pdf"),
        ("application/pdf", PNG, "image/png"),
        ("application/octet-stream", PNG, "image/png"),
        ("binary/octet-stream", encoded(b"whatever"), "binary/octet-stream"),
        ("", WAVE, ""),
        ("audio/wav", WAVE, "audio/wav"),
        ("audio/wav", PNG, "audio/wav"),
        ("IMAGE/PNG; charset=binary", PNG, "image/png"),
        ("text/plain", PNG, "text/plain"),
        ("image/avif", encoded(b"????ftypavif"), "image/avif"),
        ("", "", ""),
    ],
)
def test_what_is_inside_counts_more_than_what_its_sender_calls_it(claimed, data, expected):
    assert expected == kind_of(claimed, data)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"data:image/png;base64,{PNG}", Blob("image/png", PNG)),
        (f"DATA:image/png;BASE64,{PNG}", Blob("image/png", PNG)),
        (f"data:image/jpeg;name=x.jpg;base64,{JPEG}", Blob("image/jpeg", JPEG)),
        (f"data:image/png;base64,{PNG[:8]}\n{PNG[8:]} ", Blob("image/png", PNG)),
        (f"data:;base64,{PDF}", Blob("application/pdf", PDF)),
        ("data:,a%20b", Blob("text/plain", encoded(b"a b"))),
        ("data:text/csv,a,b", Blob("text/csv", encoded(b"a,b"))),
    ],
)
def test_a_data_url_holds_its_bytes(url, expected):
    assert expected == blob_of(url, NOTHING_FETCHED, "at")


def test_a_blob_gives_its_bytes():
    assert Blob("image/png", PNG).bytes.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("data:image/png", "invalid_image_url"),
        ("data:image/png;base64,", "invalid_base64_image"),
        ("data:image/png;base64,  \n", "invalid_base64_image"),
        ("data:image/png;base64,abc", "invalid_base64_image"),
        ("data:image/png;base64,ab!=", "invalid_base64_image"),
        ("data:image/png;base64,=abc", "invalid_base64_image"),
        ("data:image/png;base64,ab-_", "invalid_base64_image"),
        ("data:image/png;base64,abcé", "invalid_base64_image"),
        ("data:image/png;base64," + "A" * 8192 + "????", "invalid_base64_image"),
        ("ftp://x/a.png", "invalid_image_url"),
        ("file:///etc/passwd", "invalid_image_url"),
        ("gs://bucket/a.png", "invalid_image_url"),
        ("", "invalid_image_url"),
    ],
)
def test_what_is_no_image_is_refused_by_its_path(url, code):
    with pytest.raises(Refusal) as refused:
        blob_of(url, NOTHING_FETCHED, "messages.0.content.1.image_url.url")

    assert (refused.value.status, refused.value.code) == (400, code)
    assert refused.value.param == "messages.0.content.1.image_url.url"


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_come_out_as_they_went_in(data):
    assert data == blob_of(f"data:application/x-any;base64,{encoded(data)}", NOTHING_FETCHED, "at").bytes


def test_what_was_fetched_is_found_by_its_url():
    media = {"https://x.test/a": Media("application/octet-stream", PNG)}

    assert Blob("image/png", PNG) == blob_of("https://x.test/a", media, "at")
    assert blob_of("http://x.test/b", media, "at") is None


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "image_url", "image_url": {"url": "https://x.test/a"}}, ["https://x.test/a"]),
        ({"type": "image_url", "image_url": "http://x.test/a"}, ["http://x.test/a"]),
        ({"type": "input_image", "image_url": "https://x.test/a"}, ["https://x.test/a"]),
        ({"type": "input_image", "input_image": {"url": "https://x.test/a"}}, ["https://x.test/a"]),
        ({"type": "file", "file": {"file_data": "https://x.test/a"}}, ["https://x.test/a"]),
        ({"type": "file", "file": {"file_url": "https://x.test/a"}}, ["https://x.test/a"]),
        ({"type": "input_file", "file_url": "https://x.test/a"}, ["https://x.test/a"]),
        ({"type": "file", "file": "https://x.test/a"}, []),
        ({"type": "image_url", "image_url": {"url": 5}}, []),
        ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}, []),
        ({"type": "text", "text": "https://x.test/a"}, []),
    ],
)
def test_the_addresses_in_a_part_are_found(part, expected):
    assert expected == remote([{"role": "user", "content": [part]}])


def test_each_address_is_named_once_in_order():
    image = {"type": "image_url", "image_url": {"url": "https://x.test/b"}}
    other = {"type": "image_url", "image_url": {"url": "https://x.test/a"}}

    found = remote(
        [{"role": "user", "content": "hi"}, {"role": "user", "content": [image, other]}, {"content": [image]}, {}]
    )

    assert found == ["https://x.test/b", "https://x.test/a"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.test/a", "messages.1.content.1.image_url.url"),
        ("https://x.test/b", "messages.1.content.2.file.file_data"),
        ("https://x.test/c", "messages.2.content.0.file.file_url"),
        ("https://x.test/d", None),
    ],
)
def test_an_address_has_a_place(url, expected):
    image = {"type": "image_url", "image_url": {"url": "https://x.test/a"}}
    file = {"type": "file", "file": {"file_data": "https://x.test/b"}}
    last = {"type": "file", "file": {"file_url": "https://x.test/c"}}
    messages = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "?"}, image, file]},
        {"role": "user", "content": [last, image]},
    ]

    assert expected == place(messages, url)


def test_without_messages_no_address_has_a_place():
    assert place(None, "https://x.test/a") is None
