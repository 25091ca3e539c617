"""What goes into the head of a request, and what doesn't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstream.request import request_head


def test_a_head_is_a_line_and_headers():
    head = request_head("POST", "/v1/x?a=b", "example.com:8080", [("Authorization", "Bearer k"), ("x-empty", "")])

    expected = b"POST /v1/x?a=b HTTP/1.1\r\nhost: example.com:8080\r\nAuthorization: Bearer k\r\nx-empty: \r\n"
    assert expected == head


def test_values_may_hold_latin_1():
    head = request_head("GET", "/", "h", [("a", "é\t")])

    assert head.endswith(b"a: \xe9\t\r\n")


@pytest.mark.parametrize(
    ("method", "path", "host", "headers"),
    [
        ("", "/", "h", []),
        ("GET /", "/", "h", []),
        ("GET", "", "h", []),
        ("GET", "x", "h", []),
        ("GET", "/a b", "h", []),
        ("GET", "/é", "h", []),
        ("GET", "/\r\nx: y", "h", []),
        ("GET", "/", "", []),
        ("GET", "/", "h\n", []),
        ("GET", "/", "h", [("", "secret")]),
        ("GET", "/", "h", [("a b", "secret")]),
        ("GET", "/", "h", [("a:", "secret")]),
        ("GET", "/", "h", [("é", "secret")]),
        ("GET", "/", "h", [("a", "secret\n")]),
        ("GET", "/", "h", [("a", "secret\r\nb: c")]),
        ("GET", "/", "h", [("a", "secret\x00")]),
        ("GET", "/", "h", [("a", "secret\x7f")]),
        ("GET", "/", "h", [("a", "secret\u20ac")]),
        ("GET", "/", "h", [("Content-Length", "1")]),
        ("GET", "/", "h", [("TRANSFER-ENCODING", "chunked")]),
        ("GET", "/", "h", [("host", "x")]),
        ("GET", "/", "h", [("accept-encoding", "gzip")]),
    ],
)
def test_what_http_cannot_carry_is_refused_and_not_repeated(method, path, host, headers):
    with pytest.raises(ValueError) as refused:
        request_head(method, path, host, headers)

    assert "secret" not in str(refused.value)


@given(st.text(), st.text(), st.text(), st.text(), st.text())
def test_no_text_starts_a_second_line(method, path, host, name, value):
    try:
        head = request_head(method, path, host, [(name, value)])
    except ValueError:
        return

    assert 3 == head.count(b"\r\n") == head.count(b"\n") == head.count(b"\r")
    assert b"\0" not in head
