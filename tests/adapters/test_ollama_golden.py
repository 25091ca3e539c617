"""One whole conversation with Ollama, held against files that people can read."""

from pathlib import Path

import orjson
import pytest
from asking import asked
from streams import played
from test_official_client import written

HOME = Path(__file__).parent / "golden" / "ollama"


@pytest.fixture
def asking(call):
    """The client's call; *facts* are those of Call."""

    def make(**facts):
        return asked(call(body=golden("client.json"), **facts), "ollama/qwen3:8b")

    return make


def golden(name):
    return orjson.loads((HOME / name).read_bytes())


@pytest.mark.covers("ollama", "text", "image", "tools", "tool loop", "stop", "reasoning")
def test_the_request_is_the_one_on_file(adapter, asking):
    request = adapter("ollama").encode(asking())

    assert golden("sent.json") == orjson.loads(request.body)
    assert ("user",) == request.dropped


@pytest.mark.covers("ollama", "text", "tools", "parallel tools", "reasoning")
def test_the_answer_is_the_one_on_file(adapter, asking):
    one, ask = adapter("ollama"), asking()

    completion = one.decode((HOME / "provider_answer.json").read_bytes(), ask, one.encode(ask))

    assert golden("answer.json") == orjson.loads(completion.body)


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.covers("ollama", "stream", "tools", "parallel tools", "reasoning")
def test_the_stream_is_the_one_on_file(adapter, asking, size):
    one, ask = adapter("ollama"), asking(stream=True, include_usage=True)
    theirs = (HOME / "provider_stream.ndjson").read_bytes()
    decoder = one.decoder(ask, one.encode(ask))

    events = played(decoder, *(theirs[at : at + size] for at in range(0, len(theirs), size)))

    assert (HOME / "stream.sse").read_bytes() == b"".join(written(events))
