"""What goes wrong, as the official Python client tells it: exception classes, codes, ids, and how often it asks."""

import asyncio
import time

import openai
import pytest
from pydantic import BaseModel

from tests.whole.provider import SSE, Provider, chunked, completion, fails, hangs, ok, piece, says, streams, words

CONFIG = """
server: {{keepalive: {keepalive}, max_body: 64KiB}}
providers: {{a: {{dialect: openai, api_key: k, base_url: "{url}"}}}}
defaults: {{retry: {{attempts: 1}}, timeouts: {{first_content: {first}, attempt: {first}}}}}
routes: {{m: a/real}}
"""
KEYS = """
providers: {demo: {}}
routes: {m: demo/echo}
keys:
  alice: {key: sk-alice-0123456789, models: [m]}
"""
HI = [{"role": "user", "content": "hi"}]


class Empty(BaseModel):
    """Asks for nothing."""


def config(provider, first="10s", keepalive="10s"):
    """Once a comment has been sent a stream has begun, and its error can only be an event."""
    return CONFIG.format(url=provider.url, first=first, keepalive=keepalive)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, openai.BadRequestError, "theirs"),
        (401, openai.InternalServerError, "upstream_authentication"),
        (404, openai.InternalServerError, "upstream_model_not_found"),
        (429, openai.RateLimitError, "rate_limit_exceeded"),
        (500, openai.InternalServerError, "upstream_error"),
        (503, openai.InternalServerError, "server_is_overloaded"),
    ],
)
async def test_a_failure_has_its_class_and_is_not_multiplied(start, asking, status, error, code, stream):
    """The client would ask three times, which `x-should-retry: false` forbids: the gateway has done its own part."""
    play = fails(status, "no", {"retry-after": "0.01"}, code="theirs", param="p")
    async with Provider(play) as a, start(config(a)) as gateway, asking(gateway, max_retries=2) as client:
        with pytest.raises(error) as raised:
            async with asyncio.timeout(5):  # else a client that asks again would wait as long as it is told to
                await client.chat.completions.create(
                    model="m", messages=HI, stream=stream, extra_headers={"x-request-id": "mine-9"}
                )

    told = raised.value
    assert (len(a.requests), told.code, told.request_id) == (1, code, "mine-9")
    assert told.type
    assert told.message
    assert [each["target"] for each in told.body["attempts"]] == ["a/real"]


async def test_the_gateways_attempts_are_not_multiplied_by_the_clients(start, asking):
    again = CONFIG.replace("attempts: 1", "attempts: 3, backoff: 5ms")
    async with (
        Provider(fails(500)) as a,
        start(again.format(url=a.url, first="10s", keepalive="10s")) as gateway,
        asking(gateway, max_retries=2) as client,
    ):
        with pytest.raises(openai.InternalServerError) as raised:
            await client.chat.completions.create(model="m", messages=HI)

    assert (len(a.requests), len(raised.value.body["attempts"])) == (3, 3)


async def test_what_the_caller_did_wrong_has_its_parameter(start, asking):
    play = fails(400, "Unsupported value", code="unsupported_value", param="temperature")
    async with Provider(play) as a, start(config(a)) as gateway, asking(gateway) as client:
        with pytest.raises(openai.BadRequestError) as raised:
            await client.chat.completions.create(model="m", messages=HI)

    assert (raised.value.code, raised.value.param) == ("unsupported_value", "temperature")
    assert "Unsupported value" in raised.value.message


async def test_a_provider_that_is_not_there_is_a_server_error(start, asking):
    async with Provider(ok()) as a:
        settings = config(a)
    async with start(settings) as gateway, asking(gateway, max_retries=2) as client:
        with pytest.raises(openai.InternalServerError) as raised:
            await client.chat.completions.create(model="m", messages=HI)

    assert (raised.value.status_code, raised.value.code) == (502, "upstream_unreachable")


