"""Models: what there is to choose from, and what happens to their calls."""

from typing import Final

from admin.shapes.words import named
from admin.told.operation import EVENTS, KEY, Operation, Told, asked, truth, whole, within

TAG: Final = "Models"
TASK: Final = asked("task", "what it is for: chat, code_generation, ...; those that can't do it are left out")
ORDERS: Final = tuple(truth(name, f"true: the {name} first") for name in ("cheapest", "fastest", "best"))
WISHES: Final = (
    asked("provider", "of which providers, with commas between"),
    asked("capability", "what they can do: tools, vision, pdf, audio, json_schema, reasoning; with commas between"),
    asked("max_cost", "at most so many dollars for a million tokens, three of input to one of output"),
    TASK,
    *ORDERS,
    whole("limit", "how many", 10_000, least=1, most=10_000),
)
OPERATIONS: Final[Told] = {
    ("GET", "/api/v1/models"): Operation(
        summary="Models with what they can do, cost, and did in the last hour",
        tag=TAG,
        answers=named("ModelsFound"),
        parameters=WISHES,
        open_to=KEY,
        may=(503,),
        more="A key sees those that it may use. Several orders together: the lowest sum of places comes first.",
    ),
    ("GET", "/api/v1/models/compare"): Operation(
        summary="Some of them side by side",
        tag=TAG,
        answers=named("Comparison"),
        parameters=(asked("ids", "which, with commas between: openai/gpt-5,anthropic/claude"), *WISHES),
        open_to=KEY,
        may=(404, 503),
    ),
    ("GET", "/api/v1/models/{id}"): Operation(
        summary="One of them",
        tag=TAG,
        answers=named("ModelFacts"),
        parameters=(within("id", "provider/model; the slash is written %2F"),),
        open_to=KEY,
        may=(404, 503),
    ),
    ("GET", "/api/v1/events"): Operation(
        summary="What happens, as it happens",
        tag=TAG,
        kinds={EVENTS: named("News")},
        parameters=(asked("kinds", "of which kinds, with commas between; all if absent"),),
        may=(503,),
        more="A comment every 15 seconds. Who reads slowly loses the oldest, and is told how many by `event: gap`.",
    ),
}
