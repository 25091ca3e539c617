"""A client's trace goes through the gateway: into its log, and to the provider of each attempt."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.whole.provider import Provider, ok, says, streams, words

CONFIG = """
server: {{shortcut: {short}}}
telemetry: {{trace: {trace}}}
providers:
  a: {{dialect: openai, base_url: "{one}", api_key: k}}
  b: {{dialect: openai, base_url: "{two}", api_key: k}}
routes: {{m: [a/one, b/two]}}
defaults: {{retry: {{attempts: 1}}}}
"""
ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{ID}-b7ad6b7169203331-01"


@asynccontextmanager
async def served(start, play, *, short="true", trace="true"):
    """A gateway and its two providers; the first one answers by *play*."""
    async with (
        Provider(play) as one,
        Provider(ok()) as two,
        start(CONFIG.format(one=one.url, two=two.url, short=short, trace=trace)) as gateway,
    ):
        yield gateway, one, two


async def lines(path):
    """The log's lines about calls, once they are written."""
    await asyncio.sleep(0.3)
    found = [orjson.loads(line) for line in (path / "log").read_bytes().splitlines()]
    return [line for line in found if line["message"] == "call"]


def sent(provider):
    return [request.headers.get("traceparent", "") for request in provider.requests]


@pytest.mark.parametrize("short", ["true", "false"])
async def test_each_attempt_is_a_span_of_the_clients_trace(start, tmp_path, short):
    async with served(start, says(500, {}), short=short) as (gateway, one, two):
        await gateway.chat(headers={"traceparent": PARENT, "tracestate": "a=b,c=d"})
        (line,) = await lines(tmp_path)

    spans = [*sent(one), *sent(two)]
    assert [ID, ID] == [each.split("-")[1] for each in spans]
    assert 3 == len({PARENT.split("-")[2], *(each.split("-")[2] for each in spans)})
    assert {"a=b,c=d"} == {provider.requests[0].headers["tracestate"] for provider in (one, two)}
    assert ID == line["trace_id"]


async def test_a_connections_next_call_may_be_of_another_trace(start, tmp_path):
    async with served(start, ok()) as (gateway, one, _):
        for parent in (PARENT, PARENT, PARENT.replace(ID, ID[::-1]), "nonsense"):
            await gateway.chat(headers={"traceparent": parent})
        await gateway.chat()
        found = [line["trace_id"] for line in await lines(tmp_path)]

    assert [ID, ID, ID[::-1]] == found[:3]
    assert 2 == len({*found[3:]} - {ID, ID[::-1]})
    assert found == [each.split("-")[1] for each in sent(one)]


async def test_streams_have_a_trace_too(start, tmp_path):
    async with served(start, streams(words("a", "b"))) as (gateway, one, _):
        await gateway.chat(stream=True, headers={"traceparent": PARENT})

    assert [ID] == [each.split("-")[1] for each in sent(one)]


async def test_two_parents_are_none(start, tmp_path):
    async with served(start, ok()) as (gateway, one, _):
        body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})
        twice = f"traceparent: {PARENT}\r\ntraceparent: {PARENT}\r\n"
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {len(body)}\r\n"
        answer = await gateway.raw(f"{head}{twice}\r\n".encode() + body)

    assert answer.startswith(b"HTTP/1.1 200")
    assert [ID] != [each.split("-")[1] for each in sent(one)]


async def test_without_a_word_of_the_operators_nothing_is_taken_over(start, tmp_path):
    async with served(start, ok(), trace="false") as (gateway, one, _):
        await gateway.chat(headers={"traceparent": PARENT})
        (line,) = await lines(tmp_path)

    assert [""] == sent(one)
    assert "trace_id" not in line
