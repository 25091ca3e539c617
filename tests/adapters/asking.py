"""Calls as a target gets them, valid by default."""

from core.ask import Ask
from core.call import Call
from core.target import Target
from core.wire import WireRequest

SENT = WireRequest("/", b"{}")  # for answers of dialects that need to know nothing of their request


def asked(call: Call, target: str = "p/m", **facts: object) -> Ask:
    """*call* put to *target*; *facts* are fields of Ask."""
    return Ask(call, Target(*target.split("/", 1)), **{"id": "req-1", "created": 1_800_000_000, **facts})
