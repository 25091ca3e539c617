"""What makes two calls the same: everything that can change their answer, and nothing else."""

from hashlib import blake2b
from typing import Any, Final

import orjson

from core.call import Call
from core.wire import Json
from core.wishes import NO_WISHES

# How an answer is sent, what it is booked under, and what was read into wishes already.
IRRELEVANT: Final = frozenset(
    {
        "cache",
        "metadata",
        "models",
        "prompt_cache_key",
        "prompt_cache_retention",
        "routing",
        "stream",
        "stream_options",
    }
)
# Models read these in the order in which they are written: an object's properties are said in that of its schema.
IN_ORDER: Final = ("functions", "response_format", "tools")


def whose(scope: str, *, key: str, digest: bytes, team: str | None) -> tuple[str, ...]:
    """Who shares an answer. A key of no team shares with itself alone, and one that has another secret is another."""
    if scope == "service":
        return ("service",)
    if scope == "team" and team is not None:
        return ("team", team)
    return ("key", key, digest.hex())


def fingerprint(call: Call, owner: tuple[str, ...], way: bytes) -> bytes | None:
    """*way* is where the call may go, as bytes. None: it holds what can't be written down in one way only."""
    return _digest(call, call.body, owner, way, b"answer")


def question(call: Call) -> str | None:
    """The text of the last turn, if it is the user's and nothing but text."""
    messages = call.body.get("messages")
    if call.endpoint != "chat" or not messages or (last := messages[-1]).get("role") != "user":
        return None
    if last.keys() - {"role", "content"}:
        return None
    content = last.get("content")
    if isinstance(content, list):
        texts = [str(part.get("text")) for part in content if isinstance(part, dict) and part.get("type") == "text"]
        content = "\n".join(texts) if len(texts) == len(content) else None
    return content if isinstance(content, str) and content.strip() else None


def partition(call: Call, owner: tuple[str, ...], way: bytes) -> bytes | None:
    """Of calls that differ in nothing but their `question`: what was said before is part of it."""
    body = {**call.body, "messages": call.body["messages"][:-1]}
    return _digest(call, body, owner, way, b"question")


def _digest(call: Call, body: Json, owner: tuple[str, ...], way: bytes, kind: bytes) -> bytes | None:
    said: dict[str, Any] = {name: value for name, value in body.items() if value is not None and name not in IRRELEVANT}
    ordered = [(name, said.pop(name)) for name in IN_ORDER if name in said]
    try:
        text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
        rest = orjson.dumps([call.endpoint, owner, ordered, _wished(call)])
    except TypeError:
        # Half a character, or a number beyond 64 bits.
        return None
    mark = blake2b(kind, digest_size=24)
    for part in (way, rest, text):
        mark.update(b"%d:" % len(part))
        mark.update(part)
    return mark.digest()


def _wished(call: Call) -> list[object] | None:
    """What a client wishes of who answers; how fast, how dear and in which session changes no answer."""
    wishes = call.wishes
    if wishes is NO_WISHES:
        return None
    who = (wishes.strategy, wishes.task, sorted(wishes.capabilities), wishes.prefer, wishes.avoid, wishes.local)
    return [*who, wishes.models] if any(who) or wishes.local is not None or wishes.models else None
