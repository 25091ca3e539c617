"""What the log says of a mistake of ours."""

from pathlib import Path
from types import TracebackType

from gateway.mistakes import told

HERE = Path(__file__).name


def wrong():
    raise KeyError("secret")


def caught(fails):
    try:
        fails()
    except Exception as mistake:
        return mistake


def line(function, after):
    return function.__code__.co_firstlineno + after


def test_it_is_told_what_it_is_and_where_and_nothing_else():
    assert {"kind": "KeyError", "where": f"{HERE}:{line(wrong, 1)}"} == told(caught(wrong))


def test_what_was_never_raised_has_no_place():
    assert {"kind": "ValueError", "where": ""} == told(ValueError("secret"))


def test_whoever_awaited_it_and_is_named_a_second_time_is_not_where_it_was():
    mistake = caught(wrong)
    first = mistake.__traceback__
    first.tb_next.tb_next = TracebackType(None, first.tb_frame, first.tb_lasti, first.tb_lineno)

    assert f"{HERE}:{line(wrong, 1)}" == told(mistake)["where"]
