"""The operators' page: its files from `dashboard/`, and who may come in. All that it shows it asks of /api/v1."""

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import orjson
from aiohttp import web

from admin.sessions import COOKIE, LASTS, Session, Sessions, foreign, guard
from config.schema import Server
from core.errors import Refusal
from server.caller import read_body
from server.guards import guards
from server.reply import Reply, header

ROOT: Final = "/dashboard"
FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "dashboard"
LARGEST: Final = 4096  # bytes of a login
KINDS: Final = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
SQUEEZED: Final = frozenset(KINDS)
FONTS: Final = {".woff2": "font/woff2"}  # which are compressed already
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
GUARDS: Final = guards(POLICY) + header("cross-origin-resource-policy", "same-origin")
UNCACHED: Final = header("cache-control", "no-store")

Page = Callable[[web.BaseRequest, Reply], Awaitable[None]]


class File(NamedTuple):
    changed: int  # nanoseconds of unix time
    body: bytes
    squeezed: bytes
    etag: str
    kind: bytes


class Dashboard:
    """*server* is asked for that of the moment. A file that was changed is read again when it is next asked for."""

    def __init__(self, sessions: Sessions, server: Callable[[], Server], folder: Path = FOLDER) -> None:
        self._sessions = sessions
        self._server = server
        self._paths = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.suffix}
        self._files: dict[str, File] = {}
        self._pages: Mapping[str, tuple[str, Page]] = {
            "": ("GET", _onward),
            "/login": ("POST", self._login),
            "/logout": ("POST", self._logout),
            "/session": ("GET", self._session),
        }

    @property
    def places(self) -> frozenset[tuple[str, str]]:
        """Methods and paths of all that is here; `{}` is the name of a file."""
        pages = {(method, f"{ROOT}{name}") for name, (method, _) in self._pages.items()}
        return frozenset({*pages, ("GET", f"{ROOT}/"), ("GET", f"{ROOT}/{{}}")})

    async def serve(self, request: web.BaseRequest, reply: Reply) -> None:
        """Answer a request whose path begins with ROOT; raises Refusal."""
        reply.headless = request.method == "HEAD"
        method = "GET" if reply.headless else request.method
        name = request.path.removeprefix(ROOT)
        path = self._paths.get(name[1:] or "index.html") if name.startswith("/") else None
        allowed, page = self._pages.get(name, ("GET", None))
        if page is None and path is None:
            raise Refusal(404, "There is no such page.", code="unknown_url", type="invalid_request_error")
        if method != allowed:
            raise Refusal(405, "Not allowed.", code="method_not_allowed", headers={"allow": allowed})
        if page is not None:
            await page(request, reply)
        elif path is not None:
            self._lend(await asyncio.to_thread(self._read, path), request.headers, reply)

    async def _login(self, request: web.BaseRequest, reply: Reply) -> None:
        if foreign(request.headers) or request.content_type != "application/json":
            raise Refusal(403, "A login is JSON, and comes from the page itself.", code="csrf_token_invalid")
        raw = await read_body(request, limit=LARGEST, patience=self._server().body_timeout)
        session = self._sessions.begin(_key(raw), request.remote or "")
        safe = request.headers.get("x-forwarded-proto", request.scheme) == "https"
        _tell(reply, session, _set_cookie(session.cookie, LASTS, secure=safe))

    async def _session(self, request: web.BaseRequest, reply: Reply) -> None:
        _tell(reply, self._sessions.of(request.headers))

    async def _logout(self, request: web.BaseRequest, reply: Reply) -> None:
        session = self._sessions.of(request.headers)
        if session is not None:
            guard(session, request.headers)
            self._sessions.end(session)
        reply.nothing(GUARDS + UNCACHED + _set_cookie("", 0, secure=False))

    def _read(self, path: Path) -> File:
        name, changed = str(path), path.stat().st_mtime_ns
        file = self._files.get(name)
        if file is None or file.changed != changed:
            body = path.read_bytes()
            squeezed = gzip.compress(body, mtime=0) if path.suffix in SQUEEZED else b""
            etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
            file = self._files[name] = File(changed, body, squeezed, etag, header("content-type", _kind(path)))
        return file

    @staticmethod
    def _lend(file: File, headers: Mapping[str, str], reply: Reply) -> None:
        lines = GUARDS + header("etag", file.etag) + header("cache-control", "no-cache")
        lines += header("vary", "accept-encoding")
        if file.etag in headers.get("if-none-match", ""):
            reply.headless = True
            reply.whole(304, b"", lines, kind=b"")
        elif file.squeezed and "gzip" in headers.get("accept-encoding", ""):
            reply.whole(200, file.squeezed, lines + header("content-encoding", "gzip"), kind=file.kind)
        else:
            reply.whole(200, file.body, lines, kind=file.kind)


async def _onward(_request: web.BaseRequest, reply: Reply) -> None:
    # Its files, and /api/v1, are asked for by where the page is: also where a proxy puts it below a path.
    reply.whole(308, b"", GUARDS + header("location", "dashboard/"), kind=b"")


def _kind(path: Path) -> str:
    kind = KINDS.get(path.suffix)
    return f"{kind}; charset=utf-8" if kind else FONTS.get(path.suffix, "application/octet-stream")


def _key(raw: bytes) -> str:
    try:
        key = orjson.loads(raw)["key"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        key = None
    if not isinstance(key, str):
        raise Refusal(400, 'A login is {"key": "..."}.', code="invalid_json", param="key")
    return key.strip()


def _tell(reply: Reply, session: Session | None, lines: bytes = b"") -> None:
    told = {"token": None, "ends": None} if session is None else {"token": session.token, "ends": session.ends}
    body = orjson.dumps(told)
    reply.whole(200, body, GUARDS + UNCACHED + lines)


def _set_cookie(value: str, seconds: int, *, secure: bool) -> bytes:
    safe = "; Secure" if secure else ""
    return header("set-cookie", f"{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{safe}")
