"""A call as one target is asked it, with what is known of the target and of the client's earlier turns."""

from typing import Final

from core.ask import NOTHING_FETCHED, Ask
from core.target import Target
from gateway.call.bill import Bill

# What a named tuple's own constructor does, which takes three times as long.
_new: Final = tuple.__new__


def ask_of(bill: Bill, target: Target, *, strict: bool) -> Ask:
    """Whose *bill* it is, and nobody else, gets its own thoughts back."""
    record = bill.record
    model = bill.generation.models[target.id].abilities
    memory = bill.shared.memory.of[target.provider, bill.key.name]
    known = (bill.call, target, model, strict, record.id, int(record.time), NOTHING_FETCHED, memory, False)
    return _new(Ask, known)
