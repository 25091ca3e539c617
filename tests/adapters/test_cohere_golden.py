"""One whole conversation with Cohere, held against files that people can read."""

from pathlib import Path

import orjson
import pytest
from asking import asked
from streams import played
from test_official_client import written

HOME = Path(__file__).parent / "golden" / "cohere"


@pytest.fixture
def asking(call):
    """The client's call; *facts* are those of Call."""

    def make(**facts):
        return asked(call(body=golden("client.json"), **facts), "cohere/command-a-plus-05-2026")

    return make


def golden(name):
    return orjson.loads((HOME / name).read_bytes())


@pytest.mark.covers("cohere", "text", "image", "tools", "tool loop", "stop", "reasoning")
def test_the_request_is_the_one_on_file(adapter, asking):
    request = adapter("cohere").encode(asking())

    assert golden("sent.json") == orjson.loads(request.body)
    assert ("temperature=1", "top_p=0.99", "user") == request.dropped


@pytest.mark.covers("cohere", "text", "tools", "parallel tools", "reasoning")
def test_the_answer_is_the_one_on_file(adapter, asking):
    one, ask = adapter("cohere"), asking()

    completion = one.decode((HOME / "provider_answer.json").read_bytes(), ask, one.encode(ask))

    assert golden("answer.json") == orjson.loads(completion.body)


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.covers("cohere", "stream", "tools", "parallel tools", "reasoning")
def test_the_stream_is_the_one_on_file(adapter, asking, size):
    one, ask = adapter("cohere"), asking(stream=True, include_usage=True)
    theirs = (HOME / "provider_stream.sse").read_bytes()
    decoder = one.decoder(ask, one.encode(ask))

    events = played(decoder, *(theirs[at : at + size] for at in range(0, len(theirs), size)))

    assert (HOME / "stream.sse").read_bytes() == b"".join(written(events))
