"""Prompts of hundreds of kilobytes: what memory they take while their answers come, and what must be known of them."""

import asyncio

import pytest

from tests.process.running import holds, running
from tests.whole.hedged import logged
from tests.whole.provider import Provider, fails, hangs, ok, streams, words
from tests.whole.test_slow_readers import resident

KIB = 1024
CONFIG = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
models: {{a/one: {{price: {{input: 1, output: 1000}}, context: 1000000, max_output: 1000}}}}
routes:
  m: {{chain: [a/one, b/two], retry: {{attempts: 1}}}}
  alone: {{chain: [a/one], retry: {{attempts: 1}}, timeouts: {{attempt: 300ms}}}}
"""


def config(a: Provider, b: Provider | None = None) -> str:
    return CONFIG.format(a=a.url, b=(b or a).url)


def asking(size: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": "All work and no play. " * (size // 22)}]


@pytest.mark.parametrize("size", [150 * KIB, 600 * KIB])  # read by our own door and by aiohttp's
async def test_a_stream_keeps_its_prompt_once(tmp_path, size):
    many, gate = 60, asyncio.Event()
    async with (
        Provider(ok(), holds(gate)) as provider,
        running(tmp_path / "run", f"server: {{port: 0}}\n{config(provider)}") as gateway,
    ):
        await gateway.chat()
        before = resident(gateway.pid)
        streams = [await gateway.stream(messages=asking(size)) for _ in range(many)]
        grown = resident(gateway.pid) - before
        gate.set()
        answers = [await stream.rest() for stream in streams]

    assert {"one two"} == {answer.text for answer in answers}
    assert grown / many < 1.8 * size


@pytest.mark.parametrize("size", [10 * KIB, 100 * KIB, 600 * KIB])
@pytest.mark.parametrize("stream", [False, True])
async def test_the_next_target_gets_all_of_it_again(start, size, stream):
    good = streams(words("good")) if stream else ok("good")
    async with Provider(fails(503)) as a, Provider(good) as b, start(config(a, b)) as gateway:
        answer = await gateway.chat(messages=asking(size), stream=stream)

        assert "good" == (answer.text if stream else answer.body["choices"][0]["message"]["content"])
        assert asking(size) == a.requests[0].body["messages"] == b.requests[0].body["messages"]


@pytest.mark.parametrize("size", [1 * KIB, 100 * KIB])
async def test_a_whole_answer_that_never_came_is_billed_at_its_bound(start, tmp_path, size):
    async with Provider(hangs()) as provider, start(config(provider)) as gateway:
        assert 504 == (await gateway.chat("alone", messages=asking(size), max_tokens=100)).status

        (line,) = await logged(tmp_path)
        assert line["estimated"]
        assert line["usage"]["output"] >= 100
        assert line["cost_usd"] >= 0.1 + line["usage"]["input"] / 1e6