NO_ANSWERS = {
    "an error": says(200, {"error": {"message": "no", "code": 503}}),
    "a page": says(200, b"<html>welcome</html>", {"content-type": "text/html"}),
    "a page that claims to be JSON": says(200, b"<html>welcome</html>"),
    "nothing": says(200, b""),
    "no choices": says(200, completion(choices=None)),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("play", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
async def test_a_200_that_is_no_answer_is_an_exception(start, asking, play, stream):
    """The client itself would give out text, None, an exception of its JSON parser, or a stream of nothing."""
    async with Provider(play) as a, start(config(a)) as gateway, asking(gateway, max_retries=2) as client:
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="m", messages=HI, stream=stream)

    assert len(a.requests) == 1


async def test_an_answer_that_a_filter_cut_is_not_parsed(start, asking):
    filtered = completion()
    filtered["choices"][0]["finish_reason"] = "content_filter"
    async with Provider(says(200, filtered)) as a, start(config(a)) as gateway, asking(gateway) as client:
        with pytest.raises(openai.ContentFilterFinishReasonError):
            await client.chat.completions.parse(model="m", messages=HI, response_format=Empty)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": []}, "messages"),
        ({"temperature": "warm"}, "temperature"),
        ({"n": 0}, "n"),
        ({"messages": [{"role": "wizard", "content": "hi"}]}, "messages.0.role"),
        ({"model": ""}, "model"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
    ],
)
def test_a_bad_request_is_refused_by_its_parameter(client, fields, param):
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(**{"model": "demo", "messages": HI, **fields})

    assert (raised.value.param, raised.value.type) == (param, "invalid_request_error")
    assert raised.value.request_id.startswith("req-")


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="nothing", messages=HI)

    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.moderations.create(input="hi"),
        lambda client: client.files.list(),
        lambda client: client.images.generate(prompt="hi"),
    ],
    ids=["moderations", "files", "images"],
)
def test_what_is_not_served_is_not_found(client, ask):
    with pytest.raises(openai.NotFoundError) as raised:
        ask(client)

    assert raised.value.code == "unknown_url"


async def test_a_request_that_is_too_large_is_told_so(start, asking):
    async with Provider(ok()) as a, start(config(a)) as gateway, asking(gateway, max_retries=2) as client:
        with pytest.raises(openai.APIStatusError) as raised:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x" * 100_000}])

    assert (raised.value.status_code, raised.value.code) == (413, "request_too_large")
    assert a.requests == []


@pytest.mark.parametrize("key", ["sk-wrong", "sk-alice-012345678"])
async def test_a_wrong_key_is_an_authentication_error(start, asking, key):
    async with start(KEYS) as gateway, asking(gateway, api_key=key) as client:
        with pytest.raises(openai.AuthenticationError) as raised:
            await client.chat.completions.create(model="m", messages=HI)
        with pytest.raises(openai.AuthenticationError):
            await client.models.list()

    assert (raised.value.code, raised.value.type) == ("invalid_api_key", "invalid_request_error")
    assert key not in raised.value.message


async def test_a_key_sees_and_uses_its_models_only(start, asking):
    async with start(KEYS) as gateway, asking(gateway, api_key="sk-alice-0123456789") as client:
        listed = [model.id async for model in client.models.list()]
        answer = await client.chat.completions.create(model="m", messages=HI)
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="demo/echo", messages=HI)

    assert listed == ["m"]
    assert answer.choices[0].finish_reason == "stop"


async def test_a_provider_that_takes_too_long_is_told_with_504_or_as_an_event(start, asking):
    async with (
        Provider(hangs()) as a,
        start(config(a, "300ms", "50ms")) as gateway,
        asking(gateway, max_retries=2) as client,
    ):
        with pytest.raises(openai.InternalServerError) as whole:
            await client.chat.completions.create(model="m", messages=HI)
        stream = await client.chat.completions.create(model="m", messages=HI, stream=True)
        with pytest.raises(openai.APIError) as event:
            _ = [chunk async for chunk in stream]

    assert (whole.value.status_code, whole.value.code) == (504, "upstream_timeout")
    assert not isinstance(event.value, openai.APIStatusError | openai.APIConnectionError)
    assert (event.value.code, event.value.type) == ("upstream_timeout", "timeout_error")
    assert len(a.requests) == 2


