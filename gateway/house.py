"""One serving process: what answers each path, and what it does when it begins, reloads and ends."""

import asyncio
import itertools
import os
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from aiohttp import web

from api import ENDPOINTS
from api.deployments import deployed
from api.stream import error
from config.schema import Config
from config.watch import Watch
from core.errors import BUG, Refusal
from gateway.call.conversation import Conversation
from gateway.call.errand import furnished
from gateway.current import Current, Reload, Source
from gateway.envoys import begun, envoy_of
from gateway.generation import Shared
from gateway.mistakes import told
from gateway.office import Office
from gateway.pages import Pages
from gateway.treasury import Treasury
from gateway.watch.alerts import Bells
from gateway.watch.canaries import Canaries
from gateway.watch.events import Newsroom
from gateway.watch.lately import seen_here
from gateway.watch.lookout import Lookout
from gateway.watch.news import of_reload
from gateway.watch.observed import States, appraise, observe
from quota.clashes import clashes
from routing.vitals import Vitals
from server.caller import HTTP_2, Caller, caller_of, message_of, path_of, reply_to
from server.connection import Listener
from server.cors import allowed
from server.outbox import Outbox
from server.reply import Answered, Reply, refuse
from telemetry.lag import Lag
from telemetry.log import Scribe
from telemetry.meters import Meters
from telemetry.workers import Tally
from upstream.deadlines import Deadlines
from upstream.pools import Pools

LOOK: Final = 1.0
CALLS: Final = {path: endpoint for endpoint in ENDPOINTS.values() for path in (endpoint.path, f"/v1{endpoint.path}")}


def untold(_: bytes) -> None:
    """Nobody has to know which configuration was taken."""


