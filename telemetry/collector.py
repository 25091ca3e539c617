"""Hands finished calls to a collector of OpenTelemetry's, in a thread of its own, so that no call ever waits for it.

A collector that is down or slow costs spans, which are counted; never a call.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Protocol

from core.secret import Secret
from telemetry.record import Record

if TYPE_CHECKING:
    from telemetry.otel import Exporter

LIMIT: Final = 10_000  # calls that wait
BATCH: Final = 256  # calls told at a time
EVERY: Final = 1.0  # seconds between two looks
PATIENCE: Final = 2.0  # seconds that *close* waits for what is to be told
MOMENT: Final = 0.5  # and then for the last answer, of which a collector that hangs has none
PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
MISSING: Final = "needs packages that aren't installed: say `make otel`, or `pip install -r requirements-otel.txt`"

Say = Callable[..., None]  # level, message, fields


class Collector(Protocol):
    """What the operator says of it."""

    @property
    def endpoint(self) -> Secret | None: ...
    @property
    def headers(self) -> Mapping[str, Secret]: ...
    @property
    def service(self) -> str: ...
    @property
    def traces(self) -> bool: ...
    @property
    def metrics(self) -> bool: ...
    @property
    def content(self) -> bool: ...
    @property
    def interval(self) -> float: ...
    @property
    def timeout(self) -> float: ...


def installed() -> bool:
    """Whether calls can be told to a collector at all."""
    try:
        return all(find_spec(name) is not None for name in PACKAGES)
    except ModuleNotFoundError:
        return False  # not even the package that it would be in


class Envoy:
    """One for each process. *told* and *lost* count calls; *up* is whether the collector took what it was last given.

    *put* belongs to the loop's thread. *say* may be called in any.
    """

    __slots__ = (
        "_closing",
        "_exporter",
        "_instance",
        "_say",
        "_thread",
        "_to",
        "_waiting",
        "lost",
        "told",
        "up",
    )

    def __init__(self, to: Collector, say: Say, *, instance: str) -> None:
        self._to = to
        self._say = say
        self._instance = instance
        self._waiting: deque[Record] = deque()
        self._closing = threading.Event()
        self._exporter: Exporter | None = None
        self._thread = threading.Thread(target=self._work, name="otel", daemon=True)
        self.told = self.lost = 0
        self.up = True

    def start(self) -> None:
        self._thread.start()

    def put(self, record: Record) -> None:
        if len(self._waiting) >= LIMIT:
            self.lost += 1
            return
        self._waiting.append(record)

    def close(self) -> None:
        """What waits is told, as far as the collector takes it within a moment."""
        self._closing.set()
        if not self._thread.is_alive():
            return
        self._thread.join(PATIENCE)
        if self._exporter is not None:
            self._exporter.close()
        self._thread.join(MOMENT)

    def _work(self) -> None:
        # Here and nowhere else: it takes a quarter of a second, and those who don't ask for it don't have it.
        from telemetry.otel import Exporter  # noqa: PLC0415

        exporter = self._exporter = Exporter(self._to, instance=self._instance)
        due = time.monotonic() + self._to.interval
        while not self._closing.wait(EVERY):
            self._tell(exporter)
            if time.monotonic() >= due:
                self._felt(ok=exporter.figures())
                due = time.monotonic() + self._to.interval
        self._tell(exporter)
        self._felt(ok=exporter.figures())

    def _tell(self, exporter: "Exporter") -> None:
        """All that waits now."""
        for _ in range(-(-len(self._waiting) // BATCH)):
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            ok = self._attempted(exporter, batch)
            if ok:
                self.told += len(batch)
            else:
                self.lost += len(batch)
            self._felt(ok=ok)

    def _attempted(self, exporter: "Exporter", batch: Sequence[Record]) -> bool:
        try:
            return exporter.calls(batch)
        except Exception as mistake:  # noqa: BLE001  (one call that can't be told must not end all others)
            self._say("error", "internal error", kind=type(mistake).__name__, where="telemetry/otel.py")
            return False

    def _felt(self, *, ok: bool) -> None:
        if ok is not self.up:
            self.up = ok
            if ok:
                self._say("info", "the OpenTelemetry collector takes what it is told again")
            else:
                self._say("warning", "the OpenTelemetry collector can't be reached, or refuses", lost=self.lost)
