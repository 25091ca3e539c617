"""A call as one target is asked it, with what is known of the target and of the client's earlier turns."""

from core.ask import NOTHING_FETCHED, Ask
from core.filled import filled
from core.target import Target
from gateway.call.bill import Bill


def ask_of(bill: Bill, target: Target, *, strict: bool) -> Ask:
    """Whose *bill* it is, and nobody else, gets its own thoughts back."""
    record = bill.record
    model = bill.generation.models[target.id].abilities
    memory = bill.shared.memory.of[target.provider, bill.key.name]
    known = (bill.call, target, model, strict, record.id, int(record.time), NOTHING_FETCHED, memory, False)
    return filled(Ask, known)
