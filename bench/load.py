"""Load that wrk can't make: calls at a fixed rate, and many paced streams; run as a program, prints JSON.

python -m bench.load rate    --port P --body FILE --rate 100 --seconds 5
python -m bench.load streams --port P --body FILE --streams 50 --rounds 2 --ramp 0.5
"""

import argparse
import asyncio
import gc
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import uvloop

from bench.connection import Connection, connect, request
from bench.targets import PATH

LONGEST = 60  # seconds that an answer may take
IDLE = 8  # connections that calls at a fixed rate share


def quantiles(nanoseconds: list[int]) -> dict[str, float]:
    """In microseconds."""
    ordered = sorted(nanoseconds)
    if not ordered:
        return {}
    points = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    return {name: ordered[int(share * len(ordered))] / 1000 for name, share in points.items()}


async def answered(connection: Connection, raw: bytes) -> bool:
    try:
        whole = await asyncio.wait_for(connection.send(raw), LONGEST)
    except TimeoutError:
        connection.transport.abort()
        return False
    return whole and connection.status == 200


class Load(Protocol):
    async def run(self) -> dict[str, Any]: ...


class FixedRate:
    """Calls start when they are due, whether earlier ones are answered or not."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.raw = request(options.body.read_bytes(), path=options.path)
        self.idle: list[Connection] = []
        self.latencies: list[int] = []
        self.bad = 0

    async def call(self) -> None:
        connection = self.idle.pop() if self.idle else await connect(self.options.port)
        if not await answered(connection, self.raw):
            self.bad += 1
            return
        self.latencies.append(connection.end - connection.sent)
        if not connection.closed:
            self.idle.append(connection)

    async def run(self) -> dict[str, Any]:
        rate, total = self.options.rate, int(self.options.rate * self.options.seconds)
        self.idle = [await connect(self.options.port) for _ in range(IDLE)]
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as calls:
            for turn in range(total):
                await asyncio.sleep(max(0, began + turn / rate - loop.time()))
                calls.create_task(self.call())
        warm = self.latencies[total // 10 :]
        return {"requests": total, "bad": self.bad, "latency_us": quantiles(warm)}


class Streams:
    """Many clients, each reading one stream after the other; *ramp* spreads their start over seconds."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.raw = request(options.body.read_bytes(), path=options.path)
        self.count: Counter[str] = Counter()
        self.firsts: list[int] = []
        self.delays: list[int] = []

    async def client(self, turn: int) -> None:
        await asyncio.sleep(self.options.ramp * turn / self.options.streams)
        connection = await connect(self.options.port, self.options.mark)
        for _ in range(self.options.rounds):
            if connection.closed:
                connection = await connect(self.options.port, self.options.mark)
            if not await answered(connection, self.raw) or not connection.complete:
                self.count["bad"] += 1
                continue
            self.count["chunks"] += len(connection.delays)
            self.firsts.append(connection.first - connection.sent)
            self.delays += connection.delays

    async def run(self) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as clients:
            for turn in range(self.options.streams):
                clients.create_task(self.client(turn))
        return {
            "bad": self.count["bad"],
            "chunks": self.count["chunks"],
            "seconds": loop.time() - began,
            "first_us": quantiles(self.firsts),
            "delay_us": quantiles(self.delays),
        }


LOADS: dict[str, Callable[[argparse.Namespace], Load]] = {"rate": FixedRate, "streams": Streams}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("load", choices=LOADS)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--body", type=Path, required=True)
    parser.add_argument("--path", default=PATH)
    parser.add_argument("--mark", default="[DONE]", help="what stands near the end of a stream that is whole")
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ramp", type=float, default=0.5)
    return parser.parse_args()


def main() -> None:
    chosen = options()
    gc.freeze()
    print(json.dumps(uvloop.run(LOADS[chosen.load](chosen).run())))


if __name__ == "__main__":
    main()
