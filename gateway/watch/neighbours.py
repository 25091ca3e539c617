"""How the processes that share a state directory tell each other what happens: by datagrams, while somebody listens.

Each has a socket in that directory. One that has a listener says so once a second to all others, which send it their
events from then on, and stop when they hear no more of it. What a socket has no room for is lost, and counted. One may
also ask all others for what they have seen. Only whoever may write to the directory can speak here.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

LISTENING: Final = b"L"
LEFT: Final = b"B"
NEWS: Final = b"N"
QUESTION: Final = b"?"
ANSWER: Final = b"="
END: Final = b"."
AGAIN: Final = 1.0  # seconds after which who listens says so again
BELIEVED: Final = 3.5  # seconds that the others go by it
LARGEST: Final = 60_000  # bytes of a datagram
AT_ONCE: Final = 16  # datagrams read in one turn of the loop
ROOM: Final = 1 << 20  # bytes that may wait in a socket, as far as the system allows it
PREFIX: Final = "events-"
MARK: Final = 12  # bytes that say which question an answer belongs to
NAME: Final = len(PREFIX) + 12  # and those that say whose it is

Hear = Callable[[Collection[bytes]], None]
Told = Callable[[], Iterator[bytes]]


class Inquiry:
    """A question that the others were asked. *whole* are the answers of those who have said all, by who it was;
    *asked* is how many there are.
    """

    __slots__ = ("_begun", "asked", "complete", "whole")

    def __init__(self, asked: int) -> None:
        self._begun: dict[bytes, list[bytes]] = {}
        self.whole: dict[bytes, list[bytes]] = {}
        self.asked = asked
        self.complete = asyncio.Event()

    def take(self, name: bytes, part: bytes) -> None:
        parts = self._begun.setdefault(name, [])
        if part != END:
            parts.append(part)
            return
        self.whole[name] = parts
        if len(self.whole) >= self.asked:
            self.complete.set()


class Neighbours:
    """*hear* gets the others' events; *changed* is called when others begin or cease to listen. *told* is what this
    process has to say when it is asked, in parts that fit into a datagram.

    *listeners* counts the processes that do.
    """

    def __init__(self, directory: Path, hear: Hear, changed: Callable[[], None], told: Told) -> None:
        self._directory = directory
        self._hear = hear
        self._changed = changed
        self._told = told
        self._inquiries: dict[bytes, Inquiry] = {}
        self._name = f"{PREFIX}{os.urandom(6).hex()}"
        self._listening: dict[str, float] = {}  # name -> until when it's believed, in loop time
        self._lost: dict[str, int] = {}
        self._wanted: asyncio.TimerHandle | None = None
        self._socket: socket.socket
        self._folder: int

    @property
    def listeners(self) -> int:
        return len(self._listening)

    def begin(self) -> None:
        """Raises OSError."""
        self._folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
            sock.bind(self._path(self._name))
            (self._directory / self._name).chmod(0o600)
        except OSError:
            sock.close()
            os.close(self._folder)
            raise
        self._socket = sock
        asyncio.get_running_loop().add_reader(sock, self._read)

    def end(self) -> None:
        self.listen(wanted=False)
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        os.close(self._folder)
        with suppress(OSError):
            (self._directory / self._name).unlink()

    def listen(self, *, wanted: bool) -> None:
        """Whether the others' events are wanted here, from now on."""
        if wanted and self._wanted is None:
            self._call_out()
        elif not wanted and self._wanted is not None:
            self._wanted.cancel()
            self._wanted = None
            for name in self._others():
                self._send(name, LEFT + self._name.encode())

    def tell(self, pieces: Collection[bytes]) -> None:
        """To all who listen."""
        now = asyncio.get_running_loop().time()
        for name, until in list(self._listening.items()):
            if until < now:
                self._forget(name)
                continue
            lost = self._lost.pop(name, 0)
            gap = [b'event: gap\ndata: {"lost":%d}\n\n' % lost] if lost else []
            for count, letter in letters([*gap, *pieces]):
                if not self._send(name, letter) and name in self._listening:
                    self._lost[name] = self._lost.get(name, 0) + count

    async def ask(self, within: float) -> Inquiry:
        """What the others say, as far as they do so *within* seconds."""
        mark = os.urandom(6).hex().encode()
        others = self._others()
        inquiry = self._inquiries[mark] = Inquiry(len(others))
        try:
            for name in others:
                if not self._send(name, QUESTION + mark + self._name.encode()):
                    inquiry.asked -= 1
            if inquiry.asked > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(within):
                        await inquiry.complete.wait()
        finally:
            del self._inquiries[mark]
        return inquiry

    # Speaking

    def _call_out(self) -> None:
        for name in self._others():
            self._send(name, LISTENING + self._name.encode())
        self._wanted = asyncio.get_running_loop().call_later(AGAIN, self._call_out)

    def _others(self) -> list[str]:
        try:
            names = os.listdir(self._folder)  # noqa: PTH208  (a descriptor, not a path)
        except OSError:
            return []
        return [name for name in names if name.startswith(PREFIX) and name != self._name]

    def _send(self, name: str, letter: bytes) -> bool:
        """Whether it was taken."""
        try:
            self._socket.sendto(letter, self._path(name))
        except ConnectionRefusedError:
            # Whoever it was has ended without taking its socket away.
            with suppress(OSError):
                os.unlink(name, dir_fd=self._folder)
            self._forget(name)
        except FileNotFoundError:
            self._forget(name)
        except OSError:
            pass  # it has no room
        else:
            return True
        return False

    def _forget(self, name: str) -> None:
        self._lost.pop(name, None)
        if self._listening.pop(name, None) is not None:
            self._changed()

    def _path(self, name: str) -> str:
        """By the folder's descriptor, since a socket's address has little room for a path."""
        return f"/proc/self/fd/{self._folder}/{name}"

    # Hearing

    def _read(self) -> None:
        for _ in range(AT_ONCE):
            try:
                letter = self._socket.recv(2 * LARGEST)
            except OSError:
                return
            self._open(letter[:1], letter[1:])

    def _open(self, kind: bytes, said: bytes) -> None:
        if kind == NEWS:
            self._hear(parts(said))
        elif kind == ANSWER:
            inquiry = self._inquiries.get(said[:MARK])
            if inquiry is not None:
                inquiry.take(said[MARK : MARK + NAME], said[MARK + NAME :])
        elif kind == QUESTION:
            head = ANSWER + said[:MARK] + self._name.encode()
            self._say(said[MARK:].decode("ascii", "replace"), head, self._told())
        else:
            self._heed(kind, said.decode("ascii", "replace"))

    def _say(self, name: str, head: bytes, parts: Iterator[bytes]) -> None:
        """One part in each turn of the loop, so that calls needn't wait for the writing of all."""
        part = next(parts, END)
        if _sound(name) and self._send(name, head + part) and part != END:
            asyncio.get_running_loop().call_soon(self._say, name, head, parts)

    def _heed(self, kind: bytes, name: str) -> None:
        if not _sound(name):
            return
        if kind == LEFT:
            self._forget(name)
        elif kind == LISTENING:
            new = name not in self._listening
            self._listening[name] = asyncio.get_running_loop().time() + BELIEVED
            if new:
                self._changed()


def _sound(name: str) -> bool:
    return name.startswith(PREFIX) and "/" not in name and "\0" not in name


def letters(pieces: Collection[bytes]) -> Iterator[tuple[int, bytes]]:
    """*pieces* in datagrams, each with how many are in it. One that is too large for any is left out."""
    letter, count = bytearray(NEWS), 0
    for piece in pieces:
        if len(piece) >= LARGEST:
            continue
        if len(letter) + len(piece) > LARGEST:
            yield count, bytes(letter)
            letter, count = bytearray(NEWS), 0
        letter += piece
        count += 1
    if count:
        yield count, bytes(letter)


def parts(said: bytes) -> list[bytes]:
    """The events of one datagram. Each ends with an empty line, and has none inside."""
    return [piece + b"\n\n" for piece in said.split(b"\n\n") if piece]
