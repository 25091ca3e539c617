"""Streams of Bedrock while they are told to a client."""

import orjson
import pytest
from asking import SENT
from bedrock_calls import CLAUDE, asked_of, bedrock
from converse import BEGIN, delta, end, start, stop

from core.faults import UpstreamError
from core.wire import Verbatim

WORDS = BEGIN + delta(text="Hello ") + delta(text="wörld 😀\n\n") + stop()
TEXT = WORDS + end()
THOUGHT = delta(0, reasoningContent={"text": "Hm, "}) + delta(0, reasoningContent={"text": "well."})
SIGNATURE = delta(0, reasoningContent={"signature": "c2ln"}) + stop(0)


def call(block, id, *fragments, name="weather"):
    begun = start(block, toolUse={"toolUseId": id, "name": name})
    return begun + b"".join(delta(block, toolUse={"input": one}) for one in fragments) + stop(block)


CALLS = (
    BEGIN
    + THOUGHT
    + SIGNATURE
    + delta(1, text="I'll look.")
    + stop(1)
    + call(2, "tooluse_1", "", '{"city"', ':"Oslo"}')
    + call(3, "tooluse_2", name="time")
    + end("tool_use", cacheReadInputTokens=5, cacheWriteInputTokens=2)
)


class Play:
    """A stream while it is told to a client that asked for usage."""

    def __init__(self, *pieces, request=SENT, target=CLAUDE, include_usage=True):
        ask = asked_of(target, stream=True, include_usage=include_usage)
        self.decoder = bedrock().decoder(ask, request)
        self.reads = [self.decoder.feed(piece) for piece in pieces]

    def close(self):
        self.reads.append(self.decoder.close())
        return self

    @property
    def events(self):
        return [event for read in self.reads for event in read]

    @property
    def told(self):
        """Everything that goes out, as bytes."""
        return b"".join(one.data if isinstance(one, Verbatim) else orjson.dumps(one.body) for one in self.events)

    @property
    def chunks(self):
        lines = b"".join(one.data for one in self.events if isinstance(one, Verbatim)).decode().split("\n\n")
        return [orjson.loads(line.removeprefix("data: ")) for line in lines if line]

    @property
    def deltas(self):
        return [chunk["choices"][0]["delta"] for chunk in self.chunks]

    @property
    def text(self):
        return "".join(one.get("content") or "" for one in self.deltas)

    @property
    def finish(self):
        return [reason for chunk in self.chunks if (reason := chunk["choices"][0]["finish_reason"])]


def played(*pieces, **facts):
    return Play(*pieces, **facts).close()


def failure(*pieces, **facts):
    with pytest.raises(UpstreamError) as caught:
        played(*pieces, **facts)
    return caught.value.failure


def arguments(play):
    """What was said of each call, put together as clients do."""
    calls = {}
    for one in (one for told in play.deltas for one in told.get("tool_calls", [])):
        said = calls.setdefault(one["index"], ["", "", ""])
        function = one["function"]
        for at, piece in enumerate((one.get("id"), function.get("name"), function.get("arguments"))):
            said[at] += piece or ""
    return calls
