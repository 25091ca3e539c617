"""Everything that isn't a call: models, health, metrics, and what the operator asks for."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Final

import orjson
from aiohttp import web

from admin.access import demand, holds
from admin.health import brief, whole
from api.models import listing, unknown
from core.errors import Refusal
from gateway.current import Current
from gateway.desk import dashboard
from gateway.desk.desk import ROOT
from gateway.desk.menu import Menu
from gateway.graph import door
from gateway.office import Office
from server.caller import HTTP_2, message_of, path_of
from server.cors import preflight
from server.reply import Reply, header
from telemetry.exposition import CONTENT_TYPE, OPENMETRICS, OPENMETRICS_TYPE
from telemetry.workers import Tally

METRICS_TYPE: Final = header("content-type", CONTENT_TYPE)
OPEN_TYPE: Final = header("content-type", OPENMETRICS_TYPE)
MODELS: Final = "/models/"
HTTP_1_ONLY: Final = Refusal(505, "Requests must be HTTP/1.1.", code="http_version_not_supported")

Page = Callable[[web.BaseRequest, Reply], Awaitable[None]]


class Pages:
    """*office* serves what is below /api/v1. *look* brings the meters up to date. *money* is
    what the health page shows of store, ledger and journal.

    *calls* are the paths of calls.
    """

    def __init__(
        self,
        current: Current,
        office: Office,
        tally: Tally,
        look: Callable[[], None],
        *,
        money: Callable[[], Mapping[str, object]],
        calls: Collection[str],
    ) -> None:
        self.serving = True
        self._current = current
        self._office = office
        self._money = money
        self._tally = tally
        self._look = look
        self._calls = calls
        self._menu = Menu(current.shared.sightings, int(current.last.at))
        pages: dict[tuple[str, str], Page] = {
            ("GET", "/models"): self._models,
            ("GET", "/health"): self._health,
            ("GET", "/health/live"): self._live,
            ("GET", "/health/ready"): self._ready,
            ("GET", "/metrics"): self._metrics,
            ("POST", "/admin/reload"): self._reload,
        }
        self._operators = dashboard.Dashboard(office.desk.sessions, lambda: current.generation.config.server)
        # By how a path begins.
        self._doors: Mapping[str, Page] = {
            ROOT: office.desk.serve,
            dashboard.ROOT: self._operators.serve,
            door.PATH: office.graph.serve,
        }
        self._pages: Mapping[tuple[str, str], Page] = pages | {
            (method, f"/v1{path}"): page for (method, path), page in pages.items()
        }

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Methods and paths of all that is served; `{}` is a name."""
        models = {("GET", f"{before}{MODELS}{{}}") for before in ("", "/v1")}
        pages = {*self._pages, *(("POST", path) for path in self._calls), *models}
        return frozenset(pages | self._operators.places | self._office.graph.places | self._office.desk.places)

    async def serve(self, request: web.BaseRequest, reply: Reply) -> None:
        reply.headless = request.method == "HEAD"
        if message_of(request).version >= HTTP_2:
            reply.keep_alive = False
            raise HTTP_1_ONLY
        path = path_of(request)
        for root, serve in self._doors.items():
            if path.startswith(root):
                await serve(request, reply)
                return
        method = "GET" if reply.headless else request.method
        page = self._pages.get((method, path))
        if page is None:
            page = self._other(method, path)
        await page(request, reply)

    def _other(self, method: str, path: str) -> Page:
        """Paths that hold a name, other methods, and paths that aren't there."""
        bare = path.removeprefix("/v1")
        if method == "GET" and bare.startswith(MODELS):
            return self._model
        allowed = self._allowed(path)
        if method == "OPTIONS" and (allowed or self._current.generation.config.server.cors.origins):
            return partial(self._preflight, ", ".join(allowed))
        if allowed:
            lines = {"allow": ", ".join(allowed)}
            raise Refusal(405, f"Not allowed: {method} {path}.", code="method_not_allowed", headers=lines)
        shown = path.encode("unicode_escape").decode("ascii")[:128]
        raise Refusal(404, f"Unknown path: {method} {shown}.", code="unknown_url", type="invalid_request_error")

    def _allowed(self, path: str) -> list[str]:
        """The methods that *path* can be asked with."""
        found = {method for method, place in self._pages if place == path}
        if path in self._calls:
            found.add("POST")
        if path.removeprefix("/v1").startswith(MODELS):
            found.add("GET")
        return sorted(found)

    async def _models(self, request: web.BaseRequest, reply: Reply) -> None:
        generation = self._current.generation
        key = await generation.keyring.recognise(request.headers.get("authorization"), time.time())
        entries = self._menu.entries(generation)
        _json(reply, 200, listing(entries[name] for name in entries if generation.may_use(key, name)))

    async def _model(self, request: web.BaseRequest, reply: Reply) -> None:
        generation = self._current.generation
        name = request.path.removeprefix("/v1").removeprefix(MODELS)  # in which `%2F` is a slash
        key = await generation.keyring.recognise(request.headers.get("authorization"), time.time())
        if not generation.ways.offers(name) or not generation.may_use(key, name):
            raise unknown(name)
        _json(reply, 200, self._menu.entry(generation, name))

    async def _live(self, _request: web.BaseRequest, reply: Reply) -> None:
        _json(reply, 200, {"status": "ok"})

    async def _ready(self, _request: web.BaseRequest, reply: Reply) -> None:
        _json(reply, 200 if self.serving else 503, {"status": "ok" if self.serving else "draining"})

    async def _health(self, request: web.BaseRequest, reply: Reply) -> None:
        """Details only for the operator; where no admin key is set, only on an address that nobody else reaches."""
        current = self._current
        config = current.generation.config
        last = current.last.shown()
        may_see = holds(self._office.key(), request.headers.get("authorization"))
        if may_see or (not config.admin_key and not config.keys and not config.server.open):
            seen = current.shared.sightings.shown()
            vitals, now = current.shared.vitals, current.shared.loop.time()
            page = whole(config, vitals, last, seen, self._money(), serving=self.serving, now=now)
        else:
            page = brief(config, last, serving=self.serving)
        _json(reply, 200 if self.serving else 503, page)

    async def _metrics(self, request: web.BaseRequest, reply: Reply) -> None:
        key, authorization = self._current.generation.config.server.metrics_key, request.headers.get("authorization")
        if key and not holds(self._office.key(), authorization):
            demand(key, authorization)
        self._look()
        openly = OPENMETRICS in request.headers.get("accept", "")
        page = await asyncio.get_running_loop().run_in_executor(None, partial(self._tally.page, openly=openly))
        reply.whole(200, page, kind=OPEN_TYPE if openly else METRICS_TYPE)

    async def _reload(self, request: web.BaseRequest, reply: Reply) -> None:
        demand(self._office.key(), request.headers.get("authorization"))
        result = await self._current.reload_everywhere()
        _json(reply, 200 if result.ok else 422, result.shown())

    async def _preflight(self, allowed: str, request: web.BaseRequest, reply: Reply) -> None:
        cors = self._current.generation.config.server.cors
        if not cors.origins:
            reply.nothing(header("allow", allowed))
            return
        wanted = request.headers.get("access-control-request-headers", "")
        reply.nothing(preflight(cors, request.headers.get("origin"), wanted))


def _json(reply: Reply, status: int, page: object) -> None:
    reply.whole(status, orjson.dumps(page))
