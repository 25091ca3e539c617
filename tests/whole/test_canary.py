"""Canaries before real providers: who tries them, how they go on and back, and that no client loses an answer."""

import asyncio
import os
from contextlib import asynccontextmanager

import orjson
import pytest

from routing.share import lot
from tests.whole.conftest import gateway as gateway_in
from tests.whole.provider import Provider, completion, fails, ok, piece, says, streams, words

ADMIN = {"authorization": "Bearer the-operators"}
CONFIG = """
admin: {{key: the-operators}}
server: {{open: true}}
providers:
  p: {{dialect: openai, base_url: "{url}", api_key: k}}
  c: {{dialect: openai, base_url: "{canary}", api_key: k}}
routes:
  m:
    chain: p/old
    canary: {{target: c/new, stages: {stages}, every: {every}, minimum: {minimum}, guard: {guard}}}
  other: c/new
models:
  p/old: {{price: {{input: 1, output: 1}}}}
  c/new: {{price: {{input: {price}, output: {price}}}}}
{more}
"""
OFF = "{errors: off, first_content: off, cost: off, validity: off}"


@asynccontextmanager
async def served(
    start, *plays, client=(), stages="[50%, 100%]", every="400ms", minimum=5, guard="{}", price=1, more=""
):
    """A gateway before a provider, and before a canary that plays *plays*."""
    async with Provider(*(client or (ok("old"),))) as provider, Provider(*(plays or (ok("new"),))) as canary:
        text = CONFIG.format(
            url=provider.url,
            canary=canary.url,
            stages=stages,
            every=every,
            minimum=minimum,
            guard=guard,
            price=price,
            more=more,
        )
        async with start(text) as gateway:
            gateway.provider, gateway.canary = provider, canary
            yield gateway


async def status(gateway):
    (one,) = (await gateway.get("/api/v1/canaries", **ADMIN)).body["canaries"]
    return one


async def until(gateway, wanted, *, calls=True, seconds=8, **fields):
    """Call, until the canary has that status."""
    number = 0
    async with asyncio.timeout(seconds):
        while (one := await status(gateway))["status"] != wanted:
            for _ in range(4):
                number += 1
                if calls:
                    assert 200 == (await gateway.chat(user=f"u{number}", max_tokens=9, **fields)).status
            await asyncio.sleep(0.02)
    return one


