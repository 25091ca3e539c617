"""What the operators' desk costs: reads of a large house, the stream of events, and answers that are kept.

The house has 10,000 keys, 300 targets and a ledger of a million rows, all of them made by real calls of this run; it
takes about eight minutes. `python -m bench.desk [--rows 1000000]`.
"""

import argparse
import hashlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from statistics import median
from typing import Any, Final

from bench.process import allow_many_files, cores, pinned
from bench.prompts import SMALL
from bench.scenarios import load, measured, wrk
from bench.subject import Lab, Subject, boot, laboratory
from bench.targets import Site, Start, switchyard
from bench.tools import require

ADMIN: Final = "sk-admin-of-the-bench"
KEYS, TARGETS, PROVIDERS = 10_000, 300, 12
AT_ONCE: Final = 1_000  # keys in one import
ROUNDS: Final = 3
RATE: Final = 500
TIMES: Final = 9  # each read
SLICE: Final = 5  # seconds of full load between two looks at how many rows there are
READ_MS, EVENTS_SHARE = 50.0, 0.03
READS: Final = (
    "/metrics",
    "/api/v1/models",
    "/api/v1/models?best=true",
    "/api/v1/targets",
    "/api/v1/routes",
    "/api/v1/config",
    "/api/v1/monitoring/health",
    "/api/v1/keys?limit=100",
    "/api/v1/usage?key=bench",
    "/api/v1/costs",
    "/api/v1/costs/daily?days=30",
    "/api/v1/forecast?key=bench",
    "/api/v1/budgets",
    "/api/v1/calls",
    "/api/v1/alerts",
    "/api/v1/cache",
    "/api/v1/canaries",
)


def house(site: Site) -> Start:
    """Many targets, a route without and one with a cache, and the admin key."""
    address = f"http://127.0.0.1:{site.upstream}/v1"
    price = "price: {input: 0.15, output: 0.60}"
    providers = "".join(
        f'  p{number}: {{dialect: openai, base_url: "{address}", api_key: fake}}\n' for number in range(PROVIDERS)
    )
    names = [f"p{number % PROVIDERS}/model-{number}" for number in range(TARGETS)]
    models = "".join(f"  {name}: {{{price}}}\n" for name in names)
    routes = "".join(
        f"  {name}: {{chain: [{{targets: [{', '.join(half)}], strategy: balanced}}]}}\n"
        for name, half in (("many", names[::2]), ("others", names[1::2]))
    )
    routes += "  kept: {chain: mock/mock-model, cache: 1h}\n"
    start = switchyard(site, more=f"admin: {{key: {ADMIN}}}")
    file = start.command[start.command.index("--config") + 1]
    with open(file, encoding="utf-8") as old:  # noqa: PTH123  (it was written a moment ago)
        text = old.read()
    text = text.replace("models:\n", f"{providers}models:\n{models}", 1).replace("routes:\n", f"routes:\n{routes}", 1)
    site.write("switchyard.yaml", text.replace("models: [bench]", "models: [bench, many, others, kept]"))
    return start


def asked(port: int, path: str, *, method: str = "GET", body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"authorization": f"Bearer {ADMIN}", "content-type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def furnish(lab: Lab, subject: Subject, rows: int) -> None:
    """Keys by import, rows by calls."""
    for first in range(0, KEYS, AT_ONCE):
        some = [
            {"name": f"key-{number}", "sha256": hashlib.sha256(f"secret-{number}".encode()).hexdigest()}
            for number in range(first, first + AT_ONCE)
        ]
        status, answer = asked(subject.port, "/api/v1/keys/import", method="POST", body=some)
        if status != 200:
            raise RuntimeError(f"keys: {status} {answer[:300]!r}")
    made = 0
    for model in ("many", "others"):
        wrk(lab, subject.port, SMALL._replace(model=model), seconds=3)
    while made < rows:
        made += int(wrk(lab, subject.port, SMALL, seconds=SLICE)["requests"])
        print(f"{made:,} rows", flush=True)
    time.sleep(3)  # until the ledger has them


def reads(port: int) -> dict[str, float]:
    """Milliseconds of each, from question to last byte: the median."""
    found = {}
    for path in READS:
        took = []
        for _ in range(TIMES):
            began = time.perf_counter()
            status, answer = asked(port, path)
            took.append((time.perf_counter() - began) * 1e3)
            if status != 200:
                raise RuntimeError(f"{path}: {status} {answer[:300]!r}")
        found[path] = median(took)
    return found


@contextmanager
def listener(port: int) -> Iterator[None]:
    """Somebody who reads all events."""
    command = ["curl", "-sN", "-o", "/dev/null", "-H", f"authorization: Bearer {ADMIN}"]
    process = subprocess.Popen([*pinned(cores()[1]), *command, f"http://127.0.0.1:{port}/api/v1/events"])
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)


def events(lab: Lab, subject: Subject) -> list[float]:
    """The share of a core that one who listens costs at RATE calls a second, in each round."""

    def share() -> float:
        cost = measured(subject, lambda: load(lab, subject, SMALL, "rate", rate=RATE, seconds=lab.seconds))
        return cost.cpu / cost.wall

    found = []
    for _ in range(ROUNDS):
        alone = share()
        with listener(subject.port):
            found.append(share() - alone)
    return found


def kept(lab: Lab, subject: Subject) -> list[float]:
    """What a hit costs, over a call without a cache, in each round."""

    def cost(model: str) -> float:
        prompt = SMALL._replace(model=model)
        wrk(lab, subject.port, prompt, seconds=1)
        spent = measured(subject, lambda: wrk(lab, subject.port, prompt, seconds=lab.seconds))
        return spent.cpu / max(1, int(spent.load["requests"]))

    return [cost("kept") / cost("bench") for _ in range(ROUNDS)]


def table(took: dict[str, float], share: list[float], hit: list[float]) -> Iterator[str]:
    yield "| what | figure | must |\n|---|---|---|"
    for path, ms in took.items():
        yield f"| `GET {path}`, ms | {ms:.1f} | {READ_MS:.0f} |"
    yield f"| one who listens to events at {RATE} calls/s, of a core | {median(share):.2%} | {EVENTS_SHARE:.0%} |"
    yield f"| a hit, over a call without a cache, CPU | {median(hit):.2f} [{min(hit):.2f}-{max(hit):.2f}] | 1 |"


def missed(took: dict[str, float], share: list[float], hit: list[float]) -> Iterator[str]:
    yield from (
        f"GET {path} takes {ms:.0f} ms, and may take {READ_MS:.0f}" for path, ms in took.items() if ms > READ_MS
    )
    if median(share) > EVENTS_SHARE:
        yield f"events cost {median(share):.1%} of a core, and may cost {EVENTS_SHARE:.0%}"
    if median(hit) >= 1:
        yield f"a hit costs {median(hit):.2f} times a call without a cache"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.desk", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the ledger")
    parser.add_argument("--seconds", type=int, default=4, help="for each measurement under load")
    chosen = parser.parse_args()
    require(["cc", "wrk", "taskset", "curl"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    allow_many_files()
    with laboratory(seconds=chosen.seconds, targets={"switchyard": house}) as lab:
        subject = boot(lab, "switchyard")
        try:
            found: list[Any] = [measure(lab, subject) for measure in (events, kept)]
            furnish(lab, subject, chosen.rows)
            figures = (reads(subject.port), *found)
        finally:
            subject.stop()
    print(*table(*figures), "", *(list(missed(*figures)) or ["Everything measured is as it must be."]), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
