"""`proxy.py keys ...`: keys that live in the store, made and changed without a running server."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

import orjson

from admin.key_import import take_over
from admin.key_rows import LISTS, rows_of
from admin.keys import LARGEST_PAGE, Json, Locksmith
from admin.keys_told import brief, report, table
from config.schema import Config
from core.errors import Refusal, invalid
from store.contract import Store, StoreDown

ASSIGNMENT: Final = "field=value such as max_cost=2.50 or limits.requests=60/min; an empty value removes the field"
OPTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "team": ("team", "a team of the configuration"),
    "budget": ("budget", "dollars in a time, such as 50/month"),
    "requests": ("limits.requests", "a rate, such as 60/min"),
    "tokens": ("limits.tokens", "a rate, such as 100k/min"),
    "concurrent": ("limits.concurrent", "calls under way at a time"),
    "max-cost": ("max_cost", "dollars for one call"),
    "expires": ("expires", "a date or time"),
    "holds": ("holds", "whole or slices"),
    "priority": ("priority", "high, normal or low, for where calls have to wait"),
}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
_JSON = re.compile(r'[\[{"].*|true|false|null', re.DOTALL)

Open = Callable[[Config], AbstractAsyncContextManager[Store]]
Write = Callable[[str], object]


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="proxy.py keys", description="Keys of clients that are made at run time.")
    top.add_argument("--config", default="config.yaml", help="the configuration (config.yaml)")
    top.add_argument("--json", action="store_true", help="JSON instead of text")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    listing = _verb(verbs, "list", "all keys, by name", named=False)
    listing.add_argument("--after", default="", help="begin behind this name")
    listing.add_argument("--limit", type=int, help="at most so many")
    _verb(verbs, "show", "one key")
    _describe_create(_verb(verbs, "create", "a new key, whose secret is shown once"))
    _verb(verbs, "set", "change fields of a key").add_argument("fields", nargs="+", help=ASSIGNMENT)
    for verb, words in (("disable", "stop a key"), ("enable", "let it go on"), ("revoke", "end a key for good")):
        _verb(verbs, verb, words)
    rotate = _verb(verbs, "rotate", "a new secret; the old one goes on for a while")
    rotate.add_argument("--grace", help="for how long the old one goes on (24h); 0s ends it at once")
    bring = _verb(verbs, "import", "take over keys by their sha256, all or none", named=False)
    bring.add_argument("file", help="JSON or CSV; - for standard input")
    bring.add_argument("--dry-run", action="store_true", help="only say what would become of each")
    return top


def _verb(verbs: Any, name: str, words: str, *, named: bool = True) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=words)
    # What can be said before the command can be said behind it, too.
    verb.add_argument("--config", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    verb.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="JSON instead of text")
    if named:
        verb.add_argument("name", metavar="NAME")
    return verb


def _describe_create(create: argparse.ArgumentParser) -> None:
    for option, (_, words) in OPTIONS.items():
        create.add_argument(f"--{option}", help=words)
    create.add_argument("--model", action="append", default=[], help="what it may ask for; may be repeated")
    create.add_argument("--tag", action="append", default=[], help="may be repeated")
    create.add_argument("--sha256", help="of a key that its holder has already")
    create.add_argument("--set", dest="fields", action="append", default=[], metavar="FIELD=VALUE", help=ASSIGNMENT)


async def run(argv: Sequence[str], load: Callable[[str], Config], opened: Open, *, say: Write, complain: Write) -> int:
    """The exit code: 0 done, 1 not. *argv* is what follows `keys`.

    *load* reads a configuration, and may raise ConfigErrors; *opened* opens its store.
    """
    options = parser().parse_args(argv)
    config = load(options.config)
    try:
        async with opened(config) as store:
            return await _do(options, Locksmith(store, lambda: config), say)
    except Refusal as refusal:
        param = refusal.param or ""
        where = f"{param}: " if param and refusal.status == 400 and not refusal.message.startswith(param) else ""
        complain(f"{where}{refusal.message}\n")
    except StoreDown as down:
        complain(f"The store can't be reached: {down}\n")
    except (OSError, UnicodeDecodeError) as error:
        complain(f"{getattr(options, 'file', '')}: {getattr(error, 'strerror', None) or 'is not UTF-8'}\n")
    return 1


async def _do(options: argparse.Namespace, locksmith: Locksmith, say: Write) -> int:
    if options.verb == "list":
        keys = await _all(locksmith, options.after, options.limit)
        say(_json({"object": "list", "data": keys}) if options.json else table(keys))
        return 0
    if options.verb == "import":
        told = await take_over(locksmith, rows_of(_text(options.file)), try_only=options.dry_run)
        say(_json(told) if options.json else report(told))
        return 0 if told["ok"] else 1
    told = await _one(options, locksmith)
    say(_json(told) if options.json else brief(told))
    return 0


async def _one(options: argparse.Namespace, locksmith: Locksmith) -> Json:
    name = options.name
    match options.verb:
        case "show":
            return await locksmith.show(name)
        case "create":
            return await locksmith.create({**_wished(options), "name": name})
        case "set":
            return await locksmith.change(name, assigned(options.fields))
        case "disable":
            return await locksmith.change(name, {"disabled": True})
        case "enable":
            return await locksmith.change(name, {"disabled": None})
        case "rotate":
            return await locksmith.rotate(name, options.grace)
        case _:
            return await locksmith.revoke(name)


async def _all(locksmith: Locksmith, after: str, limit: int | None) -> list[Json]:
    keys: list[Json] = []
    while limit is None or len(keys) < limit:
        page = await locksmith.page(after, LARGEST_PAGE if limit is None else min(LARGEST_PAGE, limit - len(keys)))
        keys += page["data"]
        if not page["has_more"]:
            break
        after = page["next"]
    return keys


def _wished(options: argparse.Namespace) -> Json:
    given = {field: getattr(options, option.replace("-", "_")) for option, (field, _) in OPTIONS.items()}
    fields = assigned([f"{field}={value}" for field, value in given.items() if value is not None])
    lists = {"models": options.model or None, "tags": options.tag or None, "sha256": options.sha256}
    said = {name: value for name, value in lists.items() if value is not None}
    return {**fields, **said, **assigned(options.fields)}


def assigned(fields: Sequence[str]) -> Json:
    """`limits.requests=60/min` as {"limits": {"requests": "60/min"}}."""
    result: Json = {}
    for each in fields:
        path, equals, text = each.partition("=")
        if not equals or not all(path.split(".")):
            raise invalid(f"Expected field=value, got {each!r}.")
        *above, last = path.split(".")
        within = result
        for name in above:
            within = within.setdefault(name, {})
            if not isinstance(within, dict):
                raise invalid(f"{path} stands beside {'.'.join(above)}.")
        within[last] = _value(last, text)
    return result


def _value(field: str, text: str) -> Any:
    """JSON where it looks like it, a list where commas make one, else text."""
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return int(text)
    if _JSON.fullmatch(text):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise invalid(f"{field}: this isn't JSON: {error}.") from None
    return [one.strip() for one in text.split(",") if one.strip()] if field in LISTS else text


def _text(file: str) -> str:
    return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")


def _json(told: object) -> str:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
