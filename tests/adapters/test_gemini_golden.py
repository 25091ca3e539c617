"""One whole conversation with Gemini, held against files that people can read, and read by the official client."""

from pathlib import Path

import orjson
import pytest
from asking import asked
from gemini_calls import FLAGS, answer, ask_of, candidate, counts, function, gemini, sse
from test_official_client import client_of, written

from core.ask import Abilities
from core.call import Call

HOME = Path(__file__).parent / "golden" / "google"
STREAM = (HOME / "provider_stream.sse").read_bytes()
USER = [{"role": "user", "content": "hi"}]


def golden(name):
    return orjson.loads((HOME / name).read_bytes())


def asking(*, stream=False):
    call = Call("chat", "smart", golden("client.json"), stream=stream, include_usage=stream)
    return asked(call, "google/gemini-3.8-flash", model=Abilities(flags=FLAGS["gemini-3.8-flash"]))


def retold(ask, data, size):
    """A stream of the provider's as the client gets it, fed in pieces of *size* bytes."""
    one = gemini()
    decoder = one.decoder(ask, one.encode(ask))
    events = [event for at in range(0, len(data), size) for event in decoder.feed(data[at : at + size])]
    return b"".join(written(events + decoder.close()))


@pytest.mark.covers("google", "text", "image", "tools", "tool loop", "parallel tools", "reasoning", "stop")
def test_the_request_is_the_one_on_file():
    request = gemini().encode(asking())

    assert golden("sent.json") == orjson.loads(request.body)
    assert ("temperature", "user") == request.dropped


@pytest.mark.covers("google", "text", "tools", "parallel tools", "reasoning")
def test_the_answer_is_the_one_on_file():
    one, ask = gemini(), asking()

    completion = one.decode((HOME / "provider_answer.json").read_bytes(), ask, one.encode(ask))

    assert golden("answer.json") == orjson.loads(completion.body)


@pytest.mark.covers("google", "stream", "tools", "parallel tools", "reasoning")
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_the_stream_is_the_one_on_file(size):
    assert (HOME / "stream.sse").read_bytes() == retold(asking(stream=True), STREAM, size)


def test_what_was_answered_can_be_said_again():
    ask = asking()
    told = golden("answer.json")["choices"][0]["message"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in told["tool_calls"]]
    body = {**ask.call.body, "messages": [*ask.call.body["messages"], told, *results]}

    contents = orjson.loads(gemini().encode(ask._replace(call=ask.call._replace(body=body))).body)["contents"]

    theirs = golden("provider_answer.json")["candidates"][0]["content"]["parts"]
    assert theirs[1:3] == contents[-2]["parts"][:2]
    assert theirs[3]["functionCall"].items() <= contents[-2]["parts"][2]["functionCall"].items()


EVENTS = [
    answer(candidate({"text": "hm", "thought": True}, reason=None)),
    answer(candidate("Hel", reason=None)),
    answer(candidate("lo", reason=None)),
    answer(candidate(function("f", {"a": 1}, thoughtSignature="S"), reason=None)),
    answer(candidate(function("f", {"a": 2}, thoughtSignature="T"), reason=None)),
    answer(candidate({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, reason=None)),
    answer(candidate({"text": "", "thoughtSignature": "U"}), usageMetadata=counts(3, 4)),
]


@pytest.mark.covers("google", "stream", "tools", "parallel tools")
@pytest.mark.parametrize("size", [1, 60, 100_000])
def test_core_59_the_official_clients_accumulator_reads_it(size):
    body = retold(ask_of(stream=True, usage=True), sse(*EVENTS), size)

    with (
        client_of(body) as client,
        client.chat.completions.stream(model="m", messages=USER, stream_options={"include_usage": True}) as stream,
    ):
        completion = stream.get_final_completion()

    choice = completion.choices[0]
    calls = choice.message.tool_calls
    assert ("Hello", "tool_calls", 7) == (choice.message.content, choice.finish_reason, completion.usage.total_tokens)
    assert ("assistant", "hm") == (choice.message.role, choice.message.reasoning_content)
    assert [("f", '{"a":1}'), ("f", '{"a":2}')] == [(one.function.name, one.function.arguments) for one in calls]
    assert 2 == len({one.id for one in calls})
    assert {"google": {"thought_signature": "S"}} == calls[0].extra_content


def test_core_59_the_official_client_reads_it_piece_by_piece():
    body = retold(ask_of(stream=True, usage=True), sse(*EVENTS), 60)

    with client_of(body) as client:
        chunks = list(client.chat.completions.create(model="m", messages=USER, stream=True))

    assert 1 == len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason])
    assert "Hello" == "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert [] == chunks[-1].choices


def test_the_official_client_reads_whole_answers():
    import httpx
    import openai

    body = (HOME / "answer.json").read_bytes()
    wire = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"content-type": "application/json"}, content=body)
    )

    with openai.OpenAI(api_key="x", base_url="http://127.0.0.1/v1", http_client=httpx.Client(transport=wire)) as client:
        completion = client.chat.completions.create(model="m", messages=USER)

    calls = completion.choices[0].message.tool_calls
    assert ["function", "custom"] == [one.type for one in calls]
    assert "Bonn next" == calls[1].custom.input
