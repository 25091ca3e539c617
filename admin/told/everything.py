"""All operations, and what follows from them for who asks."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from admin.told import caching, calls, doors, keys, models, money, openai, plain, routing, state
from admin.told.operation import Told

OPERATIONS: Final[Told] = {
    **openai.OPERATIONS,
    **state.OPERATIONS,
    **plain.OPERATIONS,
    **routing.OPERATIONS,
    **models.OPERATIONS,
    **money.OPERATIONS,
    **calls.OPERATIONS,
    **caching.OPERATIONS,
    **keys.OPERATIONS,
    **doors.OPERATIONS,
}


def pattern(path: str) -> str:
    """*path* as Row has it: `{}` for each name."""
    return re.sub(r"{\w+}", "{}", path)


def queries() -> Mapping[tuple[str, str], Collection[str]]:
    """The parameters that a query may hold, by method and pattern."""
    return {
        (method, pattern(path)): frozenset(each.name for each in operation.parameters if each.place == "query")
        for (method, path), operation in OPERATIONS.items()
    }
