"""What `python proxy.py spend` says."""

import orjson
import pytest

from admin import migrate, spend
from core.usage import COUNTS
from store.ledger_postgres import PostgresLedger
from store.ledger_sqlite import SqliteLedger
from store.migrations import STEPS
from tests.store.ledger.entries import NOON, entry

NOW = NOON + 3600


async def asked(ledger: SqliteLedger, *argv: str) -> tuple[int, str]:
    said: list[str] = []
    code = await spend.run(spend.options(argv), ledger, say=said.append, clock=lambda: NOW)
    return code, "".join(said)


KEYS = """\
key    requests  failed  prompt tokens  completion tokens    cost $
-----  --------  ------  -------------  -----------------  --------
alice         2       0          1,010                505      3.50
bob           2       1             10                  2  0.000250
-----  --------  ------  -------------  -----------------  --------
total         4       1          1,020                507      3.50
"""
DAYS = """\
day         provider   requests  failed  prompt tokens  completion tokens       cost $
----------  ---------  --------  ------  -------------  -----------------  -----------
2026-10-17  openai            1       0             10                  5  0.000000007
2026-11-25  anthropic         1       0             10                  5         2.00
2026-11-26  anthropic         1       1              0                  0         0.00
2026-11-26  openai            2       0          1,010                502         1.50
----------  ---------  --------  ------  -------------  -----------------  -----------
total                         5       1          1,030                512         3.50
"""


async def test_the_dearest_key_of_this_month_comes_first(ledger: SqliteLedger) -> None:
    assert await asked(ledger) == (0, KEYS)


async def test_days_come_in_their_order(ledger: SqliteLedger) -> None:
    assert await asked(ledger, "--by", "day,provider", "--since", "2026-10") == (0, DAYS)


async def test_a_call_with_two_tags_is_in_the_total_once(ledger: SqliteLedger) -> None:
    code, text = await asked(ledger, "--by", "tag", "--format", "json", "--where", "key=alice", "team=research")

    body = orjson.loads(text)
    assert code == 0
    assert [(row["tag"], row["cost_usd"]) for row in body["rows"]] == [("red", 3.500000001), ("batch", 1.5)]
    assert body["total"]["cost_usd"] == 3.500000001
    assert body["total"]["requests"] == 2
    assert body["rows"][1]["usage"] == {"input": 900, "cache_read": 100, "output": 500}


async def test_a_spreadsheet_gets_every_digit_and_no_formula(ledger: SqliteLedger) -> None:
    code, text = await asked(
        ledger, "--by", "route", "--format", "csv", "--since", "2026-10-01", "--until", "2026-11-01"
    )

    assert code == 0
    head, row = text.splitlines()
    assert head.split(",") == ["route", *spend.FIGURES, *COUNTS, "cost_usd", "saved_usd"]
    assert row == "'=slow\x1b[2J,1,0,0,10,5,10,0,0,5,0,0,0,0,0,0,0.000000007,0"


async def test_a_terminal_is_shown_nothing_that_it_obeys(ledger: SqliteLedger) -> None:
    _, text = await asked(ledger, "--by", "route", "--since", "2026-10-01")

    assert "=slow?[2J" in text


async def test_without_anything_to_tell_apart_there_is_one_line(ledger: SqliteLedger) -> None:
    _, text = await asked(ledger, "--by", "", "--since", "2026-10-01")
    _, nothing = await asked(ledger, "--by", "", "--since", "2027-10-01")

    assert text.splitlines()[-1].split() == ["5", "1", "1,030", "512", "3.50"]
    assert nothing.splitlines()[-1].split() == ["0", "0", "0", "0", "0.00"]


async def test_what_the_cache_saved_has_a_column_where_it_saved_anything(ledger: SqliteLedger) -> None:
    await ledger.add("you", 1, [entry(1, key="dora", cost=0, cache="hit", saved=25 * 10**7, time=NOON)])

    _, text = await asked(ledger, "--by", "key", "--where", "team=research")
    _, whole = await asked(ledger, "--by", "")

    head, _, *rows = text.splitlines()
    assert head.endswith("saved $")
    assert {line.split()[0]: line.split()[-1] for line in rows if line[0] != "-"} == {
        "alice": "0.00",
        "dora": "0.250000",
        "total": "0.250000",
    }
    assert whole.splitlines()[-1].split()[-1] == "0.250000"


async def test_where_nothing_was_spent_the_total_says_so(ledger: SqliteLedger) -> None:
    _, text = await asked(ledger, "--since", "2027-10-01")

    assert text.splitlines()[-1].split() == ["total", "0", "0", "0", "0", "0.00"]


async def test_times_are_those_of_the_zone(ledger: SqliteLedger) -> None:
    _, before = await asked(
        ledger, "--by", "month", "--since", "2026-11-26T21:00", "--zone", "Asia/Tokyo", "--format", "csv"
    )
    _, after = await asked(
        ledger, "--by", "month", "--since", "2026-11-26T12:00Z", "--zone", "Asia/Tokyo", "--format", "csv"
    )

    assert before == after
    assert before.splitlines()[1].startswith("2026-11,3,")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--since", "yesterday"], "'yesterday' is not a time; one is written 2026-11-26"),
        (["--zone", "Mars"], "'Mars' is not a time zone"),
        (["--where", "day=x"], "'x' is no day; one is written 2026-11-26"),
    ],
)
async def test_what_makes_no_sense_is_told(ledger: SqliteLedger, argv: list[str], said: str) -> None:
    code, text = await asked(ledger, *argv)

    assert code == 2
    assert text.startswith(said)


@pytest.mark.parametrize("argv", [["--by", "colour"], ["--where", "alice"], ["--where", "colour=red"]])
def test_what_is_no_dimension_is_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        spend.options(argv)

    assert "one of hour, day, month" in capsys.readouterr().err.replace("none of", "one of")


async def test_a_ledger_that_is_down_is_told() -> None:
    said: list[str] = []
    down = PostgresLedger("postgresql://127.0.0.1:1/x")

    assert await spend.run(spend.options([]), down, say=said.append, clock=lambda: NOW) == 1
    assert await migrate.run(migrate.options([]), down, say=said.append) == 1

    assert said == ["the ledger isn't open\n", "PostgreSQL: ConnectionRefusedError\n"]
    await down.close()


async def test_tables_are_brought_up_to_date_once(tmp_path: object) -> None:
    said: list[str] = []
    ledger = SqliteLedger(f"{tmp_path}/new.sqlite")

    assert [await migrate.run(migrate.options([]), ledger, say=said.append) for _ in range(2)] == [0, 0]

    assert said == ["".join(f"applied: {step.name}\n" for step in STEPS), "nothing to do\n"]
    await ledger.close()
