"""A provider that remembers what it served, token by token, and what the gateway's ledger says of it."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import orjson

from store.entry import Entry
from store.ledger_sqlite import SqliteLedger
from tests.whole.provider import DONE, ROLE, SSE, STOP, Provider, Request, answer, chunked, completion, piece

PROMPT = 9  # tokens that every call is said to have
INPUT, OUTPUT = 1_000, 10_000  # nano-dollars for a token
PRICED = "{price: {input: 1, output: 10}, context: 100000, max_output: 4000}"
NANO = 1_000_000_000
PIECES = 5  # of a stream


def price(output: int, prompt: int = PROMPT) -> int:
    return prompt * INPUT + output * OUTPUT


@dataclass
class Served:
    """*output* tokens are billed so far. *whole*: the last byte has gone out."""

    number: int
    output: int = 0
    whole: bool = False

    @property
    def cost(self) -> int:
        return price(self.output)


class Counting(Provider):
    """Answers a call that says `call N` with just as many tokens as it allows at most, within *seconds*. Streams tell
    their usage with each piece.
    """

    def __init__(self, seconds: float = 0.3) -> None:
        super().__init__(self._answer)
        self.seconds = seconds
        self.served: list[Served] = []
        self.under_way = self.most_at_once = 0

    @property
    def whole(self) -> list[Served]:
        return [one for one in self.served if one.whole]

    @property
    def cost(self) -> int:
        """Of all answers that ended."""
        return sum(one.cost for one in self.whole)

    @staticmethod
    async def _notice(_reader: asyncio.StreamReader, _request: Request) -> None:
        await asyncio.Event().wait()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        body = request.body
        number = int(re.findall(r"call (\d+)", body["messages"][-1]["content"])[-1])
        tokens = body.get("max_tokens") or body["max_completion_tokens"]
        one = Served(number)
        self.served.append(one)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await (self._stream if body.get("stream") else self._whole)(one, tokens, writer)
        finally:
            self.under_way -= 1

    async def _whole(self, one: Served, tokens: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.seconds)
        writer.write(answer(200, orjson.dumps(completion("x", usage=usage(tokens)))))
        await writer.drain()
        one.output, one.whole = tokens, True

    async def _stream(self, one: Served, tokens: int, writer: asyncio.StreamWriter) -> None:
        writer.write(SSE + chunked(ROLE))
        for part in range(1, PIECES + 1):
            await asyncio.sleep(self.seconds / PIECES)
            one.output = tokens * part // PIECES
            writer.write(chunked(running(f"word{part} ", one.output)))
            await writer.drain()
        writer.write(chunked(STOP) + chunked(told(tokens)) + chunked(DONE) + b"0\r\n\r\n")
        await writer.drain()
        one.whole = True


def usage(output: int, prompt: int = PROMPT) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}


def with_usage(event: bytes, output: int) -> bytes:
    """As vLLM tells it when asked for continuous_usage_stats."""
    body = orjson.loads(event.removeprefix(b"data: "))
    return b"data: " + orjson.dumps({**body, "usage": usage(output)}) + b"\n\n"


def running(text: str, output: int) -> bytes:
    return with_usage(piece({"content": text}), output)


def told(output: int) -> bytes:
    body = orjson.loads(piece({}).removeprefix(b"data: "))
    return b"data: " + orjson.dumps({**body, "choices": [], "usage": usage(output)}) + b"\n\n"


async def entries(folder: Path) -> list[Entry]:
    """All rows of the ledger in *folder*."""
    ledger = SqliteLedger(folder / "state" / "ledger.sqlite")
    await ledger.open()
    try:
        rows: list[Entry] = []
        while more := await ledger.rows(0.0, 9e9, most=1000, after=rows[-1].id if rows else ""):
            rows += more
        return rows
    finally:
        await ledger.close()
