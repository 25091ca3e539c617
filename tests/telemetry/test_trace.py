"""W3C trace context: what is taken over, what begins anew, what is sent on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.record import as_json, as_text
from telemetry.trace import MOST, Trace, begun, kept, taken_over

ID = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
GOOD = f"00-{ID}-{SPAN}-01"


@pytest.mark.parametrize(
    ("given", "flags"),
    [(GOOD, 1), (f"00-{ID}-{SPAN}-00", 0), (f"00-{ID}-{SPAN}-ff", 3), (f"cc-{ID}-{SPAN}-01-more", 1)],
)
def test_a_valid_parent_is_taken_over(given, flags):
    trace = taken_over(given, "")

    assert (ID, SPAN, flags) == (trace.id, trace.parent, trace.flags)
    assert SPAN != trace.span


@pytest.mark.parametrize(
    "given",
    [
        "",
        "00",
        f"ff-{ID}-{SPAN}-01",
        f"00-{ID}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        GOOD.upper(),
        f"00-{ID[1:]}-{SPAN}-01",
        f" {GOOD}",
        f"00-{ID}-{SPAN}-0g",
    ],
)
def test_what_is_no_valid_parent_begins_a_new_trace(given):
    trace = begun((given, "a=b"), 1.0)

    assert taken_over(given, "") is None
    assert ("", 1) == (trace.parent, trace.flags)
    assert re.fullmatch(r"[0-9a-f]{32}", trace.id)
    assert ID != trace.id
    assert b"tracestate" not in trace.onward(SPAN)


@pytest.mark.parametrize(("share", "expected"), [(1.0, range(400, 401)), (0.5, range(140, 261)), (1e-9, range(1))])
def test_a_share_of_the_traces_that_begin_here_is_recorded(share, expected):
    assert sum(begun(None, share).sampled for _ in range(400)) in expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("", ""),
        ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (" a=b ,\t, tenant@vendor=x y", "a=b,tenant@vendor=x y"),
        ("a=b,a=c", ""),
        ("A=b", ""),
        ("a", ""),
        ("a=", ""),
        ("a=b=c", ""),
        (",".join(f"k{number}=1" for number in range(33)), ""),
    ],
)
def test_a_state_is_sent_on_as_a_whole_or_not_at_all(state, expected):
    assert expected == kept(state)


def test_of_a_state_that_is_too_long_the_large_members_go_first_then_the_last():
    small = [f"k{number}={'v' * 90}" for number in range(6)]

    assert ",".join(small[:5]) == kept(",".join([small[0], "large=" + "x" * 200, *small[1:]]))


@given(st.text(), st.text())
def test_whatever_comes_only_whole_lines_go_out(parent, state):
    lines = begun((parent, state), 1.0).onward(SPAN)

    assert re.fullmatch(rb"traceparent: [0-9a-f-]{55}\r\n(tracestate: [\x20-\x7e]{3,%d}\r\n)?" % MOST, lines)


def test_a_provider_is_told_of_the_attempt_and_of_what_others_wrote():
    trace = taken_over(GOOD, "a=b")

    assert f"traceparent: 00-{ID}-{SPAN[::-1]}-01\r\ntracestate: a=b\r\n".encode() == trace.onward(SPAN[::-1])


def test_a_line_names_the_trace_whether_it_is_written_anew_or_filled_in(finished):
    lines = []
    for number in (1, 2):
        record = finished()
        record.trace = Trace(f"{number:032x}", "", 1)
        lines.append(as_json(record).decode())

    assert [f'"id":"req_1","trace_id":"{number:032x}","status"' in line for number, line in enumerate(lines, 1)] == [
        True,
        True,
    ]
    assert f" trace_id={2:032x} " in as_text(record)
    assert b"trace_id" not in as_json(finished())
