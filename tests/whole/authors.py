"""Providers that know a text by heart: they break off in the middle of it, and go on with it from where another did."""

import asyncio
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import orjson

from routing.rest import QUESTION
from tests.whole.provider import SSE, Play, chunked

WORDS = [
    "a",
    "the",
    "Fuchs",
    "don't",
    "über",
    "日本語",
    "👩‍🚀",
    "🙂",
    "{x}",
    "**b**",
    "1.",
    "(a|b)*",
    "é",
    "«x»",
    "data:",
    '"',
]
CODE = "\n```python\ndef f(x):\n    if x:\n        return f(x - 1)\n\n    return 0\n```\n"


def text(seed: int) -> str:
    """Some text: words, code, and long repetitions, which always begins with a letter."""
    rng = Random(seed)
    parts = ["Once"]
    for _ in range(rng.randint(1, 5)):
        match rng.randrange(4):
            case 0:
                parts.append(rng.choice([" a", "la la\n", "👍", " 1, 2,", "\n| - |"]) * rng.randint(1, 60))
            case 1:
                parts.append(CODE)
            case _:
                blanks = [" ", " ", " ", "\n", "\n\n", "  "]
                parts.append("".join([rng.choice(blanks) + rng.choice(WORDS) for _ in range(rng.randint(1, 40))]))
    return "".join(parts)


def asked(body: dict[str, Any]) -> tuple[int, str, str]:
    """The seed of the text that is wanted, what is said of it already, and by what anchor to go on (or nothing)."""
    messages = [(each["role"], words(each["content"])) for each in body["messages"]]
    seed = int(messages[0][1])
    role, last = messages[-1]
    if role == "assistant":
        return seed, last, ""
    if last.startswith(QUESTION):
        return seed, messages[-2][1], last.removeprefix(QUESTION)
    return seed, "", ""


def words(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def pieces(rest: str, rng: Random) -> Iterator[str]:
    at = 0
    while at < len(rest):
        size = rng.randint(1, 9)
        yield rest[at : at + size]
        at += size


def halves(rest: str, rng: Random) -> Iterator[str]:
    """As `pieces`, but cut through characters now and then."""
    units = rest.encode("utf-16-le")
    at = 0
    while at < len(units):
        size = 2 * rng.randint(1, 9)
        yield units[at : at + size].decode("utf-16-le", "surrogatepass")
        at += size


def chunk(delta: dict[str, Any], finish: str | None = None, **more: object) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {
        "id": "id-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "theirs",
        "choices": [choice],
        **more,
    }
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


def openai(parts: Iterator[str]) -> bytes:
    usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
    events = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": part}) for part in parts)]
    return b"".join([*events, chunk({}, "stop"), chunk({}, usage=usage, choices=[]), b"data: [DONE]\n\n"])


def claude(parts: Iterator[str]) -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": []}
    usage = {"input_tokens": 100, "output_tokens": 7}
    events = [
        {"type": "message_start", "message": {**message, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": part}} for part in parts),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": usage},
        {"type": "message_stop"},
    ]
    return b"".join([b"event: %b\ndata: %b\n\n" % (each["type"].encode(), orjson.dumps(each)) for each in events])


def breaks_off(*, cut: Callable[[Random, int], int], split=pieces) -> Play:
    """Tells the text from the beginning, but only the first bytes of it."""

    async def play(request, writer):
        seed, _, _ = asked(request.body)
        rng = Random(-seed)
        raw = openai(split(text(seed), rng))
        await stream(writer, raw[: cut(rng, len(raw))], rng, whole=False)

    return play


def goes_on(*, told=openai, echoes: bool = False, head: str = "", often: int = 0) -> Play:
    """Tells the rest. *head*: what it says before an anchor. Every *often*th breaks off again."""

    async def play(request, writer):
        seed, said, anchor = asked(request.body)
        whole, rng = text(seed), Random(seed + 1)
        assert whole.startswith(said)
        rest = head + anchor + whole[len(said.rstrip()) :] if anchor else whole if echoes else whole[len(said) :]
        raw = told(pieces(rest, rng))
        cuts = often and seed % often == 0
        await stream(writer, raw[: rng.randrange(len(raw))] if cuts else raw, rng, whole=not cuts)

    return play


async def stream(writer: asyncio.StreamWriter, raw: bytes, rng: Random, *, whole: bool) -> None:
    writer.write(SSE)
    at = 0
    while at < len(raw):
        size = rng.randint(1, 400)
        writer.write(chunked(raw[at : at + size]))
        at += size
        if rng.random() < 0.2:
            await writer.drain()
            await asyncio.sleep(0)
    if whole:
        writer.write(b"0\r\n\r\n")
    else:
        await writer.drain()
        writer.close()
