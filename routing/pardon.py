"""Breakers and probes keep at most half of a stage's targets away (but one in any case).

When so many seem to be down, it may be us who err, and the few that are left would have to carry everything. So the
rest is tried all the same: after the others of the stage, by one call at a time, the soonest end of a cooldown first.
"""

from collections.abc import Sequence
from operator import attrgetter

from core.target import Target
from routing.candidates import Skipped
from routing.vitals import Vitals


def pardoned(tripped: Sequence[Skipped], total: int, vitals: Vitals) -> list[Target]:
    """Those of a stage of *total* targets that are tried though they are *tripped*. One that another call is just
    trying is one of them, but isn't tried again.
    """
    room = len(tripped) - max(1, total // 2)
    if room <= 0:
        return []
    idle = [each for each in tripped if each.wait is not None and not vitals.target(each.target.id).circuit.probing]
    room -= len(tripped) - len(idle)
    return [each.target for each in sorted(idle, key=attrgetter("wait"))[: max(0, room)]]
