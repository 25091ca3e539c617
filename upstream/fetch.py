"""Images and documents behind the URLs of a call, fetched for providers that can't.

A client names these URLs, so nothing about them is trusted: the address that is connected to is the very one that was
looked at, each redirect is a new URL, and size and time have an end. What goes wrong is told without the name or the
address of anything that isn't the client's own, so that nobody can look around in our network.
"""

import asyncio
import base64
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.media import kind_of
from core.ask import Media
from upstream.dial import trust
from upstream.public import is_public

MOST_URLS: Final = 50  # of one call
MOST_HOPS: Final = 3
LONGEST_URL: Final = 8192
AT_ONCE: Final = 8
LOOKUPS: Final = 4  # threads; a name that takes long to be looked up must not hold up the providers' names

Look = Callable[..., list[Any]]
_PIECE: Final = 64 * 1024
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_HEADERS: Final = {
    "accept": "image/*, application/pdf, audio/*, text/*;q=0.9, */*;q=0.1",
    "accept-encoding": "identity",  # what is packed may be small and mean gigabytes
    "user-agent": "switchyard",
}
_UNREACHABLE: Final = (
    "can't be fetched: its host is unknown, not on the public internet, or doesn't answer as it should"
)


class Limits(NamedTuple):
    """*most*: bytes, of all that one call names together. *within*: seconds, for all of it."""

    allow_private: bool
    most: int
    within: float


class Unfetchable(Exception):  # noqa: N818  (an answer about a URL, not a mistake)
    """*why* goes on after "The URL"."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(why)
        self.url = url
        self.why = why


class Fetcher:
    """For one process. Connections are never kept: the next call may be somebody else's.

    *look* asks for the addresses of a name, *public* says whether an address may be connected to.
    """

    __slots__ = ("_look", "_public", "_threads")

    def __init__(self, look: Look = socket.getaddrinfo, public: Callable[[str], bool] = is_public) -> None:
        self._look = look
        self._public = public
        self._threads: ThreadPoolExecutor | None = None

    async def fetch(self, urls: Sequence[str], limits: Limits) -> Mapping[str, Media]:
        """All of *urls*, several at a time. Raise Unfetchable for the first that can't be had."""
        if len(urls) > MOST_URLS:
            raise Unfetchable(urls[MOST_URLS], f"is one too many: a call may name {MOST_URLS}")
        found: dict[str, Media] = {}
        try:
            async with (
                asyncio.timeout(limits.within),
                self._session(limits) as session,
                asyncio.TaskGroup() as group,
            ):
                visit = _Visit(session, limits)
                for url in urls:
                    group.create_task(visit.fetch(url, found))
        except TimeoutError:
            late = next(url for url in urls if url not in found)
            raise Unfetchable(late, f"could not be fetched within {limits.within:g} s") from None
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return found

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _session(self, limits: Limits) -> aiohttp.ClientSession:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(LOOKUPS, "lookup")
        connector = aiohttp.TCPConnector(
            resolver=_Lookup(self._look, self._threads),
            socket_factory=_any_socket if limits.allow_private else self._public_socket,
            use_dns_cache=False,
            force_close=True,
            limit=AT_ONCE,
            ssl=trust(verify=True),
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        )

    def _public_socket(self, where: tuple[Any, ...]) -> socket.socket:
        """Called with the very address that will be connected to, whatever led there."""
        *_, address = where
        if not self._public(address[0]):
            raise PermissionError(_UNREACHABLE)
        return _any_socket(where)


class _Visit:
    """The URLs of one call. *_left* is how much they may still hold together."""

    __slots__ = ("_left", "_most", "_session")

    def __init__(self, session: aiohttp.ClientSession, limits: Limits) -> None:
        self._session = session
        self._most = self._left = limits.most

    async def fetch(self, url: str, found: dict[str, Media]) -> None:
        try:
            found[url] = await self._follow(url)
        except _Refused as refused:
            raise Unfetchable(url, str(refused)) from None
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError):
            # What they say may hold names and addresses. uvloop says RuntimeError where asyncio says OSError.
            raise Unfetchable(url, _UNREACHABLE) from None

    async def _follow(self, url: str) -> Media:
        for _ in range(1 + MOST_HOPS):
            async with self._session.get(_checked(url), allow_redirects=False) as response:
                onward = response.headers.get("location")
                if response.status not in _MOVED or not onward:
                    return await self._read(response)
                url = urljoin(url, onward)
        raise _Refused(f"leads on more than {MOST_HOPS} times")

    async def _read(self, response: aiohttp.ClientResponse) -> Media:
        if response.status != 200:
            raise _Refused(f"was answered with status {response.status}")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise _Refused("was answered with compressed content")
        if (response.content_length or 0) > self._left:
            raise self._too_large()
        data = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            self._left -= len(piece)
            if self._left < 0:
                raise self._too_large()
            data += piece
        if not data:
            raise _Refused("is empty")
        text = base64.b64encode(data).decode("ascii")
        kind = kind_of(response.headers.get("content-type", ""), text)
        if not (kind.startswith(("image/", "audio/", "text/")) or kind == "application/pdf"):
            raise _Refused("is neither an image nor a PDF, sound or text")
        return Media(kind, text)

    def _too_large(self) -> Exception:
        return _Refused(f"is too large: all that a call names may have {self._most} bytes")


class _Refused(Exception):  # noqa: N818  (as Unfetchable, of which it becomes the reason)
    """Said where the client's own URL isn't known."""


class _Lookup(AbstractResolver):
    """Names to addresses, by the system, in threads of its own."""

    def __init__(self, look: Look, threads: ThreadPoolExecutor) -> None:
        self._look = look
        self._threads = threads

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        ask = partial(self._look, host, port, family=family, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
        return [
            ResolveResult(
                hostname=host, host=where[0], port=where[1], family=kind, proto=proto, flags=socket.AI_NUMERICHOST
            )
            for kind, _, proto, _, where in found
        ]

    async def close(self) -> None:
        """The threads are the Fetcher's."""


def _checked(url: str) -> URL:
    """*url* as it goes out, if it may at all."""
    if len(url) > LONGEST_URL:
        raise _Refused(f"is longer than {LONGEST_URL} characters")
    # A line end or a blank would write into our request; a backslash is a slash to some, and to others not.
    if any(char <= " " or char in "\x7f\\" for char in url):
        raise _Refused("holds characters that no URL may have")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _Refused("does not begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise _Refused("must not carry a user or password")
    return URL(url, encoded=url.isascii())  # signatures of storages hold for just these bytes


def _any_socket(where: tuple[Any, ...]) -> socket.socket:
    family, kind, proto, _, _ = where
    return socket.socket(family, kind, proto)
