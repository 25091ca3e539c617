"""Answers that are kept: who gets one, what it costs, and what is told."""

import asyncio

import orjson
import pytest

from tests.whole.kept import ADMIN, ALICE, BOB, CAROL, rows, served, told
from tests.whole.provider import DONE, ROLE, Provider, completion, ok, piece, says, streams, words


async def test_a_second_call_gets_the_first_ones_answer_and_pays_nothing(start):
    async with served(start) as gateway:
        first = await gateway.chat(headers=ALICE)
        second = await gateway.chat(headers=ALICE)

    assert ("miss", "hit") == (told(first), told(second))
    assert 1 == len(gateway.provider.requests)
    assert ("0.021000000", "0.000000000") == tuple(one.headers["x-switchyard-cost-usd"] for one in (first, second))
    assert {**first.body, "usage": {**first.body["usage"], "cost": 0}} == second.body
    assert ("p/real-model", "0", "0") == tuple(
        second.headers[name] for name in ("x-switchyard-target", "x-switchyard-attempts", "age")
    )


async def test_a_stream_is_told_again_event_by_event(start):
    async with served(start, streams(words("a", "b", "c"))) as gateway:
        first = await gateway.chat(headers=ALICE, stream=True)
        second = await gateway.chat(headers=ALICE, stream=True)

    assert ("miss", "hit") == (told(first), told(second))
    assert first.raw == second.raw


async def test_one_answer_serves_streams_and_others(start):
    async with served(start, ok("one two")) as gateway:
        await gateway.chat(headers=ALICE)
        stream = await gateway.chat(headers=ALICE, stream=True, stream_options={"include_usage": True})
    async with served(start, streams(words("a", "b"))) as gateway:
        await gateway.chat(headers=ALICE, stream=True)
        whole = await gateway.chat(headers=ALICE)

    assert ("hit", "one two", "[DONE]", 0) == (
        told(stream),
        stream.text,
        stream.events[-1],
        stream.events[-2]["usage"]["cost"],
    )
    assert ("hit", "ab", 0) == (
        told(whole),
        whole.body["choices"][0]["message"]["content"],
        whole.body["usage"]["cost"],
    )


async def test_who_wants_usage_gets_it_and_nobody_else(start):
    async with served(start, streams(words("a"))) as gateway:
        wanted = {"stream": True, "stream_options": {"include_usage": True}}
        first = await gateway.chat(headers=ALICE, **wanted)
        plain = await gateway.chat(headers=ALICE, stream=True)
        again = await gateway.chat(headers=ALICE, **wanted)

    assert 1 == len(gateway.provider.requests)
    assert all("usage" not in event for event in plain.events[:-1])
    assert [
        *first.events[:-2],
        {**first.events[-2], "usage": {**first.events[-2]["usage"], "cost": 0}},
    ] == again.events[:-1]


# Nobody gets what isn't his


@pytest.mark.parametrize(
    ("cache", "asks", "expected"),
    [
        ("ttl: 1h", [ALICE, BOB, CAROL, ALICE, BOB], ["miss", "miss", "miss", "hit", "hit"]),
        ("ttl: 1h, scope: team", [ALICE, BOB, CAROL], ["miss", "hit", "miss"]),
        ("ttl: 1h, scope: service", [ALICE, BOB, CAROL], ["miss", "hit", "hit"]),
    ],
)
async def test_an_answer_stays_with_those_who_share_it(start, cache, asks, expected):
    async with served(start, cache=cache) as gateway:
        answers = [await gateway.chat(headers=who) for who in asks]

    assert expected == [told(one) for one in answers]


@pytest.mark.parametrize(
    ("cache", "scope", "expected"),
    [
        ("ttl: 1h", "service", "miss"),
        ("ttl: 1h, scope: team", "service", "hit"),
        ("ttl: 1h, scope: service", "key", "miss"),
        ("ttl: 1h, scope: service", "team", "hit"),
    ],
)
async def test_a_call_narrows_its_scope_and_never_widens_it(start, cache, scope, expected):
    async with served(start, cache=cache) as gateway:
        await gateway.chat(headers=ALICE, cache={"scope": scope})
        answer = await gateway.chat(headers=BOB, cache={"scope": scope})

    assert expected == told(answer)


