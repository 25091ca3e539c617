"""Targets, routes, the configuration, and whether everything is there."""

from typing import Final

from admin.shapes.words import named
from admin.told.operation import Operation, Told, within

TAG: Final = "Routing"
TARGET: Final = within("id", "provider/model; the slash is written %2F")
OPERATIONS: Final[Told] = {
    ("GET", "/api/v1/targets"): Operation(
        summary="Targets: breakers, credentials, calls under way, the last hour", tag=TAG, answers=named("Targets")
    ),
    ("POST", "/api/v1/targets/{id}/bench"): Operation(
        summary="Take a target out for a while",
        tag=TAG,
        answers=named("Target"),
        body=named("BenchWish"),
        example={"seconds": 600, "reason": "its provider is being moved"},
        parameters=(TARGET,),
        may=(404, 409, 503),
    ),
    ("POST", "/api/v1/targets/{id}/unbench"): Operation(
        summary="Bring it back",
        tag=TAG,
        answers=named("Target"),
        parameters=(TARGET,),
        may=(404, 408, 409, 413, 415, 503),
    ),
    ("GET", "/api/v1/routes"): Operation(
        summary="Routes: stages, canary, shadow, and where calls went", tag=TAG, answers=named("Routes")
    ),
    ("GET", "/api/v1/config"): Operation(
        summary="The configuration in force, without its secrets", tag=TAG, answers=named("Configuration")
    ),
    ("POST", "/api/v1/config/reload"): Operation(
        summary="Read the configuration again",
        tag=TAG,
        answers=named("Reload"),
        also={422: named("Reload")},
        may=(408, 413, 415),
        more="422: something in the file is wrong, and the old configuration goes on serving.",
    ),
    ("GET", "/api/v1/monitoring/health"): Operation(
        summary="Whether the state store and the providers are there, and how fast they answer",
        tag=TAG,
        answers=named("Monitored"),
        also={503: named("Monitored")},
    ),
    ("GET", "/api/v1/alerts"): Operation(
        summary="Alerts that stand, the newest first", tag=TAG, answers=named("Alerts")
    ),
    ("POST", "/api/v1/alerts/test"): Operation(
        summary="Send one to the webhook, to see whether it is taken",
        tag=TAG,
        answers=named("Delivered"),
        may=(408, 409, 413, 415, 502),
    ),
}
