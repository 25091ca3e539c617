"""What a call will probably cost, fast enough to be asked for every target of a chain."""

from typing import Final

from catalog.lookup import Model
from core.call import Call
from core.usage import Usage

BYTES_PER_TOKEN: Final = 4
ANSWER: Final = 300  # tokens, where the call allows as many


def likely_cost(call: Call, model: Model) -> int | None:
    """In nano-dollars; None where no price is known."""
    if model.price is None:
        return None
    output = min(call.max_output or ANSWER, ANSWER) * max(1, call.choices)
    return model.price.cost(Usage(input=call.size // BYTES_PER_TOKEN, output=output))
