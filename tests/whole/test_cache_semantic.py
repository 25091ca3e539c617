"""Answers to questions that mean the same: who gets one, who doesn't, and what is reported first."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.store.redis_servers import WITH_VECTORS, Server, serving, settle
from tests.whole.kept import ADMIN, ALICE, BOB, rows, told
from tests.whole.provider import Provider, answer, completion

CONFIG = """
admin: {{key: the-operators}}
cache: {{budget: {budget}}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
routes:
  m:
    chain: p/real-model
    cache: {{ttl: 1h, scope: {scope}, semantic: {{route: e, threshold: 0.9, mode: {mode}{more}}}}}
  n: {{chain: p/real-model, cache: {{ttl: 1h, scope: {scope}, semantic: {{route: e, threshold: 0.9, mode: {mode}}}}}}}
  e: p/embed
models:
  p/real-model: {{price: {{input: 1000, output: 1000}}, context: 100000, max_output: 1000}}
  p/embed: {{price: {{input: 100, output: 0}}, context: 8000}}
teams: {{lab: {{}}}}
keys:
  alice: {{key: the-key-of-alice, team: lab{alice}}}
  bob: {{key: the-key-of-bob}}
{state}
"""
RESET = ("How do I reset my password?", "how can I reset my password")


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """By where vectors are compared: in Redis, or in each process, be it that Redis is too old."""
    folder = tmp_path_factory.mktemp("redis")
    made = {"vector sets": Server(folder, program=WITH_VECTORS), "an old Redis": Server(folder)}
    with serving(*made.values()):
        settle(*made.values())
        yield made


@pytest.fixture(params=["memory", "an old Redis", "vector sets"])
def start(request, start, servers):
    """As tests.whole.conftest.start, with each place for answers and vectors in its turn."""
    server = servers.get(request.param)
    if server is not None:  # it may forget everything but who it is, or it would grant nothing for a while
        for name in server.ask("KEYS", "*"):
            if not name.endswith("mark"):
                server.ask("DEL", name)

    def begin(config):
        state = "" if server is None else f"state: {{url: 'redis://127.0.0.1:{server.port}', directory: data}}"
        return start(config.replace("STATE", state))

    begin.server = server if request.param == "vector sets" else None
    return begin


def vector(text):
    """All questions about the same thing look alike, but for a little."""
    about = [word in text.lower() for word in ("password", "france", "spain", "5", "6", "not")]
    return [1.0, *(0.25 * one for one in about[3:]), *(2.0 * one for one in about[:1]), 0.01 * len(text) % 0.05]


def play_embedding(embeds=None):
    """A provider that embeds by *embeds*, else as `vector` does, and answers questions by saying them again."""

    async def play(request, writer):
        body = orjson.loads(request.raw)
        if "input" in body:
            found = vector(body["input"]) if embeds is None else await embeds(body["input"])
            one = {"object": "embedding", "index": 0, "embedding": found}
            usage = {"prompt_tokens": 10, "total_tokens": 10}
            said = {"object": "list", "data": [one], "model": "e", "usage": usage}
        else:
            said = completion(f"about: {body['messages'][-1]['content']}")
        writer.write(answer(200, orjson.dumps(said)))

    return Provider(play)


@asynccontextmanager
async def served(start, mode="serve", scope="key", alice="", budget="10/day", more="", embeds=None):
    async with play_embedding(embeds) as provider:
        settings = {"mode": mode, "scope": scope, "alice": alice, "budget": budget, "more": more, "state": "STATE"}
        async with start(CONFIG.format(url=provider.url, **settings)) as gateway:
            gateway.provider = provider
            yield gateway


def paths(gateway):
    return [request.path.rsplit("/", 1)[1] for request in gateway.provider.requests]


async def ask(gateway, text, headers=ALICE, model="m", before=(), **more):
    messages = [*before, {"role": "user", "content": text}]
    made = await gateway.chat(model, headers=headers, messages=messages, **more)
    await learned(gateway)
    return made


async def learned(gateway):
    larder = gateway.house._shared.larder
    async with asyncio.timeout(15):
        while larder._pending or larder.likeness._tasks:
            await asyncio.sleep(0.01)


def remembered(gateway, start):
    """How many questions are, wherever they lie."""
    server = start.server
    here = len(gateway.house._shared.larder.likeness)
    return here + (0 if server is None else sum(server.ask("VCARD", key) for key in server.ask("KEYS", "*vectors:*")))


def said(made):
    return made.body["choices"][0]["message"]["content"]


async def looks(gateway, outcome):
    return await gateway.metric(f'switchyard_cache_similar_total{{outcome="{outcome}",route="m"}}')


async def test_a_question_that_means_the_same_gets_the_same_answer(start):
    async with served(start) as gateway:
        first, second = [await ask(gateway, text) for text in RESET]
        stream = await ask(gateway, RESET[1], stream=True)

    assert ("miss", "hit", "hit") == (told(first), told(second), told(stream))
    assert said(first) == said(second) == stream.text
    assert "0.000000000" == second.headers["x-switchyard-cost-usd"]
    assert float(second.headers["x-switchyard-similarity"]) >= 0.9
    assert 1 == paths(gateway).count("completions")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is 5 a good password?", "Is 6 a good password?"),
        ("Is this a good password?", "Is this not a good password?"),
        ("Is the password of Anna good?", "Is the password of Otto good?"),
        ('Is "abc" a good password?', 'Is "abd" a good password?'),
    ],
)
async def test_questions_that_differ_in_what_counts_do_not(start, one, other):
    async with served(start) as gateway:
        answers = [await ask(gateway, text) for text in (one, other)]
        doubts = await looks(gateway, "differs")

    assert (["miss", "miss"], 1) == ([told(each) for each in answers], doubts)


async def test_another_subject_is_nothing_like_it(start):
    async with served(start) as gateway:
        await ask(gateway, RESET[0])
        answer = await ask(gateway, "Where is the moon?")
        none = await looks(gateway, "none")

    assert ("miss", 2) == (told(answer), none)


@pytest.mark.parametrize(
    "other",
    [
        {"headers": BOB},
        {"model": "n"},
        {"temperature": 0.5},
        {"before": [{"role": "system", "content": "Answer in Latin."}]},
        {"before": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"routing": {"prefer": ["p"]}},
        {"cache": {"scope": "key"}},
    ],
)
async def test_whoever_asks_otherwise_or_is_somebody_else_gets_none_of_it(start, other):
    async with served(start, scope="team" if "cache" in other else "key") as gateway:
        await ask(gateway, RESET[0])
        answer = await ask(gateway, RESET[1], **other)

    assert "miss" == told(answer)


async def test_the_shadow_reports_what_it_would_have_served_and_serves_nothing(start):
    async with served(start, mode="shadow") as gateway:
        answers = [await ask(gateway, text) for text in (*RESET, "How do I not reset my password?")]
        page = (await gateway.get("/api/v1/cache?samples=1", **ADMIN)).body
        plain = (await gateway.get("/api/v1/cache", **ADMIN)).body
        client = await gateway.get("/api/v1/cache?samples=1", **ALICE)
        would, doubts = [await looks(gateway, outcome) for outcome in ("would_hit", "differs")]

    assert ["miss"] * 3 == [told(one) for one in answers]
    assert (1, True) == (would, doubts >= 1)
    hit = next(one for one in page["samples"] if one["outcome"] == "would_hit")
    assert (RESET[1], RESET[0], "m", "alice", None) == tuple(
        hit[name] for name in ("asked", "like", "route", "key", "differs_in")
    )
    assert "negation" in {one["differs_in"] for one in page["samples"]}
    assert (False, 401) == ("samples" in plain, client.status)


async def test_vectors_are_paid_by_the_caches_own_account(start):
    async with served(start, alice=", budget: 10/total") as gateway:
        for text in RESET:
            await ask(gateway, text, max_tokens=20)
        found = await rows(gateway, 4)
        usage = (await gateway.get("/api/v1/usage", **ALICE)).body

    vectors = [row for row in found if row["endpoint"] == "embeddings"]
    assert [("cache:m", "e", 0.001, 200)] * 2 == [
        (row["key"], row["route"], row["cost_usd"], row["status"]) for row in vectors
    ]
    assert 0.021 == usage["budgets"][0]["spent_usd"]


async def test_without_money_for_vectors_there_is_no_likeness_and_calls_go_on(start):
    async with served(start, budget="0.0001/total") as gateway:
        answers = [await ask(gateway, text) for text in RESET]
        failed = await looks(gateway, "failed")

    assert [(200, "miss"), (200, "miss")] == [(one.status, told(one)) for one in answers]
    assert (0, True) == (paths(gateway).count("embeddings"), failed >= 2)


async def test_a_call_that_will_be_refused_asks_for_no_vector(start):
    async with served(start, alice=", limits: {requests: 1/min}") as gateway:
        await ask(gateway, RESET[0])
        refused = await ask(gateway, RESET[1])
        unknown = await ask(gateway, RESET[1], headers={"authorization": "Bearer nobody"})

    assert (429, 401, 1) == (refused.status, unknown.status, paths(gateway).count("embeddings"))


async def test_a_slow_embedder_delays_a_call_for_so_long_and_no_longer(start):
    async def slow(text):
        await asyncio.sleep(3)
        return vector(text)

    async with served(start, more=", timeout: 200ms", embeds=slow, alice="") as gateway:
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = await gateway.chat(headers=ALICE, messages=[{"role": "user", "content": RESET[0]}])
        took = loop.time() - began

    assert (200, "miss") == (answer.status, told(answer))
    assert 0.2 <= took < 1.5


@pytest.mark.parametrize("found", [[], [0.0, 0.0], ["x"], [[1.0]]])
async def test_what_is_no_vector_is_none(start, found):
    async def odd(text):
        return found

    async with served(start, embeds=odd) as gateway:
        answers = [await ask(gateway, text) for text in RESET]

    assert [(200, "miss"), (200, "miss")] == [(one.status, told(one)) for one in answers]


async def test_what_is_forgotten_is_like_nothing_any_more(start):
    async with served(start) as gateway:
        await ask(gateway, RESET[0])
        before = remembered(gateway, start)
        await gateway.request("DELETE", "/api/v1/cache?key=alice", **ADMIN)
        left = remembered(gateway, start)
        answer = await ask(gateway, RESET[1])

    assert (1, 0, "miss") == (before, left, told(answer))


async def test_what_is_forgotten_while_its_vector_is_under_way_is_not_remembered(start):
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def slow(text):
        asked.set()
        await go_on.wait()
        return vector(text)

    async with served(start, mode="shadow", embeds=slow) as gateway:
        await gateway.chat(headers=ALICE, messages=[{"role": "user", "content": RESET[0]}])
        async with asyncio.timeout(5):
            await asked.wait()
        await gateway.request("DELETE", "/api/v1/cache?all=true", **ADMIN)
        go_on.set()
        await learned(gateway)
        left = remembered(gateway, start)

    assert 0 == left


async def test_what_is_no_plain_question_is_left_alone(start):
    picture = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
    async with served(start) as gateway:
        made = await gateway.chat(headers=ALICE, messages=[{"role": "user", "content": picture}])

    assert ("miss", []) == (told(made), [path for path in paths(gateway) if path == "embeddings"])
