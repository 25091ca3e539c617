"""What a client asks of routing is obeyed, or refused with a sentence; a chain of its own is gone along."""

import asyncio

import pytest

from tests.whole.provider import Provider, fails, ok, streams, words

CONFIG = """
providers:
  one: {{dialect: openai, api_key: k, base_url: "{one}"}}
  two: {{dialect: vllm, base_url: "{two}"}}
defaults: {{retry: {{attempts: 1}}, strategy: order}}
routes:
  both: {{chain: [{{targets: [one/a, two/b]}}]}}
  first: one/a
  second: two/b
  local: {{chain: [{{targets: [one/a, two/b]}}]}}
  "any-*": one/*
keys:
  alice: {{key: sk-alice, models: [both, first, second, "any-*"]}}
  carol: {{key: sk-carol, per_model: {{second: {{budget: 1/day}}}}}}
  root: {{key: sk-root}}
models:
  one/a: {{price: {{input: 1000, output: 1000}}, context: 4000, capabilities: [tools]}}
  two/b: {{price: {{input: 0, output: 0}}, capabilities: [tools, vision, reasoning]}}
"""
ROOT = {"authorization": "Bearer sk-root"}
ALICE = {"authorization": "Bearer sk-alice"}
CAROL = {"authorization": "Bearer sk-carol"}


def running(start, one: Provider, two: Provider):
    return start(CONFIG.format(one=one.url, two=two.url))


async def asked(start, *, model="both", plays=(None, None), who=ROOT, **fields):
    """The answer to one call, and how many requests each of the two providers got."""
    first, second = plays
    async with (
        Provider(first or ok("from one")) as one,
        Provider(second or ok("from two")) as two,
        running(start, one, two) as gateway,
    ):
        answer = await gateway.chat(model, headers=who, **fields)
        return answer, (len(one.requests), len(two.requests))


@pytest.mark.parametrize(
    ("wishes", "target"),
    [
        ({}, "one/a"),
        ({"prefer": "two"}, "two/b"),
        ({"prefer": ["*/b"]}, "two/b"),
        ({"avoid": ["one"]}, "two/b"),
        ({"local": True}, "two/b"),
        ({"max_cost_usd": 0.01}, "two/b"),
        ({"budget_remaining_usd": 0.01}, "two/b"),
        ({"max_cost_usd": 100}, "one/a"),
        ({"capability": ["code", "streaming"]}, "two/b"),
        ({"capability": "tools"}, "one/a"),
        ({"strategy": "Least-Loaded", "avoid": "one/*"}, "two/b"),
        ({"task": "coding", "session": "s", "seed": 7}, "one/a"),
    ],
)
async def test_a_wish_is_obeyed(start, wishes, target):
    answer, _ = await asked(start, routing=wishes)

    assert (200, target) == (answer.status, answer.headers["x-switchyard-target"])


async def test_the_provider_never_sees_what_was_wished(start):
    async with Provider(ok()) as one, Provider(ok()) as two, running(start, one, two) as gateway:
        await gateway.chat("both", headers=ROOT, routing={"avoid": "two"}, models=["second"])

    assert {"model", "messages"} == one.requests[0].body.keys()


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"avoid": ["one", "two"]}, "the call avoids it (routing.avoid)"),
        ({"local": True, "avoid": "two"}, "it isn't local (routing.local)"),
        ({"max_cost_usd": 0, "avoid": "two"}, "are allowed (routing.max_cost_usd)"),
        ({"budget_remaining_usd": 0.0001, "avoid": "two"}, "and 0.0001 are allowed (routing.budget_remaining_usd)"),
        ({"capability": "audio"}, "the model lacks audio"),
    ],
)
async def test_a_wish_that_nobody_can_obey_is_refused_with_every_reason(start, wishes, reason):
    answer, requests = await asked(start, routing=wishes)

    error = answer.body["error"]
    assert (400, "unsupported_by_model", (0, 0)) == (answer.status, error["code"], requests)
    assert ["one/a", "two/b"] == [each["target"] for each in error["skipped"]]
    assert reason in error["skipped"][0]["reason"]


@pytest.mark.parametrize(
    ("wishes", "param", "code"),
    [
        ({"strategy": "luck"}, "routing.strategy", "unknown_strategy"),
        ({"task": "love"}, "routing.task", "unknown_task"),
        ({"capability": ["tools", "smell"]}, "routing.capability", "unknown_capability"),
    ],
)
async def test_a_name_that_does_not_exist_is_refused(start, wishes, param, code):
    answer, requests = await asked(start, routing=wishes)

    error = answer.body["error"]
    assert (400, param, code, (0, 0)) == (answer.status, error["param"], error["code"], requests)
    assert "There are: " in error["message"]


