"""A budget that runs out between the parts of an answer: the client reads an error, and no money is in doubt."""

import asyncio
import contextlib
from contextlib import asynccontextmanager

import orjson
import pytest

from tests.process.running import until
from tests.store.redis_servers import Server, serving
from tests.whole.provider import DONE, ROLE, STOP, Provider, piece, streams, usage_event

SAID = "The quick brown fox jumps over the lazy dog, and th"
REST = SAID.removeprefix("The ") + "en it sleeps."
BREAKS = streams(
    [ROLE, *(piece({"content": SAID[at : at + 10]}) for at in range(0, len(SAID), 10))], pace=0.01, whole=False
)
GOES_ON = [ROLE, piece({"content": REST}), STOP, usage_event(50, 4), DONE]
PRICE = "{price: {input: 1000, output: 1000}, context: 100000, max_output: 4000}"  # a tenth of a cent for each token
CONFIG = """
admin: {{key: the-operators}}
state: {{directory: state{state}}}
providers:
  a: {{dialect: openai, api_key: k, base_url: "{a}"}}
  b: {{dialect: openai, api_key: k, base_url: "{b}"}}
  c: {{dialect: openai, api_key: k, base_url: "{c}"}}
models: {{a/one: {price}, b/two: {price}, c/free: {{price: {{input: 0, output: 0}}}}}}
defaults: {{on_break: continue, retry: {{attempts: 1}}, breaker: {{failures: 1000, minimum: 100000}}}}
routes: {{m: [a/one, b/two], free: c/free}}
keys:
  alice: {{key: of-alice, budget: {{usd: 3.4, per: month}}}}
  bob: {{key: of-bob, budget: {{usd: 3.4, per: month, when_spent: free}}}}
  carol: {{key: of-carol, budget: {{usd: 4.5, per: month}}, holds: slices}}
  eve: {{key: of-eve, budget: {{usd: 1, per: month}}}}
  dave: {{key: of-dave, budget: {{usd: 100, per: month}}}}
"""
STORES = pytest.mark.parametrize("store", ["sqlite", "redis"])


@pytest.fixture
def world(start, tmp_path):
    """A gateway before three providers, of which the first breaks off; with its state in *store*."""

    @asynccontextmanager
    async def begin(store: str):
        redis = Server(tmp_path)
        with serving(redis) if store == "redis" else contextlib.nullcontext():
            state = f', url: "redis://127.0.0.1:{redis.port}"' if store == "redis" else ""
            async with (
                Provider(BREAKS) as a,
                Provider(streams(GOES_ON, first=0.6)) as b,
                Provider(streams(GOES_ON)) as c,
            ):
                config = CONFIG.format(a=a.url, b=b.url, c=c.url, price=PRICE, state=state)
                async with start(config) as gateway:
                    gateway.b, gateway.c = b, c

                    async def granting() -> bool:  # a Redis that is new grants nothing for two seconds
                        first = await gateway.chat("free", stream=True, headers={"authorization": "Bearer of-eve"})
                        return first.status == 200

                    await until(granting)
                    yield gateway

    return begin


class Watched:
    """A budget that is looked at all the time."""

    def __init__(self, gateway, who: str) -> None:
        self._gateway = gateway
        self._headers = {"authorization": f"Bearer of-{who}"}
        self.seen: list[tuple[float, float]] = []

    async def look(self) -> tuple[float, float]:
        """What is spent, and what is held."""
        (budget,) = (await self._gateway.get("/api/v1/usage", **self._headers)).body["budgets"]
        assert round(budget["spent_usd"] + budget["held_usd"], 9) <= budget["limit_usd"]
        self.seen.append((budget["spent_usd"], budget["held_usd"]))
        return self.seen[-1]

    async def tell(self, **fields: object):
        """As clients do it, who come again when a store was too slow to be asked."""
        fields = {"max_completion_tokens": 500, **fields}
        for _ in range(5):
            answer = await self._gateway.chat(stream=True, headers=self._headers, **fields)
            if answer.status != 503:
                break
        return answer

    async def watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(0.005)

    @asynccontextmanager
    async def watching(self):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.watch())
            yield
            task.cancel()

    async def settled(self) -> float:
        """What is spent when nothing is held any more: a second is long enough."""

        async def nothing() -> bool:
            return (await self.look())[1] == 0

        await until(nothing, 1)
        return self.seen[-1][0]