def events(tmp_path):
    lines = [orjson.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    return [line for line in lines if line["message"].startswith("canary")]


def inside(share, mark, count=200):
    return [f"user-{number}" for number in range(count) if lot(f"user-{number}", mark) < share]


async def test_a_good_canary_advances_by_itself_and_passes(start, tmp_path):
    async with served(start, stages="[30%, 60%]") as gateway:
        passed = await until(gateway, "passed")
        gauge = await gateway.metric('switchyard_canary_stage{route="m"}')

    assert (2, 2, 0.6, ["c/new"]) == (passed["stage"], gauge, passed["share"], passed["targets"])
    await asyncio.sleep(0)
    assert ["canary advanced", "canary passed"] == [each["message"] for each in events(tmp_path)]
    assert [(2, 0.6, ""), (2, 0.6, "")] == [(each["stage"], each["share"], each["reason"]) for each in events(tmp_path)]


async def test_a_canary_that_fails_is_rolled_back_and_costs_nobody_an_answer(start, tmp_path):
    async with served(start, fails(500), every="1h") as gateway:
        back = await until(gateway, "rolled_back")
        before = len(gateway.canary.requests)
        for number in range(20):
            assert 200 == (await gateway.chat(user=f"v{number}")).status
        gauge = await gateway.metric('switchyard_canary_stage{route="m"}')

    assert (0, 0, 0.0) == (back["stage"], gauge, back["share"])
    assert before == len(gateway.canary.requests)
    assert "of its calls failed" in back["reason"]
    assert ["canary rolled_back"] == [each["message"].replace(" back", "_back") for each in events(tmp_path)]


@pytest.mark.parametrize("play", [fails(400), fails(401), fails(404, code="model_not_found"), says(200, b"<html>")])
async def test_whatever_a_canary_answers_the_route_answers_for_it(start, play):
    async with served(start, play, stages="[100%]", every="1h") as gateway:
        answer = await gateway.chat()

    assert (200, "p/old", "2") == (
        answer.status,
        answer.headers["x-switchyard-target"],
        answer.headers["x-switchyard-attempts"],
    )


async def test_not_even_without_fallback_does_a_canary_cost_an_answer(start):
    async with served(start, fails(500), stages="[100%]", more="defaults: {fallback: false}") as gateway:
        answer = await gateway.chat()

    assert (200, "p/old") == (answer.status, answer.headers["x-switchyard-target"])


async def test_a_canary_that_a_key_cannot_afford_leaves_it_the_rest(start):
    keys = "keys: {alice: {key: of-alice, budget: 0.1/day}}"
    async with served(start, stages="[100%]", price=1000000, more=keys) as gateway:
        answer = await gateway.chat(headers={"authorization": "Bearer of-alice"}, max_tokens=10)

    assert (200, "p/old", []) == (answer.status, answer.headers["x-switchyard-target"], gateway.canary.requests)


async def test_a_dearer_canary_is_rolled_back(start):
    async with served(start, price=2, every="1h") as gateway:
        back = await until(gateway, "rolled_back")

    assert "its calls cost 0.000042000 dollars on average, where 0.000027300 may" == back["reason"]


async def test_a_slower_canary_is_rolled_back(start):
    slow = streams(words("new"), first=0.08)
    async with served(start, slow, client=(streams(words("old")),), every="1h") as gateway:
        back = await until(gateway, "rolled_back", stream=True)

    assert "for the first content" in back["reason"]


@pytest.mark.parametrize(
    ("flawed", "good", "fields"),
    [
        (ok(""), ok("old"), {}),
        (streams(words("no json")), streams(words('{"a":', "1}")), {"stream": True, "response_format": "json_object"}),
        (ok('{"a": "text"}'), ok('{"a": 1}'), {"response_format": "schema"}),
        (
            streams(
                [
                    piece({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "f", "arguments": "{"}}]}),
                    *words()[1:],
                ]
            ),
            streams(
                [
                    piece({"tool_calls": [{"index": 0, "id": "x", "function": {"name": "f", "arguments": "{}"}}]}),
                    *words()[1:],
                ]
            ),
            {"stream": True, "tools": [{"type": "function", "function": {"name": "f"}}]},
        ),
    ],
    ids=["empty", "no JSON", "off the schema", "tool arguments"],
)
async def test_a_canary_whose_answers_are_flawed_is_rolled_back(start, flawed, good, fields):
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    formats = {
        "json_object": {"type": "json_object"},
        "schema": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}},
    }
    fields = {**fields}
    if "response_format" in fields:
        fields["response_format"] = formats[fields["response_format"]]
    async with served(start, flawed, client=(good,), every="1h", guard="{first_content: off}") as gateway:
        back = await until(gateway, "rolled_back", **fields)

    assert "of its answers were flawed" in back["reason"]
    assert 0 == back["rest"]["flawed"]


async def test_answers_that_were_only_kept_to_be_judged_are_not_logged(start, tmp_path):
    async with served(start, stages="[100%]", every="1h") as gateway:
        await gateway.chat(response_format={"type": "json_object"})
        await asyncio.sleep(0.3)

    assert "answered" not in (tmp_path / "log").read_text()


async def test_too_few_calls_keep_it_where_it_is(start):
    async with served(start, every="200ms", minimum=50) as gateway:
        for number in range(20):
            await gateway.chat(user=f"u{number}")
        await asyncio.sleep(0.6)
        found = await status(gateway)

    assert ("running", 1) == (found["status"], found["stage"])
    assert 20 == found["canary"]["calls"] + found["rest"]["calls"]


async def test_a_session_stays_where_it_is_across_stages_and_restarts(start, tmp_path):
    async with served(start, stages="[20%, 50%]", every="1h", guard=OFF) as gateway:
        users = [f"user-{number}" for number in range(40)]
        first = {user: (await gateway.chat(user=user)).headers["x-switchyard-target"] for user in users}
        again = {user: (await gateway.chat(user=user)).headers["x-switchyard-target"] for user in users}
        text = gateway.config.read_text()
        log = os.open(os.devnull, os.O_WRONLY)
        (tmp_path / "second").mkdir()
        async with gateway_in(text, tmp_path / "second", log) as second:
            beside = {user: (await second.chat(user=user)).headers["x-switchyard-target"] for user in users}
            seen = await status(second)
            await asyncio.sleep(1.2)
            together = await status(gateway)
        os.close(log)

    assert first == again == beside
    assert 1 <= sum(target == "c/new" for target in first.values()) <= 20
    assert 1 == seen["stage"]
    assert 120 == together["canary"]["calls"] + together["rest"]["calls"]


