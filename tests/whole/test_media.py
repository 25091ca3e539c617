"""Images behind URLs that the gateway fetches for a provider that can't."""

import asyncio
import base64

import orjson
import pytest

from adapters import ADAPTERS, family
from adapters.dialect import Dialect
from adapters.media import remote
from adapters.openai import OpenAI
from adapters.turns import turns
from core.target import Provider as Described
from gateway import generation
from tests.process.running import until
from tests.whole.provider import Provider, answer, fails, hangs, ok, sends, streams, words

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR rest"
CONFIG = """
media: {{allow_private: {private}, max: 1kB, timeout: 1s}}
providers:
  a: {{dialect: inlining, api_key: k, base_url: "{url}"}}
  b: {{dialect: inlining, api_key: k, base_url: "{url}"}}
  plain: {{dialect: openai, api_key: k, base_url: "{url}"}}
defaults: {{retry: {{backoff: 0, budget: 1, attempts: 2}}}}
routes:
  m: a/one
  both: [a/one, b/two]
  either: [a/one, plain/two]
"""


pytestmark = pytest.mark.plain


class Inlining(OpenAI):
    """OpenAI's dialect, but for URLs, which it can't fetch."""

    __slots__ = ()

    def fetches(self, ask):
        return tuple(remote(ask.call.body["messages"]))

    def encode(self, ask):
        blobs = [part.blob for turn in turns(ask.call.body, ask.media) for part in turn.parts if hasattr(part, "blob")]
        return super().encode(ask)._replace(body=orjson.dumps([blob and [blob.kind, blob.data] for blob in blobs]))


def make(provider: Described) -> Inlining:
    return Inlining(family.OPENAI, provider)


@pytest.fixture(autouse=True)
def inlining(monkeypatch):
    monkeypatch.setitem(ADAPTERS, "inlining", Dialect(make=make))
    monkeypatch.setitem(generation.DIALECTS, "inlining", generation.DialectFacts())


def pictures(*urls):
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "what?"}, *parts]},
    ]


def config(provider, private="true"):
    return CONFIG.format(url=provider.url, private=private)


def png(body=PNG):
    return Provider(says_png(body))


def says_png(body):
    return sends(answer(200, body, {"content-type": "image/png"}))


SENT = [["image/png", base64.b64encode(PNG).decode()]]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_gets_what_is_behind_the_url(start, stream):
    play = streams(words("a", "cat")) if stream else ok("acat")
    async with png() as site, Provider(play) as provider, start(config(provider)) as gateway:
        got = await gateway.chat(messages=pictures(f"{site.url}/cat.png"), stream=stream)

    assert got.status == 200
    assert provider.requests[0].body == SENT
    assert site.requests[0].path == "/v1/cat.png"
    assert "authorization" not in site.requests[0].headers


async def test_attempts_of_one_call_fetch_once_and_the_next_call_again(start):
    plays = [fails(500), fails(500), ok()]
    async with png() as site, Provider(*plays) as provider, start(config(provider)) as gateway:
        url = f"{site.url}/cat.png"

        first = await gateway.chat("both", messages=pictures(url, url))
        fetched = len(site.requests)
        await gateway.chat("both", messages=pictures(url))

    assert (first.status, fetched, len(site.requests)) == (200, 1, 2)
    assert [request.body for request in provider.requests] == [SENT * 2] * 3 + [SENT]


async def test_a_call_without_urls_fetches_nothing(start):
    async with png() as site, Provider(ok()) as provider, start(config(provider)) as gateway:
        data = f"data:image/png;base64,{SENT[0][1]}"

        got = await gateway.chat(messages=pictures(data))

    assert (got.status, provider.requests[0].body, site.requests) == (200, SENT, [])


@pytest.mark.parametrize("stream", [False, True])
async def test_what_can_not_be_fetched_is_the_clients_to_mend(start, stream):
    async with Provider(fails(404)) as site, Provider(ok()) as provider, start(config(provider)) as gateway:
        got = await gateway.chat("both", messages=pictures(f"{site.url}/cat.png"), stream=stream)

    error = got.body["error"]
    assert (got.status, error["code"], error["type"]) == (400, "invalid_image_url", "invalid_request_error")
    assert error["param"] == "messages.1.content.1.image_url.url"
    assert error["message"] == "The URL was answered with status 404."
    assert provider.requests == []
    assert len(site.requests) == 1


async def test_a_target_that_can_fetch_it_may_still_take_the_call(start):
    async with Provider(fails(404)) as site, Provider(ok()) as provider, start(config(provider)) as gateway:
        url = f"{site.url}/cat.png"

        got = await gateway.chat("either", messages=pictures(url))

    assert (got.status, got.headers["x-switchyard-target"]) == (200, "plain/two")
    assert url in provider.requests[0].raw.decode()


@pytest.mark.parametrize(
    ("play", "message"),
    [
        (says_png(PNG + b"x" * 1000), "The URL is too large: all that a call names may have 1000 bytes."),
        (says_png(b""), "The URL is empty."),
        (hangs(), "The URL could not be fetched within 1 s."),
    ],
    ids=["large", "empty", "slow"],
)
async def test_limits_are_those_of_the_configuration(start, play, message):
    async with Provider(play) as site, Provider(ok()) as provider, start(config(provider)) as gateway:
        got = await gateway.chat(messages=pictures(f"{site.url}/cat.png"))

    assert (got.status, got.body["error"]["message"]) == (400, message)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254"])
async def test_nothing_leads_inwards_by_default_and_nothing_is_told(start, host):
    async with png() as site, Provider(ok()) as provider, start(config(provider, private="false")) as gateway:
        got = await gateway.chat(messages=pictures(site.url.replace("127.0.0.1", host)))

    assert (got.status, got.body["error"]["code"]) == (400, "invalid_image_url")
    assert "refused" not in got.body["error"]["message"]
    assert host not in got.raw.decode()
    assert site.requests == []
    assert site.connections == 0


async def test_a_client_that_leaves_ends_the_fetch(start):
    async with Provider(hangs()) as site, Provider(ok()) as provider, start(config(provider)) as gateway:
        task = asyncio.ensure_future(gateway.chat(messages=pictures(f"{site.url}/cat.png")))
        await until(lambda: len(site.requests) == 1, 5)

        task.cancel()

        await asyncio.wait_for(site.requests[0].gone.wait(), 0.8)  # sooner than the time limit would
    assert provider.requests == []


async def test_a_fetch_that_fails_blames_no_target(start):
    async with Provider(fails(404)) as site, Provider(ok()) as provider, start(config(provider)) as gateway:
        for _ in range(6):
            await gateway.chat(messages=pictures(f"{site.url}/cat.png"))

        got = await gateway.chat()

    assert got.status == 200