async def lines(tmp_path, count: int = 1):
    """Of the calls that came to something: not of those for which there was no store in time."""

    def found():
        every = map(orjson.loads, (tmp_path / "log").read_bytes().splitlines())
        calls = [line for line in every if line["message"] == "call" and line["key"] != "eve"]
        return [line for line in calls if line["fault"] != "budget_unavailable"]

    await until(lambda: len(found()) >= count, 5)
    return found()


def ends_with_an_error(answer) -> bool:
    """Never with a finish or `[DONE]`."""
    finishes = [choice["finish_reason"] for each in answer.events[:-1] for choice in each["choices"]]
    return "error" in answer.events[-1] and not any(finishes)


@STORES
async def test_the_client_reads_whose_budget_it_was(world, tmp_path, store):
    async with world(store) as gateway:
        alice = Watched(gateway, "alice")
        async with alice.watching():
            answer = await alice.tell()
        spent = await alice.settled()
        (line,) = await lines(tmp_path)
        call = (await gateway.get(f"/api/v1/calls/{line['id']}", authorization="Bearer the-operators")).body

    error = answer.events[-1]["error"]
    assert (200, SAID, True) == (answer.status, answer.text, ends_with_an_error(answer))
    assert ("insufficient_quota", "key/alice") == (error["code"], error["quota"]["scope"])
    assert "The budget of key alice ($3.40 per month) has too little left" in error["message"]
    assert error["quota"]["needed_usd"] + spent > 3.4
    assert [] == gateway.b.requests
    assert (429, "insufficient_quota", error["message"], []) == (
        line["status"],
        line["fault"],
        line["error"],
        line["continued"],
    )
    assert [["a/one", "broken"], ["b/two", "limited"]] == [each[:2] for each in line["tried"]]
    assert (spent, 0) == (call["cost_usd"], call["attempts"][1]["cost_usd"])
    assert ("insufficient_quota", [spent]) == (call["fault"], [*call["charges_usd"].values()])
    assert 0 < spent == line["cost_usd"]
    assert max(held for _, held in alice.seen) > 3


@STORES
async def test_nothing_is_overspent_when_many_run_out_at_once(world, tmp_path, store):
    async with world(store) as gateway:
        dave = Watched(gateway, "dave")
        async with dave.watching():
            answers = await asyncio.gather(*(dave.tell() for _ in range(40)))
        spent = await dave.settled()
        told = await lines(tmp_path, len(answers))

    streams_of = [answer for answer in answers if answer.status == 200]
    broken = [answer for answer in streams_of if "error" in answer.events[-1]]
    assert {429} >= {answer.status for answer in answers if answer not in streams_of}
    assert all(answer.events[-1] == "[DONE]" or ends_with_an_error(answer) for answer in streams_of)
    assert {"insufficient_quota"} == {answer.events[-1]["error"]["code"] for answer in broken} - {"budget_unavailable"}
    assert len(broken) > 1
    assert round(spent, 6) == round(sum(line["cost_usd"] for line in told), 6)
    assert spent <= 100


@STORES
async def test_who_may_go_elsewhere_when_it_is_spent_hears_the_rest_from_there(world, tmp_path, store):
    async with world(store) as gateway:
        bob = Watched(gateway, "bob")
        async with bob.watching():
            answer = await bob.tell()
        spent = await bob.settled()
        (line,) = await lines(tmp_path)

    (seam,) = answer.events[-2]["switchyard"]["continued"]
    assert (SAID + "en it sleeps.", "[DONE]") == (answer.text, answer.events[-1])
    assert ("a/one", "c/free") == (seam["from"], seam["to"])
    assert ("key/bob", 200, "") == (line["degraded"], line["status"], line["fault"])
    assert spent == line["cost_usd"]


@STORES
async def test_what_is_paid_slice_by_slice_ends_no_cleaner(world, store):
    async with world(store) as gateway:
        carol = Watched(gateway, "carol")
        async with carol.watching():
            answer = await carol.tell(max_completion_tokens=3000)
        spent = await carol.settled()

    error = answer.events[-1]["error"]
    assert (200, SAID, True) == (answer.status, answer.text, ends_with_an_error(answer))
    assert ("insufficient_quota", "key/carol") == (error["code"], error["quota"]["scope"])
    assert 0 < spent < 0.1
    assert max(held for _, held in carol.seen) > 4
