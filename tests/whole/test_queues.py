"""Targets that take so many calls at a time: what they take is learned, and the others wait in a fair line."""

import asyncio
import time

import orjson
import pytest

from gateway.call.waiting_room import wait
from routing.plan import Attempt
from tests.whole.conftest import Gateway
from tests.whole.provider import Play, Provider, answer, completion, fails, streams, words

SHORT = 0.05


class Crowd:
    """A provider that takes *most* calls at a time, for *seconds* each, and refuses whoever comes beyond."""

    def __init__(self, most: int = 4, seconds: float = SHORT) -> None:
        self.most = most
        self.seconds = seconds
        self.now = 0
        self.peak = 0
        self.refused = 0
        self.taken: list[str] = []  # what was asked, in order
        self.go = asyncio.Event()
        self.go.set()

    async def play(self, request, writer) -> None:
        if self.now >= self.most:
            self.refused += 1
            await fails(503, "too many")(request, writer)
            return
        self.now += 1
        self.peak = max(self.peak, self.now)
        self.taken.append(request.body["messages"][0]["content"])
        try:
            await asyncio.sleep(self.seconds)
            await self.go.wait()
        finally:
            self.now -= 1
        writer.write(answer(200, orjson.dumps(completion())))


def config(provider: Provider, *, concurrency: object = "adaptive", queue: str = "{}", more: str = "") -> str:
    return f"""
providers:
  lab: {{dialect: openai, base_url: "{provider.url}", api_key: k, concurrency: {concurrency}}}
defaults: {{queue: {queue}, retry: {{backoff: 10ms}}}}
routes: {{m: lab/x}}
{more}
"""


async def ask(gateway: Gateway, text: str = "hi", key: str | None = None, **headers: str):
    lines = {**headers, **({"authorization": f"Bearer {key}"} if key else {})}
    return await gateway.chat(messages=[{"role": "user", "content": text}], headers=lines)


async def test_a_limit_is_learned_and_no_client_hears_of_it(start):
    crowd = Crowd()
    async with Provider(crowd.play) as provider, start(config(provider)) as gateway:
        first = await asyncio.gather(*(ask(gateway) for _ in range(50)))
        learning = crowd.refused
        second = await asyncio.gather(*(ask(gateway) for _ in range(50)))
        health = (await gateway.get("/health")).body["targets"]["lab/x"]
        limit = await gateway.metric('switchyard_target_limit{target="lab/x"}')

    assert {200} == {each.status for each in (*first, *second)}
    assert crowd.refused - learning < 5
    # It is known, or one more is being tried.
    assert health["limit"] in {4, 5}
    assert (health["limit"], "closed", 0) == (limit, health["breaker"], health["queued"])


async def test_an_outage_is_no_limit(start):
    crowd = Crowd()
    async with Provider(fails(503)) as provider, start(config(provider)) as gateway:
        answers = await asyncio.gather(*(ask(gateway) for _ in range(20)))
        health = (await gateway.get("/health")).body["targets"]["lab/x"]

    assert {503} == {each.status for each in answers}
    assert ("open", None, 0) == (health["breaker"], health["limit"], crowd.now)


async def test_a_full_target_is_passed_over_for_one_that_has_room(start):
    one, other = Crowd(1), Crowd(1)
    chain = "routes: {m: [lab/x, spare/y]}\n"
    async with Provider(one.play) as provider, Provider(other.play) as spare:
        text = config(provider, concurrency=1).replace("routes: {m: lab/x}\n", chain)
        text = text.replace(
            "defaults:", f'  spare: {{dialect: openai, base_url: "{spare.url}", api_key: k}}\ndefaults:'
        )
        async with start(text) as gateway:
            answers = await asyncio.gather(*(ask(gateway) for _ in range(2)))

    assert {"lab/x", "spare/y"} == {each.headers["x-switchyard-target"] for each in answers}
    assert (0, 0) == (one.refused, other.refused)


KEYS = """
keys:
  flood: {key: flood}
  light: {key: light}
  urgent: {key: urgent, priority: high}
"""


async def test_whoever_floods_a_target_waits_and_others_hardly_do(start):
    crowd = Crowd(2)
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=2, more=KEYS)) as gateway:
        flood = [asyncio.create_task(ask(gateway, f"flood {number}", "flood")) for number in range(40)]
        await asyncio.sleep(2.5 * SHORT)
        light = []
        for number in range(4):
            began = time.monotonic()
            assert 200 == (await ask(gateway, f"light {number}", "light")).status
            light.append(time.monotonic() - began)
        flooding = sum(not each.done() for each in flood)
        await asyncio.gather(*flood)

    # Each takes its own time, that of a place to become free, and at most one turn of the other key.
    assert flooding > 10
    assert max(light) < 6 * SHORT


