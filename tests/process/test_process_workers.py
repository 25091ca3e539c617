"""Several processes on one port that behave as one, and outlive each other."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from tests.process.running import ADMIN, PATIENCE, Running, holds, run, until
from tests.whole.provider import Provider

NEW = "  new: demo/echo\n"
BAD = "  new: nowhere/x\n"
OPERATOR = {"authorization": f"Bearer {ADMIN}"}
CORES = sorted(os.sched_getaffinity(0))
CALLS = 'switchyard_calls_total{endpoint="chat",route="demo",status="200",stream="false"}'


async def both(gateway: Running) -> set[int]:
    """The workers, once there are two and both listen."""

    def complete() -> set[int]:
        listening = Path("/proc/net/tcp").read_text().count(f":{gateway.port:04X} 00000000:0000 0A")
        return gateway.workers if len(gateway.workers) == 2 == listening else set()

    return await until(complete)


async def generations(gateway: Running) -> set[str]:
    """Of as many calls as reach both workers, but for one case in a million."""
    answers = await asyncio.gather(*(gateway.get("/health/live") for _ in range(20)))
    return {answer.headers["x-switchyard-config"] for answer in answers}


async def all_serve_another(gateway: Running, old: str) -> bool:
    found = await generations(gateway)
    return len(found) == 1 and old not in found


def runs(pid: int) -> bool:
    """Whether it does anything still; one that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


async def test_a_dead_worker_is_replaced_and_only_its_streams_break(start, written):
    gate = asyncio.Event()
    async with Provider(holds(gate)) as provider, start(written(url=provider.url, workers=2)) as gateway:
        first = await both(gateway)
        streams = await asyncio.gather(*(gateway.stream() for _ in range(24)))
        killed = min(first)

        began = time.monotonic()
        os.kill(killed, signal.SIGKILL)
        await until(lambda: len(gateway.workers - {killed}) == 2, 10)
        second = await both(gateway)
        took = time.monotonic() - began
        gate.set()
        answers = await asyncio.gather(*(stream.rest() for stream in streams))
        said = await until(lambda: [line for line in gateway.log if "starting another" in line["message"]])

    ended = [answer for stream, answer in zip(streams, answers, strict=True) if not stream.cut]
    assert took < 10
    assert first - {killed} < second
    assert 0 < len(ended) < len(streams)
    assert {("one two", "[DONE]")} == {(answer.text, answer.events[-1]) for answer in ended}
    assert [f"(pid {killed}) was ended by SIGKILL"] == [line["message"][9:-18] for line in said]


@pytest.mark.parametrize(("pin", "count", "kept"), [("true", 2, 1), ("false", 2, 2), ("true", 3, 2)])
async def test_each_worker_keeps_to_a_core_of_its_own_if_there_is_one_for_each(start, written, pin, count, kept):
    config = written(workers=count).replace("port: 0", f"port: 0, pin: {pin}")
    try:
        os.sched_setaffinity(0, CORES[:2])
        async with start(config) as gateway:
            workers = await until(lambda: gateway.workers if len(gateway.workers) == count else None)
            await killed_by_now(min(workers))
            replaced = await until(lambda: gateway.workers if len(gateway.workers - {min(workers)}) == count else None)
            await until(lambda: all(len(os.sched_getaffinity(pid)) == min(kept, len(CORES)) for pid in replaced))
            found = [os.sched_getaffinity(pid) for pid in replaced]
    finally:
        os.sched_setaffinity(0, CORES)

    assert set(CORES[:2]) == set.union(*found)


async def test_what_was_counted_stays_counted(start, written):
    async with start(written(workers=2)) as gateway:
        workers = await both(gateway)
        await asyncio.gather(*(gateway.chat("demo") for _ in range(30)))
        await until(lambda: counted(gateway, 30))

        seen = []
        for pid in workers:
            await killed_by_now(pid)
            seen += [await gateway.metric(CALLS) for _ in range(5)]
            await both(gateway)
        await asyncio.gather(*(gateway.chat("demo") for _ in range(10)))
        await until(lambda: counted(gateway, 40))

    assert [30] * 10 == seen


async def test_a_worker_that_hangs_is_replaced_while_the_others_serve(start, written):
    async with start(written(workers=2), program="tests/process/hasty.py") as gateway:
        first = await both(gateway)
        hung = min(first)
        await generations(gateway)  # both serve

        os.kill(hung, signal.SIGSTOP)
        await until(lambda: not runs(hung))
        second = await both(gateway)
        statuses = {(await gateway.chat("demo")).status for _ in range(20)}
        said = [line["message"][9:] for line in gateway.log if f"(pid {hung})" in line["message"]]

    assert first - {hung} < second
    assert {200} == statuses
    assert [f"(pid {hung}) gives no sign of life; ending it"] == said[:1]
    assert [f"(pid {hung}) was ended by SIGKILL; starting another"] == said[1:]


async def killed_by_now(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not runs(pid))  # and then its socket is closed


async def counted(gateway: Running, calls: int) -> bool:
    return await gateway.metric(CALLS) == calls


async def test_a_signal_reaches_all_workers(start, written):
    async with start(written(workers=2)) as gateway:
        await both(gateway)
        (old,) = await generations(gateway)
        gateway.write(written(workers=2, more=NEW))

        gateway.send(signal.SIGHUP)
        await until(lambda: all_serve_another(gateway, old), 5)
        statuses = {(await gateway.chat("new")).status for _ in range(10)}

    assert {200} == statuses


