"""Events that are alike to the byte in all but their content: counted or walked, which says the same."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some
from streams import DONE, FINISH, PING, ROLE, USAGE, chunk, text

from adapters.alike import NEAR, Shape, shaped

BEFORE, _, AFTER = text("|").partition(b"|")
CLOSING = AFTER[:-2]
PLAIN = text(" word")
EMPTY = text("")
LONG = text("x" * NEAR)
OTHERS = (
    *(ROLE, FINISH, USAGE, DONE, PING, PLAIN.replace(b"content", b"refusal")),
    *(chunk({"tool_calls": [{"index": 0}]}), b"\n\n"),
)
# They begin like one.
AKIN = (PLAIN.replace(b"null", b'"stop"'), BEFORE + b"\n\n", BEFORE + b"x\n" + AFTER, BEFORE + b'x\n"\n\n')
# They tell nothing else either, but not with the same bytes.
NEARLY = (PLAIN.replace(b'"id":"c"', b'"id":"d"'), chunk({"content": "x", "reasoning": "y"}))
texts = some.text(some.characters(exclude_categories=["Cs"]), max_size=NEAR + 8)
events = texts.map(lambda content: BEFORE + orjson.dumps(content)[1:-1] + AFTER)
few = some.lists(events, min_size=1, max_size=4)


def walking(walks):
    return Shape(BEFORE, AFTER, CLOSING, (), walks=walks)


WALKED, COUNTED = walking(True), walking(False)
ways = pytest.mark.parametrize("shape", [WALKED, COUNTED], ids=["walked", "counted"])


@ways
@given(
    some.lists(events, min_size=1, max_size=8),
    some.sampled_from((b"", *OTHERS)),
    some.sampled_from((b"", PING, b"data: {}\n\n")),
)
def test_a_run_ends_where_another_event_begins(shape, alike, other, ahead):
    run = b"".join(alike)

    assert shape.run(ahead + run + other, len(ahead)) == (len(ahead) + len(run), len(alike))
    assert shape.all_in(run) == len(alike)


@ways
@given(
    some.lists(events, min_size=1, max_size=4), some.sampled_from(OTHERS), some.lists(events, min_size=1, max_size=4)
)
def test_no_event_of_another_kind_passes_for_one_of_them(shape, ahead, other, behind):
    first = b"".join(ahead)

    assert shape.all_in(first + other + b"".join(behind)) == 0
    assert shape.run(first + other + b"".join(behind), 0) in {(0, 0), (len(first), len(ahead))}


@ways
@pytest.mark.parametrize("data", [*OTHERS, *AKIN, b"", PLAIN[:-1], BEFORE, BEFORE + b"x"])
def test_what_begins_with_none_of_them_has_no_run(shape, data):
    assert shape.run(data, 0) == (0, 0)


def test_walked_are_those_before_another_too():
    assert WALKED.run(PLAIN + EMPTY + ROLE + PLAIN, 0) == (len(PLAIN + EMPTY), 2)
    assert COUNTED.run(PLAIN + EMPTY + ROLE + PLAIN, 0) == (0, 0)


@pytest.mark.parametrize("other", NEARLY)
def test_walked_is_nothing_that_differs(other):
    assert WALKED.all_in(PLAIN + other + PLAIN) == 0
    assert WALKED.run(PLAIN + other + PLAIN, 0) == (len(PLAIN), 1)
    assert WALKED.run(other + PLAIN, 0) == (0, 0)
    assert COUNTED.all_in(PLAIN + other + PLAIN) == 3


@ways
@pytest.mark.parametrize("data", [LONG, LONG + PLAIN, PLAIN + LONG, PLAIN + text("\\" * NEAR) + PLAIN])
def test_long_contents_are_counted(shape, data):
    assert shape.all_in(data) == data.count(b"data:")
    assert shape.run(data + FINISH, 0) == (len(data), data.count(b"data:"))


@ways
def test_without_a_head_it_begins_later(shape):
    at = BEFORE.index(b'"choices"')

    assert shape.without(at).run(PLAIN[at:] + FINISH, 0) == (len(PLAIN) - at, 1)


@pytest.mark.parametrize(
    ("before", "after"), [(b"data: {", b'"}\n'), (b"data: {", b'"}\n\n\n'), (b"event: x\ndata: {", b'"}\n\n')]
)
def test_a_shape_is_one_line_and_a_blank_one(before, after):
    assert shaped(before, after, ()) is None


@pytest.mark.parametrize("walks", [True, False])
def test_what_need_not_be_json_is_told_by_its_line_feeds(walks):
    shape = Shape(b"data: <", b">\n\n", b">\n", (), walks=walks)
    one = b"data: <x>\n\n"

    assert (len(one), 1) == shape.run(one + b"data: other\n\n", 0)
    assert (2 * len(one), 2) == shape.run(one + one + b": ping\n\n", 0)
    assert (0, 0) == shape.run(one + b": ping\n\n" + one + one, 0)
    assert (0, 0) == shape.run(b"data: <x\n\n", 0)
    assert (0, 0) == shape.run(b"data: other\n\n", 0)


@pytest.mark.parametrize("other", AKIN)
def test_walked_are_those_before_one_that_only_begins_like_them(other):
    assert WALKED.run(PLAIN + PLAIN + other, 0) == (2 * len(PLAIN), 2)
    assert COUNTED.run(PLAIN + PLAIN + other, 0) == (0, 0)