class House:
    """Answers every request of one process. Implements server.life.Service.

    *metrics* is where the workers of one run tell each other what they have counted; None for one alone. *watch* is
    that of the file, if somebody has begun to watch it. *took* is told the fingerprint of each configuration taken.
    """

    def __init__(
        self,
        config: Config,
        source: Source,
        loop: asyncio.AbstractEventLoop,
        metrics: Path | None,
        *,
        scribe: Scribe,
        treasury: Treasury,
        watch: Watch | None = None,
        took: Callable[[bytes], None] = untold,
    ) -> None:
        self._loop = loop
        self._took = took
        self._scribe = scribe
        self._treasury = treasury
        self._meters = Meters()
        self._tally = Tally(self._meters, metrics)
        self._lag, self._outbox = Lag(), Outbox(loop)
        self._newsroom = Newsroom()
        self._bells = Bells(treasury, scribe, self._meters, config, self._newsroom.put)
        self._shared = self._share(config)
        self._larder = furnished(config, self._shared, treasury.board, self._tally)
        self._newsroom.watch(self._shared.vitals, loop.time)
        self._lookout = Lookout(self._shared, treasury.board)
        alone = metrics is None
        self._current = Current(
            source, config, self._shared, self._reloaded, watch, objections=self._objections, alone=alone
        )
        self._endpoints = CALLS
        treasury.till.watchers.append(self._bells.hear)
        self._office = Office(config, self._current, treasury, self._bells)
        shown = (self._current, self._office, self._tally, self._look)
        self._pages = Pages(*shown, money=treasury.shown, calls=self._endpoints)
        self._ids, self._numbers = f"req-{os.urandom(6).hex()}-", itertools.count(1)
        self._seen: States = {}
        self._flying: set[str] = set()
        self._tasks: set[asyncio.Task[Reload]] = set()
        self._looking: asyncio.TimerHandle | None = None
        self._fine = True  # how the last reload ended

    def _share(self, config: Config) -> Shared:
        """What outlives every configuration."""
        loop, treasury, scribe = self._loop, self._treasury, self._scribe
        rng = Random()  # noqa: S311  (spreads load, hides nothing)
        return Shared(
            loop,
            Pools(loop, self._outbox.put),
            Deadlines(loop),
            self._meters,
            scribe,
            rng,
            Vitals(rng),
            treasury.till,
            treasury.stored,
            treasury.journal,
            Canaries(treasury.store, self._meters, self._bells.announce),
            books=treasury.books,
            envoy=envoy_of(config, scribe, treasury.journal.owner),
            newsroom=self._newsroom,
        )

    @classmethod
    async def open(
        cls,
        config: Config,
        source: Source,
        metrics: Path | None,
        *,
        log: int = 2,
        watch: Watch | None = None,
        took: Callable[[bytes], None] = untold,
    ) -> "House":
        """With what it needs to be sound: raises NoState. *log* is a file descriptor."""
        kept = config.log
        scribe = Scribe(format=kept.format, level=kept.level, content=kept.content, fd=log, alone=metrics is None)
        treasury = await Treasury.open(config, scribe.event)
        loop = asyncio.get_running_loop()
        return cls(config, source, loop, metrics, scribe=scribe, treasury=treasury, watch=watch, took=took)

    # Requests

    def listener(self) -> Listener:
        """What makes connections of those who come in at this door."""
        server = self._current.generation.config.server
        short = {b"POST %b HTTP/1.1" % path.encode(): path for path in self._endpoints} if server.shortcut else {}
        return Listener(
            self.serve,
            self.take,
            short,
            self._outbox.put,
            self._own_up,
            name=self._name,
            head_timeout=server.head_timeout,
            idle=server.idle,
        )

    async def serve(self, request: web.BaseRequest) -> Answered:
        """What comes in by aiohttp's door."""
        called = request.method == "POST" and message_of(request).version < HTTP_2
        caller = caller_of(request)
        reply = reply_to(request, self._loop)
        try:
            await self.take(path_of(request) if called else "", caller, reply)
        except Exception as mistake:  # noqa: BLE001  (the edge: a mistake of ours must not look like an answer)
            self._own_up(mistake, reply)
        return Answered(reply.status, keep_alive=reply.keep_alive)

    def take(self, path: str, caller: Caller, reply: Reply) -> Coroutine[Any, Any, None]:
        """Answer whoever it is, whichever way they came. *path* is that of a POST. What it raises is a mistake of ours,
        which `_own_up` is to be told.
        """
        generation = self._current.generation  # one for the whole call, whatever is reloaded meanwhile
        reply.id = id = caller.request_id or self._name()
        reply.common = generation.common % id.encode()  # the header lines that every answer carries
        if generation.cors is not None:
            reply.common += allowed(generation.cors, caller.origin)
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            endpoint = deployed(path)
            if endpoint is None:
                return self._page(caller, reply)
            caller.take_api_key()
        return Conversation(generation, self._shared, endpoint, reply, id).run(caller)

    def _name(self) -> str:
        """A request's id."""
        return f"{self._ids}{next(self._numbers):x}"

    async def _page(self, caller: Caller, reply: Reply) -> None:
        try:
            if caller.request is not None:
                await self._pages.serve(caller.request, reply)
        except Refusal as refused:
            refuse(reply, refused)

    def _own_up(self, mistake: BaseException, reply: Reply | None = None, id: str = "") -> None:
        """It is told, and whoever waits for this *reply* reads that it was one. *id*: of a request without a reply."""
        id = id if reply is None else reply.id
        where = {"id": id} if id else {}
        self._shared.registrar.enter()  # the lines of calls before it come first
        self._scribe.event("error", "internal error", **where, **told(mistake))
        if reply is None:
            return
        reply.keep_alive = False
        if reply.opened:
            reply.end(error(BUG))
        elif not reply.sent:
            refuse(reply, BUG)

    # Beginning and end

    @property
    def busy(self) -> int:
        """Calls under way."""
        return len(self._shared.open)

    async def begin(self, connections: Callable[[], int]) -> None:
        """Called in the loop, once the process is what it will stay. *connections* counts those of clients."""
        self._scribe.start()
        await self._treasury.begin()
        await self._shared.canaries.begin()
        await self._larder.heed(self._current.generation.config)
        self._tally.start()
        self._lag.start(self._loop)
        watch = self._meters.watch
        watch("switchyard_event_loop_lag_seconds", self._lag.worst)
        watch("switchyard_log_dropped_total", lambda: self._scribe.dropped)
        watch("switchyard_connections", connections)
        for name, read in (*self._treasury.facts.items(), *begun(self._shared.envoy).items()):
            watch(name, read)
        self._meters.started()
        self._meet()
        self._look_again()
        self._lookout.heed(self._current.generation)
        self._bells.begin(self._shared, lambda: self._current.generation)
        self._shared.assessor.begin(self._treasury.store, self._treasury.journal.owner)

    def _meet(self) -> None:
        """Those who share the state directory, to tell each other what happens."""
        directory = Path(self._current.generation.config.state.directory)
        try:
            self._newsroom.begin(directory, partial(seen_here, self._shared.vitals, self._loop.time))
        except OSError as error:
            self._scribe.event("info", "events stay in this process", directory=str(directory), reason=error.strerror)

    def stop_taking(self) -> None:
        self._pages.serving = False
        self._office.graph.stop()
        self._newsroom.hush()

    def interrupt(self) -> None:
        for conversation in list(self._shared.open):
            conversation.interrupt()

    async def end(self) -> None:
        self._shared.registrar.enter()
        if self._looking is not None:
            self._looking.cancel()
        self._lag.stop()
        for task in self._tasks:
            task.cancel()
        self._newsroom.end()
        await self._lookout.end()
        await self._shared.shadows.end()
        await self._shared.canaries.end()
        await self._shared.assessor.end()
        await self._larder.end()
        await self._shared.pools.close()
        self._shared.fetcher.close()
        await self._office.desk.end()
        await self._bells.close()
        await self._treasury.end()
        self._look()
        if self._shared.envoy is not None:
            await self._loop.run_in_executor(None, self._shared.envoy.close)
        await self._loop.run_in_executor(None, self._tally.close)
        await self._loop.run_in_executor(None, self._scribe.close)

    # Reloading and looking

    async def _objections(self, config: Config) -> tuple[str, ...]:
        return await clashes(config, self._treasury.store)

    def changed(self) -> bool:
        return self._current.changed()

    def reload(self) -> None:
        """Begin a reload; how it ends is logged, counted, and on the health page."""
        if len(self._tasks) > 1:
            # One is under way, and one that waits for it will read the file as it is then.
            return
        self._begin(self._current.reload())

    def catch_up(self) -> None:
        """The same, for one that has only begun to serve: what it takes, those who may have refused it take too."""
        self._begin(self._current.reload_everywhere())

    def _begin(self, reload: Coroutine[Any, Any, Reload]) -> None:
        task = self._loop.create_task(reload)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _reloaded(self, result: Reload) -> None:
        if result.ok:
            self._took(self._current.generation.config.fingerprint)
        if result.ok and result.changed:
            self._lookout.heed(self._current.generation)
            self._treasury.heed(self._current.generation.config)
            self._larder.begin(self._larder.heed(self._current.generation.config))
            self._bells.heed(self._current.generation.config)
        self._bells.reloaded(result)
        again = result.ok and self._fine and not result.changed
        self._fine = result.ok
        if again:
            # One change is often told of more than once: by the operator, by a signal, by the file itself.
            return
        self._meters.reloaded(ok=result.ok)
        self._newsroom.put("reload", of_reload(result.shown()))
        if result.ok:
            self._scribe.event("info", "configuration reloaded", config=result.hash, changed=result.changed)
        for name in result.waiting:
            self._scribe.event("warning", "setting waits for a restart", setting=name)
        for problem in result.problems:
            self._scribe.event("error", "configuration refused", config=result.hash, problem=problem)

    def _look_again(self) -> None:
        self._look()
        self._looking = self._loop.call_later(LOOK, self._look_again)

    def _look(self) -> None:
        self._shared.registrar.enter()
        observe(self._shared.vitals, self._meters, self._seen, self._loop.time())
        appraise(self._shared, self._current.generation)
        streams = 0
        routes: dict[str, int] = dict.fromkeys(self._flying, 0)
        for conversation in self._shared.open:
            streams += conversation.streaming
            routes[conversation.route] = routes.get(conversation.route, 0) + 1
        self._flying = {name for name, count in routes.items() if count}
        for name, count in routes.items():
            self._meters.gauge("switchyard_in_flight", name).value = float(count)
        self._meters.gauge("switchyard_open_streams").value = float(streams)
