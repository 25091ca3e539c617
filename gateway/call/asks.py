"""A call as one target is asked it, with what is known of the target and of the client's earlier turns."""

from core.ask import NOTHING_FETCHED, Ask
from core.target import Target
from gateway.call.bill import Bill
from gateway.remembered import Recollection


def ask_of(bill: Bill, target: Target, *, strict: bool) -> Ask:
    """Whose *bill* it is, and nobody else, gets its own thoughts back."""
    record = bill.record
    return Ask(
        bill.call,
        target,
        bill.generation.abilities(target),
        strict,
        record.id,
        int(record.time),
        NOTHING_FETCHED,
        Recollection(bill.shared.memory, target.provider, bill.key.name),
    )
