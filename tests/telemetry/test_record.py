"""How a finished call reads in a log."""

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.usage import COUNTS, Usage
from telemetry.record import LONGEST, LONGEST_ERROR, Record, as_json, as_text, line, moment, sentence

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
UNRULY = [*range(32), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, 0x202E, 0x2066, 0xD800]


def test_a_line_says_everything_about_a_call(finished):
    record = finished(dropped=("seed",))

    said = orjson.loads(as_json(record))

    assert said == {
        "time": "2025-11-20T10:00:00.250Z",
        "level": "info",
        "message": "call",
        "id": "req_1",
        "status": 200,
        "endpoint": "chat",
        "route": "smart",
        "target": "openai/gpt-4o",
        "provider": "openai",
        "key": "alice",
        "stream": True,
        "fault": "",
        "error": "",
        "attempts": 1,
        "tried": [["openai/gpt-4o", "", 420.0]],
        "total_ms": 700.0,
        "first_content_ms": 300.0,
        "usage": {
            "input": 10,
            "cache_read": 20,
            "cache_write": 30,
            "output": 40,
            "reasoning": 5,
            "cache_write_long": 0,
            "audio_input": 0,
            "audio_output": 0,
            "image_output": 0,
            "searches": 0,
        },
        "cost_usd": 1.5,
        "cache": "",
        "saved_usd": None,
        "estimated": False,
        "finish": "stop",
        "client_gone": False,
        "dropped": ["seed"],
        "degraded": "",
        "hedged": "",
        "continued": [],
        "bytes_in": 512,
        "bytes_out": 2048,
        "config": "abc123abc123",
    }


def test_a_call_that_came_to_nothing_has_the_same_fields(finished):
    refused = Record("req_2", 0.0)

    said = orjson.loads(as_json(refused))

    assert orjson.loads(as_json(finished())).keys() == said.keys()
    assert said["usage"] is None
    assert said["first_content_ms"] is None


def test_text_is_for_people_and_leaves_out_what_is_empty(finished):
    record = finished(usage=None, error="went wrong, badly", status=502, fault="broken", cost=0, tried=())

    text = as_text(record)

    assert text == (
        "2025-11-20T10:00:00.250Z warning call id=req_1 status=502 endpoint=chat route=smart target=openai/gpt-4o "
        'provider=openai key=alice stream=true fault=broken error="went wrong, badly" attempts=1 total_ms=700.0 '
        "first_content_ms=300.0 cost_usd=0.0 finish=stop bytes_in=512 bytes_out=2048 config=abc123abc123"
    )


@pytest.mark.parametrize(("content", "said"), [(False, None), (True, "what?\ufffd")])
def test_content_is_written_only_where_the_operator_wants_it(finished, content, said):
    record = finished(asked=b"what?\xff", answered=None)

    fields = orjson.loads(as_json(record, content=content))

    assert said == fields.get("asked")
    assert content == ("answered" in fields)
    assert content == ("what" in as_text(record, content=content))


@pytest.mark.parametrize("code", UNRULY, ids=hex)
def test_no_control_character_reaches_a_line(finished, code):
    record = finished(error=f"a{chr(code)}b", route=f"c{chr(code)}d", status=502)

    data = as_json(record)
    text = as_text(record)

    assert chr(code).encode(errors="surrogatepass") not in data
    assert chr(code) not in text
    assert len(data.decode().splitlines()) == 1
    assert len(text.splitlines()) == 1
    assert text.isprintable()


@settings(deadline=None)
@given(anything, st.text(st.characters(codec=None)))
def test_whatever_is_logged_stays_on_its_line(value, message):
    fields = {"time": moment(0), "level": "info", "message": message, "value": value}

    data = line(fields)
    text = sentence(fields)

    assert len(data.decode().splitlines()) == 1
    assert len(text.splitlines()) == 1
    assert {"time", "level", "message", "value"} == json.loads(data).keys()


def test_what_clients_make_up_is_cut_short(finished):
    long = "x" * 100_000
    record = finished(route=long, target=long, error=long, id=long, tried=((long, "broken", 1.0),) * 3)

    data = as_json(record)

    assert len(data) < 6 * LONGEST + LONGEST_ERROR + 1_000


def test_text_can_not_be_forged_by_a_name(finished):
    record = finished(route="smart status=200 key=root")

    text = as_text(record)

    assert 'route="smart status=200 key=root"' in text


def test_a_record_begins_empty():
    record = Record("req_1", 12.5, endpoint="chat", key="alice", generation="abc")

    assert (
        record.id,
        record.time,
        record.endpoint,
        record.key,
        record.generation,
    ) == ("req_1", 12.5, "chat", "alice", "abc")
    assert (record.status, record.tried, record.usage, record.cost, record.fault) == (0, (), None, 0, "")


def test_estimated_usage_is_said(finished):
    said = orjson.loads(as_json(finished(estimated=True, usage=Usage(1, estimated=True))))

    assert said["estimated"] is True


counts = st.integers(0, 10**12)
costs = st.integers(0, 10**6) | st.integers(0, 10**16) | st.integers(0, 10**6).map(lambda dollars: dollars * 10**9)
names = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(["%s", "@id@", '"@time@"', "a/b"])
rare = st.just(0) | counts


@given(
    id=names | st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True),
    time=st.floats(0, 4e9),
    route=names,
    target=names,
    cost=costs,
    total=st.floats(0, 1e9),
    took=st.floats(0, 1e9),
    first=st.none() | st.floats(0, 1e9),
    size=counts,
    usage=st.builds(Usage, *[counts] * 5, **dict.fromkeys(COUNTS[5:], rare)),
    finish=st.none() | names,
    estimated=st.booleans(),
)
def test_a_line_that_is_filled_in_is_the_one_that_would_be_written(
    id, time, route, target, cost, total, took, first, size, usage, finish, estimated
):
    record = Record(id, time, endpoint="chat", key="k", generation="g")
    record.route, record.target, record.usage, record.cost, record.first = route, target, usage, cost, first
    record.total, record.bytes_in, record.bytes_out, record.status = total, size, size + 1, 200
    record.finish, record.estimated, record.tried = finish, estimated, ((target, "", took),)

    filled = [as_json(record) for _ in range(2)]
    written = as_json(record, content=True).replace(b',"asked":null,"answered":null', b"")

    # Where a line is filled in, dollars are spelt as Python does it.
    dollars = cost / 1e9
    spelt = written.replace(b'"cost_usd":' + orjson.dumps(dollars), b'"cost_usd":' + repr(dollars).encode())
    assert filled[0] == filled[1]
    assert filled[0] in (written, spelt)
