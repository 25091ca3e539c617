"""Who may call, and how much at a time."""

import asyncio
from hashlib import sha256

import pytest

from tests.process.running import until
from tests.whole.conftest import Answer, Gateway
from tests.whole.provider import ROLE, SSE, Play, Provider, Request, chunked, fails, hangs, ok, piece, streams, words

CONFIG = """
providers:
  a: {{dialect: openai, api_key: sk-a, base_url: "{url}"}}
  c: {{dialect: openai, api_key: sk-c, base_url: "{url}"}}
routes:
  m: a/one
  n: a/two
  "fam-*": a/family-*
keys:
  all: {{key: key-of-all}}
  some: {{key: key-of-some, models: [m, "fam-*"]}}
  direct: {{key: key-of-direct, models: ["a/*"]}}
  hashed: {{sha256: {digest}}}
  off: {{key: key-of-off, disabled: true}}
  old: {{key: key-of-old, expires: 2020-01-01}}
  new: {{key: key-of-new, expires: 2999-01-01}}
"""


def config(provider: Provider) -> str:
    return CONFIG.format(url=provider.url, digest=sha256(b"key-of-hashed").hexdigest())


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer key-of-{name}"}


@pytest.mark.parametrize("name", ["all", "some", "hashed", "new"])
async def test_a_key_opens(start, name):
    async with Provider(ok()) as provider, start(config(provider)) as gateway:
        answer = await gateway.chat(headers=bearer(name))
        counted = await gateway.metric(f'switchyard_key_calls_total{{key="{name}"}}')

    assert (200, 1) == (answer.status, counted)
    assert "Bearer sk-a" == provider.requests[0].headers["authorization"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
async def test_the_scheme_may_be_written_in_any_case(start, scheme):
    async with Provider(ok()) as provider, start(config(provider)) as gateway:
        answer = await gateway.chat(headers={"authorization": f"{scheme} key-of-all"})

    assert 200 == answer.status


@pytest.mark.parametrize(
    ("header", "code", "says"),
    [
        (None, None, "didn't provide"),
        ("", None, "didn't provide"),
        ("Bearer", None, "must read"),
        ("key-of-all", None, "must read"),
        ("Basic key-of-all", None, "must read"),
        ("Bearer wrong", "invalid_api_key", "Incorrect"),
        ("Bearer key-of-al", "invalid_api_key", "Incorrect"),
        ("Bearer key-of-all2", "invalid_api_key", "Incorrect"),
        ("Bearer KEY-OF-ALL", "invalid_api_key", "Incorrect"),
        (f"Bearer {sha256(b'key-of-hashed').hexdigest()}", "invalid_api_key", "Incorrect"),
        ("Bearer key-of-off", "invalid_api_key", "disabled"),
        ("Bearer key-of-old", "invalid_api_key", "expired"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/models/m"])
async def test_without_a_good_key_nothing_opens(start, path, header, code, says):
    headers = {} if header is None else {"authorization": header}
    async with Provider(ok()) as provider, start(config(provider)) as gateway:
        if path.endswith("completions"):
            refused = await gateway.chat(headers=headers)
        else:
            refused = await gateway.get(path, **headers)

    error = refused.body["error"]
    assert (401, "Bearer") == (refused.status, refused.headers["www-authenticate"])
    assert (code, None, "invalid_request_error") == (error["code"], error["param"], error["type"])
    assert says in error["message"]
    assert "key-of" not in error["message"]
    assert 0 == len(provider.requests)


@pytest.mark.parametrize("short", ["true", "false"])
async def test_who_has_no_key_needs_not_send_a_body(start, short):
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n"
    async with Provider(ok()) as provider, start(f"server: {{shortcut: {short}}}\n" + config(provider)) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(head.encode())

        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("name", "model", "status"),
    [
        ("some", "m", 200),
        ("some", "fam-1", 200),
        ("some", "fam-", 404),
        ("some", "n", 404),
        ("some", "a/one", 404),
        ("some", "nope", 404),
        ("some", "M", 404),
        ("direct", "a/one", 200),
        ("direct", "a/any/thing", 200),
        ("direct", "c/one", 404),
        ("direct", "m", 404),
        ("all", "n", 200),
        ("all", "c/any", 200),
    ],
)
async def test_a_key_opens_what_its_list_names(start, name, model, status):
    async with Provider(ok()) as provider, start(config(provider)) as gateway:
        answer = await gateway.chat(model, headers=bearer(name))
        nobody = await gateway.chat("never-there", headers=bearer(name))

    assert (status, int(status == 200)) == (answer.status, len(provider.requests))
    if status == 404:
        expected = {**nobody.body["error"], "message": nobody.body["error"]["message"].replace("never-there", model)}
        assert ("model_not_found", expected) == (answer.body["error"]["code"], answer.body["error"])


# Calls under way at one provider

LIMITED = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}", limits: {{concurrent: 1}}}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
defaults:
  retry: {{attempts: 1}}
  timeouts: {{first_content: 300ms, idle: 300ms, attempt: 300ms}}
  breaker: {{failures: 100}}
routes:
  m: {{chain: [a/one, b/two]}}
  alone: a/one
"""


def limited(a: Provider, b: Provider) -> str:
    return LIMITED.format(a=a.url, b=b.url)


def gated(gate: asyncio.Event) -> Play:
    async def play(request: Request, writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        await ok("from a")(request, writer)

    return play


async def test_the_call_that_is_one_too_many_goes_to_the_next_target(start):
    gate = asyncio.Event()
    async with Provider(gated(gate)) as a, Provider(ok("from b")) as b, start(limited(a, b)) as gateway:
        patient = asyncio.ensure_future(gateway.chat())
        await until(lambda: a.requests, 5)

        other = await gateway.chat()
        gate.set()
        first = await patient

    assert ["from a", "from b"] == [each.body["choices"][0]["message"]["content"] for each in (first, other)]
    assert (1, 1) == (len(a.requests), len(b.requests))


async def test_without_a_next_target_it_is_refused_at_once(start):
    gate = asyncio.Event()
    async with Provider(gated(gate)) as a, start(limited(a, a)) as gateway:
        patient = asyncio.ensure_future(gateway.chat("alone"))
        await until(lambda: a.requests, 5)

        other = await gateway.chat("alone")
        gate.set()
        first = await patient

    assert (200, 429, "rate_limit_exceeded") == (first.status, other.status, other.body["error"]["code"])
    assert 1 == len(a.requests)


WAYS_OUT = {
    "an answer": (ok(), False),
    "a stream": (streams(words("x")), True),
    "a failure": (fails(500), False),
    "a timeout": (hangs(), False),
    "no content": (hangs(SSE), True),
    "a stream that breaks": (streams([ROLE, piece({"content": "half"})], whole=False), True),
    "a stream that stops": (hangs(SSE + chunked(ROLE) + chunked(piece({"content": "half"}))), True),
}


@pytest.mark.parametrize(("play", "stream"), WAYS_OUT.values(), ids=WAYS_OUT.keys())
async def test_the_place_is_free_again_after(start, play, stream):
    async with Provider(play, ok("after")) as a, start(limited(a, a)) as gateway:
        await gateway.chat("alone", stream=stream)

        after = await gateway.chat("alone")

    assert (200, 2) == (after.status, len(a.requests))


@pytest.mark.parametrize("stream", [False, True])
async def test_the_place_is_free_again_after_a_client_has_left(start, stream):
    async with Provider(hangs(), ok("after")) as a, start(limited(a, a)) as gateway:
        leaver = asyncio.ensure_future(gateway.chat("alone", stream=stream))
        await until(lambda: a.requests, 5)

        leaver.cancel()
        after = await until(lambda: served(gateway), 5)

    assert 200 == after.status


async def served(gateway: Gateway) -> Answer | None:
    answer = await gateway.chat("alone")
    return answer if answer.status == 200 else None
