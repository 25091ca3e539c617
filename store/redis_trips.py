"""The way of a batch of steps to the servers that have their keys, and back."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from redis.exceptions import AskError, MovedError, TryAgainError

from store.contract import StoreDown
from store.outage import DEADLINE, Deadline, Say
from store.redis_line import Plain, Step
from store.redis_node import ELSEWHERE, SETTLE, Answer, Node, Terms
from store.redis_places import Cluster, Places, Sentinels, Single
from store.redis_url import read

AT_ONCE: Final = 100  # steps in one trip, so that it ends within the deadline
WATCH: Final = 0.5  # seconds between two looks at the marks, so that `epoch` changes where nobody asks for anything
MOVING: Final = "the cluster is moving what is asked for"


class Reply(NamedTuple):
    """What a step answered, and what is to be thought of it."""

    value: Any
    answer: Answer


class Trips:
    """*epoch* changes whenever some server may have forgotten something."""

    def __init__(self, url: str, say: Say, *, deadline: float = DEADLINE, settle: float = SETTLE) -> None:
        self.epoch = ""
        self._terms = Terms(read(url), say, deadline, settle)
        self._places: Places | None = None
        self._marks: dict[str, bytes] = {}
        self._looks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    def key(self, name: str) -> bytes:
        return f"{self._terms.place.prefix}{name}".encode()

    async def open(self) -> None:
        """May raise StoreDown; it is open all the same, and tries again with each step."""
        place = self._terms.place
        if place.kind == "cluster":
            self._places = Cluster(self._terms, self._marked)
        elif place.kind == "sentinel":
            self._places = Sentinels(self._terms, self._marked)
        else:
            [host, port] = place.hosts[0]
            self._places = Single(self._terms, self._marked, name=f"{host}:{port}")
        self._watching = asyncio.get_running_loop().create_task(self._watch(self._places))
        await self._places.begin()

    async def close(self) -> None:
        places, self._places = self._places, None
        watching, self._watching = self._watching, None
        if watching:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await asyncio.gather(*self._looks)
        if places:
            await places.close()

    async def run(self, steps: Sequence[Step | Plain], *, confirm: bool = False) -> list[Reply]:
        """As many trips as it takes, each within the deadline; StoreDown if one of them fails.

        *confirm*: where there are replicas, one of them must have heard it, or the answer isn't `sound`.
        """
        replies = []
        for first in range(0, len(steps), AT_ONCE):
            replies += await self._trip(steps[first : first + AT_ONCE], confirm=confirm)
        return replies

    async def _trip(self, steps: Sequence[Step | Plain], *, confirm: bool) -> list[Reply]:
        if (places := self._places) is None:
            raise StoreDown("the store isn't open")
        until = asyncio.get_running_loop().time() + self._terms.deadline
        try:
            to: dict[tuple[Node, bool], list[int]] = {}
            for at, step in enumerate(steps):
                to.setdefault((places.node(step.keys[0]), False), []).append(at)
            replies = await _round(steps, to, until, confirm=confirm)
            if astray := {at: one.value for at, one in replies.items() if isinstance(one.value, ELSEWHERE)}:
                to = await self._redirected(places, astray, until)
                replies |= _arrived(await _round(steps, to, until, confirm=confirm))
        except StoreDown:
            self._look(places)
            raise
        return [replies[at] for at in range(len(steps))]

    async def _redirected(
        self, places: Places, astray: dict[int, AskError | TryAgainError], until: float
    ) -> dict[tuple[Node, bool], list[int]]:
        """Where to go instead, by what the servers said."""
        if any(isinstance(error, MovedError) for error in astray.values()):
            try:
                async with Deadline(until):
                    await places.look()
            except TimeoutError:
                raise StoreDown("no server of the cluster says who has what in time") from None
        to: dict[tuple[Node, bool], list[int]] = {}
        for at, error in astray.items():
            node = places.at((error.host, error.port)) if isinstance(error, AskError) else None
            if node is None:
                raise StoreDown(MOVING)
            to.setdefault((node, not isinstance(error, MovedError)), []).append(at)
        return to

    async def _watch(self, places: Places) -> None:
        """Everybody must hear within `settle` that a server may have forgotten something, and tell it all again."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(WATCH)
            for node in places.nodes:
                with suppress(StoreDown):
                    await node.run((), loop.time() + self._terms.deadline)
                if node.breaker.open:
                    self._look(places)

    def _look(self, places: Places) -> None:
        """Find out, beside all steps, whether something has moved."""
        if not self._looks:
            task = asyncio.get_running_loop().create_task(places.look())
            self._looks.add(task)
            task.add_done_callback(self._looks.discard)

    def _marked(self, node: Node) -> None:
        self._marks[node.tag] = node.mark
        self.epoch = " ".join(f"{tag}:{mark.decode()}" for tag, mark in sorted(self._marks.items()))


def _arrived(replies: dict[int, Reply]) -> dict[int, Reply]:
    if any(isinstance(one.value, ELSEWHERE) for one in replies.values()):
        raise StoreDown(MOVING)
    return replies


async def _round(
    steps: Sequence[Step | Plain], to: dict[tuple[Node, bool], list[int]], until: float, *, confirm: bool
) -> dict[int, Reply]:
    """To each server its steps, to all at once. *to* says by server, and whether it must be told to expect them."""
    runs = [
        node.run([steps[at] for at in mine], until, confirm=confirm, asking=asking)
        for (node, asking), mine in to.items()
    ]
    answers = [await runs[0]] if len(runs) == 1 else await asyncio.gather(*runs, return_exceptions=True)
    replies: dict[int, Reply] = {}
    for mine, answer in zip(to.values(), answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        replies |= {at: Reply(value, answer) for at, value in zip(mine, answer.values, strict=True)}
    return replies
