"""The generation that new calls get, and how it is replaced: whole, or not at all."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from config.load import load
from config.problems import ConfigErrors
from config.schema import Config
from config.watch import Missing, Watch, read
from gateway.doubtful import doubtful, expired
from gateway.envoys import refuse_missing
from gateway.generation import DIALECTS, Generation, Shared, build
from gateway.started import as_started, waiting_for_restart
from gateway.unpriced import unpriced
from routing.strategies import STRATEGIES, strategy_named

Objections = Callable[[Config], Awaitable[tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where configurations come from: a file, the environment, and what the command line says over both.

    *first* is what the process was started with, once it was: its door stays open where that one says.
    """

    file: str
    env: Mapping[str, str]
    host: str | None = None
    port: int | None = None
    workers: int | None = None
    cores: int = 1
    first: Config | None = None

    def load(self) -> Config:
        """Raise ConfigErrors."""
        config = load(
            read(Path(self.file)),
            self.env,
            file=self.file,
            dialects=DIALECTS,
            strategies=STRATEGIES,
            named=strategy_named,
            host=self.host,
            port=self.port,
            workers=self.workers,
            cores=self.cores,
            bound=self.first.server.host if self.first else None,
        )
        refuse_missing(config, self.file)
        sentences = (*expired(config, time.time()), *unpriced(config), *doubtful(config))
        doubts = tuple(f"{self.file}: {sentence}" for sentence in sentences)
        return replace(config, warnings=(*config.warnings, *doubts))


@dataclass(frozen=True, slots=True)
class Reload:
    """How the last reload ended. *problems* empty: it worked. *at* is unix time.

    *waiting* are the settings that say something new, which only the next start will heed.
    """

    at: float
    hash: str
    changed: bool
    problems: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems

    def shown(self) -> dict[str, object]:
        return {
            "ok": self.ok,
            "changed": self.changed,
            "generation": self.hash,
            "at": round(self.at, 3),
            "problems": list(self.problems),
            "waiting_for_restart": list(self.waiting),
        }


async def nothing_against(_: Config) -> tuple[str, ...]:
    return ()


class Current:
    """Calls take `generation` once, when they begin, and keep it.

    *objections* says what is wrong with a configuration beside what the store holds.

    *loaded* is when the generation was built, in unix time. *alone*: no other process serves beside this one.

    *watch* was made before *config* was read, so that no change in between is missed.
    """

    __slots__ = (
        "_alone",
        "_first",
        "_objections",
        "_one",
        "_said",
        "_watch",
        "generation",
        "last",
        "loaded",
        "shared",
        "source",
    )

    def __init__(
        self,
        source: Source,
        config: Config,
        shared: Shared,
        said: Callable[[Reload], None],
        watch: Watch | None = None,
        *,
        objections: Objections = nothing_against,
        alone: bool = True,
    ) -> None:
        self.source = source
        self.shared = shared
        self._watch = watch or Watch(Path(source.file))
        self._said = said
        self._objections = objections
        self._alone = alone
        self._one = asyncio.Lock()
        self._first = source.first or config
        self.generation: Generation = build(config, shared)
        self.last = Reload(time.time(), config.hash, changed=True)
        self.loaded = self.last.at

    def changed(self) -> bool:
        """Whether the file looks different from when it was last read."""
        return self._watch.changed()

    async def reload_everywhere(self) -> Reload:
        """Reload here, and have the other workers do the same."""
        result = await self.reload()
        if result.changed and not self._alone:
            # The supervisor tells the other workers, and us again, who have nothing left to do.
            os.kill(os.getppid(), signal.SIGHUP)
        return result

    async def reload(self) -> Reload:
        """Build a new generation and swap it in; anything wrong leaves the old one serving and says so.

        Reading and checking run in a thread, so that streams don't stutter meanwhile.
        """
        async with self._one:
            old = self.generation.config
            try:
                config = await self.shared.loop.run_in_executor(None, self.source.load)
            except ConfigErrors as error:
                if isinstance(error, Missing):
                    self._watch.forget()
                self.last = Reload(time.time(), old.hash, changed=False, problems=tuple(map(str, error.problems)))
            else:
                found = await self._objections(config)
                if old.providers and not config.providers:
                    # Nobody means that: it is what a full disk, or a template that failed, leaves of a file.
                    found = (*found, "providers: is empty, so that no call could be answered any more")
                if found:
                    problems = tuple(f"{self.source.file}: {text}" for text in found)
                    self.last = Reload(time.time(), old.hash, changed=False, problems=problems)
                    self._said(self.last)
                    return self.last
                if changed := config.fingerprint != old.fingerprint:
                    self.generation = build(as_started(self._first, config), self.shared)
                    self.loaded = time.time()
                waiting = waiting_for_restart(self._first, config)
                self.last = Reload(time.time(), config.hash, changed=changed, waiting=waiting)
            self._said(self.last)
            return self.last
