"""Where operators are served: the pages below /api/v1, found in a table of methods and patterns."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping
from typing import Any, Final

import orjson
from aiohttp import web

from admin.access import demand
from admin.asked import Asked, Door, Flowing, Page, Row, Sheet
from admin.sessions import Sessions
from config.schema import Server
from core.errors import Refusal
from core.secret import Secret
from gateway.desk.asking import expect_kind, plain, query_of
from server.caller import read_body
from server.reply import SSE, Reply, header
from server.tap import Tap

ROOT: Final = "/api/v1"
NAME: Final = "{}"
READS: Final = frozenset({"GET"})
UNTOLD: Final[Mapping[tuple[str, str], Collection[str]]] = {}
UNCACHED: Final = header("cache-control", "no-store")  # some of it is shown once


class Desk:
    """*server* and *admin_key* are asked for those of the moment. *asks* are the parameters that a page's query may
    hold, by method and pattern; where it doesn't say, any.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        server: Callable[[], Server],
        admin_key: Callable[[], Secret | None],
        asks: Mapping[tuple[str, str], Collection[str]] = UNTOLD,
    ) -> None:
        self._rows = [(tuple(row.pattern.split("/")), row) for row in rows]
        self._asks = asks
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
        query = query_of(request.rel_url.raw_query_string, self._asks.get((row.method, row.pattern)))
        page = row.page
        if isinstance(page, Door):
            await page.serve(request, reply, authorization)
            return
        server = self._server()
        raw = b""
        if method not in READS:
            raw = await read_body(request, limit=server.max_body, patience=server.body_timeout)
            if raw:
                expect_kind(request.content_type, request.charset, row.kinds)
        asked = Asked(names, query, raw, authorization, request.content_type)
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

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Methods and patterns of all pages."""
        return frozenset((row.method, row.pattern) for _, row in self._rows)

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
        """The page, and what stands for its names. Where a path is written out, no name can stand there."""
        segments = tuple(path.split("/"))
        fitting = [each for each in self._rows if _fits(each[0], segments)]
        if any(NAME not in pattern for pattern, _ in fitting):
            fitting = [each for each in fitting if NAME not in each[0]]
        for pattern, row in fitting:
            if row.method == method:
                return row, _names(pattern, segments)
        shown = path.encode("unicode_escape").decode("ascii")[:128]
        if fitting:
            lines = {"allow": ", ".join(sorted({row.method for _, row in fitting}))}
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


async def _awaited(page: Page, asked: Asked) -> object:
    return await page(asked)


def _fits(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    if len(pattern) != len(segments):
        return False
    return all(mine in {NAME, theirs} for mine, theirs in zip(pattern, segments, strict=True))


def _names(pattern: tuple[str, ...], segments: tuple[str, ...]) -> tuple[str, ...]:
    """What stands for each `{}`."""
    return tuple(plain(theirs, "path") for mine, theirs in zip(pattern, segments, strict=True) if mine == NAME)
