"""Those who call: a few applications, each with its key, its route and its questions, now more and now less."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import aiohttp

from tests.pictures.house import CLIENTS

RATE = 6.0  # calls a second, on average
QUESTIONS = (
    "How do I reset my password?",
    "How can I reset my password?",
    "How do I reset my pin?",
    "Where is my parcel?",
    "Where is my parcel now?",
    "Can I send it back within 14 days?",
    "Can I send it back within 30 days?",
    "Do you ship to Norway?",
    "Do you ship to Sweden?",
    "How do I change my address?",
    "How do I change my billing address?",
    "Which cards do you take?",
    "Is there a discount for students?",
    "Is there no discount for students?",
)
WEIGHTS = {"checkout": 30, "helpdesk": 30, "alice": 18, "bob": 12, "nightly": 10}


@asynccontextmanager
async def busy(url: str) -> AsyncIterator[None]:
    """Calls come in while what is within is done."""
    going = asyncio.create_task(_keep_calling(url, Random(5)))
    try:
        yield
    finally:
        going.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await going


async def _keep_calling(url: str, chance: Random) -> None:
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as calls:
        while True:
            tide = 1 + 0.6 * math.sin(time.monotonic() / 17) + 0.3 * math.sin(time.monotonic() / 5)
            await asyncio.sleep(chance.expovariate(RATE * max(tide, 0.2)))
            calls.create_task(_call(session, url, chance))


async def _call(session: aiohttp.ClientSession, url: str, chance: Random) -> None:
    (key,) = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
    route = "cheap" if key == "bob" and chance.random() < 0.3 else CLIENTS[key][1]
    body = {
        "model": route,
        "messages": [{"role": "user", "content": _question(route, chance)}],
        "stream": chance.random() < 0.7,
        "user": f"session-{chance.randrange(400)}",
    }
    if route == "faq":
        del body["user"]  # whose question it is makes another answer of it
    headers = {"authorization": f"Bearer key-of-{key}"}
    with contextlib.suppress(aiohttp.ClientError):
        async with session.post(f"{url}/v1/chat/completions", json=body, headers=headers) as answer:
            await answer.read()


def _question(route: str, chance: Random) -> str:
    if route == "faq":
        return chance.choice(QUESTIONS)
    return f"Case {chance.randrange(10**6)}: " + "what follows from this, and what would you look at first? " * 6
