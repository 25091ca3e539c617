"""One whole conversation through the Responses API, held against files that people can read."""

from pathlib import Path

import orjson
import pytest
from asking import asked
from responding import abilities, openai
from test_official_client import written

from core.call import Call

HOME = Path(__file__).parent / "golden" / "responses"
DROPPED = ("seed", "stop", "temperature")


def golden(name):
    return orjson.loads((HOME / name).read_bytes())


def asking(*, stream=False):
    call = Call("chat", "smart", golden("client.json"), stream=stream, include_usage=stream)
    return asked(call, "openai/gpt-5.6-terra", model=abilities("gpt-5.6-terra"))


@pytest.mark.covers("openai", "text", "image", "pdf", "tools", "tool loop", "json_schema", "reasoning")
def test_the_request_is_the_one_on_file():
    request = openai().encode(asking())

    assert ("/responses", DROPPED) == (request.path, request.dropped)
    assert golden("sent.json") == orjson.loads(request.body)


@pytest.mark.covers("openai", "text", "tools", "parallel tools", "reasoning")
def test_the_answer_is_the_one_on_file():
    adapter, ask = openai(), asking()

    completion = adapter.decode((HOME / "provider_answer.json").read_bytes(), ask, adapter.encode(ask))

    assert golden("answer.json") == orjson.loads(completion.body)


@pytest.mark.covers("openai", "stream", "tools", "parallel tools", "reasoning")
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_stream_is_the_one_on_file(size):
    adapter, ask = openai(), asking(stream=True)
    data = (HOME / "provider_stream.sse").read_bytes()
    decoder = adapter.decoder(ask, adapter.encode(ask))

    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]

    assert (HOME / "stream.sse").read_bytes() == b"".join(written(events + decoder.close()))


def test_what_was_answered_can_be_said_again():
    ask = asking()
    told = golden("answer.json")["choices"][0]["message"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in told["tool_calls"]]
    body = {**ask.call.body, "messages": [*ask.call.body["messages"], told, *results]}

    items = orjson.loads(openai().encode(ask._replace(call=ask.call._replace(body=body))).body)["input"]

    theirs = golden("provider_answer.json")["output"]
    assert theirs[0]["encrypted_content"] == items[-6]["encrypted_content"]
    assert [one["call_id"] for one in theirs[2:]] == [one["call_id"] for one in items[-4:-2]]
