"""`python proxy.py import-litellm FILE`, and import-portkey: another gateway's configuration in our YAML."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

from catalog.lookup import Catalog
from catalog.price import Price
from config.models import PRICES
from config.schema import DialectFacts
from moving import litellm, portkey
from moving.findings import Findings, report
from moving.page import Tree

Import = Callable[[str, str, Mapping[str, DialectFacts]], tuple[str, Findings]]


def prices(dialect: str, model: str) -> Mapping[str, Tree] | None:
    """What the catalog says of *model*, in dollars; Azure's deployments cost what OpenAI's models do."""
    catalog = Catalog({})
    names = (dialect, "openai") if dialect == "azure" else (dialect,)
    known = [found.price for name in names if (found := catalog.facts(name, name, model)) and found.price]
    return _price(known[0]) if known else None


def _price(price: Price) -> dict[str, Tree]:
    """Of all that a step or a tier may say, too; a tier that has steps of its own is said without them."""
    said: dict[str, Tree] = {name: _dollars(getattr(price, name)) for name in PRICES}
    if price.steps:
        said["long"] = [{"above": above, **_price(step)} for above, step in price.steps]
    tiers = {
        name: Decimal(tier) / 1000 if isinstance(tier, int) else _price(tier) for name, tier in price.tiers.items()
    }
    return {**said, **tiers}


def _dollars(nanos: int) -> Decimal:
    return Decimal(nanos) / 10**9


IMPORTS: Final[dict[str, tuple[str, Import]]] = {
    "import-litellm": ("LiteLLM's config.yaml", partial(litellm.imported, prices=prices)),
    "import-portkey": ("a config of Portkey, as JSON", portkey.imported),
}
LARGEST: Final = 8 * 1024 * 1024


def run(name: str, argv: Sequence[str], dialects: Mapping[str, DialectFacts]) -> int:
    """The exit code. The YAML goes to standard output or to a file, the report to standard error."""
    what, imported = IMPORTS[name]
    options = _options(name, what, argv)
    try:
        text, findings = imported(_read(options.file), options.file, dialects)
        if options.out is None:
            sys.stdout.write(text)
        else:
            _write(options.out, text, force=options.force)
    except (OSError, UnicodeDecodeError, _TooLarge) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        sys.stderr.write(f"{getattr(error, 'filename', None) or options.file}: {reason}\n")
        return 1
    sys.stderr.write(report(findings, options.file))
    return 0


def _options(name: str, what: str, argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"proxy.py {name}",
        description=f"Write our YAML for {what}. What became of each setting is told on standard error: mapped, "
        "mapped with changed meaning, not mapped.",
    )
    parser.add_argument("file", help=what)
    parser.add_argument("--out", help="where to write it, instead of standard output")
    parser.add_argument("--force", action="store_true", help="even if there is such a file")
    return parser.parse_args(argv)


class _TooLarge(Exception):  # noqa: N818  (says what it is)
    pass


def _read(file: str) -> str:
    with Path(file).open("rb") as opened:
        raw = opened.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise _TooLarge(f"is larger than {LARGEST} bytes")
    return raw.decode("utf-8-sig")


def _write(file: str, text: str, *, force: bool) -> None:
    """For its owner alone to read, since a key may be added to it."""
    how = os.O_TRUNC if force else os.O_EXCL
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | how, 0o600), "w", encoding="utf-8") as opened:  # noqa: PTH123
        opened.write(text)
