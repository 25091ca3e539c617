"""The figures that providers publish, as models.json carries them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

PATH = Path(__file__).with_name("models.json")

Row = Mapping[str, Any]


@cache
def _file() -> Any:
    return orjson.loads(PATH.read_bytes())


@cache
def published() -> Mapping[str, Mapping[str, Row]]:
    """Provider -> model or alias -> row. Read when first asked for, since a start must not wait for it.

    What a provider charges for all of its models is in each row's price, unless the row says otherwise.
    """
    found: dict[str, dict[str, Row]] = {}
    file = _file()
    rows: list[Row] = [_priced(row, file["providers"].get(row["provider"], {})) for row in file["models"]]
    for row in rows:
        found.setdefault(row["provider"], {})[row["model"]] = row
    for row in rows:
        for alias in row.get("aliases", ()):
            found[row["provider"]].setdefault(alias, row)
    return found


def of_thinkers(vendor: str) -> Mapping[str, object]:
    """The flags that all models of *vendor* have that reason, wherever they are asked, unless one says otherwise."""
    flags: Mapping[str, object] = _file()["thinkers"].get(vendor, {})
    return flags


def _priced(row: Row, rules: Row) -> Row:
    return {**row, "price": {**rules, **row["price"]}} if rules and "price" in row else row
