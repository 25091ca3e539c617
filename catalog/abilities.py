"""What a model can do, by the names that clients may wish for: what is published, and what follows from it."""

import re
from typing import Final

from core.ask import Abilities

NOTHING: Final[frozenset[str]] = frozenset()
_CODER: Final = re.compile(r"cod(?:e|er|ex|estral)(?![a-z])|codellama|devstral|coder", re.IGNORECASE)
_CODERS: Final = frozenset({"tools", "reasoning"})


def able(name: str, abilities: Abilities) -> frozenset[str]:
    """What the model called *name* can do; nothing where nobody knows.

    All dialects carry several calls of tools in one answer, so that `parallel_tools` is what tools are. `code` is what
    models do that are named for it, and those that both reason and use tools.
    """
    known = abilities.capabilities
    more = {"code"} if _CODER.search(name) or known >= _CODERS else set()
    if "tools" in known:
        more.add("parallel_tools")
    return known | more if known else NOTHING