async def test_a_full_line_makes_room_for_a_key_that_has_less_in_it(start):
    crowd = Crowd(1)
    queue = "{most: 4, wait: 5s}"
    async with (
        Provider(crowd.play) as provider,
        start(config(provider, concurrency=1, queue=queue, more=KEYS)) as gateway,
    ):
        flood = [asyncio.create_task(ask(gateway, f"flood {number}", "flood")) for number in range(5)]
        await until(lambda: waiting(gateway) == 4)
        light = await ask(gateway, "light", "light")
        answers = await asyncio.gather(*flood)

    assert (200, [200, 200, 200, 200, 503]) == (light.status, sorted(each.status for each in answers))


async def test_priorities_go_first_and_a_client_can_only_lower_its_own(start):
    crowd = Crowd(1)
    crowd.go.clear()
    low, high = {"x_switchyard_priority": "low"}, {"x_switchyard_priority": "high"}
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1, more=KEYS)) as gateway:
        calls = [asyncio.create_task(ask(gateway, "first", "flood"))]
        await until(lambda: crowd.now)
        for count, (text, key, headers) in enumerate(
            [
                ("low", "light", low),
                ("a", "flood", high),
                ("meek", "urgent", low),
                ("b", "flood", {}),
                ("now", "urgent", {}),
            ]
        ):
            calls.append(asyncio.create_task(ask(gateway, text, key, **headers)))
            await until(lambda count=count: waiting(gateway) == count + 1)
        crowd.go.set()
        await asyncio.gather(*calls)

    assert ["first", "now", "a", "b", "low", "meek"] == crowd.taken


async def test_an_unknown_priority_is_refused_on_either_way_in(start):
    async with Provider(Crowd().play) as provider, start(config(provider)) as gateway:
        head = {"x_switchyard_priority": "urgent"}
        answers = [await ask(gateway, **head), await ask(gateway, **head, expect="100-continue")]

    assert [400, 400] == [each.status for each in answers]
    assert {"x-switchyard-priority: expected one of high, normal, low."} == {
        each.body["error"]["message"] for each in answers
    }


async def test_whoever_would_wait_too_long_is_told_at_once_and_when_to_come_back(start):
    crowd = Crowd(1, seconds=0.45)
    queue = "{most: 10, wait: 1.2s}"
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1, queue=queue)) as gateway:
        await ask(gateway)  # how long a call takes is known now
        calls = [asyncio.create_task(ask(gateway)) for _ in range(4)]
        await until(lambda: waiting(gateway) == 3)
        began = time.monotonic()
        refused = await ask(gateway)
        took = time.monotonic() - began
        answers = await asyncio.gather(*calls)

    # The last of them had waited in vain, since those before it took longer than calls usually do.
    assert [200, 200, 200, 503] == [each.status for each in answers]
    assert (503, "all_targets_busy", "2") == (refused.status, code(refused), refused.headers["retry-after"])
    assert took < 0.3
    # Official clients come back by themselves then.
    assert "x-should-retry" not in refused.headers
    assert "1 calls under way, all it takes now, and 3 wait" in refused.body["error"]["attempts"][0]["message"]


@pytest.mark.parametrize(("queue", "least"), [("{wait: 0s}", 0.0), ("{wait: 200ms}", 0.2)])
async def test_nobody_waits_longer_than_the_operator_says(start, queue, least):
    crowd = Crowd(1, seconds=0.6)
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1, queue=queue)) as gateway:
        first = asyncio.create_task(ask(gateway))
        await until(lambda: crowd.now)
        began = time.monotonic()
        refused = await ask(gateway)
        took = time.monotonic() - began
        assert 200 == (await first).status
        line = 'switchyard_queue_refused_total{target="lab/x"}'
        counted = (await gateway.metric(line), await gateway.metric('switchyard_queue_seconds_count{target="lab/x"}'))

    assert (503, "all_targets_busy") == (refused.status, code(refused))
    assert least <= took < least + 0.3
    assert (1, 1) == counted


async def test_a_client_that_leaves_the_line_is_taken_out_at_once(start):
    crowd = Crowd(1, seconds=0.3)
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1)) as gateway:
        first = asyncio.create_task(ask(gateway, "first"))
        await until(lambda: crowd.now)
        leaver = asyncio.create_task(ask(gateway, "leaver"))
        await until(lambda: waiting(gateway) == 1)
        leaver.cancel()
        await until(lambda: waiting(gateway) == 0)
        last = await ask(gateway, "last")
        await first
        gate = vitals(gateway).gate

    assert (200, ["first", "last"]) == (last.status, crowd.taken)
    assert (1, 0) == (gate.room, vitals(gateway).in_flight)


