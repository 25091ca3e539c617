"""Streams to decode, and how they are played."""

import orjson
from asking import SENT, asked

from adapters import ADAPTERS
from core.call import Call
from core.target import Provider
from core.wire import Verbatim

ROLE = b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
USAGE = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n'
FINISH = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"
FILTER = b'data: {"id":"","choices":[],"prompt_filter_results":[{}]}\n\n'


def chunk(delta, finish=None, index=0, **facts):
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return b"data: " + orjson.dumps({"id": "c", "choices": [choice], **facts}) + b"\n\n"


def text(words, **facts):
    return chunk({"content": words}, **facts)


HELLO, THERE, MORE = text("Hello"), text(' there "finish_reason":null \n\n ä€😀'), text("!")
BODY = ROLE + HELLO + THERE + MORE + FINISH
STREAM = FILTER + PING + BODY + USAGE + DONE


def decoder_of(dialect="openai", endpoint="chat", **facts):
    adapter = ADAPTERS[dialect].make(Provider(name=dialect, dialect=dialect))
    return adapter.decoder(asked(Call(endpoint, "m", {}, stream=True, **facts)), SENT)


def played(decoder, *pieces, close=True):
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + (decoder.close() if close else [])


def passed(events):
    return b"".join(event.data for event in events if isinstance(event, Verbatim))
