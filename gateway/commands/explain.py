"""`python proxy.py explain REQUEST.json`: what would happen to a call, and why."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from admin.story import story, story_of_call
from api import ENDPOINTS
from config.schema import Config, Key
from core.errors import Refusal
from gateway.commands.rehearsal import rehearsal
from gateway.desk.calls import found
from gateway.desk.explain import explained
from gateway.desk.told_call import whole
from quota.keys import ANYONE
from store.ledger import Ledger

Say = Callable[[str], object]


def options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="proxy.py explain",
        description="What would happen to a call, by a process that has just begun and has observed nothing yet; ask a"
        " running one by POST /api/v1/explain. Nothing is sent anywhere.",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("request", nargs="?", help="a file with the body of a call; - reads it from standard input")
    asked.add_argument(
        "--call", metavar="ID", help="the id of a call that is over: what led to it, as the ledger has it"
    )
    parser.add_argument("--config", default="config.yaml", help="the configuration (config.yaml)")
    parser.add_argument("--key", help="the name of the key that would call")
    parser.add_argument("--endpoint", choices=tuple(ENDPOINTS), default="chat")
    parser.add_argument("--json", action="store_true", help="as a program would read it")
    return parser.parse_args(argv)


async def recall(options: argparse.Namespace, ledger: Ledger, *, say: Say, complain: Say) -> int:
    """What led to a call that is over."""
    try:
        told = whole(await found(ledger, options.call))
    except Refusal as refused:
        complain(f"{refused.status}: {refused.message}\n")
        return 1
    say(_json(told) if options.json else story_of_call(told))
    return 0


def _json(told: Mapping[str, Any]) -> str:
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"


async def run(options: argparse.Namespace, config: Config, *, say: Say, complain: Say) -> int:
    try:
        body = await asyncio.to_thread(_read, options.request)
        key = _key(config, options.key)
        call = ENDPOINTS[options.endpoint].parse(body)
        async with rehearsal(config) as (generation, shared):
            told = explained(generation, shared, key, call, moment=shared.loop.time())
    except OSError as error:
        complain(f"{options.request}: {error.strerror}\n")
        return 1
    except Refusal as refused:
        complain(f"{refused.status}: {refused.message}\n")
        return 1
    say(_json(told) if options.json else story(told))
    return 0


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def _key(config: Config, name: str | None) -> Key:
    if name is None:
        return ANYONE
    if name not in config.keys:
        raise Refusal(404, f"There is no key {name} in the configuration.", code="key_not_found")
    return config.keys[name]
