"""One server of a Redis: its connections, its breaker, and the fence that stands before every grant.

A server may come back without what it was told: restarted, or as a replica that hadn't heard the last of it. So it
keeps a mark that says who it was. Every new connection compares; where it isn't the same any more, a new mark is set,
nothing is granted for a while, and `epoch` of the store changes. That the mark is still the same is read after each
step, too, so that nothing granted counts if it went away meanwhile.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from redis.exceptions import AskError, NoScriptError, ReadOnlyError, ResponseError, TryAgainError

from store.contract import StoreDown
from store.outage import Breaker, Deadline, Say
from store.redis_line import CONNECT, FAULTS, Command, Line, Plain, Step, reason, sections
from store.redis_url import Address, Place
from store.scripts import ALL, FENCE

CONNECTIONS: Final = 8  # to one server, of one process
SETTLE: Final = 2.0  # seconds in which everybody can tell a server again what it may have forgotten
LOOK: Final = 1.0  # seconds between two looks at a server's replicas
UNCONFIRMED: Final = 0.1  # seconds after which it is worth asking again, where no replica confirmed a grant
ELSEWHERE: Final = (AskError, TryAgainError)  # MovedError is an AskError


class Terms(NamedTuple):
    place: Place
    say: Say
    deadline: float
    settle: float


class Answer(NamedTuple):
    """*sound*: what was granted may be used. *confirmed*: where there are replicas, one of them has heard it."""

    values: list[Any]
    sound: bool
    confirmed: bool
    settling: float


class Node:
    """*address* finds the server, each time that a connection is opened. *changed* is called when its mark is another.

    *tag* leads to a slot that this server has. *expected*: it has replicas, whether or not it sees them.
    """

    def __init__(
        self,
        name: str,
        address: Callable[[], Awaitable[Address]],
        terms: Terms,
        changed: Callable[["Node"], None],
        *,
        tag: str = "",
    ) -> None:
        self.name = name
        self.tag = tag
        self.mark = b""
        self.expected = False
        self.breaker = Breaker(name, terms.say, asyncio.get_running_loop().time)
        self._address = address
        self._terms = terms
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._replicas = False
        self._replication = ""
        self._settled_at = 0.0
        self._look_at = 0.0
        self._doubt_at = 0.0
        self._age = 0
        self._lines = 0
        self._idle: list[Line] = []
        self._waiting: deque[asyncio.Future[Line]] = deque()
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def replicas(self) -> bool:
        return self._replicas or self.expected

    async def run(
        self, steps: Sequence[Step | Plain], until: float, *, confirm: bool = False, asking: bool = False
    ) -> Answer:
        """Before loop time *until*, or StoreDown. *confirm*: where there are replicas, one of them must have heard it.

        *asking*: the slot is on its way to this server. Among the values may be the errors that lead elsewhere.
        """
        self.breaker.enter()
        try:
            async with Deadline(until):
                line = await self._take()
                try:
                    answer = await self._talk(line, steps, until, confirm=confirm, asking=asking)
                except BaseException:
                    await self._drop(line)
                    raise
                await self._hand(line)
        except FAULTS as error:
            self._failed(error)
            raise StoreDown(f"the store at {self.name}: {reason(error)}") from None
        except BaseException:
            self.breaker.left()
            raise
        self.breaker.worked()
        return answer

    async def greet(self) -> None:
        """Opens a connection, if there is none, and so learns the mark."""
        await self.run((), self._loop.time() + CONNECT)

    def renew(self) -> None:
        """Talk on new connections only: where the server is, is asked anew."""
        self._age += 1
        self._look_at = 0.0

    async def close(self) -> None:
        self.renew()
        self._refuse(ConnectionError("closed"))
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        while self._idle:
            self._lines -= 1
            await self._idle.pop().close(wait=True)

    def _failed(self, error: BaseException) -> None:
        was = self.breaker.open
        self.breaker.failed(reason(error))
        # Not again with each probe: a connection that takes longer than one must be there for the next.
        if (self.breaker.open and not was) or isinstance(error, ReadOnlyError):
            self.renew()

    async def _talk(
        self, line: Line, steps: Sequence[Step | Plain], until: float, *, confirm: bool, asking: bool
    ) -> Answer:
        mark, now = self.mark, self._loop.time()
        grant = b"1" if now >= self._settled_at else b"0"
        look, wait = now >= self._look_at, confirm and self.replicas
        tail: list[Command] = [(b"GET", self._mark_key())]
        if look:
            tail.append((b"INFO", b"replication"))
        if wait:
            tail.append((b"WAIT", b"1", b"%d" % max(1, int((until - now) * 600))))
        values, rest = await _steps(line, steps, tail, grant, _nonce(mark), asking=asking)
        same = rest[0] == mark
        if look:
            same &= self._seen(sections(_good(rest[1])))
        if not same:
            await self._fence(line)
        confirmed = not wait or bool(_good(rest[-1]))
        if not confirmed and now >= self._doubt_at:
            self._doubt_at = now + LOOK
            self.renew()
        settling = max(0.0, self._settled_at - self._loop.time(), 0.0 if confirmed else UNCONFIRMED)
        return Answer(values, same and confirmed, confirmed, settling)

    async def _fence(self, line: Line) -> None:
        replies = await line.talk(
            [(b"INFO", b"server"), (b"INFO", b"replication"), *((b"SCRIPT", b"LOAD", one.text) for one in ALL)]
        )
        self._seen(sections(_good(replies[1])))
        who = f"{sections(_good(replies[0])).get('run_id', '')}.{self._replication}".encode()
        args = (who, secrets.token_hex(8).encode(), b"%d" % (self._terms.settle * 1000))
        values, _ = await _steps(line, [Step(FENCE, (self._mark_key(),), args)], [], b"", b"")
        mark, left, new = _good(values[0])
        if mark == self.mark:
            return
        self.mark = mark
        self._settled_at = self._loop.time() + left / 1000
        self._changed(self)
        if new:
            self._terms.say(
                "warning",
                "the store is new or may have forgotten something: it is told all again before it grants anything",
                server=self.name,
                seconds=self._terms.settle,
            )

    def _seen(self, replication: dict[str, str]) -> bool:
        """Looks at what INFO says of replicas. False where the server was something else in between."""
        if replication.get("role", "master") != "master":
            raise ReadOnlyError("it is a replica", status_code="READONLY")
        self._look_at = self._loop.time() + LOOK
        self._replicas = replication.get("connected_slaves", "0") != "0"
        was, self._replication = self._replication, replication.get("master_replid", "")
        return was == self._replication

    def _mark_key(self) -> bytes:
        return f"{self._terms.place.prefix}{{{self.tag}}}mark".encode()

    async def _take(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if line.age == self._age and await line.alive():
                return line
            await self._drop(line)
        waiter: asyncio.Future[Line] = self._loop.create_future()
        self._waiting.append(waiter)
        self._grow()
        try:
            return await waiter
        except asyncio.CancelledError:
            with suppress(ValueError):
                self._waiting.remove(waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                await self._hand(waiter.result())
            raise

    async def _hand(self, line: Line) -> None:
        """To who waits for one; the line was used and is free, or is new."""
        if line.age != self._age:
            await self._drop(line)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(line)
                return
        self._idle.append(line)

    async def _drop(self, line: Line) -> None:
        self._lines -= 1
        await line.close()
        self._grow()

    def _grow(self) -> None:
        """Opens as many connections as are waited for."""
        while self._lines < CONNECTIONS and len(self._opening) < len(self._waiting):
            self._lines += 1
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self._grow()

    async def _open(self) -> None:
        place = self._terms.place
        try:
            async with asyncio.timeout(CONNECT):
                address = await self._address()
                line = await Line.open(address, place.login, place.tls, db=place.db, age=self._age)
                try:
                    await self._fence(line)
                except BaseException:
                    await line.close()
                    raise
        except FAULTS as error:
            self._lines -= 1
            self._refuse(error)
        except BaseException:
            self._lines -= 1
            raise
        else:
            await self._hand(line)

    def _refuse(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, deque()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(error)


async def _steps(
    line: Line,
    steps: Sequence[Step | Plain],
    tail: Sequence[Command],
    grant: bytes,
    mark: bytes,
    *,
    asking: bool = False,
) -> tuple[list[Any], list[Any]]:
    """What the steps answer, and the tail. Scripts that the server doesn't know are sent whole, once."""

    def commands(of: Sequence[Step | Plain], *, whole: bool) -> list[Command]:
        asked = [(b"ASKING",)] * asking
        return [command for step in of for command in (*asked, step.command(grant, mark, whole=whole))]

    stride = 1 + asking
    replies = await line.talk([*commands(steps, whole=False), *tail])
    cut = len(steps) * stride
    values, rest = replies[stride - 1 : cut : stride], replies[cut:]
    unknown = [at for at, value in enumerate(values) if isinstance(value, NoScriptError)]
    if unknown:
        again = await line.talk([*commands([steps[at] for at in unknown], whole=True), *tail])
        cut = len(unknown) * stride
        for at, value in zip(unknown, again[stride - 1 : cut : stride], strict=True):
            values[at] = value
        rest = again[cut:]
    for value in values:
        if isinstance(value, ResponseError) and not isinstance(value, ELSEWHERE):
            raise value
    return values, rest


def _nonce(mark: bytes) -> bytes:
    """What no other mark has."""
    return mark.split()[1]


def _good(reply: Any) -> Any:
    if isinstance(reply, ResponseError):
        raise reply
    return reply
