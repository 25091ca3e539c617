"""What the head of a response says, and which heads nobody has to look at."""

from email.utils import parsedate_to_datetime
from time import time

import pytest
from httptools import HttpParserError, HttpResponseParser
from hypothesis import given
from hypothesis import strategies as st

from upstream.response import (
    MOST_BYTES,
    MOST_FIELDS,
    dated,
    fields_in,
    head_of,
    headers_of,
    named,
    objection,
    plain,
    size,
)

OK = b"HTTP/1.1 200 OK\r\n"


@given(st.lists(st.tuples(st.sampled_from([b"A", b"a", b"B", b"c\xe9"]), st.binary(max_size=3))))
def test_no_field_is_lost(raw):
    fields = named(raw)

    expected = {}
    for name, value in raw:
        expected.setdefault(name.lower().decode("latin-1"), []).append(value.decode("latin-1"))
    assert {name: ", ".join(values) for name, values in expected.items()} == fields


def test_any_number_of_names_is_read():
    raw = [(b"Name-%d" % number, b"") for number in range(5_000)]

    fields = named(raw)

    assert [f"name-{number}" for number in range(5_000)] == list(fields)
    assert named(raw) == fields


def test_the_size_is_what_the_wire_carried():
    assert len(b"A: b\r\nCc: \r\n") == size([(b"A", b"b"), (b"Cc", b"")])


def test_an_answer_without_a_date_is_of_now():
    told = {"a": "b", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}

    added = dated({"a": "b"})

    assert told == dated(told)
    assert {"a", "date"} == added.keys()
    assert abs(time() - parsedate_to_datetime(added["date"]).timestamp()) < 60


def test_fields_are_those_of_the_answer_itself():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    body = b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n<html>"

    head = hints + OK + b"Transfer-Encoding: chunked\r\nA: 1\r\na: 2\r\n\r\n" + body

    assert [(b"Transfer-Encoding", b"chunked"), (b"A", b"1"), (b"a", b"2")] == fields_in(head)
    assert {"transfer-encoding": "chunked", "a": "1, 2"} == headers_of(head)


def test_a_head_that_came_over_no_network_reads_like_any_other():
    assert {"a-b": "c", "d": "\xe9"} == headers_of(head_of(503, {"A-B": "c", "D": "\xe9"}))


PLAIN = [
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\nX-Id: 1\r\n",
    b"transfer-encoding: CHUNKED\r\nVary: Accept-Encoding\r\n",
]


@pytest.mark.parametrize("fields", PLAIN)
def test_most_heads_need_no_look(fields):
    assert plain(OK + fields + b"\r\n")


LOOKED_AT = {
    "another status": b"HTTP/1.1 201 OK\r\nContent-Length: 5\r\n\r\n",
    "an older protocol": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
    "an answer before it": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "blank lines before it": b"\r\n\r\n",
    "compressed": OK + b"CONTENT-Encoding: gzip\r\n\r\n",
    "not compressed": OK + b"Content-Encoding: identity\r\n\r\n",
    "compressed in chunks": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    "compressed, and chunks": OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunks twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "many fields": OK + b"a:\r\n" * MOST_FIELDS + b"\r\n",
    "a long field": OK + b"a: " + b"x" * MOST_BYTES + b"\r\n\r\n",
}


@pytest.mark.parametrize("head", LOOKED_AT.values(), ids=LOOKED_AT)
def test_a_head_that_says_more_is_looked_at(head):
    assert not plain(head)


class Head:
    """What the parser makes of a head."""

    def __init__(self):
        self.ends = False
        self.parser = HttpResponseParser(self)

    def on_headers_complete(self):
        self.ends = self.parser.should_keep_alive()


WORDS = ["transfer-encoding", "Content-Encoding", "content-length", "x", "-encoding"]
PARTS = ["chunked", "gzip", "identity", "5", ": ", ":", " ", "\r\n", "\n", "\t", ",", *WORDS]


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_no_head_passes_unseen_that_a_look_would_object_to(text):
    head = OK + text.encode() + b"\r\n\r\n"
    end = head.find(b"\r\n\r\n") + 4
    seen = Head()
    try:
        seen.parser.feed_data(head[:end])
    except HttpParserError:
        return

    if seen.ends and plain(head[:end]):
        assert objection(headers_of(head[:end])) is None
        assert {"content-length", "transfer-encoding"} & headers_of(head[:end]).keys()
