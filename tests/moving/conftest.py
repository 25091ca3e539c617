"""Configurations of others, told by the real commands, with what those who run them would set."""

import io
import os
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

import proxy

HERE = Path(__file__).resolve().parent


class Told:
    """What a command said, and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def part(self, title: str) -> list[str]:
        """The lines of one part of the report."""
        found = re.search(rf"(?m)^{title} \(\d+\)\n((?:  .*\n)*)", self.err)
        assert found, self.err
        return [line.strip() for line in found[1].splitlines() if line.strip() != "nothing"]

    @property
    def variables(self) -> list[str]:
        return [line.partition(":")[0] for line in self.part("Set in the environment")]


def value(variable: str) -> str:
    """What somebody might set *variable* to."""
    if re.search(r"BASE$|_BASE_URL$|ENDPOINT$|WEBHOOK_URL$", variable):
        return "https://set.example.com"
    known = {"REDIS_HOST": "localhost", "REDIS_PORT": "6379", "REDIS_URL": "redis://localhost:6379"}
    known["DATABASE_URL"] = "postgresql://user:pw@localhost:5432/ours"
    return known.get(variable, f"set-{variable.lower()}")


def command(*arguments: str) -> Told:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = proxy.main(list(arguments))
    return Told(code, out.getvalue(), err.getvalue())


@pytest.fixture
def told(monkeypatch):
    """Runs `proxy.py NAME FILE`, where *file* stands beside this one, and as seen from there."""

    def run(name: str, file: str) -> Told:
        monkeypatch.chdir(HERE)
        return command(name, file)

    return run


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """Runs `proxy.py check` on a text, with *variables* set as somebody might, and nothing else."""

    def check(text: str, variables: list[str]) -> Told:
        for name in ("HOST", "PORT", "WORKERS"):
            monkeypatch.delenv(name, raising=False)
        for name in variables:
            monkeypatch.setenv(name, value(name))
        file = tmp_path / "made.yaml"
        file.write_text(text)
        return command("check", str(file))

    return check


def golden(name: str, text: str) -> str:
    """What *text* has to be. With GOLDEN=write in the environment it is written, to be looked at."""
    file = HERE / "golden" / name
    if os.environ.get("GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return file.read_text()
