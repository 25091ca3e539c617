"""Lists of keys from elsewhere: JSON or CSV, and what another gateway tells of its keys, in our words.

Clients keep the keys they have, since what is brought along is the sha256 of each.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final

import orjson

from core.errors import invalid

LISTS: Final = ("tags", "models")  # columns of CSV that hold several values, with semicolons between them
NANO: Final = Decimal("0.000000001")  # a nano-dollar

WINDOWS: Final[Mapping[str, str]] = {
    "1h": "hour",
    "24h": "day",
    "1d": "day",
    "7d": "week",
    "30d": "month",
    "1mo": "month",
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
}
TEAMS_MODELS: Final = "all-team-models"
ALL_MODELS: Final = frozenset({"all-proxy-models", TEAMS_MODELS, "*"})
SILENT: Final = frozenset(
    {
        "token",
        "token_id",
        "key_name",
        "key_alias",
        "team_id",
        "team_alias",
        "models",
        "max_budget",
        "budget_duration",
        "rpm_limit",
        "tpm_limit",
        "max_parallel_requests",
        "expires",
        "blocked",
        "model_max_budget",
        "budget_reset_at",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "last_active",
        "rotation_count",
        "last_rotation_at",
        "soft_budget_cooldown",
        "model_spend",
        "user",
    }
)
"""What is used, and what says nothing about who may spend how much. Of the rest it is said that it stays behind."""


@dataclass(slots=True)
class Row:
    """*line* counts from 1. *notes* say what stays behind, *wrong* why it can't be taken over."""

    line: int
    name: str = ""
    sha256: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrong: str = ""


def rows_of(text: str) -> list[Row]:
    """What stands in a file: JSON (a list, or an object with one as `keys` or `data`), or CSV with a head line."""
    if text.lstrip()[:1] not in {"[", "{"}:
        return _from_csv(text)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid(f"This isn't JSON: {error}.", code="invalid_json") from None
    return rows_from(found)


def rows_from(found: object) -> list[Row]:
    """The rows of what JSON says."""
    if isinstance(found, Mapping):
        found = found.get("keys", found.get("data"))
    if not isinstance(found, list):
        raise invalid("Expected a list of keys, or an object that holds one as `keys`.", param="keys")
    return [_row(at, each) for at, each in enumerate(found, 1)]


def _row(line: int, each: object) -> Row:
    if isinstance(each, str):
        return Row(line, wrong="is only a name or hash; ask for whole objects (return_full_object=true)")
    if not isinstance(each, Mapping):
        return Row(line, wrong="expected an object")
    return _foreign(line, each) if "token" in each else _own(line, each)


def _own(line: int, each: Mapping[str, Any]) -> Row:
    """In our own words; what our own list adds to a key is left out."""
    told = {"name", "sha256", "object", "hash", "state", "problems", "created_at", "changed_at", "former_key_until"}
    fields = {name: value for name, value in each.items() if name not in told and value is not None}
    return Row(line, _text(each.get("name")), _text(each.get("sha256")), fields)


def _from_csv(text: str) -> list[Row]:
    """The columns are called like the fields; `limits.requests` stands for one within another."""
    try:
        lines = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise invalid(f"This isn't CSV: {error}.", code="invalid_csv") from None
    return [_csv_row(at, line) for at, line in enumerate(lines, 2)]


def _csv_row(line: int, columns: Mapping[str | None, Any]) -> Row:
    if None in columns:
        return Row(line, wrong="holds more values than there are columns")
    row: dict[str, Any] = {}
    for column, text in columns.items():
        path = (column or "").strip().split(".")
        if not (text or "").strip():
            continue
        within = row
        for name in path[:-1]:
            within = within.setdefault(name, {})
            if not isinstance(within, dict):
                return Row(line, wrong=f"{column} stands beside {'.'.join(path[:-1])}")
        value = text.strip()
        within[path[-1]] = [one.strip() for one in value.split(";") if one.strip()] if path[-1] in LISTS else value
    return _own(line, row)


def _foreign(line: int, each: Mapping[str, Any]) -> Row:
    """A row of LiteLLM's list of keys."""
    name = _text(each.get("key_alias")) or _text(each.get("key_name")) or f"key-{_text(each['token'])[:8]}"
    row = Row(line, name, _text(each["token"]))
    if row.sha256.startswith("sk-"):
        row.wrong = "the token is a key itself, not its sha256"
        return row
    try:
        _translate(each, row)
    except (InvalidOperation, TypeError, ValueError, AttributeError):
        row.wrong = "holds an amount or a limit that can't be read"
    return row


def _translate(each: Mapping[str, Any], row: Row) -> None:
    models = list(each.get("models") or ())
    if TEAMS_MODELS in models:
        row.notes.append("models: may use what its team may use")
    if ALL_MODELS & set(models):
        models = []
    limits = {
        "requests": _per_minute(each.get("rpm_limit")),
        "tokens": _per_minute(each.get("tpm_limit")),
        "concurrent": each.get("max_parallel_requests"),
    }
    per_model = {
        model: {"budget": _budget(said, said)}
        for model, said in (each.get("model_max_budget") or {}).items()
        if said is not None
    }
    fields = {
        "team": each.get("team_alias") or each.get("team_id"),
        "models": models,
        "budget": None if each.get("max_budget") is None else _budget(each, each["max_budget"]),
        "limits": {name: limit for name, limit in limits.items() if limit is not None},
        "expires": each.get("expires"),
        "disabled": True if each.get("blocked") else None,
        "per_model": per_model,
    }
    row.fields = {name: value for name, value in fields.items() if value is not None and value not in ([], {})}
    if each.get("spend"):
        row.notes.append(f"spend: {each['spend']} spent so far is not carried over, its budget begins anew")
    row.notes += [f"{name}: stays behind" for name in _left(each)]


def _left(each: Mapping[str, Any]) -> Iterable[str]:
    return (str(name) for name, value in each.items() if value and name not in SILENT and name != "spend")


def _budget(said: Any, amount: Any) -> dict[str, str]:
    """Its windows of 7 and 30 days begin on Mondays and on the first of a month, as ours do."""
    if isinstance(amount, Mapping):
        amount = amount.get("max_budget", amount.get("budget_limit"))
    per = said.get("budget_duration") or said.get("time_period") if isinstance(said, Mapping) else None
    usd = Decimal(str(amount)).quantize(NANO, ROUND_DOWN).normalize()
    return {"usd": format(usd, "f"), "per": WINDOWS.get(str(per), str(per)) if per else "total"}


def _per_minute(limit: Any) -> str | None:
    return None if limit is None else f"{int(limit)}/min"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
