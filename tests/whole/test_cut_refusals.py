"""What a provider refuses with is known by its status, however little of its text can be read."""

import asyncio
import gzip

import pytest

from tests.whole.provider import Provider, ok, sends

HEAD = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\n"
SQUEEZED = gzip.compress(b'{"error": {"message": "slow down"}}')


def stalls(data: bytes):
    """These bytes, and then nothing, on a connection that stays."""

    async def play(_request, writer):
        writer.write(data)
        await asyncio.sleep(30)

    return play


REFUSALS = {
    "cut within its length": sends(HEAD + b'content-length: 900\r\n\r\n{"error": {"mess', close=True),
    "cut between its chunks": sends(HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\nslo\r\n", close=True),
    "never said to the end": stalls(HEAD + b'content-length: 900\r\n\r\n{"error": {"mess'),
    "compressed": sends(HEAD + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(SQUEEZED) + SQUEEZED),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("play", REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_is_what_its_status_says(start, play, stream):
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        refused = await gateway.chat(stream=stream)

    (attempt,) = refused.body["error"]["attempts"]
    assert (429, "rate_limit_exceeded", "rate_limited") == (
        refused.status,
        refused.body["error"]["code"],
        attempt["fault"],
    )
    assert 6 <= int(refused.headers["retry-after"]) <= 7
    assert attempt["message"].isprintable()
    assert "�" not in attempt["message"]


async def test_a_good_answer_that_is_cut_is_still_broken(start):
    play = sends(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{}", close=True)
    async with Provider(play, ok()) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        refused = await gateway.chat()

    assert (502, "upstream_error") == (refused.status, refused.body["error"]["code"])


CONFIG = """
providers:
  a: {{dialect: openai, api_key: k, base_url: "{url}"}}
defaults:
  retry: {{attempts: 1}}
  timeouts: {{first_content: 300ms, attempt: 300ms}}
routes:
  m: a/x
"""