async def test_where_a_canary_stands_survives_a_restart_and_a_change_begins_anew(start, tmp_path):
    async with served(start, fails(500), every="1h") as gateway:
        await until(gateway, "rolled_back")
        text = gateway.config.read_text()
        log = os.open(os.devnull, os.O_WRONLY)
        (tmp_path / "second").mkdir()
        async with gateway_in(text, tmp_path / "second", log) as second:
            kept = await status(second)
            second.config.write_text(text.replace("every: 1h", "every: 2h"))
            await second.request("POST", "/admin/reload", **ADMIN)
            anew = await until(second, "running", calls=False)
        os.close(log)

    assert ("rolled_back", "running") == (kept["status"], anew["status"])
    assert kept["reason"]


async def test_two_processes_take_one_step_and_tell_it_once(start, tmp_path):
    async with Provider(says(200, {})) as hook:
        more = f'alerts: {{webhook: "{hook.url}"}}'
        async with served(start, stages="[50%, 100%]", every="500ms", more=more) as gateway:
            log = os.open(os.devnull, os.O_WRONLY)
            (tmp_path / "second").mkdir()
            async with gateway_in(gateway.config.read_text(), tmp_path / "second", log) as second:
                for number in range(60):
                    await (second if number % 2 else gateway).chat(user=f"u{number}")
                one = await until(gateway, "passed")
                other = await until(second, "passed", calls=False)
                await asyncio.sleep(0.2)
            os.close(log)
        told = [request.body["event"] for request in hook.requests]

    assert one["stage"] == other["stage"] == 2
    assert ["canary_advanced", "canary_passed"] == sorted(told)


async def test_the_operator_stops_and_restarts_it(start, tmp_path):
    async with served(start, stages="[100%]", every="1h") as gateway:
        stopped = await gateway.request("POST", "/api/v1/canaries/m", {"action": "stop"}, **ADMIN)
        during = await gateway.chat()
        await gateway.request("POST", "/api/v1/canaries/m", {"action": "restart"}, **ADMIN)
        after = await gateway.chat()

    (one,) = stopped.body["canaries"]
    assert ("stopped", 0) == (one["status"], one["stage"])
    assert ["p/old", "c/new"] == [each.headers["x-switchyard-target"] for each in (during, after)]
    assert ["canary stopped", "canary restarted"] == [each["message"] for each in events(tmp_path)]


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        ("other", {"action": "stop"}, ADMIN, (404, "canary_not_found")),
        ("m", {"action": "fly"}, ADMIN, (400, None)),
        ("m", {"action": "stop"}, {}, (401, "invalid_api_key")),
    ],
)
async def test_what_cannot_be_done_is_refused(start, path, body, headers, expected):
    async with served(start) as gateway:
        answer = await gateway.request("POST", f"/api/v1/canaries/{path}", body, **headers)

    assert expected[0] == answer.status
    assert expected[1] in {None, answer.body["error"]["code"]} or 401 == answer.status


async def test_a_clients_own_chain_is_no_canarys_business(start):
    async with served(start, stages="[100%]", every="1h") as gateway:
        await gateway.chat(models=["other"])
        found = await status(gateway)

    assert 0 == found["canary"]["calls"] + found["rest"]["calls"]


async def test_a_route_can_be_a_canary(start):
    async with served(start, fails(500), ok("second"), stages="[100%]", every="1h") as gateway:
        text = gateway.config.read_text()
        text = text.replace("canary: {target: c/new", "canary: {target: both").replace(
            "  other: c/new", "  both: [c/new, c/newer]"
        )
        gateway.config.write_text(text)
        await gateway.request("POST", "/admin/reload", **ADMIN)
        await until(gateway, "running", calls=False)
        answer = await gateway.chat()
        found = await status(gateway)

    assert ("c/newer", "m", ["c/new", "c/newer"]) == (
        answer.headers["x-switchyard-target"],
        answer.headers["x-switchyard-route"],
        found["targets"],
    )
    assert completion()["model"] == answer.body["model"]


async def test_a_canary_that_is_away_counts_as_failing(start):
    async with served(start, fails(500), stages="[100%]", every="1h", guard="{errors: 100%}") as gateway:
        for _ in range(8):
            await gateway.chat()
        found = await status(gateway)

    # Its breaker opened after five failures; the calls after that weren't sent there, and count all the same.
    assert (8, 8) == (found["canary"]["calls"], found["canary"]["failed"])
    assert len(gateway.canary.requests) == 5
