"""The cores that this process may run on, and which of them a worker keeps to."""

import os


def usable() -> list[int]:
    """In order. Not all systems say it; there it may be any."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def settle(number: int, count: int) -> None:
    """Keep this process, worker *number* of *count*, to a core of its own, where there is exactly one for each.

    The kernel moves busy processes between cores that all of them need anyway, and for a moment two share one while
    another has nothing to do. Where cores are left, it knows best which.
    """
    cores = usable()
    if len(cores) == count and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cores[number]})
