"""The newest configuration that is served, for a process that serves nobody but starts those who do."""

import os
from contextlib import suppress
from typing import Final

from config.problems import ConfigErrors
from config.schema import Config
from config.watch import Missing, Watch
from gateway.current import Source
from gateway.started import as_started

RECORD: Final = 32  # bytes that a worker says at a time: a configuration's fingerprint
UP: Final = b"-" * RECORD


class Newest:
    """A worker that is replaced must serve what the others serve.

    Only they can say what that is, since they may refuse a good file for what their store holds: so they tell of each
    configuration that they have taken, by a pipe.
    """

    __slots__ = ("_ear", "_mouth", "_offered", "_source", "_taken", "_up", "config", "watch")

    def __init__(self, source: Source, config: Config, watch: Watch) -> None:
        self._source = source
        self._ear, self._mouth = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._offered: Config | None = config  # what the file says; None: nothing that is good
        self._taken = config.fingerprint
        self.config = config
        self.watch = watch
        self._up = False

    @property
    def moved(self) -> bool:
        """Whether the file was read again since the start."""
        return self._offered is not self._source.first

    # In the process that looks after the others

    def is_up(self) -> bool:
        """Whether any worker has ever served."""
        return self._up

    def look(self) -> None:
        if self.watch.changed():
            self._read()
        self._listen()
        if self._offered is not None and self._offered.fingerprint == self._taken:
            self.config = self._offered

    def _read(self) -> None:
        try:
            config = self._source.load()
        except ConfigErrors as error:
            # The workers say what is wrong with it.
            self._offered = None
            if isinstance(error, Missing):
                self.watch.forget()
        else:
            self._offered = as_started(self._source.first or config, config)

    def _listen(self) -> None:
        with suppress(BlockingIOError):
            while said := os.read(self._ear, RECORD * 1024):
                words = [said[at : at + RECORD] for at in range(0, len(said), RECORD)]
                self._up = True
                self._taken = next((word for word in reversed(words) if word != UP), self._taken)

    # In a worker

    def tell_up(self) -> None:
        """That this one serves."""
        self.tell(UP)

    def tell(self, fingerprint: bytes) -> None:
        """That this one has taken the configuration of this *fingerprint*."""
        with suppress(BlockingIOError):  # nobody has listened for a thousand reloads, and now nobody has to
            os.write(self._mouth, fingerprint)
