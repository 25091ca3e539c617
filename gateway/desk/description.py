"""Where the interface describes itself: as an OpenAPI document, and as a page for people."""

from functools import cache
from pathlib import Path
from typing import Final

import orjson

from admin.asked import Asked, Row, Sheet
from core.version import VERSION
from gateway.desk.clerk import ROOT, Clerk
from server.reply import header

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "admin" / "told"
SAFE: Final = (
    header(
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
    )
    + header("x-content-type-options", "nosniff")
    + header("referrer-policy", "no-referrer")
)
DOCS: Final = f"{ROOT}/docs"
DOCUMENT: Final = f"{ROOT}/openapi.json"


class Description(Clerk):
    """Whoever may call may read what can be called; the page has nothing in it before it was given a key."""

    __slots__ = ()

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", f"{ROOT}", self._front, operator=False),
            Row("GET", f"{ROOT}/openapi.json", self._document, operator=False),
            Row("GET", f"{ROOT}/docs", _html, operator=False),
            Row("GET", f"{ROOT}/docs.css", _css, operator=False),
            Row("GET", f"{ROOT}/docs.js", _js, operator=False),
        )

    async def _front(self, asked: Asked) -> object:
        await self._client(asked)
        return {"object": "api", "openapi": DOCUMENT, "docs": DOCS}

    async def _document(self, asked: Asked) -> object:
        await self._client(asked)
        return Sheet(described())


@cache
def described() -> bytes:
    """The document as it goes out. Made when it is first asked for, since few ever do."""
    from admin.told.document import document  # noqa: PLC0415  (see above)

    return orjson.dumps(document(VERSION))


async def _html(_: Asked) -> Sheet:
    return Sheet(_read("docs.html"), "text/html; charset=utf-8", lines=SAFE)


async def _css(_: Asked) -> Sheet:
    return Sheet(_read("docs.css"), "text/css; charset=utf-8", lines=SAFE)


async def _js(_: Asked) -> Sheet:
    return Sheet(_read("docs.js"), "text/javascript; charset=utf-8", lines=SAFE)


@cache
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
