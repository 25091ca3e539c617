"""A gateway that keeps answers, before a provider that plays a script."""

import asyncio
from contextlib import asynccontextmanager

from tests.whole.provider import Provider, ok

ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CAROL = {"authorization": "Bearer the-key-of-carol"}
ADMIN = {"authorization": "Bearer the-operators"}
CONFIG = """
admin: {{key: the-operators}}
cache: {{max: {max}, largest: {largest}}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m: {{chain: p/real-model, cache: {{{cache}}}{more}}}
  other: {{chain: p/real-model, cache: 1h}}
  plain: p/real-model
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
teams: {{lab: {{}}}}
keys:
  alice: {{key: the-key-of-alice, team: lab{alice}}}
  bob: {{key: the-key-of-bob, team: lab{bob}}}
  carol: {{key: the-key-of-carol}}
"""


def settings(url, cache="ttl: 1h", more="", alice="", bob="", max="64MiB", largest="1MiB"):
    return CONFIG.format(url=url, cache=cache, more=more, alice=alice, bob=bob, max=max, largest=largest)


@asynccontextmanager
async def served(start, *plays, **written):
    async with Provider(*(plays or (ok(),))) as provider, start(settings(provider.url, **written)) as gateway:
        gateway.provider = provider
        yield gateway


def told(answer):
    return answer.headers.get("x-switchyard-cache")


async def rows(gateway, count):
    async with asyncio.timeout(15):
        while True:
            found = (await gateway.get("/api/v1/calls", **ADMIN)).body["data"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)
