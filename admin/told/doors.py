"""What operators and clients reach beside /api/v1: GraphQL, and the door of the dashboard."""

from typing import Any, Final

from admin.shapes.words import TEXT, named
from admin.told.operation import ANYBODY, EVENTS, JSON, KEY, OPERATOR, Operation, Told, asked, within

GRAPHQL: Final = "GraphQL"
DASHBOARD: Final = "Dashboard"
NEWER: Final = "application/graphql-response+json"
HTML: Final = "text/html"
SCRIPT: Final = "text/javascript"
FONT: Final[dict[str, Any]] = {"type": "string", "format": "binary"}

_OPERATION: Final = (
    "The schema is in the README, and the operator may ask for it. Errors stand in a 200, with the `status` that they "
    "would have elsewhere; to those who accept `application/graphql-response+json`, an operation that is refused as a "
    "whole is a 400. A subscription is answered as `text/event-stream`, which any operation is where `accept` names it."
)
_FILES: Final = {HTML: TEXT, "text/css": TEXT, SCRIPT: TEXT, "image/svg+xml": TEXT, "font/woff2": FONT}


def _page(kind: str, summary: str) -> Operation:
    return Operation(summary=summary, tag=GRAPHQL, kinds={kind: TEXT}, open_to=OPERATOR)


OPERATIONS: Final[Told] = {
    ("POST", "/graphql"): Operation(
        summary="Do an operation",
        tag=GRAPHQL,
        body=named("GraphOperation"),
        body_needed=True,
        example={"query": "{ models { id } }"},
        kinds={
            JSON: named("GraphAnswer"),
            NEWER: named("GraphAnswer"),
            EVENTS: named("GraphEvents"),
        },
        parameters=(asked("key", "for the operator: the name of a key to ask for"),),
        may=(403, 406, 503),
        besides={400: {NEWER: named("GraphAnswer")}},
        open_to=KEY,
        more=_OPERATION,
    ),
    ("GET", "/graphql"): Operation(
        summary="A page to try operations on, or a WebSocket for them",
        tag=GRAPHQL,
        kinds={HTML: TEXT},
        may=(503,),
        bare=(101,),
        open_to=OPERATOR,
        more="The WebSocket speaks `graphql-transport-ws`. It is for keys, too, which the first message may bring.",
    ),
    ("GET", "/graphql/page.css"): _page("text/css", "How that page looks"),
    ("GET", "/graphql/page.js"): _page(SCRIPT, "What that page does"),
    ("GET", "/dashboard"): Operation(summary="Where the dashboard is", tag=DASHBOARD, status=308, open_to=ANYBODY),
    ("GET", "/dashboard/"): Operation(
        summary="The dashboard: a page that asks for the admin key",
        tag=DASHBOARD,
        kinds={HTML: TEXT},
        bare=(304,),
        open_to=ANYBODY,
    ),
    ("GET", "/dashboard/{file}"): Operation(
        summary="What that page is made of; nothing of it is secret",
        tag=DASHBOARD,
        kinds=_FILES,
        parameters=(within("file", "its name: app.js; a slash in it may stay one"),),
        bare=(304,),
        may=(404,),
        open_to=ANYBODY,
    ),
    ("POST", "/dashboard/login"): Operation(
        summary="Begin a session",
        tag=DASHBOARD,
        body=named("Login"),
        body_needed=True,
        example={"key": "the admin key"},
        answers=named("Session"),
        may=(401, 403, 429),
        open_to=ANYBODY,
        more="The answer sets a cookie for twelve hours. 429: five wrong keys came from that address within a minute.",
    ),
    ("POST", "/dashboard/logout"): Operation(
        summary="End the session",
        tag=DASHBOARD,
        status=204,
        may=(403,),
        open_to=ANYBODY,
        more="With its cookie it needs its token, in `x-csrf-token`; without one there is nothing to end.",
    ),
    ("GET", "/dashboard/session"): Operation(
        summary="The session that the cookie stands for",
        tag=DASHBOARD,
        answers=named("Session"),
        open_to=ANYBODY,
    ),
}
