"""A real PostgreSQL, on a free port of this machine, whose files live in a directory that goes with it."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

HOMES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "client_min_messages": "error"}


class Server(NamedTuple):
    """*process* is what to signal."""

    port: int
    password: str
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/postgres"


def program(name: str) -> str:
    return str(HOMES[0] / name) if HOMES else shutil.which(name) or name


def owner() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="ledger-", ignore_cleanup_errors=True) as home:
        password, port = secrets.token_urlsafe(12), free_port()
        (Path(home) / "password").write_text(password)
        if os.geteuid() == 0:
            shutil.chown(home, "postgres", "postgres")
            shutil.chown(f"{home}/password", "postgres", "postgres")
        made = [program("initdb"), "-D", f"{home}/db", "-U", "postgres", "-A", "scram-sha-256", "--no-sync"]
        made += [f"--pwfile={home}/password", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(made, check=True, cwd=home, capture_output=True, **owner())
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command = [program("postgres"), "-D", f"{home}/db", "-p", str(port), "-h", "127.0.0.1", "-k", home, *settings]
        with (Path(home) / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, **owner())
            try:
                wait(home, port)
                yield Server(port, password, process)
            finally:
                process.send_signal(signal.SIGQUIT)  # what is in it goes away with it
                process.wait()


def wait(home: str, port: int) -> None:
    ready = [program("pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-t", "20"]
    for _ in range(200):
        if subprocess.run(ready, check=False, capture_output=True, cwd=home).returncode == 0:
            return
        time.sleep(0.05)
    raise TimeoutError(Path(home, "log").read_text())
