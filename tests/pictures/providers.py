"""All providers of the house, played on loopback by one server: each model as fast and as sound as it is."""

import asyncio
import contextlib
import hashlib
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import orjson
from aiohttp import web

from tests.pictures.house import MODELS

# The share of calls that a target fails, and how.
FAILING = {"attic/llama-3-8b": (1.0, 503), "mistral/ministral-8b": (0.4, 500), "openai/gpt-4o": (0.04, 503)}
SPEED = 3.0  # how much faster than the real ones: pictures are waited for
TEXT = (
    "A switchyard sorts what comes in by where it has to go, so that nothing waits longer than it must and nothing "
    "leaves on a track that is closed. Signals say what may pass, and whoever keeps the book knows what each one cost."
)
WORDS = TEXT.split()


@asynccontextmanager
async def providers() -> AsyncIterator[str]:
    """Where they are, as an address without a slash at its end."""
    chance = Random(11)
    app = web.Application()
    app.router.add_post("/{provider}/v1/chat/completions", lambda request: chat(request, chance))
    app.router.add_post("/{provider}/v1/embeddings", embeddings)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def chat(request: web.Request, chance: Random) -> web.StreamResponse:
    body = orjson.loads(await request.read())
    target = f"{request.match_info['provider']}/{body['model']}"
    share, status = FAILING.get(target, (0.0, 200))
    if chance.random() < share:
        error = {"message": "The server is overloaded.", "type": "server_error", "code": None, "param": None}
        return web.json_response({"error": error}, status=status)
    *_, first, pace = MODELS[target]
    said = [f"{WORDS[place % len(WORDS)]} " for place in range(chance.randint(20, 120))]
    asked = 400 + len(orjson.dumps(body["messages"])) * 3
    usage = {"prompt_tokens": asked, "completion_tokens": len(said), "total_tokens": asked + len(said)}
    await asyncio.sleep(first * chance.lognormvariate(0, 0.35) / 1000 / SPEED)
    if not body.get("stream"):
        await asyncio.sleep(len(said) / pace / SPEED)
        message = {"role": "assistant", "content": "".join(said).strip()}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({**told(body, "chat.completion"), "choices": [choice], "usage": usage})
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    with contextlib.suppress(ConnectionError):  # who asked may have left
        await spoken(request, response, body, said, pace)
        await event(response, body, [], usage=usage)
        await response.write(b"data: [DONE]\n\n")
    return response


async def spoken(
    request: web.Request, response: web.StreamResponse, body: dict[str, object], said: list[str], pace: float
) -> None:
    """Word by word, up to the finish."""
    await response.prepare(request)
    for word in said:
        await event(response, body, [{"index": 0, "delta": {"content": word}, "finish_reason": None}])
        await asyncio.sleep(1 / pace / SPEED)
    await event(response, body, [{"index": 0, "delta": {}, "finish_reason": "stop"}])


def told(body: dict[str, object], kind: str) -> dict[str, object]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_760_000_000, "model": body["model"]}


async def event(response: web.StreamResponse, body: dict[str, object], choices: list[object], **more: object) -> None:
    fact = {**told(body, "chat.completion.chunk"), "choices": choices, **more}
    await response.write(b"data: " + orjson.dumps(fact) + b"\n\n")


async def embeddings(request: web.Request) -> web.Response:
    """Texts that have most of their words in common lie close together."""
    body = orjson.loads(await request.read())
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [{"object": "embedding", "index": place, "embedding": vector(text)} for place, text in enumerate(texts)]
    tokens = {"prompt_tokens": 12, "total_tokens": 12}
    return web.json_response({"object": "list", "model": body["model"], "data": data, "usage": tokens})


def vector(text: str) -> list[float]:
    sums = [0.0] * 96
    for word in re.findall(r"\w+", text.lower()):
        sums[hashlib.blake2s(word.encode()).digest()[0] % 96] += 1.0
    length = math.sqrt(sum(one * one for one in sums)) or 1.0
    return [one / length for one in sums]
