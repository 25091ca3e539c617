"""What people say of answers, and what is found in them, moves what is known of targets: through the product."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.whole.provider import DONE, ROLE, STOP, Provider, completion, fails, ok, piece, says, streams, words

ADMIN = {"authorization": "Bearer the-key-of-the-operator"}
ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CONFIG = """
admin: {{key: the-key-of-the-operator}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m: p/real-model
models:
  p/real-model: {{quality: {{chat: 0.5, tool_use: 0.5, extraction: 0.5, vision: 0.5}}}}
keys:
  alice: {{key: the-key-of-alice}}
  bob: {{key: the-key-of-bob}}
{more}
"""
TOOLS = [{"type": "function", "function": {"name": "greet", "parameters": {"type": "object", "required": ["name"]}}}]
FORMAT = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "required": ["name"]}}}


@asynccontextmanager
async def served(start, *plays, more=""):
    async with Provider(*plays or (ok(),)) as provider, start(CONFIG.format(url=provider.url, more=more)) as gateway:
        yield gateway


async def judged(gateway, headers=ALICE, **fields):
    return await gateway.request("POST", "/api/v1/feedback", fields, **headers)


async def told(gateway, query=""):
    return (await gateway.get(f"/api/v1/feedback{query}", **ADMIN)).body


async def standing(gateway, task="chat"):
    await gateway.get("/metrics")  # which looks at everything
    found = [one for one in (await told(gateway))["quality"] if one["task"] == task]
    return found[0] if found else None


async def seen(gateway, task, answers=1):
    """How a target stands once so many answers were looked at."""
    async with asyncio.timeout(15):
        while (found := await standing(gateway, task)) is None or found["seen"] < answers - 0.01:
            await asyncio.sleep(0.02)
    return found


async def test_a_client_says_how_good_an_answer_was_and_the_score_follows(start):
    async with served(start) as gateway:
        call = await gateway.chat(headers=ALICE)
        answer = await judged(gateway, id=call.headers["x-request-id"], score="up", label="helpful")
        found = await standing(gateway)
        page = await told(gateway)
        counted = await gateway.metric('switchyard_feedback_total{target="p/real-model",verdict="up"}')
        shown = await gateway.metric('switchyard_quality{target="p/real-model",task="chat"}')

    assert {
        "object": "feedback",
        "id": call.headers["x-request-id"],
        "target": "p/real-model",
        "task": "chat",
        "score": 1.0,
        "label": "helpful",
        "replaced": False,
    } == answer.body
    assert (0.5, 1, 1) == (found["prior"], found["opinions"], found["praise"])
    assert found["score"] == pytest.approx(11 / 21, abs=1e-3)
    assert shown == pytest.approx(found["score"], abs=1e-3)
    assert counted == 1
    assert [{"target": "p/real-model", "task": "chat", "label": "helpful", "opinions": 1, "score": 1.0}] == (
        page["opinions"]
    )


async def test_the_quality_strategy_goes_by_what_was_said(start):
    more = "  p/a: {quality: 0.5}\n  p/b: {quality: 0.5}\n"
    routes = "  best: [{targets: [p/a, p/b], strategy: quality}]\nmodels:\n" + more
    async with Provider(ok()) as provider:
        text = CONFIG.format(url=provider.url, more="").replace("models:\n", routes)
        async with start(text) as gateway:
            call = await gateway.chat("p/a", headers=ALICE)
            await judged(gateway, id=call.headers["x-request-id"], score="down")
            chat = await gateway.chat("best", headers=ALICE)
            call = await gateway.chat("p/b", headers=ALICE, routing={"task": "coding"})
            await judged(gateway, id=call.headers["x-request-id"], score="down")
            code = await gateway.chat("best", headers=ALICE, routing={"task": "code_generation"})

    assert ["p/b", "p/a"] == [each.headers["x-switchyard-target"] for each in (chat, code)]


@pytest.mark.parametrize("more", ["", "ledger: off"])
async def test_a_second_opinion_replaces_the_first_and_the_operators_stands_beside_it(start, more):
    async with served(start, more=more) as gateway:
        id = (await gateway.chat(headers=ALICE)).headers["x-request-id"]
        first = await judged(gateway, id=id, score=0)
        second = await judged(gateway, id=id, score=0.75, task="coding")
        third = await judged(gateway, ADMIN, id=id, score=1, task="code_generation")
        chat, code = await standing(gateway), await standing(gateway, "code_generation")

    assert [False, True, False] == [each.body["replaced"] for each in (first, second, third)]
    assert (0, 0) == (chat["opinions"], chat["praise"])
    assert (2, 1.75) == (code["opinions"], code["praise"])


@pytest.mark.parametrize(
    ("headers", "fields", "status", "param"),
    [
        (BOB, {"score": 1}, 404, "id"),
        (ADMIN, {"id": "req-unheard-of", "score": 1}, 404, "id"),
        ({}, {"score": 1}, 401, None),
        (ALICE, {"id": 5, "score": 1}, 400, "id"),
        (ALICE, {"id": "", "score": 1}, 400, "id"),
        (ALICE, {}, 400, "score"),
        (ALICE, {"score": 1.5}, 400, "score"),
        (ALICE, {"score": True}, 400, "score"),
        (ALICE, {"score": "great"}, 400, "score"),
        (ALICE, {"score": 1, "label": "x" * 65}, 400, "label"),
        (ALICE, {"score": 1, "label": 5}, 400, "label"),
        (ALICE, {"score": 1, "task": "juggling"}, 400, "task"),
        (ALICE, {"score": 1, "task": 5}, 400, "task"),
    ],
)
async def test_what_cannot_be_said_is_refused(start, headers, fields, status, param):
    async with served(start) as gateway:
        call = await gateway.chat(headers=ALICE)
        answer = await judged(gateway, headers, **{"id": call.headers["x-request-id"], **fields})

    assert (status, param) == (answer.status, answer.body["error"]["param"])


async def test_a_call_that_nobody_answered_cannot_be_judged(start):
    async with served(start, fails(400)) as gateway:
        call = await gateway.chat(headers=ALICE)
        answer = await judged(gateway, id=call.headers["x-request-id"], score=0)

    assert (404, "call_not_found") == (answer.status, answer.body["error"]["code"])


@pytest.mark.parametrize("query", ["?since=yesterday", "?since=2026-13-01"])
async def test_a_time_that_is_none_is_refused(start, query):
    async with served(start) as gateway:
        answer = await gateway.get(f"/api/v1/feedback{query}", **ADMIN)
        client = await gateway.get("/api/v1/feedback", **ALICE)

    assert (400, "since") == (answer.status, answer.body["error"]["param"])
    assert 401 == client.status


async def test_what_was_said_is_found_by_target_and_time(start):
    async with served(start) as gateway:
        id = (await gateway.chat(headers=ALICE)).headers["x-request-id"]
        await judged(gateway, id=id, score=1)
        pages = [await told(gateway, query) for query in ("?target=p/real-model", "?target=p/other", "?since=2100-01")]

    assert [(1, 1), (0, 0), (0, 1)] == [(len(each["opinions"]), len(each["quality"])) for each in pages]


async def test_an_ordinary_answer_is_sound(start):
    async with served(start, ok(), streams(words("one", "two"))) as gateway:
        await gateway.chat(headers=ALICE, max_tokens=5)
        await gateway.chat(headers=BOB, stream=True)
        found = await seen(gateway, "chat", 2)

    assert (0, 0.5) == (found["flaws"], found["score"])


def spoken(finish="stop", **message):
    usage = {"prompt_tokens": 9, "completion_tokens": len(message["content"] or ""), "total_tokens": 99}
    return says(200, completion(choices=[{"index": 0, "message": message, "finish_reason": finish}], usage=usage))


def calling(arguments):
    function = {"name": "greet", "arguments": arguments}
    return spoken("tool_calls", content=None, tool_calls=[{"id": "1", "type": "function", "function": function}])


def telling(text):
    return streams([ROLE, *(piece({"content": letter}) for letter in text), STOP, DONE])


@pytest.mark.parametrize(
    ("play", "fields", "task", "flaw"),
    [
        (spoken(content=""), {}, "chat", "empty"),
        (spoken("content_filter", content="no"), {}, "chat", "refused"),
        (spoken("length", content="and"), {}, "chat", "cut_short"),
        (spoken("length", content="and"), {"max_tokens": 1}, "chat", None),
        (spoken(content="Sure!"), {"response_format": {"type": "json_object"}}, "chat", "invalid_json"),
        (spoken(content='{"name": 1}'), {"response_format": FORMAT}, "extraction", None),
        (spoken(content='{"age": 1}'), {"response_format": FORMAT}, "extraction", "schema_mismatch"),
        (calling('{"name": 1}'), {"tools": TOOLS}, "tool_use", None),
        (calling('{"name": '), {"tools": TOOLS}, "tool_use", "tool_arguments"),
        (telling('{"name": 1}'), {"response_format": FORMAT, "stream": True}, "extraction", None),
        (telling('{"age": 1}'), {"response_format": FORMAT, "stream": True}, "extraction", "schema_mismatch"),
        (streams([ROLE, STOP, DONE]), {"stream": True}, "chat", "empty"),
        (spoken(content=""), {"routing": {"task": "vision"}}, "vision", "empty"),
    ],
)
async def test_a_flaw_is_found_without_a_judge(start, play, fields, task, flaw):
    async with served(start, play) as gateway:
        answer = await gateway.chat(headers=ALICE, **fields)
        found = await seen(gateway, task)
        counted = await gateway.metric(f'switchyard_answer_flaws_total{{flaw="{flaw}",target="p/real-model"}}')

    assert 200 == answer.status
    assert (flaw is not None) == (found["flaws"] > 0) == (found["score"] < 0.5) == (counted == 1)


async def test_a_stream_that_is_listened_to_says_the_same(start):
    letters = [f"{number}," for number in range(200)]
    async with served(start, streams(words(*letters))) as gateway:
        heard = await gateway.chat(headers=ALICE, stream=True, response_format=FORMAT)
        plain = await gateway.chat(headers=ALICE, stream=True)

    assert "".join(letters) == heard.text == plain.text
    assert heard.raw == plain.raw


async def test_whoever_asks_again_at_once_was_not_content(start):
    async with served(start) as gateway:
        question = {"messages": [{"role": "user", "content": "Why is the sky blue?"}]}
        for headers in (ALICE, BOB, ALICE, ALICE, ALICE, ALICE):
            await gateway.chat(headers=headers, **question)
        found = await seen(gateway, "chat", 6)
        counted = await gateway.metric('switchyard_answer_flaws_total{flaw="asked_again",target="p/real-model"}')

    assert (2, 1.0) == (counted, found["flaws"])


async def test_who_asks_many_times_at_once_is_a_program(start):
    async with served(start, says(200, orjson.dumps(completion()))) as gateway:
        await asyncio.gather(*(gateway.chat(headers=ALICE) for _ in range(20)))
        await gateway.chat(headers=ALICE)
        found = await seen(gateway, "chat", 21)

    assert found["flaws"] <= 1
