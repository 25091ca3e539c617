"""Streams that are told without being parsed, beside the same streams in a spelling that has to be parsed.

What clients get, what is counted and what is remembered must be the same, however the bytes are cut.
"""

import json
from itertools import count

import orjson
import pytest
from asking import SENT, asked
from converse import message as framed
from converse import text_header
from responding import decoding

from adapters import ADAPTERS
from core.call import Call
from core.faults import Fault, UpstreamError
from core.target import Provider
from core.wire import Report

TEXTS = [
    "Once", " upon", ' a "time"', "\n\n\t\\n", "Grüße €😀", "", "<b>", "\u2028\x7f", "\x01", "中文", " the", " end"
]  # fmt: skip
FRAGMENTS = ['{"q', 'uery"', ': "ä\\n', '"}']


def tight(value):
    return orjson.dumps(value)


def loose(value):
    """JSON that no provider writes so, and that therefore is parsed."""
    return json.dumps(value, ensure_ascii=False, separators=(" , ", " : ")).encode()


def named(event, write, *, blanks=""):
    data = write(event)[:-1] + blanks.encode() + b"}"
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), data)


def anthropic(write):
    def delta(index, kind, name, text):
        event = {"type": "content_block_delta", "index": index, "delta": {"type": kind, name: text}}
        return named(event, write, blanks=" " * (len(text) % 5))

    def block(index, begun, kind, name, texts):
        start = {"type": "content_block_start", "index": index, "content_block": begun}
        stop = {"type": "content_block_stop", "index": index}
        return [named(start, write), *(delta(index, kind, name, text) for text in texts), named(stop, write)]

    thinking = {"type": "thinking", "thinking": "", "signature": ""}
    tool = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    signature = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "signature_delta", "signature": "c2ln"},
    }
    usage = {"input_tokens": 9, "output_tokens": 1}
    thought = block(0, thinking, "thinking_delta", "thinking", TEXTS)
    return [
        named({"type": "message_start", "message": {"id": "msg", "model": "m", "usage": usage}}, write),
        *thought[:-1],
        named(signature, write),
        thought[-1],
        *block(1, {"type": "text", "text": ""}, "text_delta", "text", TEXTS),
        named({"type": "ping"}, write),
        *block(2, tool, "input_json_delta", "partial_json", ["", *FRAGMENTS]),
        named({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 40}}, write),
        named({"type": "message_stop"}, write),
    ]


def ollama(write):
    def line(done=False, **says):
        second = next(seconds)
        head = {"model": "m", "created_at": f"2026-01-01T00:00:00.{second}Z"}
        return write({**head, "message": {"role": "assistant", "content": "", **says}, "done": done}) + b"\n"

    seconds = count()
    thoughts = [line(thinking=text) for text in TEXTS]
    return [*thoughts, *(line(content=text) for text in TEXTS), line(True)]


def generated(write):
    def line(text, done=False):
        return write({"model": "m", "created_at": "2026-01-01T00:00:00Z", "response": text, "done": done}) + b"\n"

    return [*map(line, TEXTS), line("", True)]


def cohere(write):
    def delta(text, name="text", index=0):
        message = {"content": {name: text}}
        return named({"type": "content-delta", "index": index, "delta": {"message": message}}, write)

    end = {"finish_reason": "COMPLETE", "usage": {"tokens": {"input_tokens": 1, "output_tokens": 2}}}
    return [
        named({"type": "message-start", "id": "c1"}, write),
        *(delta(text, "thinking") for text in TEXTS),
        *(delta(text, index=1) for text in TEXTS),
        named({"type": "content-end", "index": 1}, write),
        *(delta(text, index=2) for text in TEXTS),
        named({"type": "message-end", "delta": end}, write),
    ]


def bedrock(write):
    def event(kind, **payload):
        headers = text_header(":event-type", kind) + text_header(":content-type", "application/json")
        padding = "abcdefghijklmnopqrstuvwxyz"[: next(lengths) % 27]
        return framed(headers + text_header(":message-type", "event"), write({**payload, "p": padding}))

    def delta(index, **delta):
        return event("contentBlockDelta", contentBlockIndex=index, delta=delta)

    lengths = count()
    use = {"toolUse": {"toolUseId": "t1", "name": "f"}}
    return [
        event("messageStart", role="assistant"),
        delta(0, reasoningContent={"signature": "c2"}),
        *(delta(0, reasoningContent={"text": text}) for text in TEXTS),
        delta(0, reasoningContent={"signature": "ln"}),
        event("contentBlockStop", contentBlockIndex=0),
        *(delta(1, text=text) for text in TEXTS),
        event("contentBlockStop", contentBlockIndex=1),
        event("contentBlockStart", contentBlockIndex=2, start=use),
        *(delta(2, toolUse={"input": text}) for text in ["", *FRAGMENTS]),
        event("contentBlockStop", contentBlockIndex=2),
        event("messageStop", stopReason="tool_use"),
        event("metadata", usage={"inputTokens": 3, "outputTokens": 9, "totalTokens": 12}),
    ]


