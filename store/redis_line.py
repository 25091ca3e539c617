"""One connection to a Redis server, and what is said on it."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Self

from redis.asyncio.connection import Connection, SSLConnection
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, ResponseError

from store.redis_url import Address, Login
from store.scripts import Script

CONNECT: Final = 1.0  # seconds that opening a connection may take; it goes on when the operation has given up
FAULTS: Final = (RedisError, OSError, TimeoutError)

Command = tuple[bytes, ...]


class Step(NamedTuple):
    """A script over *keys*, all in one slot. *marked*: it is told behind its *args* what the server's mark is.
    *grants*: and at last whether anything may be granted.
    """

    script: Script
    keys: tuple[bytes, ...]
    args: tuple[bytes, ...]
    grants: bool = False
    marked: bool = False

    def command(self, grant: bytes, mark: bytes, *, whole: bool = False) -> Command:
        """*whole*: with the script's text, for a server that doesn't know it yet."""
        head = (b"EVAL", self.script.text) if whole else (b"EVALSHA", self.script.sha)
        command = (*head, b"%d" % len(self.keys), *self.keys, *self.args)
        if self.marked:
            command = (*command, mark)
        return (*command, grant) if self.grants else command


class Plain(NamedTuple):
    """A command as it is, over *keys*, for what a server does on a thread of its own unless a script asks for it."""

    words: Command
    keys: tuple[bytes, ...]

    def command(self, grant: bytes, mark: bytes, *, whole: bool = False) -> Command:
        del grant, mark, whole
        return self.words


class Line:
    """*age* is its node's when it was opened."""

    __slots__ = ("_connection", "age")

    def __init__(self, connection: Connection, age: int) -> None:
        self._connection = connection
        self.age = age

    @classmethod
    async def open(
        cls, address: Address, login: Login, tls: dict[str, str | bool] | None, *, db: int = 0, age: int = 0
    ) -> Self:
        how: dict[str, Any] = {
            "host": address[0],
            "port": address[1],
            "db": db,
            "username": login.username,
            "password": login.password.reveal() if login.password else None,
            "socket_timeout": None,  # whoever talks has a deadline
            "socket_connect_timeout": CONNECT,
            "protocol": 2,
            "driver_info": None,
            **(tls or {}),
        }
        connection = Connection(**how) if tls is None else SSLConnection(**how)
        line = cls(connection, age)
        try:
            await connection.connect()  # type: ignore[no-untyped-call]  # redis-py says no types here
        except BaseException:
            await line.close()
            raise
        return line

    async def talk(self, commands: Sequence[Command]) -> list[Any]:
        """All in one write. Errors of single commands are among the answers, those of the connection are raised."""
        connection = self._connection
        await connection.send_packed_command(pack(commands), check_health=False)
        answers: list[Any] = []
        for _ in commands:
            try:
                answers.append(await connection.read_response(disable_decoding=True))
            except ResponseError as error:
                answers.append(error)
        return answers

    async def alive(self) -> bool:
        """Whether it is still open and nothing is left to be read, as far as is known here."""
        try:
            return not await self._connection.can_read()
        except FAULTS:
            return False

    async def close(self, *, wait: bool = False) -> None:
        await self._connection.disconnect(nowait=not wait)


def pack(commands: Sequence[Command]) -> bytes:
    parts = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in command]
    return b"".join(parts)


def sections(text: bytes) -> dict[str, str]:
    """What INFO answers."""
    lines = text.decode("utf-8", "replace").splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def reason(error: BaseException) -> str:
    """A few words, never with anything in it that may be secret."""
    if isinstance(error, AuthenticationError):
        return "it refuses the username or password"
    if isinstance(error, BusyLoadingError):
        return "it is still reading its state"
    if isinstance(error, ResponseError):
        return f"it says {getattr(error, 'status_code', None) or str(error)[:120]}"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "no answer in time"
    return "it can't be reached"
