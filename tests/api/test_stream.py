"""The bytes of a stream."""

import orjson

from api.stream import DONE, StreamWriter, error
from core.errors import Refusal
from core.usage import Usage
from core.wire import Chunk, Report, Verbatim

FIRST = Verbatim(b'data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[]}\n\n')
REPORT = Report(Usage(3, output=4), {"id": "c1", "choices": [], "usage": {"prompt_tokens": 3}})


def test_verbatim_events_are_not_touched():
    assert StreamWriter(show_usage=False).write([FIRST]) == FIRST.data


def test_later_events_are_not_touched_either():
    writer = StreamWriter(show_usage=True)
    later = Verbatim(FIRST.data.replace(b"c1", b"c2"))

    assert [FIRST.data, later.data] == [writer.write([FIRST]), writer.write([later])]
    assert b'"id":"c1"' in writer.end(Usage(3))


def test_chunks_become_events():
    chunk = Chunk({"id": "c1", "choices": [{"index": 0, "delta": {"content": "hé"}}]})

    assert (
        StreamWriter(show_usage=False).write([FIRST, chunk])
        == FIRST.data + b"data: " + orjson.dumps(chunk.body) + b"\n\n"
    )


def test_usage_is_shown_only_to_those_who_asked():
    asked, not_asked = StreamWriter(show_usage=True), StreamWriter(show_usage=False)

    assert asked.write([REPORT]) == b"data: " + orjson.dumps(REPORT.body) + b"\n\n"
    assert not_asked.write([REPORT]) == b""
    assert asked.end(REPORT.usage) == DONE
    assert not_asked.end(REPORT.usage) == DONE


def test_a_providers_own_usage_event_is_shown_as_it_came():
    raw = b'data: {"choices":[],"usage":{"prompt_tokens": 3}}\n\n'

    assert StreamWriter(show_usage=True).write([REPORT._replace(raw=raw)]) == raw


def test_usage_that_the_provider_did_not_report_is_made_up_for():
    writer = StreamWriter(show_usage=True)
    writer.write([FIRST])

    usage, done = writer.end(Usage(3, output=4, estimated=True)).split(b"\n\n", 1)

    shown = orjson.loads(usage.removeprefix(b"data: "))
    assert done == DONE
    assert {key: shown[key] for key in ("id", "object", "created", "model", "choices")} == {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "m",
        "choices": [],
    }
    assert shown["usage"]["total_tokens"] == 7


def test_usage_of_a_stream_that_began_with_something_odd_has_no_frame():
    writer = StreamWriter(show_usage=True)
    writer.write([Verbatim(b": comment\n\n"), Verbatim(b"data: 7")])

    assert b'"choices":[]' in writer.end(Usage())


def test_a_stream_that_may_not_go_on_ends_as_if_its_length_were_limited():
    writer = StreamWriter(show_usage=False)
    writer.write([FIRST])

    said = orjson.loads(writer.cut(2, "the budget is spent").removeprefix(b"data: "))

    assert [(0, {}, "length"), (1, {}, "length")] == [tuple(choice.values()) for choice in said["choices"]]
    assert ("c1", "the budget is spent") == (said["id"], said["note"])


def test_nothing_to_say_is_no_bytes():
    assert StreamWriter(show_usage=False).write([]) == b""


def test_a_broken_stream_ends_with_an_error_event():
    assert error(Refusal(502, "broken", code="upstream_error")) == (
        b'data: {"error":{"message":"broken","type":"server_error","param":null,"code":"upstream_error"}}\n\n'
    )
