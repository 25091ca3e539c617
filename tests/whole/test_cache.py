"""Answers that are kept: who gets one, what it costs, what is told, and what is never kept."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.whole.provider import DONE, ROLE, STOP, Provider, completion, fails, hangs, ok, piece, says, streams, words

ALICE = {"authorization": "Bearer the-key-of-alice"}
BOB = {"authorization": "Bearer the-key-of-bob"}
CAROL = {"authorization": "Bearer the-key-of-carol"}
ADMIN = {"authorization": "Bearer the-operators"}
CONFIG = """
admin: {{key: the-operators}}
cache: {{max: {max}, largest: {largest}}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m: {{chain: p/real-model, cache: {{{cache}}}{more}}}
  other: {{chain: p/real-model, cache: 1h}}
  plain: p/real-model
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
teams: {{lab: {{}}}}
keys:
  alice: {{key: the-key-of-alice, team: lab{alice}}}
  bob: {{key: the-key-of-bob, team: lab{bob}}}
  carol: {{key: the-key-of-carol}}
"""


def settings(url, cache="ttl: 1h", more="", alice="", bob="", max="64MiB", largest="1MiB"):
    return CONFIG.format(url=url, cache=cache, more=more, alice=alice, bob=bob, max=max, largest=largest)


@asynccontextmanager
async def served(start, *plays, **written):
    async with Provider(*(plays or (ok(),))) as provider, start(settings(provider.url, **written)) as gateway:
        gateway.provider = provider
        yield gateway


def told(answer):
    return answer.headers.get("x-switchyard-cache")


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


async def rows(gateway, count):
    async with asyncio.timeout(5):
        while True:
            found = (await gateway.get("/api/v1/calls", **ADMIN)).body["data"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def test_record_row_and_metrics_say_what_was_saved(start, tmp_path):
    async with served(start) as gateway:
        for _ in range(2):
            answer = await gateway.chat(headers=ALICE)
        row, before = (await rows(gateway, 2))[:2]
        hits = await gateway.metric('switchyard_cache_calls_total{outcome="hit",route="m"}')
        saved = await gateway.metric('switchyard_cache_saved_usd_total{route="m"}')
        spent = await gateway.metric('switchyard_key_cost_usd_total{key="alice"}')
        asked = await gateway.metric('switchyard_attempts_total{fault="none",target="p/real-model"}')
        whole = (await gateway.get(f"/api/v1/calls/{answer.headers['x-request-id']}", **ALICE)).body

    assert ("hit", 0.021, 0, "p/real-model", []) == tuple(
        row[name] for name in ("cache", "saved_usd", "cost_usd", "target", "attempts")
    )
    assert ("miss", 0, 0.021) == tuple(before[name] for name in ("cache", "saved_usd", "cost_usd"))
    assert (1, 0.021, 0.021, 1) == (hits, saved, spent, asked)
    assert ("hit", {}) == (whole["cache"], whole["charges_usd"])
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [("miss", 0), ("hit", 0.021)] == [
        (line["cache"], line["saved_usd"]) for line in lines if line["message"] == "call"
    ]


# What a call may wish


async def test_nothing_of_the_wish_reaches_a_provider(start):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE, cache={"ttl": "5m", "scope": "key", "tags": ["a"], "pace": True})

    assert "cache" not in gateway.provider.requests[0].body


async def test_a_call_may_want_a_younger_answer_or_a_new_one_or_none(start):
    async with served(start, ok("one"), ok("two"), ok("three")) as gateway:
        await gateway.chat(headers=ALICE)
        await asyncio.sleep(0.05)
        younger = await gateway.chat(headers=ALICE, cache={"ttl": "10ms"})
        refreshed = await gateway.chat(headers=ALICE, cache={"refresh": True})
        after = await gateway.chat(headers=ALICE)
        never = await gateway.chat(headers=ALICE, cache={"ttl": 0})

    assert ["miss", "miss", "hit", "bypass"] == [told(one) for one in (younger, refreshed, after, never)]
    assert ["two", "three", "three"] == [
        one.body["choices"][0]["message"]["content"] for one in (younger, refreshed, after)
    ]


async def test_who_wants_a_kept_answer_or_none_is_told_that_there_is_none(start):
    async with served(start) as gateway:
        without = await gateway.chat(headers=ALICE, cache={"only": True})
        nowhere = await gateway.chat("plain", headers=ALICE, cache={"only": True})
        await gateway.chat(headers=ALICE)
        there = await gateway.chat(headers=ALICE, cache={"only": True})

    assert [(504, "not_cached"), (504, "not_cached")] == [
        (one.status, one.body["error"]["code"]) for one in (without, nowhere)
    ]
    assert ("false", "hit", 1) == (without.headers["x-should-retry"], told(there), len(gateway.provider.requests))


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ("yes", "cache"),
        ({"ttl": "soon"}, "cache.ttl"),
        ({"ttl": -1}, "cache.ttl"),
        ({"ttl": True}, "cache.ttl"),
        ({"scope": "world"}, "cache.scope"),
        ({"only": 1}, "cache.only"),
        ({"tags": [""]}, "cache.tags"),
        ({"life": 1}, "cache.life"),
    ],
)
async def test_a_wish_that_cannot_be_meant_is_refused(start, wish, param):
    async with served(start) as gateway:
        answer = await gateway.chat(headers=ALICE, cache=wish)

    assert (400, param) == (answer.status, answer.body["error"]["param"])


async def test_a_plain_route_says_nothing_of_it(start):
    async with served(start) as gateway:
        plain = await gateway.chat("plain", headers=ALICE)
        asked = await gateway.chat("plain", headers=ALICE, cache={"ttl": 60})

    assert (None, "bypass") == (told(plain), told(asked))


async def test_a_stream_keeps_its_pace_where_that_is_wanted(start):
    async with served(start, streams(words("a", "b", "c"), pace=0.05)) as gateway:
        first = await gateway.chat(headers=ALICE, stream=True)
        loop = asyncio.get_running_loop()
        began = loop.time()
        paced = await gateway.chat(headers=ALICE, stream=True, cache={"pace": True})
        took = loop.time() - began
        began = loop.time()
        await gateway.chat(headers=ALICE, stream=True)
        at_once = loop.time() - began

    assert (first.raw, "hit") == (paced.raw, told(paced))
    assert at_once < 0.1 < took


async def test_ttl_ends(start):
    async with served(start, cache="ttl: 50ms") as gateway:
        await gateway.chat(headers=ALICE)
        await asyncio.sleep(0.1)
        answer = await gateway.chat(headers=ALICE)

    assert "miss" == told(answer)


# What is never kept


@pytest.mark.parametrize(
    "play",
    [
        says(200, completion(choices=[{**completion()["choices"][0], "finish_reason": "length"}])),
        says(200, completion(choices=[{**completion()["choices"][0], "finish_reason": "content_filter"}])),
        says(200, completion(choices=[{"index": 0, "finish_reason": "stop", "message": {"refusal": "no"}}])),
        fails(400),
        fails(500),
    ],
)
async def test_what_is_cut_or_filtered_or_an_error_is_not_kept(start, play):
    async with served(start, play, more=", retry: {attempts: 1}") as gateway:
        await gateway.chat(headers=ALICE)
        await gateway.chat(headers=ALICE)

    assert 2 == len(gateway.provider.requests)


@pytest.mark.parametrize(
    "play",
    [
        streams([ROLE, piece({"content": "a"})], whole=False),
        streams([ROLE, piece({"content": "a"}, "length"), DONE]),
        streams([ROLE, piece({"refusal": "no"}), STOP, DONE]),
    ],
)
async def test_a_stream_that_broke_or_was_cut_is_not_kept(start, play):
    async with served(start, play) as gateway:
        await gateway.chat(headers=ALICE, stream=True)
        await gateway.chat(headers=ALICE, stream=True)

    assert 2 == len(gateway.provider.requests)


async def test_a_continued_answer_is_not_kept(start):
    broken = streams([ROLE, piece({"content": "Once upon a time there was "})], whole=False)
    rest = streams(words("there was ", "a gateway."))
    async with served(start, broken, rest, more=", on_break: continue", cache="ttl: 1h") as gateway:
        gateway.config.write_text(
            gateway.config.read_text().replace("chain: p/real-model,", "chain: [p/real-model, p/second],", 1)
        )
        await gateway.request("POST", "/admin/reload", **ADMIN)
        await gateway.chat(headers=ALICE, stream=True)
        answer = await gateway.chat(headers=ALICE, stream=True)

    assert "miss" == told(answer)


async def test_what_is_too_large_is_not_kept(start):
    async with served(start, ok("x" * 3000), streams(words("y" * 3000)), ok("z"), largest="2KiB") as gateway:
        sizes = [{}, {"stream": True}, {}]
        answers = [await gateway.chat(headers=ALICE, **more) for more in sizes]

    assert ["miss", "miss", "miss"] == [told(one) for one in answers]


async def test_a_long_answer_is_read_by_a_thread_and_kept(start):
    async with served(start, ok("x" * 100_000)) as gateway:
        first = await gateway.chat(headers=ALICE)
        async with asyncio.timeout(5):
            while not await gateway.metric("switchyard_cache_entries"):
                await asyncio.sleep(0.02)
        second = await gateway.chat(headers=ALICE)

    assert ("hit", first.body["choices"]) == (told(second), second.body["choices"])


async def test_memory_has_an_end(start):
    async with served(start, ok("x" * 1000), max="8KiB", largest="4KiB") as gateway:
        for number in range(20):
            await gateway.chat(headers=ALICE, seed=number)
        sizes = [await gateway.metric(f"switchyard_cache_{name}") for name in ("entries", "bytes", "evicted_total")]

    assert 2 <= sizes[0] < 6
    assert sizes[1] <= 8192
    assert 20 == sizes[0] + sizes[2]


# Those who ask the same at once


async def test_the_same_call_is_made_once(start):
    async with served(start, streams(words("a", "b"), first=0.2)) as gateway:
        forms = [{"stream": True}, {}, {"stream": True}, {"stream": True}, {}]
        answers = await asyncio.gather(
            *(gateway.chat(headers=ALICE, **more) for more in forms[:1]),
            *(later(gateway, **more) for more in forms[1:]),
        )

    assert 1 == len(gateway.provider.requests)
    assert ["miss", "hit", "hit", "hit", "hit"] == [told(one) for one in answers]


async def later(gateway, headers=ALICE, **more):
    await asyncio.sleep(0.05)
    return await gateway.chat(headers=headers, **more)


async def test_each_of_those_who_wait_counts_for_itself(start):
    async with served(start, streams(words("a"), first=0.2), alice=", limits: {requests: 3/min}") as gateway:
        answers = await asyncio.gather(
            gateway.chat(headers=ALICE, stream=True), *(later(gateway, stream=True) for _ in range(4))
        )

    assert [200, 200, 200, 429, 429] == sorted(one.status for one in answers)
    assert 1 == len(gateway.provider.requests)


async def test_where_the_first_one_fails_the_others_go_on_by_themselves(start):
    slow = streams([ROLE, piece({"content": "a"})], first=0.2, whole=False)
    async with served(start, slow, streams(words("b"))) as gateway:
        answers = await asyncio.gather(
            gateway.chat(headers=ALICE, stream=True), later(gateway, stream=True), later(gateway, stream=True)
        )

    assert 3 == len(gateway.provider.requests)
    assert ["a", "b", "b"] == [one.text for one in answers]


async def test_where_the_first_one_leaves_the_others_go_on_by_themselves(start):
    async with served(start, hangs(), ok("b")) as gateway:
        first = asyncio.ensure_future(gateway.chat(headers=ALICE))
        others = [asyncio.ensure_future(later(gateway)) for _ in range(3)]
        await asyncio.sleep(0.15)
        first.cancel()
        answers = await asyncio.gather(*others)

    assert ["b", "b", "b"] == [one.body["choices"][0]["message"]["content"] for one in answers]


async def test_one_who_waits_may_leave_and_harms_nobody(start):
    async with served(start, streams(words("a"), first=0.3)) as gateway:
        first = asyncio.ensure_future(gateway.chat(headers=ALICE, stream=True))
        waiting, other = (asyncio.ensure_future(later(gateway, stream=True)) for _ in range(2))
        await asyncio.sleep(0.15)
        waiting.cancel()
        answers = await asyncio.gather(first, other)

    assert (["a", "a"], 1) == ([one.text for one in answers], len(gateway.provider.requests))
    assert {} == gateway.house._shared.larder.flights


# Forgetting


@pytest.mark.parametrize(
    ("query", "removed"),
    [
        ("all=true", 3),
        ("key=alice", 2),
        ("route=other", 1),
        ("model=m", 2),
        ("model=p%2Freal-model", 3),
        ("tag=blue", 1),
        ("key=alice&tag=red", 0),
        ("key=nobody", 0),
    ],
)
async def test_answers_are_forgotten_by_whatever_names_them(start, query, removed):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE, cache={"tags": ["blue"]})
        await gateway.chat("other", headers=ALICE)
        await gateway.chat(headers=BOB, cache={"tags": "red"})
        answer = await gateway.request("DELETE", f"/api/v1/cache?{query}", **ADMIN)
        left = (await gateway.get("/api/v1/cache", **ADMIN)).body["entries"]

    assert ({"removed": removed}, 3 - removed) == (answer.body, left)


@pytest.mark.parametrize("query", ["", "?all=false", "?all=perhaps", "?all=true&key=a", "?name=x", "?key="])
async def test_a_question_that_is_none_forgets_nothing(start, query):
    async with served(start) as gateway:
        await gateway.chat(headers=ALICE)
        answer = await gateway.request("DELETE", f"/api/v1/cache{query}", **ADMIN)
        kept = await gateway.chat(headers=ALICE)

    assert (400, "hit") == (answer.status, told(kept))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_clients_have_no_business_there(start, method):
    async with served(start) as gateway:
        answer = await gateway.request(method, "/api/v1/cache?all=true", **ALICE)

    assert 401 == answer.status


async def test_an_answer_that_was_begun_before_it_was_to_be_forgotten_is_not_kept(start):
    async with served(start, streams(words("a"), first=0.3)) as gateway:
        call = asyncio.ensure_future(gateway.chat(headers=ALICE, stream=True))
        await asyncio.sleep(0.1)
        await gateway.request("DELETE", "/api/v1/cache?key=alice", **ADMIN)
        await call
        left = (await gateway.get("/api/v1/cache", **ADMIN)).body["entries"]

    assert 0 == left


async def test_the_figures(start):
    async with served(start) as gateway:
        for headers in (ALICE, ALICE, BOB):
            await gateway.chat(headers=headers)
        await gateway.chat("plain", headers=ALICE, cache={"ttl": 1})
        page = (await gateway.get("/api/v1/cache", **ADMIN)).body

    assert {
        "entries": 2,
        "hits": 1,
        "misses": 2,
        "stale": 0,
        "saved_usd": 0.021,
        "kind": "memory",
    }.items() <= page.items()
    assert [("m", 1, 2, 0), ("plain", 0, 0, 1)] == [
        (one["route"], one["hits"], one["misses"], one["bypassed"]) for one in page["by_route"]
    ]


# When nobody else has an answer


@pytest.mark.parametrize("stream", [False, True])
async def test_an_old_answer_is_better_than_none(start, stream):
    good = streams(words("a")) if stream else ok("a")
    written = {"cache": "ttl: 50ms, stale: 1h", "more": ", retry: {attempts: 1}"}
    async with served(start, good, fails(500), **written) as gateway:
        await gateway.chat(headers=ALICE, stream=stream)
        await asyncio.sleep(0.1)
        answer = await gateway.chat(headers=ALICE, stream=stream)
        only = await gateway.chat(headers=ALICE, stream=stream, cache={"only": True})

    text = answer.text if stream else answer.body["choices"][0]["message"]["content"]
    assert (200, "stale", "a", 504) == (answer.status, told(answer), text, only.status)


async def test_a_mistake_of_the_clients_is_told_all_the_same(start):
    async with served(start, ok("a"), fails(400), cache="ttl: 50ms, stale: 1h") as gateway:
        await gateway.chat(headers=ALICE)
        await asyncio.sleep(0.1)
        answer = await gateway.chat(headers=ALICE)

    assert 400 == answer.status


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
