"""One whole conversation with Claude at Bedrock, held against files that people can read."""

from pathlib import Path

import orjson
import pytest
from bedrock_calls import CLAUDE, Recalled, asked_of, bedrock
from converse import accepted, event, parsed, read_by_botocore
from streams import played
from test_official_client import written

HOME = Path(__file__).parent / "golden" / "bedrock"


def golden(name):
    return orjson.loads((HOME / name).read_bytes())


def framed():
    """The provider's stream, which on file is a line for each event: its name, and what it says."""
    lines = (HOME / "provider_stream.jsonl").read_bytes().splitlines()
    return b"".join(event(name, **payload) for name, payload in map(orjson.loads, lines))


def asking(**facts):
    body = golden("client.json")
    assert "smart" == body.pop("model")  # which the route makes a target of
    return asked_of(CLAUDE, **body, memory=Recalled(golden("memory.json")), **facts)


@pytest.mark.covers("bedrock", "text", "image", "pdf", "tools", "tool loop", "stop", "reasoning")
def test_the_request_is_the_one_on_file():
    request = bedrock().encode(asking())

    assert golden("sent.json") == accepted(request, CLAUDE)
    assert ("temperature", "user") == request.dropped


@pytest.mark.covers("bedrock", "text", "tools", "parallel tools", "reasoning")
def test_the_answer_is_the_one_on_file():
    ask = asking()

    completion = bedrock().decode(parsed(golden("provider_answer.json")), ask, bedrock().encode(ask))

    assert golden("answer.json") == orjson.loads(completion.body)


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.covers("bedrock", "stream", "tools", "parallel tools", "reasoning")
def test_the_stream_is_the_one_on_file(size):
    ask = asking(stream=True, include_usage=True)
    theirs = framed()
    decoder = bedrock().decoder(ask, bedrock().encode(ask))

    events = played(decoder, *(theirs[at : at + size] for at in range(0, len(theirs), size)))

    assert (HOME / "stream.sse").read_bytes() == b"".join(written(events))
    assert len((HOME / "provider_stream.jsonl").read_bytes().splitlines()) == len(read_by_botocore(theirs))
