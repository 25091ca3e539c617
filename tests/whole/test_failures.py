"""What the client sees, and who is tried next, when a provider fails."""

import asyncio
import time

import pytest

from tests.whole.provider import (
    DONE,
    ROLE,
    SSE,
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
    words,
)

TWO = """
providers:
  a: {{dialect: openai, api_key: sk-provider-a-secret, base_url: "{a}"}}
  b: {{dialect: openai, api_key: sk-provider-b-secret, base_url: "{b}"}}
defaults:
  retry: {{attempts: 1, backoff: 10ms}}
  timeouts: {{connect: 1s, first_content: 300ms, idle: 300ms, attempt: 300ms, total: 2s}}
routes:
  m: {{chain: [a/one, b/two]}}
  alone: a/one
  again: {{chain: [a/one], retry: {{attempts: 3}}}}
"""

STREAM = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}

GARBAGE = {
    "html": sends(answer(200, b"<html>oops</html>", {"content-type": "text/html"})),
    "half a json": sends(answer(200, b'{"id": "x", "choices": [')),
    "an empty body": sends(answer(200, b"")),
    "no choices": says(200, {"id": "x", "choices": []}),
    "an error inside a 200": says(200, {"error": {"message": "quota", "code": 503}, "choices": None}),
    "a cut body": sends(answer(200, b"x" * 50)[:-20], close=True),
    "no http": sends(b"SSH-2.0-OpenSSH_9.2\r\n", close=True),
    "nothing": sends(b"", close=True),
    "an endless head": sends(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000),
}


def two(a: Provider, b: Provider) -> str:
    return TWO.format(a=a.url, b=b.url)


