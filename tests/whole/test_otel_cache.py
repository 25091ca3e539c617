"""What spans say of answers that were kept."""

import asyncio

import orjson
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry import collector
from tests.whole.provider import Provider, answer, completion, fails, says, streams, words
from tests.whole.test_otel import facts, spans

CONFIG = """
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  plain: p/one
  kept: {{chain: p/one, cache: {{ttl: {ttl}, stale: 1h}}}}
  alike: {{chain: p/one, cache: {{ttl: 1h, semantic: {{route: embed, mode: serve, threshold: 0.9}}}}}}
  embed: p/vectors
models: {{p/one: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}}}
defaults: {{retry: {{attempts: 1}}}}
telemetry: {{otel: {{endpoint: "{collector}", headers: {{authorization: "Bearer planted"}}, interval: 200ms}}}}
"""


@pytest.fixture
def seen(start, monkeypatch):
    """What the collector hears when *asked* has asked its questions: of the calls, and of their attempts."""
    monkeypatch.setattr(collector, "EVERY", 0.1)

    async def see(asked, *plays, count, ttl="1h"):
        async with Provider(*plays) as provider, Provider(says(200, {})) as receiver:
            config = CONFIG.format(url=provider.url, collector=receiver.url.removesuffix("/v1"), ttl=ttl)
            async with start(config) as gateway:
                gateway.receiver = receiver
                await asked(gateway)
                found = await spans(gateway, count)
        found = sorted(found, key=lambda span: span.start_time_unix_nano)
        calls = [facts(span.attributes) for span in found if span.kind == Span.SPAN_KIND_SERVER]
        return calls, [facts(span.attributes) for span in found if span.kind == Span.SPAN_KIND_CLIENT]

    return see


def of(name, calls):
    return [each.get(name) for each in calls]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hit_says_so_and_what_it_saved_and_has_no_attempt(seen, stream):
    async def asked(gateway):
        for model in ("plain", "kept", "kept"):
            await gateway.chat(model, stream=stream)

    play = streams(words("a")) if stream else says(200, completion("a"))
    calls, attempts = await seen(asked, play, count=5)

    assert [None, "miss", "hit"] == of("switchyard.cache", calls)
    saved = of("switchyard.saved_usd", calls)
    assert [None, None] == saved[:2]
    assert saved[2] > 0
    assert (["p/one"] * 3, [1, 1, 0]) == (of("switchyard.target", calls), of("switchyard.attempts", calls))
    assert 2 == len(attempts)


async def test_the_model_is_called_as_the_answer_calls_it(seen):
    async def asked(gateway):
        await gateway.chat("plain")

    calls, attempts = await seen(asked, says(200, completion(model="one-2026-11-26")), count=2)

    assert [("plain", "one-2026-11-26")] == [
        (each["gen_ai.request.model"], each["gen_ai.response.model"]) for each in calls
    ]
    assert [("one", "one-2026-11-26")] == [
        (each["gen_ai.request.model"], each["gen_ai.response.model"]) for each in attempts
    ]


async def test_an_old_answer_comes_after_attempts_that_failed(seen):
    async def asked(gateway):
        await gateway.chat("kept")
        await asyncio.sleep(0.1)
        await gateway.chat("kept")

    calls, attempts = await seen(asked, says(200, completion()), fails(500), count=4, ttl="50ms")

    assert ["miss", "stale"] == of("switchyard.cache", calls)
    assert [(False, True), (True, False)] == [
        ("error.type" in each, "gen_ai.response.model" in each) for each in attempts
    ]


async def test_the_answer_to_a_question_that_means_the_same_is_told_apart(seen):
    async def play(request, writer):
        if b'"input"' in request.raw:
            one = {"object": "embedding", "index": 0, "embedding": [1.0, 0.0]}
            body = {"object": "list", "data": [one], "model": "v", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        else:
            body = completion()
        writer.write(answer(200, orjson.dumps(body)))

    async def asked(gateway):
        for text in ("How do I reset my password?", "how can I reset my password"):
            await gateway.chat("alike", messages=[{"role": "user", "content": text}])
            await asyncio.sleep(0.2)

    calls, _ = await seen(asked, play, count=3)

    assert ["miss", "semantic"] == [one for one in of("switchyard.cache", calls) if one]