def responses(write, *, by_name=True):
    numbers = count()

    def event(kind, **members):
        members |= {"sequence_number": next(numbers)}
        order = sorted(members) if by_name else sorted(members, key=OLDER.index)
        return named({"type": f"response.{kind}", **{name: members[name] for name in order}}, write)

    def hidden(item, place, text):
        return {"item_id": item, "output_index": place, "delta": text, "obfuscation": "x" * (len(text) % 7)}

    reasoning = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "c2VjcmV0"}
    call = {"type": "function_call", "id": "fc", "call_id": "call_1", "name": "f", "arguments": "{}"}
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    whole = {"id": "resp", "model": "m", "status": "completed", "output": [], "usage": usage}
    return [
        event("created", response={"id": "resp", "model": "m"}),
        *(
            one
            for part in range(2)
            for one in (
                *(event("reasoning_summary_text.delta", **hidden("rs", 0, text), summary_index=part) for text in TEXTS),
                event("reasoning_summary_part.done", output_index=0),
            )
        ),
        event("output_item.done", output_index=0, item=reasoning),
        *(
            event("output_text.delta", **hidden("msg", 1, text), content_index=0, logprobs=[])
            for text in [*TEXTS, *TEXTS]
        ),
        event("output_item.added", output_index=2, item={**call, "arguments": ""}),
        *(event("function_call_arguments.delta", **hidden("fc", 2, text)) for text in FRAGMENTS),
        event("output_item.done", output_index=2, item=call),
        event("completed", response=whole),
    ]


def google(write, *, vertex=False, compact=False):
    """*vertex* has the members in another order, and *compact* no blanks and no CR."""

    def event(*parts, **more):
        tokens = next(numbers)
        order = ("role", "parts") if vertex else ("parts", "role")
        content = {"role": "model", "parts": list(parts)}
        candidate = {"content": {name: content[name] for name in order}, **more, **({} if vertex else {"index": 0})}
        kinds = [{"modality": "TEXT", "tokenCount": 9}, {"modality": "AUDIO", "tokenCount": 2}]
        counts = {"promptTokenCount": 11, "candidatesTokenCount": tokens, "promptTokensDetails": kinds}
        if vertex:
            counts |= {"trafficType": "ON_DEMAND"}
        usage = {"usageMetadata": counts} if tokens % 5 else {}
        head = {"candidates": [candidate], **usage, "modelVersion": "m"}
        time = {"createTime": "2026-05-28T09:40:03.380865Z"} if vertex else {}
        whole = {**head, **time, "responseId": "mQsfZ8qjJ4Sn1MkP"}
        if write is loose or compact:
            return b"data: " + write(whole) + b"\n\n"
        return b"data: " + json.dumps(whole, ensure_ascii=False, separators=(",", ": ")).encode() + b"\r\n\r\n"

    numbers = count()
    sources = {
        "groundingChunks": [{"web": {"uri": "https://e.org", "title": "e"}}],
        "groundingSupports": [
            {"segment": {"startIndex": 5, "endIndex": 40, "text": "x"}, "groundingChunkIndices": [0]}
        ],
        "webSearchQueries": ["time"],
    }
    return [
        *(event({"text": text, "thought": True}) for text in TEXTS),
        *(event({"text": text}) for text in TEXTS),
        event({"functionCall": {"id": "1", "name": "f", "args": {}}}),
        *(event({"text": text}) for text in TEXTS),
        event({"text": "", "thoughtSignature": "c2ln"}, finishReason="STOP", groundingMetadata=sources),
    ]


def vertex(write):
    return google(write, vertex=True)


def compact(write):
    return google(write, compact=True)


OLDER = [
    "sequence_number", "item_id", "output_index", "content_index", "summary_index", "delta", "logprobs", "obfuscation",
    "item", "response",
]  # fmt: skip


def older(write):
    return responses(write, by_name=False)


STREAMS = {
    "anthropic": anthropic,
    "ollama": ollama,
    "generated": generated,
    "cohere": cohere,
    "bedrock": bedrock,
    "responses": responses,
    "older": older,
    "google": google,
    "vertex": vertex,
    "compact": compact,
}
SPOKEN = {"generated": "ollama", "vertex": "google", "compact": "google"}
each = pytest.mark.parametrize("dialect", STREAMS)