@pytest.mark.parametrize("play", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_a_failure_like_any_other(start, play):
    async with Provider(play) as a, Provider(ok("from b")) as b, start(two(a, b)) as gateway:
        whole = await gateway.chat()
        alone = await gateway.chat("alone")

    assert (whole.status, whole.body["choices"][0]["message"]["content"]) == (200, "from b")
    assert whole.headers["x-switchyard-attempts"] == "2"
    assert alone.status in (502, 503)
    assert alone.body["error"]["type"]
    assert alone.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("status", "falls_back", "shown"),
    [
        (401, True, 502),
        (402, True, 502),
        (403, True, 502),
        (404, True, 502),
        (408, True, 504),
        (409, True, 429),
        (429, True, 429),
        (500, True, 502),
        (502, True, 502),
        (503, True, 503),
        (504, True, 504),
        (529, True, 503),
        (301, True, 502),
        (400, False, 400),
        (413, False, 400),
        (422, False, 400),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_every_status_leads_where_the_table_says(start, status, falls_back, shown, stream):
    good = streams(words("from b")) if stream else ok("from b")
    async with Provider(fails(status)) as a, Provider(good) as b, start(two(a, b)) as gateway:
        chained = await gateway.chat(stream=stream)
        fallbacks = len(b.requests)
    async with Provider(fails(status)) as a, Provider(good) as b, start(two(a, b)) as gateway:
        alone = await gateway.chat("alone", stream=stream)

    assert (chained.status, fallbacks) == ((200, 1) if falls_back else (shown, 0))
    assert alone.status == shown
    assert alone.headers["content-type"] == "application/json"
    assert alone.body["error"]["message"]


async def test_the_callers_mistake_is_told_in_the_providers_words(start):
    play = fails(400, "Unsupported value: 'temperature'", code="unsupported_value", param="temperature")
    async with Provider(play) as a, Provider(ok()) as b, start(two(a, b)) as gateway:
        refused = await gateway.chat()

    error = refused.body["error"]
    assert (refused.status, error["param"], error["code"]) == (400, "temperature", "unsupported_value")
    assert "Unsupported value" in error["message"]
    assert len(b.requests) == 0


async def test_when_everything_fails_every_attempt_is_listed(start):
    async with Provider(fails(500)) as a, Provider(fails(503)) as b, start(two(a, b)) as gateway:
        refused = await gateway.chat()

    tried = [(each["target"], each["fault"]) for each in refused.body["error"]["attempts"]]
    assert refused.status == 503
    assert {("a/one", "broken"), ("b/two", "overloaded")} <= set(tried)
    assert refused.headers["x-should-retry"] == "false"


async def test_a_chain_that_is_rate_limited_everywhere_is_429_with_the_wait(start):
    slow = fails(429, "slow down", {"retry-after": "7"})
    async with Provider(slow) as a, Provider(slow) as b, start(two(a, b)) as gateway:
        refused = await gateway.chat()

        again = await gateway.chat()

    assert (refused.status, refused.headers["retry-after"]) == (429, "7")
    assert (429, "rate_limit_exceeded") == (again.status, again.body["error"]["code"])
    assert ([], 2) == (again.body["error"]["attempts"], len(again.body["error"]["skipped"]))
    assert 1 <= int(again.headers["retry-after"]) <= 7
    assert (1, 1) == (len(a.requests), len(b.requests))


async def test_nobody_listens_there(start):
    async with Provider(ok("from b")) as b:
        async with Provider(ok()) as a:
            config = two(a, b)
        async with start(config) as gateway:
            chained, alone = await gateway.chat(), await gateway.chat("alone")

    assert (chained.status, alone.status) == (200, 502)
    assert alone.body["error"]["code"] == "upstream_unreachable"
    assert "127.0.0.1" not in alone.raw.decode()


async def test_the_same_target_is_tried_again_as_often_as_configured(start):
    async with Provider(fails(500), fails(500), ok("third")) as a, Provider(ok()) as b, start(two(a, b)) as gateway:
        again = await gateway.chat("again")

    assert again.body["choices"][0]["message"]["content"] == "third"
    assert again.headers["x-switchyard-attempts"] == "3"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_provider_that_never_answers_costs_its_timeout_and_no_more(start, stream):
    good = streams(words("from b")) if stream else ok("from b")
    async with Provider(hangs()) as a, Provider(good) as b, start(two(a, b)) as gateway:
        began = time.monotonic()
        chained = await gateway.chat(stream=stream)
        took = time.monotonic() - began
        alone = await gateway.chat("alone", stream=stream)

    assert chained.status == 200
    assert 0.25 < took < 1.5
    assert (alone.status, alone.body["error"]["code"]) == (504, "upstream_timeout")


async def test_the_wait_for_content_is_not_fooled_by_other_bytes(start):
    """Head, comments and the role come at once; content never does."""
    early = hangs(SSE + chunked(b": PROCESSING\n\n") + chunked(ROLE) + chunked(b": PROCESSING\n\n"))
    async with Provider(early) as a, Provider(streams(words("from b"))) as b, start(two(a, b)) as gateway:
        answered = await gateway.chat(stream=True)

    assert answered.text == "from b"
    assert answered.raw.count(b'"role"') == 1


async def test_an_error_event_before_content_is_a_failure_like_any_other(start):
    error = b'data: {"error":{"message":"quota","code":429}}\n\n'
    async with (
        Provider(streams([ROLE, error])) as a,
        Provider(streams(words("from b"))) as b,
        start(two(a, b)) as gateway,
    ):
        answered = await gateway.chat(stream=True)

    assert answered.text == "from b"


BREAKS = {
    "the connection is cut": streams([ROLE, piece({"content": "half"})], whole=False),
    "the body ends without a finish": streams([ROLE, piece({"content": "half"})]),
    "done comes without a finish": streams([ROLE, piece({"content": "half"}), DONE]),
    "an error event": streams([ROLE, piece({"content": "half"}), b'data: {"error":{"message":"boom"}}\n\n']),
    "an error event later": streams(
        [ROLE, piece({"content": "half"}), b'data: {"error":{"message":"boom"}}\n\n'], pace=0.02
    ),
    "a finish that says error": streams([ROLE, piece({"content": "half"}), piece({}, "error"), DONE]),
    "half an event": streams([ROLE, piece({"content": "half"}), STOP[:40]]),
    "silence": hangs(SSE + chunked(ROLE) + chunked(piece({"content": "half"}))),
    "comments for ever": streams([ROLE, piece({"content": "half"}), *[b": alive\n\n"] * 200], pace=0.02),
    "garbage": streams([ROLE, piece({"content": "half"}), b"data: {nope\n\n"], pace=0.01),
}


@pytest.mark.parametrize("play", BREAKS.values(), ids=BREAKS.keys())
async def test_a_broken_stream_never_looks_complete(start, play):
    async with Provider(play) as a, Provider(streams(words("from b"))) as b, start(two(a, b)) as gateway:
        answered = await gateway.chat(stream=True)
        broken = await gateway.metric('switchyard_broken_streams_total{target="a/one"}')

    last = answered.events[-1]
    assert answered.status == 200
    assert answered.text == "half"
    assert "error" in last
    assert last["error"]["type"]
    assert "[DONE]" not in answered.events
    assert b'"finish_reason":"' not in answered.raw
    assert (len(b.requests), broken) == (0, 1)


async def test_total_is_one_deadline_over_all_attempts(start):
    config = TWO.replace("total: 2s", "total: 400ms").replace("first_content: 300ms", "first_content: 10s")
    async with Provider(hangs()) as a, Provider(hangs()) as b, start(config.format(a=a.url, b=b.url)) as gateway:
        began = time.monotonic()
        refused = await gateway.chat(stream=True)

    assert refused.status == 504
    assert time.monotonic() - began < 1.0


async def test_secrets_and_addresses_stay_inside(start, tmp_path):
    echo = fails(401, "Incorrect API key provided: sk-provider-a-secret. See http://127.0.0.1:1/keys")
    async with Provider(echo) as a, Provider(echo) as b, start(two(a, b)) as gateway:
        refused = await gateway.chat()
        pages = [await gateway.get("/health"), await gateway.get("/metrics")]
        await asyncio.sleep(0.25)
        url = a.url.encode()

    seen = b"".join(each.raw for each in [refused, *pages]) + (tmp_path / "log").read_bytes()
    assert b"secret" not in seen
    assert url not in seen


async def test_a_bad_credential_is_ours_and_not_the_clients(start):
    async with Provider(fails(401)) as a, Provider(ok()) as b, start(two(a, b)) as gateway:
        refused = await gateway.chat("alone")

    assert (refused.status, refused.body["error"]["code"]) == (502, "upstream_authentication")


async def test_several_keys_are_a_pool(start):
    config = """
providers:
  a: {{dialect: openai, api_key: [sk-1, sk-2], base_url: "{url}"}}
defaults: {{retry: {{attempts: 2, backoff: 10ms}}}}
routes: {{m: a/one}}
"""
    async with (
        Provider(fails(429, "slow", {"retry-after": "60"}), ok("second key")) as a,
        start(config.format(url=a.url)) as gateway,
    ):
        answers = [await gateway.chat() for _ in range(3)]

    used = [each.headers["authorization"] for each in a.requests]
    assert [each.status for each in answers] == [200, 200, 200]
    assert len(set(used)) == 2
    assert len(set(used[1:])) == 1


async def test_a_breaker_opens_and_one_probe_closes_it(start):
    config = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 2, cooldown: 300ms}}}}
