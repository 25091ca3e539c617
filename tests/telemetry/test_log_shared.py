"""Workers that share a pipe: each line stays whole, however long it is."""

import json
import os
import subprocess
import sys
import time

LINES = 30
SIZE = 20_000  # more than a pipe keeps whole, and many times what it has room for
WORKER = f"""
from telemetry.log import Scribe
scribe = Scribe(fd=1)
for number in range({LINES}):
    scribe.event("info", "long" if number % 2 else "short", said="x" * ({SIZE} if number % 2 else 10))
scribe.start()
scribe.close()
"""


def test_lines_that_are_longer_than_a_pipe_keeps_whole_stay_whole():
    reading, writing = os.pipe()
    workers = [subprocess.Popen([sys.executable, "-c", WORKER], stdout=writing) for _ in range(3)]
    os.close(writing)
    told = b""
    while piece := os.read(reading, 3_000):
        told += piece
        time.sleep(0.0001)
    os.close(reading)

    assert [0, 0, 0] == [worker.wait() for worker in workers]
    lines = [json.loads(line) for line in told.splitlines()]
    assert [LINES * 3 // 2] * 2 == [sum(len(line["said"]) == size for line in lines) for size in (10, SIZE)]