def decoder_of(dialect):
    if dialect in {"responses", "older"}:
        return decoding({"stream": True, "stream_options": {"include_usage": True}})
    spoken = SPOKEN.get(dialect, dialect)
    endpoint = "completions" if dialect == "generated" else "chat"
    call = Call(endpoint, "m", {"messages": [], "web_search_options": {}}, stream=True, include_usage=True)
    return ADAPTERS[spoken].make(Provider(name="p", dialect=spoken)).decoder(asked(call), SENT)


def heard(dialect, pieces):
    """Everything that comes of a stream that is read in *pieces*, as the gateway reads it."""
    decoder = decoder_of(dialect)
    data, reports = [], []

    def tell(events):
        data.extend(event.data for event in events if not isinstance(event, Report))
        reports.extend(event.body for event in events if isinstance(event, Report))

    for piece in pieces:
        passed = decoder.cruise(piece) if decoder.started else None
        tell(decoder.feed(piece) if passed is None else [])
        data.append(passed or b"")
    tell(decoder.close())
    return b"".join(data), reports, decoder.produced, decoder.usage, decoder.finish, decoder.remember


@each
def test_a_stream_is_the_same_whether_it_is_parsed_or_not(dialect):
    expected = heard(dialect, STREAMS[dialect](loose))

    assert expected == heard(dialect, STREAMS[dialect](tight))
    assert expected == heard(dialect, [b"".join(STREAMS[dialect](tight))])


@each
def test_it_is_the_same_however_it_is_cut(dialect):
    events = STREAMS[dialect](tight)
    whole = b"".join(events)
    expected = heard(dialect, events)

    assert expected == heard(dialect, [whole[at : at + 1] for at in range(len(whole))])
    assert expected == heard(dialect, [whole[at : at + 333] for at in range(0, len(whole), 333)])
    for at in range(0, len(whole), 3):
        assert expected == heard(dialect, [whole[:at], whole[at:]]), at


@each
def test_most_events_are_not_parsed(dialect):
    decoder, passed = decoder_of(dialect), 0
    for event in STREAMS[dialect](tight):
        if decoder.cruise(event) is None:
            decoder.feed(event)
        else:
            passed += 1

    assert passed >= 0.4 * len(STREAMS[dialect](tight))


@each
def test_an_event_that_is_none_breaks_the_stream_after_what_was_good(dialect):
    events = STREAMS[dialect](tight)
    last = max(at for at, event in enumerate(events) if b" end" in event)
    broken = events[last].replace(b" end", b"\xff end")
    if dialect == "bedrock":
        broken = events[last][:-1] + b"?"
    decoder, other = decoder_of(dialect), decoder_of(dialect)

    told = b"".join(event.data for event in decoder.feed(b"".join([*events[:last], broken])))

    assert told == b"".join(event.data for one in events[:last] for event in other.feed(one))
    assert Fault.BROKEN is decoder.broken.fault
    assert None is decoder.cruise(events[last])
    with pytest.raises(UpstreamError):
        decoder.feed(events[last])


@each
def test_half_an_event_is_waited_for(dialect):
    events = STREAMS[dialect](tight)
    last = max(at for at, event in enumerate(events) if b" the" in event)
    decoder = decoder_of(dialect)
    decoder.feed(b"".join(events[:last]))
    more = events[last + 1]

    assert None is decoder.cruise(events[last][:-9])
    assert [] == decoder.feed(events[last][:-9])
    assert None is decoder.cruise(more)
    (told,) = decoder.feed(events[last][-9:])
    assert b" the" in told.data
    assert b" end" in decoder.cruise(more)


@pytest.mark.parametrize("dialect", ["anthropic", "google", "vertex", "compact"])
def test_what_is_known_of_the_usage_meanwhile_is_the_same(dialect):
    parsed, passed = decoder_of(dialect), decoder_of(dialect)

    for slow, fast in zip(STREAMS[dialect](loose), STREAMS[dialect](tight), strict=True):
        parsed.feed(slow)
        if passed.cruise(fast) is None:
            passed.feed(fast)
        assert parsed.usage == passed.usage
        assert parsed.produced == passed.produced


@each
def test_what_is_not_whole_yet_is_counted_until_it_is(dialect):
    told, first = decoder_of(dialect), STREAMS[dialect](tight)[0]

    told.feed(first[:-5])
    before = told.waiting
    told.feed(first[-5:])

    assert (len(first) - 5, 0) == (before, told.waiting)
