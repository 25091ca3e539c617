"""What another configuration would have made of calls that the ledger has."""

from pathlib import Path

import orjson
import pytest

from config.schema import Config
from gateway.commands import plan
from gateway.current import Source
from store.entry import Entry
from store.ledger_sqlite import SqliteLedger
from tests.store.ledger.entries import entry, usage

TEXT = """
providers:
  p: {dialect: openai, base_url: "http://127.0.0.1:9", api_key: k}
  q: {dialect: openai, base_url: "http://127.0.0.1:9", api_key: k}
  away: {dialect: openai}
routes:
  m: p/cheap
  gone: p/cheap
  two: [{targets: [p/cheap, q/dear], strategy: round_robin}]
keys: {alice: {key: secret-of-alice}}
models:
  p/cheap: {price: {input: 1, output: 2}}
  q/dear: {price: {input: 10, output: 20}}
"""


def read(folder: Path, text: str) -> Config:
    file = folder / "c.yaml"
    file.write_text(text)
    return Source(file=str(file), env={}).load()


def call(number: int, route: str = "m", target: str = "p/cheap", ms: float = 100.0, **facts: object) -> Entry:
    return entry(
        number,
        route=route,
        target=target,
        cost=20_000,
        total_ms=ms,
        usage=usage(input=1000, output=500),
        attempts=((target, "", ms, 20_000),),
        **facts,
    )


@pytest.fixture
def told(tmp_path):
    """What `plan` says of a change of TEXT, with calls in the ledger."""

    async def told(old: str, new: str, *rows: Entry, argv: tuple[str, ...] = ()) -> str:
        ledger = SqliteLedger(tmp_path / "ledger.sqlite")
        await ledger.open()
        await ledger.add("me", 1, rows)
        said: list[str] = []
        options = plan.options(["new.yaml", *argv])
        configs = read(tmp_path, TEXT), read(tmp_path, TEXT.replace(old, new))
        try:
            assert 0 == await plan.run(options, *configs, ledger, say=said.append)
        finally:
            await ledger.close()
        return "".join(said)

    return told


MOVED = """\
~ routes.m.stages.1.targets: [p/cheap] -> [q/dear]
- routes.gone: {name: gone, stages: [{targets: [p/cheap], strategy: balanced}]}

The last 5 calls (since 2026-11-26 12:00 UTC), decided again:

route  first asked  would be asked     calls      cost  would cost   ms  would take
-----  -----------  -----------------  -----  --------  ----------  ---  ----------
m      p/cheap      q/dear                 2  0.000040    0.040000  150         300
gone   p/cheap      - (no such route)      1  0.000020        0.00  100           -
two    p/cheap      the same               1  0.000020    0.000020  100         125
two    q/dear       the same               1  0.000020    0.000020  300         300
-----  -----------  -----------------  -----  --------  ----------  ---  ----------
all                 3 elsewhere            5  0.000100    0.040040  160         256
"""


def kept(turn: int) -> list[object]:
    rows = [("p", "cheap", 1.0, ()), ("q", "dear", 1.0, ())]
    return [0, "round_robin", 7, turn, 0, (0.4, 0.4, 0.2), rows, [], []]


async def test_who_would_go_elsewhere_is_told_with_cost_and_latency(told):
    rows = [
        call(1),
        call(2, ms=200.0),
        call(3, "gone"),
        call(4, "two", why=(kept(0),)),
        call(5, "two", "q/dear", ms=300.0, why=(kept(1),)),
    ]
    new = TEXT.replace("m: p/cheap\n  gone: p/cheap", "m: q/dear")

    assert MOVED == await told(TEXT, new, *rows)


async def test_the_same_configuration_means_and_changes_nothing(told):
    rows = [call(number, "two", ("p/cheap", "q/dear")[number % 2], why=(kept(number),)) for number in range(1, 40)]

    said = await told("", "", *rows)

    assert said.startswith("The two mean the same.\n")
    assert "0 elsewhere" in said


async def test_a_program_reads_the_same(told):
    said = orjson.loads(await told("m: p/cheap", "m: q/dear", call(1), argv=("--json",)))

    assert {
        "object": "plan",
        "changes": [
            {"path": "routes.m.stages.1.targets", "before": "[p/cheap]", "after": "[q/dear]"},
        ],
        "calls": 1,
        "since": call(1).time,
        "elsewhere": 1,
        "groups": [
            {
                "route": "m",
                "asked": "p/cheap",
                "would": "q/dear",
                "reason": "",
                "calls": 1,
                "unknown": 0,
                "ms": 100.0,
                "would_ms": None,
                "cost_usd": 0.00002,
                "would_cost_usd": 0.02,
            }
        ],
    } == said


@pytest.mark.parametrize(
    ("new", "row", "would"),
    [
        ("m: away/x", call(1), "- (provider away is not configured)"),
        ("m: q/unpriced", call(1), "q/unpriced"),
        ("m: p/cheap", call(1, key="nobody-any-more"), "the same"),
        ("m: p/cheap", call(1, "p/*", "p/other"), "the same"),
        ("m: p/cheap", call(1, task="coding"), "the same"),
        ("m: p/cheap", call(1, why=([0, "by_the_moon"], 7)), "the same"),
        ("m: p/cheap", call(1, "auto", endpoint="embeddings"), "'auto' doesn't choose models for embeddings"),
    ],
)
async def test_rows_of_any_kind_are_decided_again(told, new, row, would):
    assert would in await told("m: p/cheap", new, row)


async def test_a_key_may_be_kept_from_what_it_used(told):
    said = await told("{key: secret-of-alice}", "{key: secret-of-alice, models: [two]}", call(1))

    assert "~ keys.alice.models: [] -> [two]" in said
    assert "- (the key may not use it)" in said


async def test_a_call_of_a_canary_stays_with_it(told):
    canary = "m: {chain: [p/cheap], canary: {target: q/dear}}"

    said = await told("m: p/cheap", canary, call(1), call(2, target="q/dear"))

    assert said.count("the same") == 2


async def test_without_calls_only_the_difference_is_told(told):
    assert "+ routes.more: {name: more, stages: [{targets: [p/x], strategy: balanced}]}\n" == await told(
        "  m: p/cheap", "  more: p/x\n  m: p/cheap", call(1), argv=("--calls", "0")
    )
