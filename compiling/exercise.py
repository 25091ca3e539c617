"""Calls of the usual kinds, for whatever has to see what a gateway does most of its time.

The provider they end at is played here, too: what it is asked for is told by the model's name.
"""

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from compiling.found import ALWAYS, VARIABLE

HEAD_END: Final = b"\r\n\r\n"
CHUNKS_END: Final = b"\r\n0\r\n\r\n"
LARGEST: Final = 1 << 20
CONNECTIONS: Final = 16
LONGEST_START: Final = 60
LONGEST: Final = 300
LOG: Final = "log"
MOST_SAID: Final = 2_000
PIECES: Final = 100
PACE: Final = 0.002
SENTENCE: Final = "A gateway stands between those who ask and those who answer. "
KEYS: Final = ("free", "paying")


class Unfit(Exception):  # noqa: N818  (says what it is)
    """The gateway doesn't do what it should, so nothing can be learnt from how it does it."""


class Kind(NamedTuple):
    """*calls* are those of each connection; *asked* and *answered* are bytes, about.

    *pieces* of a stream come every *pace* seconds.
    """

    calls: int
    asked: int = 300
    answered: int = 1_000
    pieces: int = 0
    pace: float = 0
    fails: bool = False  # and another provider answers


KINDS: Final = {
    "short": Kind(100),
    "long": Kind(16, asked=30_000, answered=20_000),
    "at-once": Kind(16, pieces=PIECES),
    "one-by-one": Kind(2, pieces=PIECES, pace=PACE),
    "elsewhere": Kind(1, fails=True),
}

CONFIG: Final = """
server: {{host: 127.0.0.1, port: {port}}}
state: {{directory: "{folder}/state"}}
providers:
  exercise: {{dialect: openai, base_url: "http://127.0.0.1:{provider}/v1", api_key: none}}
routes:
{routes}
keys:
  free: {{key: free}}
  paying:
    key: paying
    team: exercise
    budget: {{usd: 1000000, per: month}}
    limits: {{requests: 100000000/min, tokens: 100000000000/min}}
teams: {{exercise: {{budget: {{usd: 1000000, per: month}}}}}}
service: {{budget: {{usd: 1000000, per: month}}}}
models:
{models}
"""


def configured(folder: Path, port: int, provider: int) -> Path:
    """The file that a gateway is started with."""
    price = "{price: {input: 0.15, output: 0.6}}"
    names = [*KINDS, "rescue"]
    file = folder / "config.yaml"
    text = CONFIG.format(
        folder=folder,
        port=port,
        provider=provider,
        routes="\n".join(
            f"  {name}: {{chain: [{{targets: [exercise/{name}], strategy: least_loaded}}, exercise/rescue]}}"
            for name in KINDS
        ),
        models="\n".join(f"  exercise/{name}: {price}" for name in names),
    )
    file.write_text(text, encoding="utf-8")
    return file


