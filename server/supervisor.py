"""Several worker processes on one port, watched: one that dies or hangs is replaced while the others serve.

Each worker opens its own socket on the same port and the kernel spreads connections over them. The supervisor serves
nobody; it has no event loop and no threads, so that it can fork at any time.
"""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from server.signs import Signs

TOO_SOON: Final = 1.0  # seconds; a worker that dies younger than this is replaced after as long a pause
LOOK: Final = 1.0
GRACE: Final = 10.0  # how much longer than the drain a worker may take before it is killed
UNSENT: Final = 65536  # bytes that the system takes of an answer before it has sent what it took
STOP: Final = (signal.SIGTERM, signal.SIGINT)
INSIST: Final = signal.SIGUSR1  # to workers, who are told by others, too, to stop: wait no longer
TWICE: Final = 0.5  # seconds; a shell, or `timeout`, may tell the same within less, and means it once
SIGNALS: Final = (*STOP, INSIST, signal.SIGHUP, signal.SIGCHLD)

Say = Callable[[str], None]


class PortInUse(Exception):  # noqa: N818  (says what it is)
    """Somebody else listens there."""


def listening(host: str, port: int, *, shared: bool) -> socket.socket:
    """A socket that listens. *shared* lets the other workers of this process's family listen beside it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is said here goes for every connection that is accepted, and costs none of them a call of the system.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # Else the system would hold megabytes that a slow reader's window has no room for.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        sock.listen(4096)
    except OSError as error:
        sock.close()
        raise PortInUse(f"cannot listen on {host}:{port}: {error.strerror}") from error
    sock.setblocking(False)
    return sock


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Make sure that nobody else listens there, and keep the port while workers come and go."""
    listening(host, port, shared=False).close()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        yield sock.getsockname()[1]


class Supervisor:
    """Keeps *count* workers alive.

    *work* is what a worker does: it gets its number and never returns. It begins with all signals of the supervisor
    blocked, so that none is lost while it can't heed them yet. *look* is called once a second and before each start;
    *up* says whether any worker has served yet: until then none is replaced, since the next would fare no better.
    By *signs* it sees who hangs.
    """

    def __init__(
        self,
        count: int,
        work: Callable[[int], None],
        *,
        drain: float,
        say: Say,
        signs: Signs,
        look: Callable[[], None],
        up: Callable[[], bool],
    ) -> None:
        self._count = count
        self._work = work
        self._drain = drain
        self._say = say
        self._signs = signs
        self._look = look
        self._up = up
        self._workers: dict[int, tuple[int, float]] = {}  # pid -> number, when it started
        self._missing: dict[int, float] = {}  # number -> when it may start

    def run(self) -> int:
        """Until told to stop, or until all have ended that were started first; the exit code."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self._missing = dict.fromkeys(range(self._count), 0.0)
        self._fill()
        while True:
            got = signal.sigtimedwait(SIGNALS, self._nap())
            self._look()
            if got is not None and got.si_signo in STOP:
                return self._stop()
            if got is not None and got.si_signo == signal.SIGHUP:
                self._tell(signal.SIGHUP)
            self._end_hung()
            self._bury()
            if self._up():
                self._fill()
            elif not self._workers:
                return 1

    def _nap(self) -> float:
        if not self._up():
            return LOOK
        return max(0.0, min([LOOK, *(due - time.monotonic() for due in self._missing.values())]))

    def _fill(self) -> None:
        now = time.monotonic()
        for number in [number for number, due in self._missing.items() if due <= now]:
            del self._missing[number]
            self._start(number)

    def _start(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._signs.leave(number)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._work(number)
                code = 0
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1
            finally:
                if (mistake := sys.exception()) is not None:
                    sys.excepthook(type(mistake), mistake, mistake.__traceback__)
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        self._workers[pid] = (number, time.monotonic())

    def _end_hung(self) -> None:
        missed = self._signs.missed()
        for pid, (number, _) in self._workers.items():
            if number in missed:
                self._say(f"worker {number} (pid {pid}) gives no sign of life; ending it")
                self._signs.leave(number)
                os.kill(pid, signal.SIGKILL)  # one that is stopped heeds nothing else

    def _bury(self) -> None:
        now = time.monotonic()
        for pid, status in _ended():
            number, started = self._workers.pop(pid, (-1, 0.0))
            if number >= 0:
                then = "starting another" if self._up() else "another waits until one serves"
                self._say(f"worker {number} (pid {pid}) {_how(status)}; {then}")
                self._missing[number] = now + TOO_SOON if now - started < TOO_SOON else now

    def _tell(self, number: int) -> None:
        for pid in self._workers:
            os.kill(pid, number)

    def _stop(self) -> int:
        self._tell(signal.SIGTERM)
        began = time.monotonic()
        deadline = began + self._drain + GRACE
        while self._workers and time.monotonic() < deadline:
            got = signal.sigtimedwait({signal.SIGCHLD, *STOP}, 0.2)
            if got is not None and got.si_signo in STOP and time.monotonic() - began >= TWICE:
                self._tell(INSIST)
                deadline = min(deadline, time.monotonic() + GRACE)
            for pid, _ in _ended():
                self._workers.pop(pid, None)
        self._tell(signal.SIGKILL)
        while self._workers:
            pid, _ = os.wait()
            self._workers.pop(pid, None)
        return 0


def _ended() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"was ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with code {os.WEXITSTATUS(status)}"