async def test_what_was_slow_is_passed_over_for_those_in_a_hurry(start):
    slow, quick = streams(words("a"), first=0.3), streams(words("b"))
    async with Provider(slow) as one, Provider(quick) as two, running(start, one, two) as gateway:
        await gateway.chat("first", headers=ROOT, stream=True)
        hurried = await gateway.chat("both", headers=ROOT, stream=True, routing={"max_latency_ms": 200})
        alone = await gateway.chat("first", headers=ROOT, stream=True, routing={"max_latency_ms": 200})

    assert "two/b" == hurried.headers["x-switchyard-target"]
    assert (503, "no_target_available") == (alone.status, alone.body["error"]["code"])
    assert "routing.max_latency_ms" in alone.body["error"]["skipped"][0]["reason"]


async def test_without_fallback_the_first_target_is_the_only_one(start):
    bad = (fails(500), None)

    with_it, both = await asked(start, plays=bad)
    without, one = await asked(start, plays=bad, routing={"fallback": False})

    assert (200, (1, 1)) == (with_it.status, both)
    assert (502, (1, 0)) == (without.status, one)


async def test_a_seed_makes_chance_repeat(start):
    async with Provider(ok()) as one, Provider(ok()) as two, running(start, one, two) as gateway:
        wishes = [{"strategy": "random", "seed": seed} for seed in (1, 1, 1, 2, 3, 4, 5, 6)]
        answers = await asyncio.gather(*(gateway.chat("both", headers=ROOT, routing=each) for each in wishes))

    targets = [answer.headers["x-switchyard-target"] for answer in answers]
    assert 1 == len(set(targets[:3]))
    assert {"one/a", "two/b"} == set(targets)


async def test_what_a_call_needs_leads_to_who_can_do_it(start):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "?"}, image]}]

    seen, requests = await asked(start, messages=messages)
    blind, _ = await asked(start, model="first", messages=messages)

    assert ("two/b", (0, 1)) == (seen.headers["x-switchyard-target"], requests)
    error = blind.body["error"]
    assert (400, "unsupported_by_model", "the model lacks vision") == (
        blind.status,
        error["code"],
        error["skipped"][0]["reason"],
    )
    assert ["both", "second", "local"] == error["could"]


async def test_a_prompt_goes_where_it_fits(start):
    answer, requests = await asked(start, messages=[{"role": "user", "content": "word " * 20_000}])

    assert ("two/b", (0, 1)) == (answer.headers["x-switchyard-target"], requests)


# A chain of the client's own


@pytest.mark.parametrize(
    ("model", "models", "requests"),
    [("first", ["second"], (1, 1)), ("first", ["two/b"], (1, 1)), ("any-x", ["first", "second"], (2, 1))],
)
async def test_the_models_of_a_call_are_tried_in_their_order(start, model, models, requests):
    answer, got = await asked(start, model=model, models=models, plays=(fails(500), None))

    assert (200, "from two") == (answer.status, answer.body["choices"][0]["message"]["content"])
    assert requests == got


async def test_no_target_of_such_a_chain_is_tried_twice(start):
    answer, got = await asked(start, model="both", models=["first", "second", "both"], plays=(fails(400), fails(503)))
    again, twice = await asked(start, model="both", models=["first", "second", "both"], plays=(fails(503), fails(503)))

    assert (400, (1, 0)) == (answer.status, got)
    assert (503, (1, 1)) == (again.status, twice)


@pytest.mark.parametrize(
    ("model", "models", "param"),
    [
        ("first", ["second", "nobody"], "models.1"),
        ("first", ["local"], "models.0"),
        ("first", ["two/b"], "models.0"),
        ("nobody", ["second"], "model"),
    ],
)
async def test_a_name_in_such_a_chain_that_is_not_the_keys_is_refused(start, model, models, param):
    answer, got = await asked(start, model=model, models=models, who=ALICE)

    assert (404, "model_not_found", param, (0, 0)) == (
        answer.status,
        answer.body["error"]["code"],
        answer.body["error"]["param"],
        got,
    )


@pytest.mark.parametrize(
    ("model", "models", "status"), [("first", ["second"], 400), ("second", ["first"], 400), ("first", ["both"], 200)]
)
async def test_no_chain_leads_past_what_a_key_may_spend_on_a_model(start, model, models, status):
    answer, _ = await asked(start, model=model, models=models, who=CAROL)

    assert status == answer.status


async def test_local_targets_come_first_where_the_operator_says_so(start):
    async with Provider(ok()) as one, Provider(ok()) as two:
        text = CONFIG.format(one=one.url, two=two.url).replace("strategy: order", "strategy: order, prefer_local: true")
        async with start(text) as gateway:
            plain = await gateway.chat("both", headers=ROOT)
            otherwise = await gateway.chat("both", headers=ROOT, routing={"local": False})

    assert ["two/b", "one/a"] == [each.headers["x-switchyard-target"] for each in (plain, otherwise)]
