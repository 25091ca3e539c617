"""Do two workers on two cores do twice the work of one?

On a machine with only two cores the load and the provider need some of them too, so calls per second alone can't
say. What can be said: how close each comes to what the free cores allow, and whether a call's price stays the same.

    speed-up = 2 * (CPU per call with one / with two) * (share of the ceiling with two / with one)

Where load and provider have cores of their own, that is the same as calls per second over calls per second.
"""

import os
import resource
import time

from bench.process import busy_seconds, cpu_seconds
from bench.prompts import SMALL
from bench.scenarios import Figures, wrk
from bench.subject import Lab, Subject, boot


def scaling(lab: Lab, name: str) -> Figures:
    """One worker, then two, both free to run on any core."""
    everywhere = ",".join(str(core) for core in sorted(os.sched_getaffinity(0)))
    home = os.sched_getaffinity(lab.upstream_pid)
    os.sched_setaffinity(lab.upstream_pid, os.sched_getaffinity(0))
    try:
        one, two = (_with_workers(lab, name, workers, everywhere) for workers in (1, 2))
    finally:
        os.sched_setaffinity(lab.upstream_pid, home)
    return {
        "speed_up": 2 * one["cpu_us"] / two["cpu_us"] * two["share"] / one["share"],
        "one_per_second": one["per_second"],
        "two_per_second": two["per_second"],
        "one_cpu_us": one["cpu_us"],
        "two_cpu_us": two["cpu_us"],
        "share_of_ceiling": two["share"],
        "foreign": two["foreign"],
        "bad": one["bad"] + two["bad"],
    }


def _with_workers(lab: Lab, name: str, workers: int, everywhere: str) -> Figures:
    subject = boot(lab, name, workers=workers, core=everywhere)
    try:
        return _reached(lab, subject, workers, everywhere)
    finally:
        subject.stop()


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def _reached(lab: Lab, subject: Subject, workers: int, everywhere: str) -> Figures:
    """CPU per call, and calls per second as a share of what the machine had to give."""
    wrk(lab, subject.port, SMALL, seconds=1, core=everywhere)
    pids, usable = subject.pids(), os.sched_getaffinity(0)
    ours, provider, load = cpu_seconds(pids), cpu_seconds([lab.upstream_pid]), _children()
    busy, began = busy_seconds(), time.monotonic()
    answer = wrk(lab, subject.port, SMALL, seconds=lab.seconds, core=everywhere)
    wall, busy_after = time.monotonic() - began, busy_seconds()
    ours = cpu_seconds(pids) - ours
    everyone = ours + cpu_seconds([lab.upstream_pid]) - provider + _children() - load
    foreign = max(0.0, sum(busy_after[core] - busy[core] for core in usable) - everyone)
    done = max(1, answer["requests"])
    ceiling = min((len(usable) * wall - foreign) / everyone, workers * wall / ours)
    return {
        "cpu_us": ours * 1e6 / done,
        "per_second": done / wall,
        "share": 1 / ceiling,
        "foreign": foreign / wall / len(usable),
        "bad": answer["errors"] + answer["timeouts"],
    }
