"""What every client may rely on, whoever answers: the corner cases of the whole gateway, in all dialects of their own.

The numbers are those of tests/adapters/NOT_APPLICABLE.md.
"""

import asyncio
import base64
import gzip
import struct
from collections import Counter

import openai
import orjson
import pytest

from tests.whole.provider import (
    DONE,
    ROLE,
    STOP,
    Provider,
    answer,
    chunked,
    completion,
    fails,
    hangs,
    ok,
    piece,
    says,
    sends,
    streams,
    usage_event,
    words,
)
from tests.whole.tongues import MODELS, TONGUES, TOOLS, answered, configured, heard, streamed

every_tongue = pytest.mark.parametrize("tongue", TONGUES)
CHAIN = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
defaults: {{retry: {{attempts: 1}}, timeouts: {{first_content: 2s, idle: 2s}}}}
routes: {{m: [a/one, b/two], alone: a/one, alias: a/real}}
"""
NOBODY = "http://127.0.0.1:9/v1"
VECTORS = {
    "cohere": {"id": "e", "embeddings": {"float": [[0.5, -1.0]]}, "meta": {"billed_units": {"input_tokens": 2}}},
    "google": {"embeddings": [{"values": [0.5, -1.0]}]},
    "ollama": {"model": "m", "embeddings": [[0.5, -1.0]], "prompt_eval_count": 2},
}


def chunks(events):
    return [one for one in events if one != "[DONE]"]


def deltas(events):
    return [choice["delta"] for one in chunks(events) for choice in one["choices"]]


def finishes(events):
    return [choice["finish_reason"] for one in chunks(events) for choice in one["choices"] if choice["finish_reason"]]


async def asked(start, tongue, play, **fields):
    async with Provider(play) as a, start(configured(tongue, a.url)) as gateway:
        return await gateway.chat("m", tools=TOOLS, **fields)


@every_tongue
async def test_core_58_who_asks_for_usage_gets_it_last_and_once(start, tongue):
    told = await asked(start, tongue, streamed(heard(tongue)), stream=True, stream_options={"include_usage": True})

    *before, last, done = told.events
    assert "[DONE]" == done
    assert [] == last["choices"]
    assert last["usage"]["total_tokens"] == last["usage"]["prompt_tokens"] + last["usage"]["completion_tokens"] > 0
    assert all(one["choices"] and one.get("usage") is None for one in before)


@every_tongue
async def test_core_58_who_does_not_ask_for_usage_sees_nothing_of_it(start, tongue):
    told = await asked(start, tongue, streamed(heard(tongue)), stream=True)

    assert "[DONE]" == told.events[-1]
    assert all(one["choices"] and not one.get("usage") for one in chunks(told.events))


@every_tongue
async def test_core_59_a_stream_is_what_official_clients_can_put_together(start, tongue):
    told = await asked(start, tongue, streamed(heard(tongue)), stream=True)

    said = deltas(told.events)
    calls = [call for delta in said for call in delta.get("tool_calls") or ()]
    opened = [call for call in calls if "id" in call]
    assert ["assistant"] == [delta["role"] for delta in said if "role" in delta]
    assert ["tool_calls"] == finishes(told.events)
    assert [0, 1] == [call["index"] for call in opened]
    assert 2 == len({call["id"] for call in opened})
    assert all("name" not in call["function"] for call in calls if "id" not in call)
    assert not [
        name for delta in said for name, value in delta.items() if isinstance(value, list) and _unnumbered(value)
    ]
    assert all(line.startswith((b"data: ", b": ")) for line in told.raw.split(b"\n\n") if line)
    assert told.raw.endswith(b"\n\n")


def _unnumbered(entries):
    return not all("index" in entry for entry in entries)


@every_tongue
async def test_core_59_the_official_client_adds_the_whole_gateways_stream_up(start, tongue):
    messages = [{"role": "user", "content": "hi"}]
    async with (
        Provider(streamed(heard(tongue))) as a,
        start(configured(tongue, a.url)) as gateway,
        openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="any", max_retries=0) as client,
        client.chat.completions.stream(model="m", messages=messages, tools=TOOLS) as stream,
    ):
        whole = await stream.get_final_completion()

    (choice,) = whole.choices
    assert ("assistant", "tool_calls", 2) == (
        choice.message.role,
        choice.finish_reason,
        len(choice.message.tool_calls),
    )
    assert all(isinstance(orjson.loads(call.function.arguments), dict) for call in choice.message.tool_calls)


@every_tongue
@pytest.mark.parametrize("stream", [False, True])
async def test_core_59_an_error_before_the_first_byte_is_a_status_with_json(start, tongue, stream):
    told = await asked(start, tongue, says(503, {"message": "busy"}), stream=stream)

    assert (503, "application/json") == (told.status, told.headers["content-type"])
    assert {"message", "type", "param", "code"} <= told.body["error"].keys()


@every_tongue
async def test_core_36_a_stream_that_is_cut_ends_in_an_error_event(start, tongue):
    told = await asked(start, tongue, streamed(heard(tongue), cut=True), stream=True)

    *before, last = told.events
    assert "upstream_error" == last["error"]["code"]
    assert [] == finishes(before)
    assert "[DONE]" not in before


async def test_core_61_a_second_finish_is_not_told(start):
    events = [ROLE, piece({"content": "hi"}), STOP, STOP, usage_event(), DONE]
    async with Provider(streams(events)) as a, start(CHAIN.format(a=a.url, b=NOBODY)) as gateway:
        told = await gateway.chat("alone", stream=True)

    assert (["stop"], "hi", "[DONE]") == (finishes(told.events), told.text, told.events[-1])


async def test_core_62_choices_that_interleave_stay_apart(start):
    def said(index, text, finish=None):
        choice = {"index": index, "delta": {"content": text} if text else {}, "finish_reason": finish}
        return b"data: " + orjson.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}) + b"\n\n"

    events = [said(0, "a"), said(1, "x"), said(0, "b"), said(1, "", "stop"), said(0, "c"), said(0, "", "stop"), DONE]
    async with Provider(streams(events)) as a, start(CHAIN.format(a=a.url, b=NOBODY)) as gateway:
        told = await gateway.chat("alone", stream=True, n=2)

    texts = Counter()
    for one in chunks(told.events):
        for choice in one["choices"]:
            texts[choice["index"], choice["delta"].get("content", "")] += 1
    assert {(0, "a"), (0, "b"), (0, "c"), (1, "x")} == {key for key in texts if key[1]}
    assert (["stop", "stop"], "[DONE]") == (finishes(told.events), told.events[-1])


@every_tongue
@pytest.mark.parametrize("stream", [False, True])
async def test_core_63_a_client_that_leaves_cancels_its_provider(start, tongue, stream):
    said = heard(tongue)
    play = hangs(said.head + b"".join(map(chunked, said.half))) if stream else hangs()
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
    async with Provider(play) as a, start(configured(tongue, a.url)) as gateway:
        asking = asyncio.create_task(gateway.request("POST", "/v1/chat/completions", body))
        async with asyncio.timeout(15):
            while not a.requests:
                await asyncio.sleep(0.005)
            asking.cancel()
            await a.requests[0].gone.wait()

        assert 1 == await gateway.metric("switchyard_client_gone_total")


@every_tongue
async def test_core_64_pieces_of_any_size_are_the_same_stream(start, tongue):
    said = heard(tongue)
    body = b"".join(said.events)
    tiny = said._replace(events=[body[at : at + 3] for at in range(0, len(body), 3)])

    same = {"x-request-id": "one"}  # ids that a provider doesn't give are made of it
    whole = await asked(start, tongue, streamed(said), stream=True, headers=same)
    cut = await asked(start, tongue, streamed(tiny), stream=True, headers=same)

    assert [deltas(whole.events), finishes(whole.events)] == [deltas(cut.events), finishes(cut.events)]


async def test_core_64_a_character_may_come_in_two_reads(start):
    body = b"".join(words("grün ", "€", " 😀"))
    at = [body.index("ü".encode()) + 1, body.index("€".encode()) + 2, body.index("😀".encode()) + 3]
    cuts = [body[start:end] for start, end in zip([0, *at], [*at, len(body)], strict=True)]
    async with Provider(streams(cuts, pace=0.02)) as a, start(CHAIN.format(a=a.url, b=NOBODY)) as gateway:
        told = await gateway.chat("alone", stream=True)

    assert "grün € 😀" == told.text


async def test_core_65_an_event_may_be_far_longer_than_a_read(start):
    long = "x" * 300_000
    async with Provider(streams(words(long))) as a, start(CHAIN.format(a=a.url, b=NOBODY)) as gateway:
        told = await gateway.chat("alone", stream=True)

    assert long == told.text


@pytest.mark.parametrize("stream", [False, True])
async def test_core_66_what_was_packed_without_being_asked_for_is_answered_elsewhere(start, stream):
    packed = gzip.compress(b"".join(words("hi")))
    kind = {"content-type": "text/event-stream", "content-encoding": "gzip"}
    other = streams(words("from b")) if stream else ok("from b")
    async with (
        Provider(sends(answer(200, packed, kind))) as a,
        Provider(other) as b,
        start(CHAIN.format(a=a.url, b=b.url)) as gateway,
    ):
        told = await gateway.chat(stream=stream, headers={"accept-encoding": "gzip, br"})
        alone = await gateway.chat("alone", stream=stream)

    assert (200, True, "b/two") == (told.status, b"from b" in told.raw, told.headers["x-switchyard-target"])
    assert (502, "upstream_error") == (alone.status, alone.body["error"]["code"])
    assert a.requests[0].headers.get("accept-encoding", "identity") == "identity"
    assert "content-encoding" not in told.headers


@pytest.mark.parametrize(("wait", "told"), [("300", "300"), ("7", "7"), ("0.2", "1")])
async def test_core_67_a_wait_is_told_in_whole_seconds(start, wait, told):
    async with (
        Provider(fails(429, "slow", {"retry-after": wait})) as a,
        start(CHAIN.format(a=a.url, b=NOBODY)) as gateway,
    ):
        refused = await gateway.chat("alone")

    assert (429, told, "false") == (
        refused.status,
        refused.headers["retry-after"],
        refused.headers["x-should-retry"],
    )


async def test_more_trap_a_date_to_wait_for_reaches_the_client_as_seconds(start):
    past = {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "Wed, 21 Oct 2015 07:27:30 GMT"}
    async with Provider(fails(429, "slow", past)) as a, start(CHAIN.format(a=a.url, b=NOBODY)) as gateway:
        refused = await gateway.chat("alone")

    assert (429, "30") == (refused.status, refused.headers["retry-after"])


async def test_more_trap_a_million_blanks_are_counted_without_a_tokenizer(start):
    blanks = [{"role": "user", "content": " " * 1_000_000}]
    answer = says(200, {**completion(), "usage": None})
    async with Provider(answer) as a, start(CHAIN.format(a=a.url, b=NOBODY)) as gateway:
        async with asyncio.timeout(10):
            told = await gateway.chat("alone", messages=blanks)
        estimated = await gateway.metric('switchyard_tokens_total{kind="input",target="a/one"}')

    assert 200 == told.status
    assert 240_000 < estimated < 260_000
    assert 1 == len(a.requests)


@every_tongue
async def test_core_68_the_model_is_the_one_that_answered_and_the_route_the_one_asked_for(start, tongue):
    whole = await asked(start, tongue, says(200, answered(tongue)))
    told = await asked(start, tongue, streamed(heard(tongue)), stream=True)

    served = "real-model" if tongue == "openai" else MODELS[tongue]
    assert (served, {served}) == (whole.body["model"], {one["model"] for one in chunks(told.events)})
    assert ["m"] * 2 == [one.headers["x-switchyard-route"] for one in (whole, told)]
    assert [f"a/{MODELS[tongue]}"] * 2 == [one.headers["x-switchyard-target"] for one in (whole, told)]


@every_tongue
async def test_core_69_all_chunks_have_one_id_and_one_time(start, tongue):
    told = await asked(start, tongue, streamed(heard(tongue)), stream=True, stream_options={"include_usage": True})

    assert 1 == len({(one["id"], one["created"]) for one in chunks(told.events)})


@pytest.mark.parametrize("tongue", VECTORS)
async def test_core_70_vectors_that_were_asked_for_in_base64_are_packed_here(start, tongue):
    async with Provider(says(200, VECTORS[tongue])) as a, start(configured(tongue, a.url)) as gateway:
        body = {"model": "m", "input": "a", "encoding_format": "base64"}
        told = await gateway.request("POST", "/v1/embeddings", body)

    (one,) = told.body["data"]
    assert (0.5, -1.0) == struct.unpack("<2f", base64.b64decode(one["embedding"]))


@every_tongue
async def test_headers_of_a_provider_stay_there(start, tongue):
    own = {"set-cookie": "a=b", "openai-organization": "org-secret", "x-request-id": "theirs", "anthropic-version": "1"}
    told = await asked(start, tongue, says(200, answered(tongue), own))

    assert 200 == told.status
    assert {"set-cookie", "openai-organization", "anthropic-version"}.isdisjoint(told.headers)
    assert "theirs" != told.headers["x-request-id"]
