"""What `python proxy.py reconcile FILE` says, and with which exit code."""

from pathlib import Path

import pytest

from admin import reconcile
from store.ledger_postgres import PostgresLedger
from store.ledger_sqlite import SqliteLedger

EXPORTS = Path(__file__).parent / "exports"


async def told(ledger: SqliteLedger, file: Path | str, *argv: str) -> tuple[int, str]:
    said: list[str] = []
    code = await reconcile.run(reconcile.options([str(EXPORTS / file), *argv]), ledger, say=said.append)
    return code, "".join(said)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


AGREED = """\
day         model             ours $  theirs $  drift $  drift %  tokens off
----------  ----------------  ------  --------  -------  -------  ----------
2026-11-25  claude-haiku-4-5    2.00      2.00     0.00     0.00          +0
2026-11-26  claude-haiku-4-5    0.00      0.00     0.00     0.00          +0
2026-11-26  gpt-5               1.50      1.50     0.00     0.00          +0
----------  ----------------  ------  --------  -------  -------  ----------
total                           3.50      3.50     0.00     0.00          +0
all within the tolerance
"""
APART = """\
day         model             ours $  theirs $    drift $  drift %  tokens off
----------  ----------------  ------  --------  ---------  -------  ----------  ----
2026-11-25  claude-haiku-4-5    2.00      0.00      +2.00      all           -  over
2026-11-26  claude-haiku-4-5    0.00      0.00       0.00     0.00           -
2026-11-26  gpt-5               1.50      1.40  +0.100250    +7.16           -  over
2026-11-26  gpt-5-pro           0.00      3.00      -3.00  -100.00           -  over
----------  ----------------  ------  --------  ---------  -------  ----------  ----
total                           3.50      4.40  -0.899750   -20.45           -  over
4 over the tolerance of 1 %
"""


async def test_what_agrees_is_fine(ledger: SqliteLedger, export: Path) -> None:
    export.write_text(
        "date,model,input,output,cost\n2026-11-26,gpt-5-2026-08-07,1010,502,1.50025\n"
        "2026-11-25,Claude Haiku 4.5,10,5,2.000000001\n"
    )

    assert await told(ledger, export) == (0, AGREED)


async def test_what_is_apart_is_told_by_model_and_day(ledger: SqliteLedger, export: Path) -> None:
    export.write_text("date,model,cost\n2026-11-26,gpt-5,1.40\n2026-11-26,gpt-5-pro,3\n2026-11-25,claude-haiku-4-5,0\n")

    assert await told(ledger, export) == (1, APART)


@pytest.mark.parametrize(
    ("cost", "argv", "code"),
    [
        ("1.5151", (), 0),
        ("1.5160", (), 1),
        ("1.5160", ("--tolerance", "2%"), 0),
        ("1.5003", ("--tolerance", "0"), 0),
        ("1.5003", ("--tolerance", "0", "--least", "0"), 1),
        ("1.50025", ("--tolerance", "0", "--least", "0"), 0),
    ],
)
async def test_the_tolerance_is_what_one_says(
    ledger: SqliteLedger, export: Path, cost: str, argv: tuple[str, ...], code: int
) -> None:
    export.write_text(f"date,model,cost\n2026-11-26,gpt-5,{cost}\n")

    assert (await told(ledger, export, *argv))[0] == code


async def test_tokens_are_compared_where_there_are_no_costs(ledger: SqliteLedger, export: Path) -> None:
    export.write_text("date,model,input,output\n2026-11-26,gpt-5,1010,900\n")

    code, text = await told(ledger, export)

    assert code == 1
    assert text.splitlines()[2].split() == ["2026-11-26", "gpt-5", "1.50", "-", "-", "-20.84", "-398", "over"]


async def test_models_that_only_we_know_count_where_the_provider_is_named(ledger: SqliteLedger, export: Path) -> None:
    export.write_text("date,model,cost\n2026-11-26,gpt-6,0.005\n2026-11-26,gpt-5,1.5\n")
    export_of_less = "date,model,cost\n2026-11-26,gpt-6,0.005\n"

    assert (await told(ledger, export, "--provider", "openai"))[0] == 0
    export.write_text(export_of_less)
    assert (await told(ledger, export))[0] == 0
    code, text = await told(ledger, export, "--provider", "openai")

    assert code == 1
    assert text.splitlines()[2].split() == ["2026-11-26", "gpt-5", "1.50", "0.00", "+1.50", "all", "-", "over"]


@pytest.mark.parametrize("argv", [(), ("--by-day",)])
async def test_days_are_compared_where_models_are_not_told(
    ledger: SqliteLedger, export: Path, argv: tuple[str, ...]
) -> None:
    export.write_text(f"date,model,cost\n2026-11-26,{'whatever' if argv else ''},1.50025\n")

    assert (await told(ledger, export, *argv))[0] == 0


async def test_named_columns_and_zones_are_obeyed(ledger: SqliteLedger, export: Path) -> None:
    export.write_text("Tag,Wer,Preis\n2026-11-27,gpt-5,1.50025\n")

    code, _ = await told(ledger, export, "--columns", "date=Tag,model=Wer,cost=Preis", "--zone", "Pacific/Kiritimati")

    assert code == 0


@pytest.mark.parametrize("file", sorted(path.name for path in EXPORTS.iterdir()))
async def test_every_kind_of_export_can_be_compared(ledger: SqliteLedger, file: str) -> None:
    code, text = await told(ledger, file)

    assert code == (0 if file.startswith("openai-usage") else 1)  # what those say is what the ledger has, nearly
    assert text.splitlines()[0].split()[:2] == ["day", "model"]


async def test_a_file_that_isn_t_there_is_told(ledger: SqliteLedger, export: Path) -> None:
    code, text = await told(ledger, export)
    export.write_text("date,cost,model\n")
    nothing = await told(ledger, export)
    export.write_text("date,cost,model\n2026-11-26,,a\n")
    blank = await told(ledger, export)

    assert code == 2
    assert "No such file" in text
    assert nothing == blank == (2, "export.csv: there is nothing in it\n")


async def test_a_ledger_that_is_down_is_told(export: Path) -> None:
    export.write_text("date,model,cost\n2026-11-26,gpt-5,1\n")
    said: list[str] = []

    code = await reconcile.run(reconcile.options([str(export)]), PostgresLedger("postgresql://x"), say=said.append)

    assert (code, said) == (1, ["export.csv: the ledger isn't open\n"])


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--columns", "colour=red"], "'colour' is none of date, model, input, output, cost"),
        (["--tolerance", "-1"], "'-1' is not a number of percent"),
        (["--tolerance", "much"], "'much' is not a number of percent"),
        (["--least", "much"], "'much' is not an amount of dollars"),
    ],
)
def test_options_that_make_no_sense_are_told(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        reconcile.options(["file", *argv])

    assert said in capsys.readouterr().err
