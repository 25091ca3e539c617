"""What people say of answers, as a ledger keeps it and adds it up."""

from typing import NamedTuple


class Opinion(NamedTuple):
    """What *judge* (`key/NAME`, or `operator`) said at *time* of the answer to the *call* with that id.

    That call began at *called* and was answered by *target*, for *task*. *score* is from 0 to 1, *label* may be empty.
    A judge has one opinion of a call: a second one replaces the first.
    """

    call: str
    judge: str
    time: float
    called: float
    target: str
    task: str
    score: float
    label: str = ""


class Said(NamedTuple):
    """How many *opinions* with one label there are of a target at a task, and their mean *score*."""

    target: str
    task: str
    label: str
    opinions: int
    score: float
