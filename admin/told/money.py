"""What was spent, what will be, and what a call would cost."""

from typing import Final

from admin.shapes.words import NAME, named, one_of
from admin.told.openai import CHAT
from admin.told.operation import KEY, Operation, Told, asked, whole

TAG: Final = "Money"
WORKSPACE: Final = asked("workspace", "a team or a tag: research, team/research, tag/nightly")
ZONE: Final = asked("zone", "whose days count: Europe/Berlin; UTC if absent")
WHOSE: Final = asked("key", "for the operator: whose call it would be")
OPERATIONS: Final[Told] = {
    ("GET", "/api/v1/usage"): Operation(
        summary="What a key has used, and how its budgets stand",
        tag=TAG,
        answers=named("Usage"),
        parameters=(asked("key", "whose; needed by the operator, and a client's own at most"),),
        open_to=KEY,
        may=(403, 404, 503),
    ),
    ("GET", "/api/v1/costs"): Operation(
        summary="What everything cost, by provider, model, key, team, route and tag",
        tag=TAG,
        answers=named("Costs"),
        parameters=(
            asked("period", "which; the month if absent", one_of("day", "week", "month", "all")),
            WORKSPACE,
            ZONE,
        ),
        may=(404, 503),
    ),
    ("GET", "/api/v1/costs/daily"): Operation(
        summary="What it cost on each day",
        tag=TAG,
        answers=named("DailyCosts"),
        parameters=(whole("days", "how many, the last of them today", 30, least=1, most=3660), WORKSPACE, ZONE),
        may=(404, 503),
    ),
    ("GET", "/api/v1/budgets"): Operation(
        summary="How every budget stands, and the day on which it runs out",
        tag=TAG,
        answers=named("Budgets"),
        parameters=(whole("most", "of how many keys, those that spend the most first", 25, least=1, most=200),),
        may=(503,),
    ),
    ("GET", "/api/v1/forecast"): Operation(
        summary="What will have been spent, and when budgets run out",
        tag=TAG,
        answers=named("Forecast"),
        parameters=(asked("key", "of which key", NAME), asked("team", "or of which team", NAME), ZONE),
        may=(404, 503),
    ),
    ("POST", "/api/v1/estimate"): Operation(
        summary="What a chat call would cost at each target, without sending it anywhere",
        tag=TAG,
        answers=named("Estimate"),
        body=named("ChatCall"),
        example=CHAT,
        body_needed=True,
        parameters=(WHOSE,),
        open_to=KEY,
        may=(403, 404, 503),
    ),
}
