"""One Switchyard behind another: official client -> Switchyard -> Switchyard -> provider."""

import asyncio
import contextlib

import pytest

from tests.clients.relayed import CHECKS, HI
from tests.whole.conftest import gateway
from tests.whole.provider import SSE, Provider, chunked, hangs, ok, piece

INNER = """
providers: {{deep: {{dialect: openai, api_key: sk-of-the-provider, base_url: "{provider}"}}}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{"gpt-*": "deep/gpt-*"}}
keys: {{outer: {{key: sk-of-the-outer-gateway}}}}
"""
OUTER = """
providers: {{inner: {{dialect: openai, api_key: sk-of-the-outer-gateway, base_url: "{inner}/v1"}}}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{m: inner/gpt-4o}}
"""


@pytest.fixture
def both(start, tmp_path):
    """The outer one, and the inner one behind it."""

    @contextlib.asynccontextmanager
    async def begin(provider):
        folder = tmp_path / "inner"
        folder.mkdir()
        with (folder / "log").open("ab") as log:
            async with (
                gateway(INNER.format(provider=provider.url), folder, log.fileno()) as inner,
                start(OUTER.format(inner=inner.url)) as outer,
            ):
                yield outer, inner

    return begin


@pytest.mark.parametrize("check", CHECKS)
async def test_a_gateway_behind_a_gateway_is_a_provider_as_good_as_any(both, asking, check):
    async with Provider(ok()) as provider, both(provider) as (outer, _), asking(outer) as client:
        await check(client, provider)

    assert ("Bearer sk-of-the-provider", "gpt-4o") == (
        provider.requests[0].headers["authorization"],
        provider.requests[0].body["model"],
    )


async def test_both_count_the_same_tokens(both):
    async with Provider(ok()) as provider, both(provider) as (outer, inner):
        await outer.chat()
        counted = [
            await one.metric(f'switchyard_tokens_total{{kind="output",target="{target}"}}')
            for one, target in ((outer, "inner/gpt-4o"), (inner, "deep/other"))
        ]

    assert [12, 12] == counted


async def test_who_leaves_the_outer_one_leaves_the_provider(both, asking):
    one = piece({"role": "assistant", "content": "one"})
    async with (
        Provider(hangs(SSE + chunked(one))) as provider,
        both(provider) as (outer, inner),
        asking(outer) as client,
    ):
        async with await client.chat.completions.create(model="m", messages=HI, stream=True) as stream:
            async for chunk in stream:
                assert "one" == chunk.choices[0].delta.content
                break
        async with asyncio.timeout(5):
            await provider.requests[0].gone.wait()
            while not all([await each.metric("switchyard_client_gone_total") for each in (outer, inner)]):
                await asyncio.sleep(0.01)
