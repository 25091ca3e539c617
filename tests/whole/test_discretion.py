"""Providers that quote the credentials they were sent: nobody reads these, be it clients, the log or operators."""

import asyncio
import base64
from urllib.parse import quote

import orjson
import pytest

from tests.whole.provider import ROLE, Provider, answer, piece, streams

CONFIG = """
admin: {{key: operator}}
defaults: {{retry: {{attempts: 2, backoff: 1ms}}}}
providers:
  lab:
    dialect: openai
    api_key: [plainSECRETnodigits, "sk-provSECRET/+2=x"]
    headers: {{x-secret: hdr-SECRET_value}}
    base_url: "{url}"
    discover: {discover}
routes: {{m: lab/one}}
"""
KEYS = ("plainSECRETnodigits", "sk-provSECRET/+2=x", "hdr-SECRET_value")
TOLD = ("SECRET", "plain", "hdr-", *(base64.b64encode(key.encode()).decode()[:12] for key in KEYS))


def quoted(request):
    """An error with all that came in."""
    key, extra = request.headers["authorization"].removeprefix("Bearer "), request.headers["x-secret"]
    written = base64.b64encode(key.encode()).decode()
    said = f"not {key}, nor {extra}, nor {quote(key, safe='')}, nor {written}, nor {key[:-4]}..."
    return {"message": said, "code": key, "type": f"a {extra}", "param": key}


def refuses(status):
    async def play(request, writer):
        writer.write(answer(status, orjson.dumps({"error": quoted(request)})))

    return play


def mumbles(status):
    async def play(request, writer):
        writer.write(answer(status, quoted(request)["message"].encode(), {"content-type": "text/plain"}))

    return play


def breaks_off(*before):
    async def play(request, writer):
        event = b"data: " + orjson.dumps({"error": quoted(request)}) + b"\n\n"
        await streams([*before, event], pace=0.05)(request, writer)

    return play


PLAYS = {
    "400": (refuses(400), False),
    "401": (refuses(401), False),
    "418": (refuses(418), False),
    "500": (refuses(500), False),
    "200": (refuses(200), False),
    "plain text": (mumbles(400), False),
    "400 to a stream": (refuses(400), True),
    "before content": (breaks_off(ROLE), True),
    "after content": (breaks_off(ROLE, piece({"content": "hello"})), True),
}


@pytest.mark.parametrize(("play", "stream"), PLAYS.values(), ids=PLAYS.keys())
async def test_what_a_provider_was_sent_is_shown_to_nobody(start, tmp_path, play, stream):
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url, discover="off")) as gateway:
        read = [await gateway.chat(stream=stream) for _ in range(2)]
        calls = await gateway.get("/api/v1/calls", authorization="Bearer operator")
        targets = await gateway.get("/api/v1/targets", authorization="Bearer operator")
    await asyncio.sleep(0.3)
    shown = [*(one.raw.decode() for one in read), calls.raw.decode(), targets.raw.decode()]
    shown.append((tmp_path / "log").read_text())

    assert "***" in shown[0]
    assert [] == [(secret, text) for secret in TOLD for text in shown if secret in text]


async def test_what_is_said_to_a_question_of_our_own_is_as_discreet(start, tmp_path):
    async with Provider(refuses(403)) as provider, start(CONFIG.format(url=provider.url, discover="1s")):
        while not provider.requests or "models not discovered" not in (tmp_path / "log").read_text():
            await asyncio.sleep(0.05)

    assert "SECRET" not in (tmp_path / "log").read_text()


async def test_another_secret_alone_is_another_configuration_under_the_same_hash(start):
    text = (
        "admin: {{key: operator}}\nproviders: {{demo: }}\nroutes: {{m: demo/echo}}\nkeys: {{alice: {{key: {key}}}}}\n"
    )
    async with start(text.format(key="before")) as gateway:
        old = await gateway.chat(headers={"authorization": "Bearer before"})
        gateway.config.write_text(text.format(key="after"))
        reload = await gateway.request("POST", "/admin/reload", authorization="Bearer operator")
        again = await gateway.request("POST", "/admin/reload", authorization="Bearer operator")
        new = await gateway.chat(headers={"authorization": "Bearer after"})
        stranger = await gateway.chat(headers={"authorization": "Bearer before"})

    assert (200, True, False) == (old.status, reload.body["changed"], again.body["changed"])
    assert (200, 401) == (new.status, stranger.status)
    assert 1 == len({answer.headers["x-switchyard-config"] for answer in (old, reload, new, stranger)})