routes: {{m: a/one}}
"""
    async with Provider(fails(500), fails(500), ok("back")) as a, start(config.format(url=a.url)) as gateway:
        failed = [await gateway.chat() for _ in range(2)]
        opened = await gateway.metric('switchyard_breaker_state{target="a/one"}')
        await asyncio.sleep(0.4)
        back = await gateway.chat()
        closed = await gateway.metric('switchyard_breaker_state{target="a/one"}')

    assert [each.status for each in failed] == [502, 502]
    assert (opened, back.status, closed) == (2, 200, 0)
    assert len(a.requests) == 3


async def test_a_probe_that_streams_for_long_keeps_nobody_away(start):
    config = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
defaults: {{retry: {{attempts: 1}}, breaker: {{failures: 1, cooldown: 50ms}}}}
routes: {{m: a/one}}
"""
    endless = hangs(SSE + chunked(piece({"content": "x"})))
    async with Provider(fails(500), endless, ok("back")) as a, start(config.format(url=a.url)) as gateway:
        await gateway.chat()
        await asyncio.sleep(0.1)
        async with gateway.session.post(f"{gateway.url}/v1/chat/completions", json=STREAM) as probe:
            await probe.content.readany()
            half_open = await gateway.metric('switchyard_breaker_state{target="a/one"}')
            beside = await gateway.chat()
            closed = await gateway.metric('switchyard_breaker_state{target="a/one"}')

    assert (1, 200, 0) == (half_open, beside.status, closed)


async def test_an_open_breaker_does_not_multiply_an_outage(start):
    config = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
defaults: {{retry: {{attempts: 3, backoff: 5ms}}, breaker: {{failures: 3, cooldown: 60s}}}}
routes: {{m: a/one}}
"""
    async with Provider(fails(500)) as a, start(config.format(url=a.url)) as gateway:
        answers = await asyncio.gather(*[gateway.chat() for _ in range(60)])

    assert all(each.status in (502, 503) for each in answers)
    assert len(a.requests) < 100


async def test_fallback_can_be_switched_off(start):
    config = TWO.replace("m: {{chain: [a/one, b/two]}}", "m: {{chain: [a/one, b/two], fallback: false}}")
    async with Provider(fails(500)) as a, Provider(ok()) as b, start(config.format(a=a.url, b=b.url)) as gateway:
        refused = await gateway.chat()

    assert (refused.status, len(b.requests)) == (502, 0)


async def test_a_provider_without_a_key_is_passed_over(start):
    config = TWO.replace("sk-provider-a-secret", '"${{NOT_SET:-}}"')
    async with Provider(ok()) as a, Provider(ok("from b")) as b, start(config.format(a=a.url, b=b.url)) as gateway:
        chained, alone = await gateway.chat(), await gateway.chat("alone")

    assert chained.body == completion("from b")
    assert (alone.status, alone.body["error"]["code"]) == (503, "no_target_available")
    assert "not configured" in alone.body["error"]["message"]
    assert len(a.requests) == 0
