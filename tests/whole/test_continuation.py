"""A stream that dies in the middle of its answer is gone on with elsewhere, or ends with an error: nothing between."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from routing.seam import mended
from tests.whole import authors
from tests.whole.authors import breaks_off, goes_on
from tests.whole.provider import Provider

CONFIG = """
log: {{level: info}}
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: {dialect}, api_key: k, base_url: "{b}"}}
  c: {{dialect: {dialect}, api_key: k, base_url: "{c}"}}
defaults:
  on_break: continue
  retry: {{attempts: 1}}
  breaker: {{failures: 1000, minimum: 100000}}
routes:
  m: [a/one, b/{model}, c/{model}]
  as-it-was: {{chain: [a/one, b/{model}], on_break: error}}
"""


def anywhere(rng, length):
    return rng.randrange(length)


class World:
    """Three providers and a gateway: the first breaks off, the others go on."""

    def __init__(self, start, first, second, third=None, *, dialect="openai", model="two", base=""):
        self._start = start
        self.providers = [Provider(first), Provider(second), Provider(third or second)]
        self._names = {"dialect": dialect, "model": model}
        self._base = base
        self._stack = AsyncExitStack()

    async def __aenter__(self):
        urls = [(await self._stack.enter_async_context(each)).url for each in self.providers]
        urls[1:] = [url.removesuffix("/v1") + (self._base or "/v1") for url in urls[1:]]
        config = CONFIG.format(**dict(zip("abc", urls, strict=True)), **self._names)
        self.gateway = await self._stack.enter_async_context(self._start(config))
        return self

    async def __aexit__(self, *trouble):
        await self._stack.aclose()

    async def tell(self, seed, model="m", **fields):
        return await self.gateway.chat(
            model, stream=True, **{"messages": [{"role": "user", "content": f"{seed}"}], **fields}
        )


def heard(answer):
    """The text of a stream, put together as clients do it."""
    return mended(
        "".join(choice["delta"].get("content") or "" for each in chunks(answer) for choice in each["choices"])
    )


def events(answer):
    """As `answer.events`, but half a character in one is no trouble."""
    lines = [line[6:] for line in answer.raw.decode().split("\n\n") if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def chunks(answer):
    return [event for event in events(answer) if event != "[DONE]" and "error" not in event]


def whole(answer):
    """Whether it ended as answers end; if not, it ended with an error."""
    finished = [choice for each in chunks(answer) for choice in each["choices"] if choice["finish_reason"]]
    last = events(answer)[-1]
    assert (last == "[DONE]") == (len(finished) == 1)
    assert last == "[DONE]" or "error" in last
    return last == "[DONE]"


def seams(answer):
    """Those that the last chunk names."""
    return [seam for each in chunks(answer) for seam in each.get("switchyard", {}).get("continued", [])]


WAYS = {
    "openai": ({}, {}),
    "vllm": ({"dialect": "vllm"}, {}),
    "mistral": ({"dialect": "mistral"}, {"echoes": True}),
    "anthropic": ({"dialect": "anthropic", "model": "claude-sonnet-4-5", "base": "/"}, {"told": authors.claude}),
    "claude, later": ({"dialect": "anthropic", "model": "claude-opus-5", "base": "/"}, {"told": authors.claude}),
    "talks": ({}, {"head": "Sure, I go on:\n\n"}),
}


@pytest.mark.parametrize("way", WAYS)
async def test_wherever_it_is_cut_the_client_reads_the_whole_text(start, way):
    facts, habits = WAYS[way]
    second = goes_on(often=3, **habits)
    third = goes_on(**habits)
    first = breaks_off(cut=anywhere, split=authors.halves if way in {"openai", "vllm"} else authors.pieces)
    seeds = range(1000, 1350)
    async with World(start, first, second, third, **facts) as world:
        answers = []
        for at in range(0, len(seeds), 16):
            answers += await asyncio.gather(*(world.tell(seed) for seed in seeds[at : at + 16]))

    ends = {}
    for seed, answer in zip(seeds, answers, strict=True):
        if whole(answer):
            ends[seed] = heard(answer)
        else:
            assert authors.text(seed).startswith(heard(answer).rstrip("\ud83d"))
    assert ends == {seed: authors.text(seed) for seed in ends}
    assert len(ends) > (0.75 if way == "talks" else 0.97) * len(seeds)
    assert len([one for one in answers if seams(one)]) > 0.5 * len(seeds)
