"""The plain form of a call."""

from typing import Final

from admin.shapes.words import named
from admin.told.money import WHOSE
from admin.told.openai import FAILED, PRIORITY
from admin.told.operation import EVENTS, KEY, Operation, Told

TAG: Final = "Plain form"
PROMPT: Final = {"prompt": "Hello", "model": "smart"}
MORE: Final = "The same keys, routes, budgets and records as those of OpenAI's endpoints."
OPERATIONS: Final[Told] = {
    ("POST", "/api/v1/complete"): Operation(
        summary="Answer a prompt or messages",
        tag=TAG,
        answers=named("PlainAnswer"),
        body=named("PlainCall"),
        body_needed=True,
        example=PROMPT,
        parameters=(WHOSE, PRIORITY),
        open_to=KEY,
        may=FAILED,
        more=MORE,
    ),
    ("POST", "/api/v1/complete/stream"): Operation(
        summary="The same as it comes",
        tag=TAG,
        kinds={EVENTS: named("PlainEvents")},
        body=named("PlainCall"),
        body_needed=True,
        example=PROMPT,
        parameters=(WHOSE, PRIORITY),
        open_to=KEY,
        may=FAILED,
        more=MORE,
    ),
}
