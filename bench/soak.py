"""Full load of everything clients do, also wrongly, and then: has anything leaked? python -m bench.soak [--seconds 60]

Memory may grow, after the warm-up, by 20 MB or a tenth. Of descriptors as many may stay open as there were clients,
since each may leave one idle connection to the provider. No answer may be a 5xx, and none other than expected.
"""

import argparse
import asyncio
import random
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

import uvloop

from bench.connection import Connection, connect, request
from bench.process import allow_many_files, descriptors, pss_mb
from bench.prompts import BURST, LARGE, SMALL, Prompt
from bench.subject import Subject, boot, laboratory
from bench.targets import HEADERS, TARGETS
from bench.tools import require

CLIENTS = 32
GROWTH_MB = 20.0
GROWTH = 0.1
LONGEST = 30  # seconds that an answer may take
SETTLING = 15  # seconds in which connections must be closed once the clients have gone
WRONG_KEY = {**HEADERS, "Authorization": "Bearer sk-wrong"}
STREAM = Prompt("n=20 pace=2000", stream=True)


@dataclass(frozen=True, slots=True)
class Kind:
    """*status* is what must come back; None where the client doesn't wait for the end."""

    name: str
    weight: int
    request: bytes
    status: int | None = 200
    stream: bool = False


KINDS = (
    Kind("whole", 40, request(SMALL.body())),
    Kind("large", 10, request(LARGE.body())),
    Kind("burst", 10, request(BURST.body()), stream=True),
    Kind("stream", 10, request(STREAM.body()), stream=True),
    Kind("gone in a stream", 10, request(STREAM.body()), status=None, stream=True),
    Kind("gone at once", 5, request(STREAM.body()), status=None),
    Kind("wrong key", 10, request(SMALL.body(), headers=WRONG_KEY), status=401),
    Kind("unknown model", 5, request(SMALL._replace(model="nobody-knows-it").body()), status=404),
)
WEIGHTS = [kind.weight for kind in KINDS]


class Reading(NamedTuple):
    mb: float
    descriptors: int


def read(subject: Subject) -> Reading:
    pids = subject.pids()
    return Reading(pss_mb(pids), descriptors(pids))


class Crowd:
    """Clients that each make one call after the other until *end*; *seen* counts what came of them."""

    def __init__(self, port: int, end: float) -> None:
        self.port = port
        self.end = end
        self.seen: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as clients:
            for turn in range(CLIENTS):
                clients.create_task(self._client(random.Random(turn)))

    async def _client(self, chance: random.Random) -> None:
        connection = await connect(self.port)
        while time.monotonic() < self.end:
            if connection.closed:
                connection = await connect(self.port)
            kind = chance.choices(KINDS, WEIGHTS)[0]
            self.seen[kind.name] += 1
            if problem := await self._call(connection, kind):
                self.wrong[f"{kind.name}: {problem}"] += 1
        connection.transport.abort()

    async def _call(self, connection: Connection, kind: Kind) -> str | None:
        """What was wrong with the answer, if anything was."""
        answer = connection.send(kind.request)
        try:
            if kind.status is None:
                return await self._leave(connection, kind)
            whole = await asyncio.wait_for(answer, LONGEST)
        except TimeoutError:
            connection.transport.abort()
            connection.closed = True
            return f"no end within {LONGEST} s"
        if connection.status != kind.status:
            return f"status {connection.status}"
        return None if whole and (connection.complete or not kind.stream) else "cut off"

    async def _leave(self, connection: Connection, kind: Kind) -> str | None:
        if kind.stream:
            await asyncio.wait_for(connection.begun.wait(), LONGEST)
        connection.transport.abort()
        connection.closed = True
        return f"status {connection.status}" if connection.status not in {0, 200} else None


def settled(subject: Subject, limit: int) -> Reading:
    """The state once the clients have gone, or when waiting for it has taken too long."""
    end = time.monotonic() + SETTLING
    while (now := read(subject)).descriptors > limit and time.monotonic() < end:
        time.sleep(0.5)
    return now


def soak(subject: Subject, seconds: float) -> list[str]:
    """Sentences about what is wrong; none if all is well."""
    limit = read(subject).descriptors + CLIENTS
    warm_up = max(3.0, seconds / 5)
    uvloop.run(Crowd(subject.port, time.monotonic() + warm_up).run())
    before = settled(subject, limit)
    crowd = Crowd(subject.port, time.monotonic() + seconds)
    uvloop.run(crowd.run())
    after = settled(subject, limit)
    for name, count in crowd.seen.items():
        print(f"{count:>9,}  {name}")
    print(f"memory       {before.mb:.1f} MB after the warm-up, {after.mb:.1f} MB at the end")
    print(f"descriptors  {before.descriptors} after the warm-up, {after.descriptors} at the end, {limit} allowed")
    wrong = [f"{count:,} times {problem}" for problem, count in crowd.wrong.items()]
    if after.mb - before.mb > max(GROWTH_MB, GROWTH * before.mb):
        wrong.append(f"memory grew by {after.mb - before.mb:.1f} MB")
    if after.descriptors > limit:
        wrong.append(f"{after.descriptors - limit} descriptors too many stayed open")
    if subject.process and subject.process.poll() is not None:
        wrong.append(f"the process ended with {subject.process.returncode}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="under load, after a warm-up of a fifth of that")
    parser.add_argument("--target", default="switchyard", help=f"one of {', '.join(TARGETS)}, command")
    parser.add_argument("--command", help="another gateway; {port}, {upstream} and {workers} are filled in")
    options = parser.parse_args()
    require(["cc", "taskset"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    allow_many_files()
    with laboratory(seconds=1, command=options.command) as lab:
        subject = boot(lab, "command" if options.command else options.target)
        try:
            wrong = soak(subject, options.seconds)
        finally:
            subject.stop()
    print("\n".join(wrong) or "Nothing leaked and nothing went wrong.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