async def test_what_the_operator_says_to_one_reaches_all(start, written):
    async with start(written(workers=2)) as gateway:
        await both(gateway)
        (old,) = await generations(gateway)
        gateway.write(written(workers=2, more=NEW))

        answer = await gateway.request("POST", "/admin/reload", **OPERATOR)
        await until(lambda: all_serve_another(gateway, old), 5)

    assert 200 == answer.status


async def test_a_signal_before_a_worker_can_heed_it_is_not_lost_on_it(start, written):
    """The default of this signal would be the worker's end."""
    async with start(written(workers=2)) as gateway:
        killed = min(await both(gateway))
        os.kill(killed, signal.SIGKILL)

        async with asyncio.timeout(PATIENCE):
            while len(gateway.workers - {killed}) < 2:
                gateway.send(signal.SIGHUP)
                await asyncio.sleep(0.001)
        for _ in range(50):
            gateway.send(signal.SIGHUP)
            await asyncio.sleep(0.001)
        await both(gateway)

    ended = [line["message"][9:] for line in gateway.log if "starting another" in line["message"]]
    assert [f"(pid {killed}) was ended by SIGKILL; starting another"] == ended


async def test_a_worker_that_starts_while_the_file_is_bad_serves_what_the_others_serve(start, written):
    async with start(written(workers=2)) as gateway:
        (first,) = await generations(gateway)
        gateway.write(written(workers=2, more=NEW))
        await until(lambda: all_serve_another(gateway, first))
        await asyncio.sleep(1.2)  # the supervisor looks once a second
        old = await both(gateway)
        gateway.write(written(workers=2, more=BAD))
        for pid in old:
            os.kill(pid, signal.SIGKILL)

        await until(lambda: not gateway.workers & old)
        await both(gateway)
        statuses = {(await gateway.chat("new")).status for _ in range(10)}
        await until(lambda: complained(gateway))

    assert {200} == statuses


async def complained(gateway: Running) -> bool:
    return await gateway.metric("switchyard_config_last_reload_ok") == 0


async def test_all_workers_finish_what_they_began(start, written):
    gate = asyncio.Event()
    async with Provider(holds(gate)) as provider, start(written(url=provider.url, workers=2)) as gateway:
        workers = await both(gateway)
        streams = await asyncio.gather(*(gateway.stream() for _ in range(16)))

        gateway.send(signal.SIGTERM)
        await until(gateway.refuses)
        gate.set()
        answers = await asyncio.gather(*(stream.rest() for stream in streams))
        code = await gateway.ended()

    assert 0 == code
    assert {("one two", "[DONE]")} == {(answer.text, answer.events[-1]) for answer in answers}
    assert not any(map(runs, workers))


async def test_workers_end_when_nobody_looks_after_them_any_more(start, written):
    async with start(written(workers=2)) as gateway:
        workers = await both(gateway)

        gateway.send(signal.SIGKILL)
        await gateway.ended()
        await until(lambda: not any(map(runs, workers)), 5)
        refused = await gateway.refuses()

    assert refused


async def replaced(gateway: Running) -> None:
    """All workers die, and others serve in their place."""
    old = await both(gateway)
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    await until(lambda: not gateway.workers & old)
    await both(gateway)


async def test_a_worker_that_starts_takes_nothing_that_the_others_have_refused(start, written):
    """The file is good by itself; the store says no."""
    async with start(written(workers=2)) as gateway:
        await both(gateway)
        (first,) = await generations(gateway)
        run("keys", "create", "carol", folder=gateway.folder)
        gateway.write(written(workers=2, more=NEW + "keys: {carol: {key: 0123456789abcdef}}\n"))
        await until(lambda: complained(gateway))

        await replaced(gateway)
        await until(lambda: complained(gateway))
        after = await generations(gateway)
        run("keys", "revoke", "carol", folder=gateway.folder)
        await killed_by_now(min(gateway.workers))
        await both(gateway)
        await until(lambda: all_serve_another(gateway, first))

    assert {first} == after


async def test_a_worker_that_starts_keeps_what_waits_for_a_restart(start, written):
    more = NEW + "ledger: {keep: 7d}\nlog: {level: error}\n"
    async with start(written(workers=2)) as gateway:
        await both(gateway)
        (first,) = await generations(gateway)
        gateway.write(written(workers=2, more=more).replace("directory: state", "directory: elsewhere"))
        await until(lambda: all_serve_another(gateway, first))

        await replaced(gateway)
        statuses = {(await gateway.chat("new")).status for _ in range(10)}
        await until(lambda: all_wait(gateway, ["log", "state.directory"]))
        elsewhere = (gateway.folder / "elsewhere").exists()
        # Lines of calls come at all, and come in a moment.
        await until(lambda: any(line.get("route") == "new" for line in gateway.log))

    assert ({200}, False) == (statuses, elsewhere)


async def all_wait(gateway: Running, settings: list[str]) -> bool:
    seen = await asyncio.gather(*(gateway.get("/health", **OPERATOR) for _ in range(20)))
    return all(settings == each.body["last_reload"]["waiting_for_restart"] for each in seen)
