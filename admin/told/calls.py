"""Calls that are over, calls that might be made, opinions of answers, canaries."""

from typing import Final

from admin.shapes.words import either, named, one_of
from admin.told.money import WHOSE
from admin.told.openai import CHAT
from admin.told.operation import KEY, Operation, Told, asked, whole, within

TAG: Final = "Calls"
SINCE: Final = asked("since", "a day or a time: 2026-11-26, 2026-11-26T14:00Z")
OPERATIONS: Final[Told] = {
    ("GET", "/api/v1/calls"): Operation(
        summary="The newest calls",
        tag=TAG,
        answers=named("Calls"),
        parameters=(
            asked("key", "of which key"),
            asked("route", "of which route"),
            SINCE,
            whole("most", "how many", 100, least=1, most=1000),
        ),
        may=(404, 503),
    ),
    ("GET", "/api/v1/calls/{id}"): Operation(
        summary="One call: what led to it, and what came of it",
        tag=TAG,
        answers=named("WholeCall"),
        parameters=(within("id", "the answer's x-request-id"),),
        open_to=KEY,
        may=(404, 503),
    ),
    ("POST", "/api/v1/explain"): Operation(
        summary="What would happen to a call, and why, without sending it anywhere",
        tag=TAG,
        answers=named("Explanation"),
        example=CHAT,
        body=either(named("ChatCall"), named("CompletionCall"), named("EmbeddingCall")),
        body_needed=True,
        parameters=(
            asked("endpoint", "of which kind it is; chat if absent", one_of("chat", "completions", "embeddings")),
            WHOSE,
        ),
        open_to=KEY,
        may=(403, 404, 503),
    ),
    ("POST", "/api/v1/feedback"): Operation(
        summary="Say how good an answer was",
        tag=TAG,
        answers=named("Judged"),
        body=named("Opinion"),
        example={"id": "req-0123456789ab-1", "score": 1, "label": "helpful"},
        body_needed=True,
        open_to=KEY,
        may=(404, 503),
        more="A client judges its own calls, the operator any. A second opinion replaces the first.",
    ),
    ("GET", "/api/v1/feedback"): Operation(
        summary="What was said, and how good targets are held to be",
        tag=TAG,
        answers=named("Feedback"),
        parameters=(asked("target", "of which target"), SINCE),
        may=(503,),
    ),
    ("GET", "/api/v1/canaries"): Operation(
        summary="How canaries stand, and what was counted", tag=TAG, answers=named("Canaries"), may=(503,)
    ),
    ("POST", "/api/v1/canaries/{route}"): Operation(
        summary="Stop a canary, or begin it anew",
        tag=TAG,
        answers=named("Canaries"),
        body=named("CanaryAction"),
        example={"action": "stop"},
        body_needed=True,
        parameters=(within("route", "the route that it is of"),),
        may=(404, 503),
    ),
}
