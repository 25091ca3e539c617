"""The page on which the operator tries operations: its files, from admin/graphql, which ask no other host."""

import asyncio
from pathlib import Path
from typing import Final

from admin.asked import Sheet
from core.errors import Refusal
from server.guards import guards

FOLDER: Final = Path(__file__).resolve().parent.parent.parent / "admin" / "graphql"
FILES: Final = {
    "": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
GUARDS: Final = guards(POLICY)


async def page(name: str, *, operator: bool) -> Sheet:
    """The file of that name; raises Refusal for anybody but the operator."""
    if name not in FILES:
        raise Refusal(404, "There is no such page.", code="unknown_url", type="invalid_request_error")
    if not operator:
        message = "This page is for the operator: log in at /dashboard/ and come back, or send the admin key."
        raise Refusal(401, message, code="invalid_api_key", headers={"www-authenticate": "Bearer"})
    file, kind = FILES[name]
    body = await asyncio.to_thread((FOLDER / file).read_bytes)
    return Sheet(body, kind, lines=GUARDS)
