"""Messages to an address of the operator: taken by any good status, whatever comes behind it, and then never again."""

import asyncio

import pytest

from core.secret import Secret
from tests.whole.provider import Provider, answer, hangs, says, sends
from upstream import webhook
from upstream.webhook import Webhook

BODY = b'{"event":"e"}'


async def told(*plays, path="/hook", user="", seconds=0.8):
    """What came, and why anything was lost, a while after one message was sent."""
    lost = []
    async with Provider(*plays) as address:
        hook = Webhook(Secret(address.url.replace("//", f"//{user}").removesuffix("/v1") + path), None, lost.append)
        hook.send({"event": "e"})
        await asyncio.sleep(seconds)
        await hook.close()
    return address.requests, lost


TAKEN = {
    "nothing": says(204, b""),
    "a body that 204 can't have": says(204, {"ok": True}),
    "the same, later": sends(answer(204, b"") + b"HTTP/1.1 what?"),
    "a body": says(200, {"ok": True}),
    "garbage behind it": sends(answer(200, b"ok") + b"\0garbage"),
    "half of it": sends(answer(202, b"accepted")[:-3], close=True),
    "a hint before": sends(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + answer(201, b"")),
}


@pytest.mark.parametrize("play", TAKEN.values(), ids=TAKEN)
async def test_what_was_taken_is_told_once(play):
    (request,), lost = await told(play)

    assert (BODY, [], "application/json") == (request.raw, lost, request.headers["content-type"])


async def test_what_was_refused_is_told_again():
    requests, lost = await told(says(500, b""), says(204, b""))

    assert ([BODY, BODY], []) == ([each.raw for each in requests], lost)


@pytest.mark.parametrize(
    ("path", "user", "asked", "authorization"),
    [
        ("", "", "/", None),
        ("?team=a b", "", "/?team=a%20b", None),
        ("/über/%C3%BC?x=1#part", "", "/%C3%BCber/%C3%BC?x=1", None),
        ("/hook", "me:p%40ss@", "/hook", "Basic bWU6cEBzcw=="),
    ],
)
async def test_the_address_may_be_any(path, user, asked, authorization):
    (request,), _ = await told(says(204, b""), path=path, user=user, seconds=0.3)

    assert (asked, authorization) == (request.path, request.headers.get("authorization"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1/hook", "it can't be reached (connection refused)"),
        ("ftp://127.0.0.1/hook", "its address is no URL"),
        ("http://127.0.0.1:port/hook", "its address is no URL"),
        ("http:///hook", "its address is no URL"),
    ],
)
async def test_why_it_was_not_taken_is_said_without_the_address(url, why):
    assert why == await Webhook(Secret(url), None, print)._attempt(BODY)


@pytest.mark.parametrize(
    ("play", "why"),
    [
        (says(302, b"", {"location": "/elsewhere"}), "it answered 302"),
        (says(404, {"error": "?"}), "it answered 404"),
        (sends(b"SSH-2.0-what\r\n"), "it can't be reached (not a valid HTTP response: "),
        (hangs(), "it can't be reached (no answer within 0.2 s)"),
    ],
)
async def test_what_answers_otherwise_has_not_taken_it(play, why, monkeypatch):
    monkeypatch.setattr(webhook, "PATIENCE", 0.2)
    async with Provider(play) as address:
        said = await Webhook(Secret(address.url), None, print)._attempt(BODY)

    assert said.startswith(why)
    assert len(address.requests) == 1


async def test_an_address_that_hangs_takes_few_connections_and_none_for_long(monkeypatch):
    monkeypatch.setattr(webhook, "PATIENCE", 0.2)
    async with Provider(*[hangs()] * 2 * webhook.AT_ONCE, says(204, b"")) as address:
        hook = Webhook(Secret(address.url), None, pytest.fail)
        for _ in range(5 * webhook.AT_ONCE):
            hook.send({"event": "e"})
        await asyncio.sleep(0.1)
        first = address.connections
        while len(address.requests) < 7 * webhook.AT_ONCE:
            await asyncio.sleep(0.01)
        await hook.close()

    assert webhook.AT_ONCE == first
    assert 7 * webhook.AT_ONCE == len(address.requests)
