"""Two thousand calls of all sorts, and a provider that counts: the ledger says the same, to the nano-dollar."""

import asyncio
import signal
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from store.entry import Entry
from tests.process.counting import NANO, entries
from tests.process.running import ADMIN, Running, run, until
from tests.whole.provider import DONE, ROLE, SSE, STOP, Provider, Request, answer, chunked, completion, piece

CALLS = 2000
AT_ONCE = 48
KEY = {"authorization": "Bearer the-key-of-alice"}
MOST = 400  # tokens of an answer
# Nano-dollars for a token of prompt, one that was in the cache, and one of the answer.
PRICES = {"one": (1_000, 100, 10_000), "two": (2_000, 500, 4_000)}
CONFIG = """
server: {{port: 0, workers: 2}}
admin: {{key: {admin}}}
state: {{directory: state}}
providers:
  a: {{dialect: vllm, api_key: sk-a, base_url: "{url}"}}
  b: {{dialect: vllm, api_key: sk-b, base_url: "{url}"}}
routes: {{m: [a/one, b/two]}}
models:
  a/one: {{price: {{input: 1, cache_read: 0.1, output: 10}}, context: 100000, max_output: 400}}
  b/two: {{price: {{input: 2, cache_read: 0.5, output: 4}}, context: 100000, max_output: 400}}
keys: {{alice: {{key: the-key-of-alice, budget: {{usd: 1000, per: total}}, limits: {{tokens: 1000M/min}}}}}}
"""
# What becomes of a call, and of how many in a hundred.
KINDS = {"whole": 25, "stream": 25, "tools": 14, "bad": 6, "limited": 6, "broken": 6, "cut": 12, "deaf": 6}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
ASKED = [{"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]


@dataclass
class Plan:
    """*heard* pieces of a stream are read before its client leaves; *sent* of *pieces* were sent by then."""

    number: int
    kind: str
    stream: bool
    prompt: int
    cached: int
    output: int
    heard: int
    sent: int

    @classmethod
    def drawn(cls, number: int, chance: Random) -> "Plan":
        [kind] = chance.choices(list(KINDS), list(KINDS.values()))
        stream = kind in {"stream", "cut"} or (kind in {"tools", "limited", "broken"} and chance.random() < 0.5)
        prompt, heard = chance.randint(20, 90), chance.randint(1, 12)
        sent = heard + chance.randint(0, 1)
        return cls(number, kind, stream, prompt, chance.randint(0, 20), chance.randint(1, MOST), heard, sent)

    def usage(self, output: int) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": output,
            "total_tokens": self.prompt + output,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }

    def cost(self, model: str, output: int) -> int:
        into, kept, out = PRICES[model]
        return (self.prompt - self.cached) * into + self.cached * kept + output * out

    @property
    def body(self) -> dict[str, Any]:
        tools = {"tools": [TOOL]} if self.kind == "tools" else {}
        words = f"call {self.number} " + "and so on " * 10
        return {
            "model": "m",
            "messages": [{"role": "user", "content": words}],
            "max_tokens": MOST,
            "stream": self.stream,
            **tools,
        }


class Meter(Provider):
    """Does to each call what its plan says, and counts what it bills for it."""

    def __init__(self, plans: list[Plan]) -> None:
        super().__init__(self._answer)
        self.plans_of_calls = plans
        self.bill: Counter[int] = Counter()
        self.gone: set[int] = set()
        self.deaf: set[int] = set()

    async def _notice(self, reader: asyncio.StreamReader, request: Request) -> None:
        if self._plan(request).kind in {"cut", "deaf"}:
            await super()._notice(reader, request)

    def _plan(self, request: Request) -> Plan:
        return self.plans_of_calls[int(request.body["messages"][0]["content"].split()[1])]

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        plan, model = self._plan(request), request.body["model"]
        if plan.kind == "bad":
            return _refuses(writer, 400)
        if plan.kind in {"limited", "broken"} and model == "one":
            return _refuses(writer, 429 if plan.kind == "limited" else 500)
        if plan.kind == "deaf":
            self.deaf.add(plan.number)
            await request.gone.wait()
            return None
        if plan.kind == "cut":
            return await self._cut(plan, request, writer)
        self.bill[plan.number] += plan.cost(model, plan.output)
        if not plan.stream:
            message = {"role": "assistant", "content": None, "tool_calls": ASKED} if plan.kind == "tools" else None
            body = completion("hello", usage=plan.usage(plan.output))
            if message:
                body["choices"][0].update(message=message, finish_reason="tool_calls")
            writer.write(answer(200, orjson.dumps(body)))
            return None
        delta = {"tool_calls": ASKED} if plan.kind == "tools" else {"content": "word "}
        last = piece({}, "tool_calls") if plan.kind == "tools" else STOP
        writer.write(SSE + chunked(ROLE) + chunked(piece(delta)) + chunked(last))
        writer.write(
            chunked(_with(piece({}), choices=[], usage=plan.usage(plan.output))) + chunked(DONE) + b"0\r\n\r\n"
        )
        return None

    async def _cut(self, plan: Plan, request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(SSE + chunked(ROLE))
        for number in range(1, plan.sent + 1):
            writer.write(chunked(_with(piece({"content": "word "}), usage=plan.usage(number))))
        await request.gone.wait()
        self.gone.add(plan.number)


def _refuses(writer: asyncio.StreamWriter, status: int) -> None:
    body = {"error": {"message": "no", "type": "x", "code": None, "param": None}}
    writer.write(answer(status, orjson.dumps(body)))


def _with(event: bytes, **fields: object) -> bytes:
    return b"data: " + orjson.dumps({**orjson.loads(event.removeprefix(b"data: ")), **fields}) + b"\n\n"


async def ask(gateway: Running, provider: Meter, plan: Plan) -> int:
    """The status; 0 for those whose client left."""
    url, data = f"{gateway.url}/v1/chat/completions", orjson.dumps(plan.body)
    asked = gateway.session.post(url, data=data, headers={**KEY, "x-request-id": f"call-{plan.number}"})
    if plan.kind == "deaf":
        waiting = asyncio.ensure_future(asked)
        await until(lambda: plan.number in provider.deaf)
        waiting.cancel()
        await asyncio.wait({waiting})
        return 0
    async with asked as response:
        if plan.kind != "cut":
            await response.read()
            return response.status
        raw = b""
        while raw.count(b'"content":"word ') < plan.heard:
            raw += await response.content.readany()
        response.close()
        return 0


async def test_the_ledger_is_what_the_provider_counted(start, tmp_path):
    chance = Random(4)
    plans = [Plan.drawn(number, chance) for number in range(CALLS)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(plan: Plan) -> int:
        async with gate:
            return await ask(gateway, provider, plan)

    async with Meter(plans) as provider:
        async with start(CONFIG.format(admin=ADMIN, url=provider.url)) as gateway:
            statuses = await asyncio.gather(*map(one, plans))

            async def at_rest() -> Any:
                used = (await gateway.get("/api/v1/usage", **KEY)).body
                return used if used["held_usd"] == 0 and used["requests"] == CALLS else None

            used = await until(at_rest)
            gateway.send(signal.SIGTERM)
            await gateway.ended()
        rows = {row.id: row for row in await entries(tmp_path / "run")}
        told = run("spend", "--config", "config.yaml", "--format", "json", folder=tmp_path / "run")

    wrong = [
        said for plan, status in zip(plans, statuses, strict=True) for said in differs(plan, status, rows, provider)
    ]
    assert [] == wrong
    assert CALLS == len(rows)
    cost = sum(row.cost for row in rows.values())
    assert cost == round(used["cost_usd"] * NANO) == round(used["budgets"][0]["spent_usd"] * NANO)
    assert cost == sum(row.charges.get("usd:key/alice:total", 0) for row in rows.values())
    assert (0, cost) == (told.returncode, round(orjson.loads(told.stdout)["total"]["cost_usd"] * NANO)), told.stderr


def differs(plan: Plan, status: int, rows: dict[str, Entry], provider: Meter) -> list[str]:
    """In which ways the row of a call isn't what its provider counted."""
    row = rows[f"call-{plan.number}"]
    model = row.target.partition("/")[2]
    seen = (status, row.status, row.estimated, row.cost)
    if plan.kind == "bad":
        right = (400, 400, False, 0) == seen
    elif plan.kind == "deaf":
        right = seen[:3] == (0, 499, True) and row.cost >= plan.cost(model, MOST)
    elif plan.kind == "cut":
        pieces = row.usage[3]
        right = seen == (0, 499, True, plan.cost(model, pieces)) and plan.heard <= pieces <= plan.sent
    else:
        fresh = plan.prompt - plan.cached
        right = seen == (200, 200, False, provider.bill[plan.number]) and row.usage[:4] == (
            fresh,
            plan.cached,
            0,
            plan.output,
        )
    return [] if right else [f"{plan} became {status} and {row}"]
