"""What providers say that was used and what it cost: their exports, read by their own column names.

OpenAI's and Anthropic's usage and cost reports, as CSV or as their API's JSON (one page or a list of pages), and any
other CSV whose columns can be recognised or are named.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from admin.dollars import nanos

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "date": ("start_time_iso", "usage_date_utc", "usage_date", "usage_start_date", "date", "day", "timestamp", "time",
             "starting_at", "start_time", "usage_start_time", "created"),
    "model": ("model", "model_version", "line_item", "model_name", "model_id", "sku_description", "sku", "meter"),
    "input": ("input_tokens", "prompt_tokens", "n_context_tokens_total", "tokens_prompt", "input",
              "usage_input_tokens_no_cache", "uncached_input_tokens"),
    "output": ("output_tokens", "completion_tokens", "n_generated_tokens_total", "usage_output_tokens",
               "tokens_completion", "output"),
    "cost": ("amount_value", "cost_usd", "cost", "amount_usd", "total_cost", "cost_in_usd", "amount", "cost_total",
             "subtotal", "spend"),
}  # fmt: skip
"""What each of our words is called elsewhere; the first that there is counts."""

# These come on top of what Anthropic calls input; elsewhere what was cached is part of the input.
BESIDE: Final = (
    "usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write_1h", "usage_input_tokens_cache_read",
    "cache_creation_ephemeral_5m_input_tokens", "cache_creation_ephemeral_1h_input_tokens", "cache_read_input_tokens",
)  # fmt: skip
_CURRENCIES: Final = ("amount_currency", "currency")


class Line(NamedTuple):
    """*day* as 2026-11-26 (of the provider: UTC with most); *model* empty where the export doesn't say. None is what
    it says nothing of. *cost* in nano-dollars.
    """

    day: str
    model: str
    input: int | None
    output: int | None
    cost: int | None


def read(text: str, columns: Mapping[str, str] | None = None) -> list[Line]:
    """*columns* says which column is `date`, `model`, `input`, `output`, `cost`, where it isn't clear. Raises
    ValueError with a sentence.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip()[:1] in {"{", "["}:
        return list(_lines(_of_json(text), columns or {}))
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=max("\t;,", key=first.count))
    return list(_lines(({_key(name): cell or "" for name, cell in row.items() if name} for row in rows), columns or {}))


def _lines(rows: Iterable[Mapping[str, str]], named: Mapping[str, str]) -> Iterator[Line]:
    # Rows of JSON differ in what they have, so that all have to be seen.
    all = list(rows)
    if not all:
        raise ValueError("there is nothing in it")
    there = {name for row in all for name in row}
    where = {word: _column(word, there, named) for word in COLUMNS}
    if where["date"] is None or all_none(where[word] for word in ("input", "output", "cost")):
        raise ValueError(f"no date, or nothing that was used, in its columns {', '.join(sorted(there))}: say --columns")
    for row in all:
        cells = {word: row.get(column, "").strip() if column else "" for word, column in where.items()}
        if not cells["date"] or not (cells["input"] or cells["output"] or cells["cost"]):
            continue  # a day without anything, or a line of sums
        yield _line(row, cells)


def all_none(values: Iterable[object]) -> bool:
    return all(value is None for value in values)


def _column(word: str, there: set[str], named: Mapping[str, str]) -> str | None:
    if word not in named:
        return next((name for name in COLUMNS[word] if name in there), None)
    if (name := _key(named[word])) not in there:
        raise ValueError(f"it has no column {named[word]!r}")
    return name


def _key(name: str) -> str:
    """`Usage Date (UTC)` is usage_date_utc."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _line(row: Mapping[str, str], cells: Mapping[str, str]) -> Line:
    currency = next((row[name] for name in _CURRENCIES if row.get(name)), "usd")
    if currency.lower() != "usd":
        raise ValueError(f"amounts are in {currency}, and only US dollars can be compared")
    beside = sum(_count(row[name]) for name in BESIDE if row.get(name))
    return Line(
        day=_day(cells["date"]),
        model=cells["model"],
        input=_count(cells["input"]) + beside if cells["input"] else None,
        output=_count(cells["output"]) if cells["output"] else None,
        cost=nanos(cells["cost"]) if cells["cost"] else None,
    )


def _count(text: str) -> int:
    try:
        return int(Decimal(text.replace(",", "")))
    except ArithmeticError as error:
        raise ValueError(f"{text!r} is not a number of tokens") from error


def _day(text: str) -> str:
    if text.isdigit() and len(text) >= 9:
        return datetime.fromtimestamp(int(text[:10]), UTC).date().isoformat()
    try:
        head = text.replace("/", "-").split("T")[0].split(" ")[0]
        year, month, day = (int(part) for part in (head.split("-") if "-" in head else (head[:4], head[4:6], head[6:])))
        return date(year, month, day).isoformat()
    except ValueError as error:
        raise ValueError(f"{text!r} is not a day as in 2026-11-26") from error


def _of_json(text: str) -> Iterator[dict[str, str]]:
    """Amounts keep the digits that they are written with: what isn't whole is read as text."""
    try:
        whole = json.loads(text, parse_float=str)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error}") from error
    for page in whole if isinstance(whole, list) else [whole]:
        buckets = page.get("data") if isinstance(page, dict) else None
        for bucket in buckets if isinstance(buckets, list) else [page]:
            if isinstance(bucket, dict):
                yield from _of_bucket(bucket)


def _of_bucket(bucket: dict[str, Any]) -> Iterator[dict[str, str]]:
    results = bucket.get("results")
    if not isinstance(results, list):
        yield dict(_flat(bucket))
        return
    anthropic = "starting_at" in bucket
    for result in results:
        row = {**dict(_flat(result)), "date": f"{bucket.get('starting_at') or bucket.get('start_time')}"}
        if anthropic and "amount" in row:
            row["amount"] = f"{Decimal(row['amount'] or 0) / 100}"  # cents, it says; with digits behind them
        if anthropic and "amount" in row and not row.get("model"):
            row["model"] = row.get("description", "")
        yield row


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _flat(one, f"{before}{name}_")
        elif one is not None and not isinstance(one, list):
            yield _key(f"{before}{name}"), f"{one}"


def plain(model: str) -> str:
    """The name under which the same model is found on both sides: without its date, `GPT-4o, input` as gpt-4o,
    `Claude Opus 4.5` as claude-opus-4-5.
    """
    name = model.partition(",")[0].strip().lower().removeprefix("models/").rpartition("/")[2]
    name = re.sub(r"[\s._]+", "-", name)
    return re.sub(r"[-@](?:20\d{2}-?\d{2}-?\d{2}|latest)(?:-v\d.*)?$", "", name)
