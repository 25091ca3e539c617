"""Looks at providers while nobody calls: what models they have, and whether they are there. Both cost nothing.

Nothing here runs unless the operator asks for it (`discover`, `probe`), and no call ever waits for it. Of all processes
that share a store one probes in each round, and tells the others; each lists models for itself. What is seen is kept in
Shared, so that it outlives reloads.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, NamedTuple

from adapters.contract import Listing
from api.models import Model, models
from core.faults import Failure, UpstreamError
from gateway.generation import Generation, Shared
from gateway.lane import Lane
from gateway.mistakes import told
from gateway.watch.bulletin import Bulletin
from gateway.watch.notices import Probed
from gateway.watch.sightings import Look, Sighting
from routing.credentials import Credentials
from routing.match import sane
from routing.presence import tells
from routing.rounds import pause
from store.board import Board
from upstream.asking import asked
from upstream.origin import Origin
from upstream.response import dated

MOST: Final = 8 * 1024 * 1024  # bytes of a list
LIST_SECONDS: Final = 30.0
PROBE_SECONDS: Final = 10.0
SOON: Final = (0.05, 0.5)  # seconds after a start or a reload: clients are served first
UP: Final = "switchyard_provider_up"
EJECTED: Final = "switchyard_provider_ejected"
PROBES: Final = "switchyard_probes_total"
NO_FAULT: Final = "none"


class Duty(NamedTuple):
    """What is done for a provider again and again. *kind* is discover or probe, *every* in seconds."""

    provider: str
    kind: str
    every: float


class Post(NamedTuple):
    """A provider as the newest generation reaches it, and what was seen of it."""

    lane: Lane
    listing: Listing
    credentials: Credentials
    sighting: Sighting


class Lookout:
    """One for each process. It owns a task for each duty, and waits in *end* for all that it ever began.

    *board* is where other processes are told what was seen, None if there are none.
    """

    def __init__(self, shared: Shared, board: Board | None) -> None:
        self._shared = shared
        self._bulletin = Bulletin(shared, board, self._heard)
        self._posts: Mapping[str, Post] = {}
        self._duties: dict[Duty, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._acts: Mapping[str, Callable[[Duty], Awaitable[float]]] = {
            "discover": self._discover,
            "probe": self._probe,
        }

    def heed(self, generation: Generation) -> None:
        """Look at what *generation* wants looked at, and at nothing else. What goes on as before isn't disturbed."""
        self._bulletin.heed(generation)
        asked_for = (lane for lane in generation.lanes.values() if lane.provider.discover or lane.provider.probe)
        lanes = [(lane, listing) for lane in asked_for if (listing := _listing(lane)) is not None]
        sightings = self._shared.sightings
        fresh = sightings.adopt([lane.provider for lane, _ in lanes])
        self._posts = {
            (name := lane.provider.name): Post(lane, listing, generation.pools[name], sightings[name])
            for lane, listing in lanes
        }
        wanted = {duty for lane, _ in lanes for duty in _duties(lane)}
        for duty in [duty for duty in self._duties if duty not in wanted or duty.provider in fresh]:
            self._duties.pop(duty).cancel()
            if duty.kind == "probe":
                self._shared.vitals.provider(duty.provider).presence.well()
                self._shared.meters.forget(UP, duty.provider)
                self._shared.meters.forget(EJECTED, duty.provider)
        for duty in wanted - self._duties.keys():
            self._begin(duty, self._shared.rng.uniform(*SOON))

    async def end(self) -> None:
        await self._bulletin.end()
        self._duties.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, duty: Duty, wait: float) -> None:
        task = self._duties[duty] = self._shared.loop.create_task(self._keep(duty, wait))
        self._tasks.add(task)
        task.add_done_callback(partial(self._over, duty))

    async def _keep(self, duty: Duty, wait: float) -> None:
        act = self._acts[duty.kind]
        while True:
            await asyncio.sleep(wait)
            wait = await act(duty)

    def _over(self, duty: Duty, task: asyncio.Task[None]) -> None:
        """A task ends when it is cancelled, or by a mistake of ours, which must not be the end of its duty."""
        self._tasks.discard(task)
        if task.cancelled() or (mistake := task.exception()) is None:
            return
        self._shared.scribe.event("error", "internal error", provider=duty.provider, **told(mistake))
        if self._duties.get(duty) is task:
            self._begin(duty, duty.every)

    # The two duties; each returns after how many seconds it wants to be done again

    async def _discover(self, duty: Duty) -> float:
        name, post, loop = duty.provider, self._posts[duty.provider], self._shared.loop
        sighting = post.sighting
        began = loop.time()
        found = await self._models(post, LIST_SECONDS)
        failure = found if isinstance(found, Failure) else None
        before, sighting.listed = sighting.listed, _look(failure, loop.time() - began)
        if isinstance(found, Failure):
            sighting.failures += 1
            if before is None or before.ok:
                self._say("warning", "models not discovered", name, fault=found.fault.code, error=found.message)
            return pause(duty.every, sighting.failures, self._shared.rng, retry_after=found.retry_after)
        sighting.failures = 0
        self._shared.sightings.learnt(name, found)
        if before is None or not before.ok:
            self._say("info", "models discovered", name, models=len(found))
        return pause(duty.every, 0, self._shared.rng)

    async def _probe(self, duty: Duty) -> float:
        name, shared = duty.provider, self._shared
        began = shared.loop.time()
        ago = began - shared.vitals.provider(name).worked
        if ago < duty.every:
            # A call is the better probe, and has been paid for already.
            self._see(name, Look(time.time() - ago, None), None)
            return pause(duty.every, 0, shared.rng)
        if not await self._bulletin.mine(name, duty.every):
            return pause(duty.every, 0, shared.rng)
        failure = await self._sign_of_life(self._posts[name])
        now = shared.loop.time()
        shared.meters.counter(PROBES, name, failure.fault.code if failure else NO_FAULT).value += 1
        look = _look(failure, now - began)
        self._felt(name, look, failure)
        await self._bulletin.looked(name, look, failure, every=duty.every)
        return pause(duty.every, 0, shared.rng)

    def _heard(self, name: str, seen: Probed) -> None:
        """Another process has asked. Calls of this one that succeeded since count for more."""
        post, now = self._posts.get(name), self._shared.loop.time()
        worked = self._shared.vitals.provider(name).worked > now - (time.time() - seen.look.at)
        if post is not None and post.lane.provider.probe and not (seen.failure and worked):
            self._felt(name, seen.look, seen.failure)

    def _felt(self, name: str, look: Look, failure: Failure | None) -> None:
        """What a probe, whoever made it, means for calls."""
        provider, vitals = self._posts[name].lane.provider, self._shared.vitals
        now, presence = self._shared.loop.time(), vitals.provider(name).presence
        was = presence.lost
        if failure is None:
            presence.beat(provider.thresholds)
            vitals.lives(name, now)
        elif tells(failure):
            presence.missed(failure.fault, now, provider.thresholds, every=provider.probe)
        self._see(name, look, failure)
        if presence.lost is not None and was is None:
            self._say("warning", "provider is left alone", name, fault=presence.lost.code)
        elif presence.lost is None and was is not None:
            self._say("info", "provider is used again", name)

    def _see(self, name: str, look: Look, failure: Failure | None) -> None:
        sighting = self._posts[name].sighting
        before, sighting.probed = sighting.probed, look
        self._shared.meters.gauge(UP, name).value = int(look.ok)
        self._shared.meters.gauge(EJECTED, name).value = int(
            self._shared.vitals.provider(name).presence.lost is not None
        )
        was_fine = before is None or before.ok
        if failure is not None and was_fine:
            self._say("warning", "provider is down", name, fault=failure.fault.code, error=failure.message)
        elif failure is None and not was_fine:
            self._say("info", "provider is up again", name)

    # Asking

    async def _sign_of_life(self, post: Post) -> Failure | None:
        """What is wrong, if anything is. A list must be one: pages of a proxy in between come with 200, too."""
        probe = post.listing.probe
        found = await (self._ask(post, probe, PROBE_SECONDS) if probe else self._models(post, PROBE_SECONDS))
        return found if isinstance(found, Failure) else None

    async def _models(self, post: Post, seconds: float) -> tuple[Model, ...] | Failure:
        body = await self._ask(post, post.listing.path, seconds)
        if isinstance(body, Failure):
            return body
        try:
            listed = models(post.listing.read(body))
        except UpstreamError as error:
            return post.lane.discretion.kept(error.failure)
        provider = post.lane.provider.name
        return tuple(model for model in listed if sane(f"{provider}/{model.id}"))

    async def _ask(self, post: Post, path: str, seconds: float) -> bytes | Failure:
        """The body of what is at *path*, asked for with a credential that doesn't rest, if there is one."""
        credential = post.credentials.pause(self._shared.loop.time(), "").credential
        send = partial(post.lane.get, path, credential)
        answer = await asked(send, self._shared.deadlines, seconds=seconds, most=MOST)
        if isinstance(answer, Failure):
            return answer
        if answer.status != 200:
            lane = post.lane
            failure = lane.adapter.failure(answer.status, dated(answer.headers), answer.body)
            return lane.discretion.kept(failure)
        return answer.body

    def _say(self, level: str, message: str, provider: str, **fields: object) -> None:
        self._shared.scribe.event(level, message, provider=provider, **fields)


def _listing(lane: Lane) -> Listing | None:
    """Where the provider can be asked, if it can: over a network, and with a key if it needs one."""
    reachable = lane.provider.configured and isinstance(lane.sender, Origin)
    return lane.adapter.listing if reachable else None


def _duties(lane: Lane) -> list[Duty]:
    provider = lane.provider
    wanted = (("discover", provider.discover), ("probe", provider.probe))
    return [Duty(provider.name, kind, every) for kind, every in wanted if every]


def _look(failure: Failure | None, seconds: float) -> Look:
    return Look(time.time(), seconds, failure.fault.code if failure else "")