async def test_who_may_not_use_a_model_gets_no_answer_of_it(start):
    async with served(start, cache="ttl: 1h, scope: service", bob=", models: [plain]") as gateway:
        await gateway.chat(headers=ALICE)
        refused = await gateway.chat(headers=BOB)
        stranger = await gateway.chat(headers={"authorization": "Bearer nobody"})

    assert (404, 401) == (refused.status, stranger.status)


async def test_a_key_with_another_secret_is_another_client(start):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE)
        gateway.config.write_text(gateway.config.read_text().replace("the-key-of-alice", "another-key"))
        await gateway.request("POST", "/admin/reload", **ADMIN)
        answer = await gateway.chat(headers={"authorization": "Bearer another-key"})

    assert "miss" == told(answer)


async def test_routes_do_not_share_answers(start):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE)
        answer = await gateway.chat("other", headers=ALICE)

    assert "miss" == told(answer)


async def test_another_chain_or_another_address_has_no_old_answers(start):
    async with served(start) as gateway, Provider(ok("from elsewhere")) as second:
        await gateway.chat(headers=ALICE)
        gateway.config.write_text(gateway.config.read_text().replace(gateway.provider.url, second.url))
        await gateway.request("POST", "/admin/reload", **ADMIN)
        answer = await gateway.chat(headers=ALICE)

    assert ("miss", "from elsewhere") == (told(answer), answer.body["choices"][0]["message"]["content"])


# Money and limits


async def test_a_hit_is_nothing_in_the_budget_and_counts_as_a_request(start):
    terms = ", budget: 10/total, limits: {requests: 2/min}"
    async with served(start, alice=terms) as gateway:
        answers = [await gateway.chat(headers=ALICE, max_tokens=12) for _ in range(3)]
        usage = (await gateway.get("/api/v1/usage", **ALICE)).body

    assert ["miss", "hit", None] == [told(one) for one in answers]
    assert [200, 200, 429] == [one.status for one in answers]
    assert (0.021, "0") == (usage["budgets"][0]["spent_usd"], answers[1].headers["x-ratelimit-remaining-requests"])


async def test_who_has_spent_all_gets_no_kept_answer_either(start):
    usage = {"prompt_tokens": 2900, "completion_tokens": 60, "total_tokens": 2960}
    text = [{"role": "user", "content": "x" * 900}]
    async with served(start, says(200, completion(usage=usage)), alice=", budget: 5/total") as gateway:
        first = await gateway.chat(headers=ALICE, max_tokens=60, messages=text)
        second = await gateway.chat(headers=ALICE, max_tokens=60, messages=text)

    assert (200, 429, "insufficient_quota") == (first.status, second.status, second.body["error"]["code"])


