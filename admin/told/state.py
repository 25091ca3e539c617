"""Health, metrics, reload, and the description itself."""

from typing import Final

from admin.shapes.words import TEXT, named
from admin.told.operation import ANYBODY, KEY, OPERATOR, Operation, Told

TAG: Final = "State"
OPERATIONS: Final[Told] = {
    ("GET", "/health"): Operation(
        summary="Whether it serves, with which configuration, and how its targets do",
        tag=TAG,
        answers=named("Health"),
        also={503: named("Health")},
        open_to=ANYBODY,
        everywhere=True,
        more="With the admin key everything; without it whether it serves, and nothing of whom.",
    ),
    ("GET", "/health/live"): Operation(
        summary="Whether the process answers", tag=TAG, answers=named("Alive"), open_to=ANYBODY, everywhere=True
    ),
    ("GET", "/health/ready"): Operation(
        summary="Whether it takes new calls",
        tag=TAG,
        answers=named("Ready"),
        also={503: named("Ready")},
        open_to=ANYBODY,
        everywhere=True,
    ),
    ("GET", "/metrics"): Operation(
        summary="What was counted, for Prometheus",
        tag=TAG,
        kinds={"text/plain": TEXT, "application/openmetrics-text": TEXT},
        may=(401,),
        open_to=ANYBODY,
        everywhere=True,
        more="With `server.metrics_key`, for its holder and the operator alone. OpenMetrics, where `accept` names it.",
    ),
    ("POST", "/admin/reload"): Operation(
        summary="Read the configuration again",
        tag=TAG,
        answers=named("Reload"),
        also={422: named("Reload")},
        open_to=OPERATOR,
        everywhere=True,
        more="422: something in the file is wrong, and the old configuration goes on serving.",
    ),
    ("GET", "/api/v1"): Operation(summary="Where this is described", tag=TAG, answers=named("Front"), open_to=KEY),
    ("GET", "/api/v1/openapi.json"): Operation(
        summary="This description", tag=TAG, answers=named("Document"), open_to=KEY, may=(503,)
    ),
    ("GET", "/api/v1/docs"): Operation(
        summary="This description as a page", tag=TAG, kinds={"text/html": TEXT}, open_to=ANYBODY
    ),
    ("GET", "/api/v1/docs.css"): Operation(
        summary="How that page looks", tag=TAG, kinds={"text/css": TEXT}, open_to=ANYBODY
    ),
    ("GET", "/api/v1/docs.js"): Operation(
        summary="What that page does", tag=TAG, kinds={"text/javascript": TEXT}, open_to=ANYBODY
    ),
}
