"""What the pages about money say."""

from typing import NamedTuple

import orjson
import pytest

from admin import costs
from store.ledger_sqlite import SqliteLedger
from tests.admin.conftest import DAY
from tests.store.ledger.entries import NOON, entry

NOW = NOON + 3600


class Budget(NamedTuple):
    limit: int = 10_000_000_000
    spent: int = 3_500_000_001
    held: int = 20_000_000
    per: str = "month"
    resets_at: float | None = NOON + 4.5 * DAY


async def test_a_key_sees_what_it_used_and_how_its_budgets_stand(ledger: SqliteLedger) -> None:
    budget = {"limit_usd": 10.0, "spent_usd": 3.500000001}

    page = await costs.usage(ledger, "alice", [Budget(), Budget(held=5, per="total", resets_at=None)])

    assert orjson.loads(orjson.dumps(page)) == {
        "key": "alice",
        "requests": 3,
        "prompt_tokens": 1020,
        "completion_tokens": 510,
        "cost_usd": 3.500000008,
        "saved_usd": 0.0,
        "held_usd": 0.02,
        "budgets": [
            {**budget, "held_usd": 0.02, "per": "month", "resets_at": NOON + 4.5 * DAY},
            {**budget, "held_usd": 5e-9, "per": "total", "resets_at": None},
        ],
    }


async def test_a_key_that_never_asked_has_used_nothing(ledger: SqliteLedger) -> None:
    page = await costs.usage(ledger, "nobody", [])

    assert (page["requests"], page["cost_usd"], page["held_usd"], page["budgets"]) == (0, 0, 0, [])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, {}),
        ("research", {"team": "research"}),
        ("red", {"tag": "red"}),
        ("tag/research", {"tag": "research"}),
        ("team/red", {"team": "red"}),
        ("a/b", {"tag": "a/b"}),
    ],
)
def test_a_workspace_is_a_team_or_a_tag(name: str | None, expected: dict[str, str]) -> None:
    assert costs.workspace(name, {"research"}) == expected


@pytest.mark.parametrize(("period", "requests"), [("day", 3), ("week", 4), ("month", 4), ("all", 5)])
async def test_costs_are_those_of_the_period(ledger: SqliteLedger, period: str, requests: int) -> None:
    page = await costs.costs(ledger, period=period, now=NOW)

    assert (page["period"], page["requests"]) == (period, requests)


def paid(cost: float, saved: float = 0.0) -> dict[str, float]:
    return {"cost_usd": cost, "saved_usd": saved}


async def test_what_kept_answers_saved_stands_beside_what_others_cost(ledger: SqliteLedger) -> None:
    hits = [entry(n, key="dora", team="lab", cost=0, cache="hit", saved=25 * 10**7, time=NOON) for n in (1, 2)]
    await ledger.add("you", 1, [entry(0, key="dora", team="lab", cost=25 * 10**7, time=NOON - DAY), *hits])

    used = await costs.usage(ledger, "dora", [])
    whole = await costs.costs(ledger, period="month", now=NOW, where={"team": "lab"})
    days = await costs.daily(ledger, days=2, now=NOW, where={"team": "lab"})

    assert paid(0.25, 0.5).items() <= used.items()
    assert paid(0.25, 0.5).items() <= whole.items()
    assert [paid(0.25, 0.5).items() <= one.items() for one in whole["by_key"]] == [True]
    assert [(one["cost_usd"], one["saved_usd"]) for one in days["days"]] == [(0.25, 0.0), (0.0, 0.5)]
    assert (days["total_cost"], days["total_saved"]) == (0.25, 0.5)


async def test_costs_are_broken_down(ledger: SqliteLedger) -> None:
    page = await costs.costs(ledger, period="month", now=NOW, where={"tag": "red"})

    assert page["total_cost"] == page["cost_usd"] == 3.500000001
    assert page["by_provider"] == [
        {"provider": "anthropic", "requests": 1, "prompt_tokens": 10, "completion_tokens": 5, **paid(2.000000001)},
        {"provider": "openai", "requests": 1, "prompt_tokens": 1000, "completion_tokens": 500, **paid(1.5)},
    ]
    assert [(one["model"], one["cost_usd"]) for one in page["by_model"]] == [
        ("claude-haiku-4-5", 2.000000001),
        ("gpt-5", 1.5),
    ]
    assert [one["key"] for one in page["by_key"]] == ["alice"]
    assert [one["team"] for one in page["by_team"]] == ["research"]
    assert [one["tag"] for one in page["by_tag"]] == ["red"]


async def test_another_period_is_refused(ledger: SqliteLedger) -> None:
    with pytest.raises(ValueError, match="'year' is none of day, week, month, all"):
        await costs.costs(ledger, period="year", now=NOW)


async def test_days_without_calls_are_days(ledger: SqliteLedger) -> None:
    page = await costs.daily(ledger, days=3, now=NOW, where={"team": "research"})

    assert [(day["date"], day["requests"], day["cost_usd"]) for day in page["days"]] == [
        ("2026-11-24", 0, 0),
        ("2026-11-25", 1, 2.000000001),
        ("2026-11-26", 1, 1.5),
    ]
    assert page["total_cost"] == 3.500000001


@pytest.mark.parametrize("days", [0, -1, 10_000])
async def test_a_number_of_days_that_makes_no_sense_is_refused(ledger: SqliteLedger, days: int) -> None:
    with pytest.raises(ValueError, match="days is a whole number from 1 to 3660"):
        await costs.daily(ledger, days=days, now=NOW)


async def test_a_forecast_says_what_comes_and_when_money_runs_out(ledger: SqliteLedger) -> None:
    steady = [entry(n, key="carol", cost=10**9, time=NOON - n * DAY) for n in range(1, 29)]
    await ledger.add("you", 1, steady)
    budgets = [
        Budget(limit=28 * 10**9, spent=25 * 10**9),
        Budget(limit=40 * 10**9, spent=25 * 10**9, per="total", resets_at=None),
    ]

    page = await costs.forecasts(ledger, "carol", budgets, kind="key", now=NOON)

    assert page["key"] == "carol"
    assert page["days_seen"] == 28
    assert page["month"] == {
        "ends_at": NOON + 4.5 * DAY,
        "spent_usd": 25.0,
        "expected_usd": 29.5,
        "low_usd": 29.5,
        "high_usd": 29.5,
    }
    assert page["budgets"][0]["expected_usd"] == 29.5
    assert page["budgets"][0]["runs_out"] == {
        "expected": "2026-11-29",
        "earliest": "2026-11-29",
        "latest": "2026-11-29",
    }
    assert "expected_usd" not in page["budgets"][1]
    assert page["budgets"][1]["runs_out"]["expected"] == "2026-12-11"


async def test_whoever_spent_nothing_will_spend_nothing(ledger: SqliteLedger) -> None:
    page = await costs.forecasts(ledger, "nobody", [Budget(spent=0)], kind="team", now=NOON)

    assert page["days_seen"] == 0
    assert page["month"]["high_usd"] == 0
    assert page["budgets"][0]["runs_out"] == {"expected": None, "earliest": None, "latest": None}