async def test_an_error_after_a_comment_is_an_event(start, asking):
    async def late(request, writer):
        await asyncio.sleep(0.3)
        await fails(429, "no", {"retry-after": "1"})(request, writer)

    async with (
        Provider(late) as a,
        start(config(a, keepalive="50ms")) as gateway,
        asking(gateway, max_retries=2) as client,
    ):
        with pytest.raises(openai.APIError) as raised:
            async with client.chat.completions.stream(model="m", messages=HI) as stream:
                await stream.get_final_completion()

    assert (raised.value.code, raised.value.type) == ("rate_limit_exceeded", "rate_limit_error")
    assert len(a.requests) == 1


BREAKS = {
    "cut": streams([piece({"content": "half"})], whole=False),
    "without an end": streams([piece({"content": "half"})]),
    "an error event": streams([piece({"content": "half"}), b'data: {"error":{"message":"no"}}\n\n'], pace=0.02),
}


@pytest.mark.parametrize("play", BREAKS.values(), ids=BREAKS.keys())
async def test_a_broken_stream_is_an_error_after_the_words_that_came(start, asking, play):
    said = []
    async with Provider(play) as a, start(config(a)) as gateway, asking(gateway, max_retries=2) as client:
        stream = await client.chat.completions.create(model="m", messages=HI, stream=True)
        with pytest.raises(openai.APIError) as raised:
            async for chunk in stream:
                said += [chunk.choices[0].delta.content]

    assert said == ["half"]
    assert raised.value.code == "upstream_error"
    assert len(a.requests) == 1


def test_the_demos_broken_stream_is_an_error(client):
    with (
        pytest.raises(openai.APIError) as raised,
        client.chat.completions.create(model="demo/broken", messages=HI, stream=True) as stream,
    ):
        list(stream)

    assert raised.value.code == "upstream_error"


async def gone(provider):
    """How long it took until the provider noticed that nobody listens any more."""
    began = time.monotonic()
    await asyncio.wait_for(provider.requests[0].gone.wait(), 3)
    return time.monotonic() - began


async def test_a_client_that_gives_up_waiting_ends_the_call(start, asking):
    async with Provider(hangs()) as a, start(config(a)) as gateway, asking(gateway, timeout=0.3) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(model="m", messages=HI)
        took = await gone(a)

    assert took < 1.0


async def test_a_client_that_is_cancelled_ends_the_call(start, asking):
    async with Provider(hangs()) as a, start(config(a)) as gateway, asking(gateway) as client:
        asked = asyncio.create_task(client.chat.completions.create(model="m", messages=HI))
        while not a.requests:
            await asyncio.sleep(0.01)
        asked.cancel()
        took = await gone(a)
        await asyncio.wait([asked])

    assert took < 1.0
    assert asked.cancelled()


@pytest.mark.parametrize("first", [piece({"content": "one"}), b": waiting\n\n"], ids=["while reading", "while waiting"])
async def test_a_client_that_closes_its_stream_ends_the_call(start, asking, first):
    async with Provider(hangs(SSE + chunked(first))) as a, start(config(a)) as gateway, asking(gateway) as client:
        stream = await client.chat.completions.create(model="m", messages=HI, stream=True)
        await stream.close()
        took = await gone(a)

    assert took < 1.0


async def test_a_stream_left_in_the_middle_ends_the_call(start, asking):
    endless = streams(words(*["word "] * 2000), pace=0.02)
    async with Provider(endless) as a, start(config(a)) as gateway, asking(gateway) as client:
        async with await client.chat.completions.create(model="m", messages=HI, stream=True) as stream:
            async for chunk in stream:
                if chunk.choices[0].delta.content:
                    break
        took = await gone(a)

    assert took < 1.0


async def test_the_synchronous_client_that_leaves_ends_the_call(start):
    def leave(url):
        with openai.OpenAI(base_url=f"{url}/v1", api_key="any") as client:
            stream = client.chat.completions.create(model="m", messages=HI, stream=True)
            said = next(stream).choices[0].delta.content
            stream.close()
            return said

    one = piece({"role": "assistant", "content": "one"})
    async with Provider(hangs(SSE + chunked(one))) as a, start(config(a)) as gateway:
        said = await asyncio.to_thread(leave, gateway.url)
        took = await gone(a)

    assert said == "one"
    assert took < 1.0
