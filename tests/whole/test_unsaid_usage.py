"""What is paid where a provider doesn't say what an answer took, says it too early, or was left before it could."""

import asyncio
import base64
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.process.running import until
from tests.whole.provider import (
    DONE,
    ROLE,
    SSE,
    STOP,
    Provider,
    chunked,
    completion,
    hangs,
    piece,
    says,
    streams,
    usage_event,
)
from tests.whole.test_leaving import logged

CONFIG = """
providers:
  openai: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  sees: openai/gpt-4o
  thinks: openai/gpt-5
  unthinking: openai/gpt-5.1
  own: openai/mine
models:
  openai/mine:
    price: {{input: 1, output: 10}}
    context: 400000
    max_output: 128000
    flags: {{hides_thinking: true}}
keys:
  alice: {{key: the-key-of-alice, budget: 100/month}}
"""
ALICE = {"authorization": "Bearer the-key-of-alice"}
IMAGE = "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 1200).decode()
SEEN = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": IMAGE}}]}]
FIRST = orjson.loads(ROLE.removeprefix(b"data: "))
EARLY = b"data: " + orjson.dumps({**FIRST, "usage": {"prompt_tokens": 9, "completion_tokens": 0}}) + b"\n\n"


@asynccontextmanager
async def served(start, play):
    async with Provider(play) as provider, start(CONFIG.format(url=provider.url)) as gateway:
        gateway.provider = provider
        yield gateway


async def left(gateway, *, after: bytes, wait: float = 0.0, **fields) -> float:
    """Ask for a stream, leave it *wait* seconds after these words of it came; what was held for it until then."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    body = orjson.dumps({"messages": [{"role": "user", "content": "hi"}], "stream": True, **fields})
    head = f"host: x\r\nauthorization: {ALICE['authorization']}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\n" + head.encode() + body)
    if after:
        await asyncio.wait_for(reader.readuntil(after), 5)
    await asyncio.sleep(wait)
    held = (await budget(gateway))["held_usd"]
    writer.transport.abort()
    return held


async def budget(gateway):
    return (await gateway.get("/api/v1/usage", **ALICE)).body["budgets"][0]


async def paid(gateway, tmp_path):
    """The log's line of the only call, which says the same as the budget; and nobody is in debt."""
    (line,) = await until(lambda: logged(tmp_path), 5)
    now = await budget(gateway)
    assert (line["cost_usd"], 0) == (now["spent_usd"], now["held_usd"])
    assert 0 == await gateway.metric("switchyard_budget_debt_usd_total")
    return line


async def test_an_image_isnt_charged_by_its_bytes_to_whoever_leaves(start, tmp_path):
    async with served(start, hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word"})))) as gateway:
        held = await left(gateway, after=b"word", model="sees", messages=SEEN, max_tokens=100)
        line = await paid(gateway, tmp_path)

    assert line["estimated"]
    assert 0 < line["cost_usd"] < held
    assert 1445 <= line["usage"]["input"] < 1600


async def test_an_image_isnt_charged_by_its_bytes_where_no_usage_is_told(start, tmp_path):
    unsaid = completion()
    del unsaid["usage"]
    async with served(start, says(200, unsaid)) as gateway:
        await gateway.chat("sees", headers=ALICE, messages=SEEN, max_tokens=100)
        line = await paid(gateway, tmp_path)

    assert line["estimated"]
    assert 1445 <= line["usage"]["input"] < 1600


async def test_a_usage_from_before_the_first_word_is_not_that_of_the_answer(start, tmp_path):
    async with served(start, streams([EARLY, piece({"content": "word " * 400}), STOP, DONE])) as gateway:
        await gateway.chat("sees", headers=ALICE, stream=True, max_tokens=1000)
        line = await paid(gateway, tmp_path)

    assert line["estimated"]
    assert (9, 500) == (line["usage"]["input"], line["usage"]["output"])


async def test_nor_is_it_of_an_answer_that_was_left(start, tmp_path):
    async with served(start, hangs(SSE + chunked(EARLY) + chunked(piece({"content": "x" * 3996 + "word"})))) as gateway:
        await left(gateway, after=b"word", model="sees", max_tokens=2000)
        line = await paid(gateway, tmp_path)

    assert (9, 1000) == (line["usage"]["input"], line["usage"]["output"])


async def test_a_usage_that_was_told_counts_even_if_the_end_is_not_waited_for(start, tmp_path):
    events = [ROLE, piece({"content": "word"}), STOP, usage_event(11, 7)]
    async with served(start, hangs(SSE + b"".join(map(chunked, events)))) as gateway:
        await left(gateway, after=b"stop", wait=0.2, model="thinks", max_completion_tokens=20_000)
        line = await paid(gateway, tmp_path)

    assert (11, 7) == (line["usage"]["input"], line["usage"]["output"])


@pytest.mark.parametrize("model", ["thinks", "own"])
@pytest.mark.parametrize("events", [b"", chunked(ROLE)], ids=["nothing came", "a role came"])
async def test_whoever_leaves_while_a_model_thinks_unseen_pays_for_its_thoughts(start, tmp_path, events, model):
    async with served(start, hangs(SSE + events)) as gateway:
        held = await left(gateway, after=b"", wait=0.5, model=model, max_completion_tokens=20_000)
        line = await paid(gateway, tmp_path)

    assert line["estimated"]
    assert 400 <= line["usage"]["output"] < 5000
    assert 0.004 < line["cost_usd"] < held


async def test_but_never_more_than_was_held(start, tmp_path):
    async with served(start, hangs(SSE)) as gateway:
        held = await left(gateway, after=b"", wait=0.5, model="thinks", max_completion_tokens=64)
        line = await paid(gateway, tmp_path)

    assert 80 == line["usage"]["output"]
    assert line["cost_usd"] < held


@pytest.mark.parametrize(
    ("model", "more"), [("unthinking", {}), ("unthinking", {"reasoning_effort": "none"}), ("sees", {})]
)
async def test_whoever_leaves_a_model_that_doesnt_think_pays_for_what_came(start, tmp_path, model, more):
    async with served(start, hangs(SSE + chunked(ROLE))) as gateway:
        await left(gateway, after=b"", wait=0.3, model=model, max_completion_tokens=20_000, **more)
        line = await paid(gateway, tmp_path)

    assert 0 == line["usage"]["output"]


async def test_what_was_asked_of_a_dearer_tier_is_guessed_at_its_price(start, tmp_path):
    async with served(start, hangs(SSE + chunked(ROLE) + chunked(piece({"content": "word" * 100})))) as gateway:
        await left(gateway, after=b"word", model="sees", max_tokens=1000, service_tier="priority")
        line = await paid(gateway, tmp_path)

    standard = (line["usage"]["input"] * 2.5 + line["usage"]["output"] * 10) / 1e6
    assert line["cost_usd"] > standard * 1.5