async def test_record_row_and_metrics_say_what_was_saved(start, tmp_path):
    async with served(start) as gateway:
        for _ in range(2):
            answer = await gateway.chat(headers=ALICE)
        row, before = (await rows(gateway, 2))[:2]
        hits = await gateway.metric('switchyard_cache_calls_total{outcome="hit",route="m"}')
        saved = await gateway.metric('switchyard_cache_saved_usd_total{route="m"}')
        spent = await gateway.metric('switchyard_key_cost_usd_total{key="alice"}')
        asked = await gateway.metric('switchyard_attempts_total{fault="none",target="p/real-model"}')
        await rows(gateway, 2)
        used = (await gateway.get("/api/v1/usage", **ALICE)).body
        query = {
            "query": '{ usage(key: "alice") { savedUsd } costs(period: "all") { savedUsd byRoute { name savedUsd } } }'
        }
        lines = {"content-type": "application/json", **ADMIN}
        graph = (await gateway.request("POST", "/graphql", query, **lines)).body["data"]
        whole = (await gateway.get(f"/api/v1/calls/{answer.headers['x-request-id']}", **ALICE)).body

    assert ("hit", 0.021, 0, "p/real-model", []) == tuple(
        row[name] for name in ("cache", "saved_usd", "cost_usd", "target", "attempts")
    )
    assert ("miss", 0, 0.021) == tuple(before[name] for name in ("cache", "saved_usd", "cost_usd"))
    assert (1, 0.021, 0.021, 1) == (hits, saved, spent, asked)
    assert (2, 0.021, 0.021) == tuple(used[name] for name in ("requests", "cost_usd", "saved_usd"))
    assert {"savedUsd": 0.021, "byRoute": [{"name": "m", "savedUsd": 0.021}]} == graph["costs"]
    assert {"savedUsd": 0.021} == graph["usage"]
    assert ("hit", {}) == (whole["cache"], whole["charges_usd"])
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [("miss", None), ("hit", 0.021)] == [
        (line["cache"], line["saved_usd"]) for line in lines if line["message"] == "call"
    ]


# Other endpoints, other ways


async def test_embeddings_are_kept(start):
    body = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -1.5]}], "model": "e"}
    usage = {"prompt_tokens": 2, "total_tokens": 2}
    async with served(start, says(200, {**body, "usage": usage})) as gateway:
        asked = {"model": "m", "input": "text"}
        for _ in range(2):
            answer = await gateway.request("POST", "/v1/embeddings", asked, **ALICE)

    assert ("hit", {**body, "usage": {**usage, "cost": 0}}) == (told(answer), answer.body)


async def test_a_shadow_gets_no_copy_of_a_call_that_nobody_was_asked(start):
    more = ", shadow: {target: p/other-model, share: 1, budget: 10/day}"
    async with served(start, more=more) as gateway:
        gateway.config.write_text(
            gateway.config.read_text().replace(
                "models:\n", "models:\n  p/other-model: {price: {input: 1, output: 1}}\n", 1
            )
        )
        await gateway.request("POST", "/admin/reload", **ADMIN)
        for _ in range(3):
            await gateway.chat(headers=ALICE, max_tokens=12)
        await asyncio.sleep(0.2)

    assert ["real-model", "other-model"] == [one.body["model"] for one in gateway.provider.requests]


async def test_thoughts_that_only_one_client_may_have_are_not_kept(start):
    thought = {"type": "thinking", "thinking": "hm", "signature": "s" * 40}
    tool = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    said = {
        "id": "m-1",
        "type": "message",
        "role": "assistant",
        "model": "x",
        "content": [thought, tool],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 5, "output_tokens": 5},
    }
    async with served(start, says(200, said)) as gateway:
        text = gateway.config.read_text().replace("dialect: openai", "dialect: anthropic")
        gateway.config.write_text(text)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
        answers = [await gateway.chat(headers=ALICE, tools=tools) for _ in range(2)]

    assert [(200, "miss"), (200, "miss")] == [(one.status, told(one)) for one in answers]


async def test_the_official_client_sees_the_same_chunks(start):
    from openai import AsyncOpenAI

    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    more = {"index": 0, "function": {"arguments": '{"a": 1}'}}
    deltas = [{"reasoning_content": "hm"}, {"content": "Let me see."}, {"tool_calls": [call]}, {"tool_calls": [more]}]
    play = streams([ROLE, *map(piece, deltas), piece({}, "tool_calls"), DONE])
    seen = []
    async with (
        served(start, play) as gateway,
        AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="the-key-of-alice", max_retries=0) as client,
    ):
        for _ in range(2):
            asked = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "hi"}], stream=True
            )
            seen.append([chunk.model_dump() async for chunk in asked])

    assert 1 == len(gateway.provider.requests)
    assert seen[0] == seen[1]
    assert 6 == len(seen[1])
