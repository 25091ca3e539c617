"""Where operators are served: the pages below /api/v1, found in a table of methods and patterns."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import unquote

import orjson
from aiohttp import web

from admin.access import demand
from admin.asked import Asked, Door, Flowing, Page, Row, Sheet
from admin.sessions import Sessions
from config.schema import Server
from core.errors import Refusal
from core.secret import Secret
from server.caller import read_body
from server.reply import SSE, Reply, header

ROOT: Final = "/api/v1/"
READS: Final = frozenset({"GET"})
UNCACHED: Final = header("cache-control", "no-store")  # some of it is shown once


class Desk:
    """*server* and *admin_key* are asked for those of the moment."""

    def __init__(
        self, rows: Iterable[Row], server: Callable[[], Server], admin_key: Callable[[], Secret | None]
    ) -> None:
        self._rows = [(tuple(row.pattern.split("/")), row) for row in rows]
        self._server = server
        self.admin_key = admin_key
        self.sessions = Sessions(admin_key)
        self._under_way: set[asyncio.Task[object]] = set()

    async def serve(self, request: web.BaseRequest, reply: Reply) -> None:
        """Answer a request whose path begins with ROOT; raises Refusal."""
        reply.headless = request.method == "HEAD"
        method = "GET" if reply.headless else request.method
        row, names = self._find(method, request.rel_url.raw_path)
        authorization = request.headers.get("authorization") or self.sessions.authorization(method, request.headers)
        if row.operator:
            demand(self.admin_key(), authorization)
        page = row.page
        if isinstance(page, Door):
            await page.serve(request, reply, authorization)
            return
        server = self._server()
        raw = b""
        if method not in READS:
            raw = await read_body(request, limit=server.max_body, patience=server.body_timeout)
        asked = Asked(names, dict(request.query), raw, authorization, request.content_type)
        shielded = row.shielded and method not in READS
        await hand_out(await (self._to_its_end(page, asked) if shielded else page(asked)), reply)

    async def read(self, path: str, query: Mapping[str, str], authorization: str | None) -> Any:
        """What a GET is answered with, as JSON is read, if whoever asks comes with *authorization*; raises Refusal."""
        row, names = self._find("GET", path)
        if row.operator:
            demand(self.admin_key(), authorization)
        if isinstance(row.page, Door):
            raise Refusal(404, f"There is no page {path}.", code="unknown_url")
        page = await row.page(Asked(names, query, b"", authorization))
        return orjson.loads(page.body if isinstance(page, Sheet) else orjson.dumps(page))

    async def end(self) -> None:
        """What was begun is done."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def _to_its_end(self, page: Page, asked: Asked) -> object:
        """What changes something is never left half done, even if whoever asked for it leaves."""
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(_awaited(page, asked))
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[object]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # told to whoever asked; nobody is left to tell if they are gone

    def _find(self, method: str, path: str) -> tuple[Row, tuple[str, ...]]:
        segments = tuple(path.split("/"))
        allowed: set[str] = set()
        for pattern, row in self._rows:
            if (names := _names(pattern, segments)) is None:
                continue
            if row.method == method:
                return row, names
            allowed.add(row.method)
        shown = path.encode("unicode_escape").decode("ascii")[:128]
        if allowed:
            lines = {"allow": ", ".join(sorted(allowed))}
            raise Refusal(405, f"Not allowed: {method} {shown}.", code="method_not_allowed", headers=lines)
        raise Refusal(404, f"Unknown path: {method} {shown}.", code="unknown_url", type="invalid_request_error")


async def hand_out(page: object, reply: Reply) -> None:
    """Answer with what a page is. What flows is asked for its next piece when the client has taken the last ones."""
    if isinstance(page, Sheet):
        reply.whole(page.status, page.body, UNCACHED + page.lines, header("content-type", page.kind))
    elif isinstance(page, Flowing):
        await _flow(page.pieces, reply)
    else:
        reply.whole(200, orjson.dumps(page), UNCACHED)


async def _flow(pieces: AsyncIterator[bytes], reply: Reply) -> None:
    if reply.headless:
        reply.whole(200, b"", kind=SSE)
        return
    reply.open()
    tap = Tap()
    reply.follow(tap)
    try:
        async for piece in pieces:
            reply.send(piece)
            await tap.open()
            if reply.gone:
                return
        reply.end()
    finally:
        reply.follow(None)
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


class Tap:
    """Closed while a client doesn't take what it was sent."""

    __slots__ = ("_opened",)

    def __init__(self) -> None:
        self._opened = asyncio.Event()
        self._opened.set()

    def pause(self) -> None:
        self._opened.clear()

    def resume(self) -> None:
        self._opened.set()

    async def open(self) -> None:
        await self._opened.wait()


async def _awaited(page: Page, asked: Asked) -> object:
    return await page(asked)


def _names(pattern: tuple[str, ...], segments: tuple[str, ...]) -> tuple[str, ...] | None:
    """What stands for each `{}`; None where the path is another."""
    if len(pattern) != len(segments):
        return None
    if any(mine not in {"{}", theirs} for mine, theirs in zip(pattern, segments, strict=True)):
        return None
    return tuple(unquote(theirs) for mine, theirs in zip(pattern, segments, strict=True) if mine == "{}")