def asking(name: str, key: str) -> bytes:
    """A whole request."""
    kind = KINDS[name]
    turns = [SENTENCE * 25] * (kind.asked // 1_500) or [SENTENCE]
    body: dict[str, Any] = {
        "model": name,
        "messages": [{"role": "assistant" if at % 2 else "user", "content": turn} for at, turn in enumerate(turns)],
        "temperature": 0.7,
        "max_tokens": 256,
    }
    if kind.pieces:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    data = json.dumps(body, separators=(",", ":")).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def _usage(tokens: int) -> dict[str, int]:
    return {"prompt_tokens": 60, "completion_tokens": tokens, "total_tokens": 60 + tokens}


def _whole(kind: Kind) -> bytes:
    text = SENTENCE * (kind.answered // len(SENTENCE))
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "exercise"}
    data = json.dumps({**body, "choices": [choice], "usage": _usage(200)}, separators=(",", ":")).encode()
    return _head(200, f"application/json\r\nContent-Length: {len(data)}") + data


def _head(status: int, what: str) -> bytes:
    return f"HTTP/1.1 {status} Whatever\r\nContent-Type: {what}\r\n\r\n".encode()


def _chunks(kind: Kind) -> list[bytes]:
    """Every event is a chunk of HTTP, as model servers send them."""

    def event(**more: Any) -> bytes:
        body = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "exercise"}
        return f"data: {json.dumps({**body, **more}, separators=(',', ':'))}\n\n".encode()

    def said(delta: dict[str, str], finish: str | None = None) -> bytes:
        return event(choices=[{"index": 0, "delta": delta, "finish_reason": finish}])

    events = [
        said({"role": "assistant", "content": ""}),
        *(said({"content": f" word{at}"}) for at in range(kind.pieces)),
        said({}, "stop"),
        event(choices=[], usage=_usage(kind.pieces)),
        b"data: [DONE]\n\n",
    ]
    return [*(b"%x\r\n%b\r\n" % (len(one), one) for one in events), b"0\r\n\r\n"]


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Head and body of what comes next."""
    head = (await reader.readuntil(HEAD_END)).lower()
    _, named, length = head.partition(b"content-length:")
    if named:
        return head, await reader.readexactly(int(length.split()[0]))
    return head, await reader.readuntil(CHUNKS_END)


async def provide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer what comes on one connection, until it ends."""
    rescue = Kind(0)
    with closing(writer), suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            _, body = await _read(reader)
            kind = KINDS.get(json.loads(body)["model"], rescue)
            if kind.fails:
                writer.write(_head(500, "text/plain\r\nContent-Length: 0"))
            elif not kind.pieces:
                writer.write(_whole(kind))
            else:
                writer.write(_head(200, "text/event-stream\r\nTransfer-Encoding: chunked"))
                pieces = _chunks(kind)
                for piece in pieces if kind.pace else [b"".join(pieces)]:
                    writer.write(piece)
                    await asyncio.sleep(kind.pace)
            await writer.drain()


async def _ask(port: int, requests: Sequence[bytes]) -> int:
    """Ask one after the other on one connection: how many there were."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LARGEST)
    with closing(writer):
        for request in requests:
            writer.write(request)
            head, body = await _read(reader)
            if not head.startswith(b"http/1.1 200 ") or (b'"stream":true' in request) != (b"data: [DONE]" in body):
                raise Unfit(f"a call was answered with {(head + body)[:300]!r}")
    return len(requests)


async def ask_all(port: int) -> int:
    """Kind after kind, each on several connections of each key: how many calls, all of them answered rightly."""
    done = 0
    for name, kind in KINDS.items():
        asked = [[asking(name, key)] * kind.calls for key in KEYS for _ in range(CONNECTIONS)]
        done += sum(await asyncio.gather(*(_ask(port, requests) for requests in asked)))
    return done


async def _listens(port: int, gateway: asyncio.subprocess.Process) -> None:
    """Wait until it does."""
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        if gateway.returncode is not None:
            raise Unfit(f"the gateway ended with {gateway.returncode}")
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise Unfit(f"the gateway did not listen within {LONGEST_START} seconds")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def _exercised(program: Path, wish: str, folder: Path) -> int:
    port, server = _free_port(), await asyncio.start_server(provide, "127.0.0.1", 0, limit=LARGEST)
    file = configured(folder, port, server.sockets[0].getsockname()[1])
    command = (sys.executable, str(program), "--config", str(file))
    async with server:
        with (folder / LOG).open("wb") as out:
            environment = {**os.environ, VARIABLE: wish}
            gateway = await asyncio.create_subprocess_exec(*command, env=environment, stdout=out, stderr=out)
        try:
            await _listens(port, gateway)
            return await asyncio.wait_for(ask_all(port), LONGEST)
        finally:
            with suppress(ProcessLookupError):
                gateway.terminate()
            await gateway.wait()


def exercise(home: Path, wish: str = ALWAYS) -> int:
    """Have the gateway in *home* answer: how many calls, all of them rightly. It has ended by itself afterwards.

    *wish* says whether its compiled modules are taken, as the environment's variable does. Raises Unfit.
    """
    with tempfile.TemporaryDirectory(prefix="exercise") as name:
        folder = Path(name)
        (folder / LOG).touch()  # what fails before there is a gateway has nothing to say
        try:
            return asyncio.run(_exercised(home / "proxy.py", wish, folder))
        except (Unfit, OSError, EOFError, TimeoutError) as reason:
            said = (folder / LOG).read_text(encoding="utf-8", errors="replace")[-MOST_SAID:]
            raise Unfit(f"{reason or type(reason).__name__}; it said:\n{said}") from reason