async def test_a_stream_hears_that_we_are_still_there_while_it_waits(start):
    crowd = Crowd(1, seconds=0.5)
    more = "server: {keepalive: 100ms}"
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1, more=more)) as gateway:
        first = asyncio.create_task(ask(gateway))
        await until(lambda: crowd.now)
        provider.plays = [streams(words("hel", "lo"))]
        second = await gateway.chat(stream=True)
        await first

    assert (200, "hello") == (second.status, second.text)
    assert second.raw.startswith(b":")


async def test_a_stream_keeps_its_place_until_its_end(start):
    async with (
        Provider(streams(words("a", "b", "c"), pace=0.06)) as provider,
        start(config(provider, concurrency=1)) as gateway,
    ):
        answers = [asyncio.create_task(gateway.chat(stream=True)) for _ in range(2)]
        await until(lambda: waiting(gateway) == 1)
        began = time.monotonic()
        await asyncio.gather(*answers)

    assert time.monotonic() - began > 0.3
    assert 2 == len(provider.requests)


async def test_a_reload_lets_in_those_for_whom_there_is_room_now(start):
    crowd = Crowd(9, seconds=0.4)
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1)) as gateway:
        calls = [asyncio.create_task(ask(gateway)) for _ in range(5)]
        await until(lambda: waiting(gateway) == 4)
        gateway.config.write_text(config(provider, concurrency=3))
        gateway.house.reload()
        await until(lambda: crowd.now == 3)
        gateway.config.write_text(config(provider, concurrency="off"))
        gateway.house.reload()
        answers = await asyncio.gather(*calls)

    assert {200} == {each.status for each in answers}
    assert 5 == crowd.peak


async def test_whoever_stands_in_line_holds_no_money(start):
    crowd = Crowd(1)
    crowd.go.clear()
    more = """
models: {lab/x: {price: {input: 1, output: 1}}}
keys: {one: {key: one, budget: 0.006/day}}
"""
    async with Provider(crowd.play) as provider, start(config(provider, concurrency=1, more=more)) as gateway:
        lines = {"authorization": "Bearer one"}
        # What one of them holds leaves nothing for another.
        calls = [asyncio.create_task(gateway.chat(max_tokens=1000, headers=lines)) for _ in range(2)]
        await until(lambda: waiting(gateway) == 1)
        crowd.go.set()
        answers = await asyncio.gather(*calls)

    assert [200, 200] == [each.status for each in answers]


async def test_those_in_line_hear_of_it_when_their_target_breaks_down(start):
    async with (
        Provider(delayed(fails(500))) as provider,
        start(config(provider, concurrency=1).replace("defaults: {", "defaults: {breaker: {failures: 1}, ")) as gateway,
    ):
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(gateway) for _ in range(4)))

    assert {502} == {each.status for each in answers}
    assert 1 == len(provider.requests)
    assert time.monotonic() - began < 2


async def test_those_in_line_hear_of_it_when_the_last_credential_comes_to_rest(start):
    async with (
        Provider(delayed(fails(429, headers={"retry-after": "60"}))) as provider,
        start(config(provider, concurrency=1)) as gateway,
    ):
        answers = await asyncio.gather(*(ask(gateway) for _ in range(4)))

    assert {429} == {each.status for each in answers}
    assert {"60"} == {each.headers["retry-after"] for each in answers}
    assert 1 == len(provider.requests)


async def test_a_place_goes_to_the_next_if_its_client_leaves_as_it_is_called(start):
    async with Provider(Crowd().play) as provider, start(config(provider, concurrency=1)) as gateway:
        shared = gateway.house._shared
        generation = gateway.house._current.generation
        it, target = vitals(gateway), generation.routes.find("m").stages[0].targets[0]
        policy, attempt = generation.config.defaults, Attempt(target, -1, 1, 0.0, 0, retry=False, queued=True)
        probe = it.begin(shared.loop.time())
        leaver, stayer = (
            asyncio.create_task(
                wait(attempt, shared, generation.pools, policy.queue, key="", level=1, until=shared.loop.time() + 5)
            )
            for _ in range(2)
        )
        await until(lambda: waiting(gateway) == 2)

        it.end(shared.loop.time(), None, probe=probe, policy=policy.breaker)
        leaver.cancel()
        place = await stayer

    assert (0, 0) == (place.credential, waiting(gateway))
    assert leaver.cancelled()


def code(refused) -> str:
    return refused.body["error"]["code"]


def vitals(gateway: Gateway):
    return gateway.house._shared.vitals.target("lab/x")


def waiting(gateway: Gateway) -> int:
    return vitals(gateway).gate.waiting


def delayed(play: Play) -> Play:
    async def later(request, writer) -> None:
        await asyncio.sleep(0.2)
        await play(request, writer)

    return later


async def until(true) -> None:
    async with asyncio.timeout(15):
        while not true():
            await asyncio.sleep(0.002)
