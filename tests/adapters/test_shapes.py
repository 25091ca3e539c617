"""What one stream teaches about the bytes of the next, and that bytes of another shape are looked into."""

import orjson
import pytest
from asking import SENT, asked
from streams import DONE, USAGE, passed, played

from adapters import ADAPTERS
from core.call import Call
from core.faults import UpstreamError
from core.target import Provider
from core.wire import Chunk, Verbatim


def stream(id, *texts, finish="stop", **more):
    """All events of a stream but its usage and its end, each with the same head."""

    def event(delta, reason=None):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return b"data: " + orjson.dumps({"id": id, "model": "m", "choices": [choice], **more}) + b"\n\n"

    words = [event({"content": text}) for text in texts]
    return [event({"role": "assistant", "content": ""}), *words, event({}, finish)]


def adapter_of(dialect="openai"):
    return ADAPTERS[dialect].make(Provider(name=dialect, dialect=dialect))


def decoder(adapter, **facts):
    return adapter.decoder(asked(Call("chat", "m", {}, stream=True, **facts)), SENT)


def taught(**facts):
    """An adapter that has heard a stream, and the decoder of the next."""
    adapter = adapter_of()
    played(decoder(adapter), b"".join(stream("one", "Hello", " there")), USAGE + DONE)
    return decoder(adapter, **facts)


@pytest.mark.parametrize("cut", ["whole", "events", "bytes"])
def test_the_next_stream_is_known_by_the_bytes_of_the_last(cut):
    events = stream("two", "Good", " morning", "!")
    data = b"".join(events)
    pieces = {"whole": [data], "events": events, "bytes": [bytes([byte]) for byte in data]}[cut]
    known = taught()

    told = played(known, *pieces, USAGE, DONE)

    assert data == passed(told)
    assert ("stop", True, True) == (known.finish, known.started, known.finished)
    assert known.produced == len("Good morning!")


def test_what_is_ready_for_the_client_needs_no_events():
    events = stream("two", "Good", " morning", "!")
    known = taught()
    known.feed(events[0])

    assert events[1] == known.cruise(events[1])
    assert events[2] + events[3] == known.cruise(events[2] + events[3])
    assert known.started


def test_nothing_is_ready_before_there_is_a_shape_or_while_half_an_event_is_here():
    events = stream("two", "Good", " morning")
    known = taught()

    assert known.cruise(events[1]) is None
    known.feed(events[0] + events[1][:20])
    assert known.cruise(events[2]) is None


ODD = {
    "another head": stream("three", "x")[1],
    "a comment between": stream("two", "x")[1] + b": ping\n\n" + stream("two", "y")[1],
    "something behind": stream("two", "x", obfuscation="abc")[1],
    "a finish": stream("two", "x")[-1],
}


@pytest.mark.parametrize("data", ODD.values(), ids=ODD.keys())
def test_other_bytes_are_looked_into(data):
    known = taught()
    known.feed(stream("two", "x")[0])

    assert known.cruise(data) is None


def test_empty_content_is_no_content():
    known = taught()
    role, empty, *_ = stream("two", "")

    told = known.feed(role + empty)

    assert (role + empty, False, 0) == (passed(told), known.started, known.produced)


def test_empty_content_that_is_ready_for_the_client_is_no_content_either():
    known = taught()
    role, empty, *_ = stream("two", "")
    known.feed(role)

    assert (empty, False, 0) == (known.cruise(empty), known.started, known.produced)


def test_a_stream_may_go_on_otherwise_than_the_last():
    known = taught()
    role, *_ = stream("two")
    thought = role.replace(b'"role":"assistant","content":""', b'"reasoning_content":"hm"')

    assert role + thought == passed(known.feed(role + thought))


def test_a_second_role_is_not_taken_for_the_first():
    known = taught()
    role, word, finish = stream("two", "x")

    told = played(known, role + role + word + finish, DONE)

    roles = [one.body["choices"][0]["delta"].get("role") for one in told if isinstance(one, Chunk)]
    assert (role + word + finish, [None]) == (passed(told), roles)


HEADS = {
    "no JSON": lambda event: event.replace(b'"id":', b'"id"'),
    "an error": lambda event: event.replace(b'{"id":', b'{"error":{"message":"no"},"id":'),
}


@pytest.mark.parametrize("spoil", HEADS.values(), ids=HEADS.keys())
def test_a_known_ending_does_not_hide_what_stands_before_it(spoil):
    role, *_ = stream("two")

    with pytest.raises(UpstreamError):
        taught().feed(spoil(role))


def test_usage_beside_a_known_ending_is_seen():
    known = taught()
    role, *_ = stream("two")

    known.feed(role.replace(b'{"id":', b'{"usage":{"prompt_tokens":3,"completion_tokens":1},"id":'))

    assert 3 == known.usage.input


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_each_reason_to_finish_is_known_by_its_own_bytes(reason):
    adapter = adapter_of()
    for name in ("one", "two"):
        last = decoder(adapter)
        played(last, b"".join(stream(name, "Hello", finish=reason)), DONE)

    assert reason == last.finish


def test_only_a_few_endings_are_remembered():
    adapter = adapter_of()
    for number in range(30):
        last = decoder(adapter)
        data = b"".join(stream("x", "Hello", finish=f"reason {number}"))

        assert data == passed(played(last, data, DONE))
        assert f"reason {number}" == last.finish


def test_several_choices_are_always_looked_into():
    known = taught(choices=2)
    role, word, *_ = stream("two", "x")

    known.feed(role + word)

    assert known.cruise(word) is None


def test_heads_that_change_are_counted_instead():
    """OpenAI pads every event with something random, and there are those who number them."""

    def padded(id, pad):
        return stream(id, "Hello", obfuscation=pad)[1]

    adapter = adapter_of()
    known = decoder(adapter)
    known.feed(stream("a", obfuscation="q")[0] + padded("a", "xyz"))
    data = padded("b", "p") + padded("c", "pq")

    assert [Verbatim(data)] == known.feed(data)
    assert [Verbatim(data)] == known.feed(data)
    last = stream("c", obfuscation="q")[-1]
    assert [Verbatim(last)] == played(known, last)


def test_events_that_change_are_counted_within_their_first_read():
    padded = [stream("a", "Hello", obfuscation="x" * number)[1] for number in range(1, 5)]
    data = stream("a", obfuscation="y")[0] + b"".join(padded)
    known = decoder(adapter_of())

    assert data == passed(known.feed(data))
    assert known._ordinary is not None
    assert 4 * len("Hello") <= known.produced


def test_a_mixed_read_is_taken_apart():
    known = decoder(adapter_of())
    known.feed(stream("a")[0] + stream("a", "Hello", obfuscation="x")[1])
    data = stream("b", "Hello", obfuscation="xy")[1] + USAGE

    told = known.feed(data)

    assert (stream("b", "Hello", obfuscation="xy")[1], 3) == (passed(told), known.usage.input)
