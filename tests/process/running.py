"""`proxy.py` as a process of its own, seen from outside: its port, what it prints, how it ends."""

import asyncio
import contextlib
import inspect
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
import orjson

from compiling.found import NEVER, VARIABLE
from tests.whole.conftest import Answer
from tests.whole.provider import DONE, ROLE, SSE, STOP, Play, Request, chunked, piece

HOME = Path(__file__).resolve().parent.parent.parent
PATIENCE = 20.0  # seconds; for what takes one on an idle machine
FORM = {VARIABLE: os.environ.get(VARIABLE, NEVER)}  # what is tested, here as there
ADMIN = "the-admin-key-0123456789"


def run(*arguments: str, folder: Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, str(HOME / "proxy.py"), *arguments],
        cwd=folder,
        env=FORM | (env or {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


async def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first answer of *condition*, which may be async, that is true."""
    deadline = time.monotonic() + seconds
    while True:
        got = condition()
        if inspect.isawaitable(got):
            got = await got
        if got:
            return got
        assert time.monotonic() < deadline, f"not within {seconds} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(0.02)


class Running:
    """A gateway that has been started in *folder*."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, config: Path) -> None:
        self.process = process
        self.folder = folder
        self.config = config
        self.session: aiohttp.ClientSession

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    @property
    def log(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.err.splitlines()]

    @property
    def port(self) -> int:
        found = re.search(r"^address: http://\S+:(\d+)/v1", self.out, re.MULTILINE)
        return int(found.group(1)) if found else 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def workers(self) -> set[int]:
        """The children's pids."""
        return {int(each) for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()}

    @property
    def pid(self) -> int:
        return self.process.pid

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.request("GET", path, **headers)

    async def request(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        """Each on a connection of its own, so that any worker may get it."""
        data = None if body is None else orjson.dumps(body)
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            raw = await response.read()
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, raw)

    async def chat(self, model: str = "m", **fields: object) -> Answer:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}
        return await self.request("POST", "/v1/chat/completions", body)

    async def stream(self, model: str = "m", **fields: object) -> "Stream":
        """A stream whose first words have come."""
        return await Stream(self, model, fields).begun()

    async def metric(self, line: str) -> float:
        """The value of a series; 0 if it isn't there."""
        page = (await self.get("/metrics")).raw.decode()
        found = [each for each in page.splitlines() if each.startswith(line + " ")]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0

    async def alive(self) -> bool:
        try:
            return self.port != 0 and (await self.get("/health/live")).status == 200
        except aiohttp.ClientError:
            return False

    async def refuses(self) -> bool:
        """Whether nobody listens any more."""
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionError:
            return True
        writer.close()
        return False

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self, seconds: float = PATIENCE) -> int:
        """The exit code."""
        await until(lambda: self.process.poll() is not None, seconds)
        return self.process.returncode

    def write(self, text: str) -> None:
        """The configuration, replaced as a whole."""
        draft = self.config.with_suffix(".draft")
        draft.write_text(text)
        draft.replace(self.config)


class Stream:
    """One streamed answer as its client sees it."""

    def __init__(self, gateway: Running, model: str, fields: dict[str, object]) -> None:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": True, **fields}
        self._asked = gateway.session.post(f"{gateway.url}/v1/chat/completions", data=orjson.dumps(body))
        self._response: aiohttp.ClientResponse
        self._raw = b""
        self.cut = False  # the connection broke before the end of the body

    async def begun(self) -> Self:
        self._response = await self._asked
        while b'"content":"' not in self._raw:
            part = await self._response.content.readany()
            assert part, f"ended without a word: {self._response.status} {self._raw!r}"
            self._raw += part
        return self

    async def rest(self) -> Answer:
        """All of it, once it has ended, one way or another."""
        try:
            while part := await self._response.content.readany():
                self._raw += part
        except aiohttp.ClientError:
            self.cut = True
        self._response.close()
        headers = {name.lower(): value for name, value in self._response.headers.items()}
        return Answer(self._response.status, headers, self._raw)


@asynccontextmanager
async def running(
    folder: Path,
    config: str | Path,
    *arguments: str,
    env: dict[str, str] | None = None,
    hangups: bool = False,
    program: str = "proxy.py",
) -> AsyncIterator[Running]:
    """*config* is a text, or a file that is there already. *hangups*: it gets SIGHUP all the time while it starts."""
    folder.mkdir(exist_ok=True)
    file = config if isinstance(config, Path) else folder / "config.yaml"
    if isinstance(config, str):
        file.write_text(config)
    command = [sys.executable, str(HOME / program), "--config", str(file), *arguments]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        # A session of its own, so that nothing is left of it whatever goes wrong.
        process = subprocess.Popen(
            command, cwd=folder, env=FORM | (env or {}), stdout=out, stderr=err, start_new_session=True
        )
    made = Running(process, folder, file)
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    try:
        if hangups:
            await until(lambda: holds_back(process.pid, signal.SIGHUP))
            await until(lambda: made.port or process.poll() or made.send(signal.SIGHUP))
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as made.session:
            await until(lambda: made.alive() if process.poll() is None else made.err)
            assert process.poll() is None, made.err
            yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def holds_back(pid: int, number: signal.Signals) -> bool:
    """Whether it blocks this signal by now."""
    mask = re.search(r"^SigBlk:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return mask is not None and bool(int(mask.group(1), 16) & 1 << number - 1)


def holds(gate: asyncio.Event) -> Play:
    """A stream that says `one`, and `two` only when *gate* opens."""

    async def play(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(SSE + chunked(ROLE) + chunked(piece({"content": "one "})))
        await writer.drain()
        await gate.wait()
        writer.write(chunked(piece({"content": "two"})) + chunked(STOP) + chunked(DONE) + b"0\r\n\r\n")

    return play
