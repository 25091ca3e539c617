"""A gateway in this process, and a client that shows what really came over the wire."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from gateway.current import Source
from gateway.house import House
from server.connection import Listener
from server.supervisor import listening


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.raw)

    @property
    def events(self) -> list[Any]:
        """The data of a stream's events, parsed; `[DONE]` as it is."""
        lines = [line[6:] for line in self.raw.decode().split("\n\n") if line.startswith("data: ")]
        return [line if line == "[DONE]" else orjson.loads(line) for line in lines]

    @property
    def text(self) -> str:
        return "".join(
            choice["delta"].get("content") or ""
            for event in self.events
            if event != "[DONE]"
            for choice in event.get("choices", [])
        )


class Gateway:
    """The product, listening on loopback."""

    def __init__(self, house: House, port: int, config: Path) -> None:
        self.house = house
        self.port = port
        self.config = config
        self.session: aiohttp.ClientSession
        self.listener: Listener

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def request(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.url + path, data=data, headers=lines) as response:
            raw = await response.read()
            return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, raw)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.request("GET", path, **headers)

    async def chat(self, model: str = "m", *, headers: dict[str, str] | None = None, **fields: object) -> Answer:
        body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}
        return await self.request("POST", "/v1/chat/completions", body, **(headers or {}))

    async def metric(self, line: str) -> float:
        """The value of a series as it stands on the page of metrics; 0 if it isn't there."""
        page = (await self.get("/metrics")).raw.decode()
        found = [each for each in page.splitlines() if each.startswith(line + " ")]
        return float(found[0].rsplit(" ", 1)[1]) if found else 0.0

    async def raw(self, data: bytes, *, wait: float = 2.0) -> bytes:
        """What comes back for *data* on a connection of its own, until it is closed or nothing comes for *wait*."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        got = b""
        try:
            while part := await asyncio.wait_for(reader.read(65536), wait):
                got += part
        except (TimeoutError, ConnectionError):
            pass
        writer.close()
        return got


@asynccontextmanager
async def gateway(config: str, path: Path, log: int, env: dict[str, str] | None = None) -> AsyncIterator[Gateway]:
    file = path / "config.yaml"
    file.write_text(config)
    source = Source(file=str(file), env=env or {})
    loaded = source.load()
    house = await House.open(loaded, source, None, log=log)
    listener = house.listener()
    runner = web.ServerRunner(listener, shutdown_timeout=1.0)
    await runner.setup()
    sock = listening("127.0.0.1", 0, shared=False)
    await web.SockSite(runner, sock).start()
    await house.begin(lambda: listener.open)
    made = Gateway(house, sock.getsockname()[1], file)
    made.listener = listener
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as made.session:
            yield made
    finally:
        house.interrupt()
        await asyncio.sleep(0)
        await runner.cleanup()
        await house.end()


@pytest.fixture
def start(tmp_path, monkeypatch):
    """A maker of gateways, each with its log in the file `log` of tmp_path, and its state in its folder `data`."""
    monkeypatch.chdir(tmp_path)
    log = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

    def begin(config: str, env: dict[str, str] | None = None):
        return gateway(config, tmp_path, log, env)

    yield begin
    os.close(log)
