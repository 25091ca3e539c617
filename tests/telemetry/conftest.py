"""Finished calls and meters that know a few names."""

from collections.abc import Callable

import pytest

from core.usage import Usage
from telemetry.meters import Meters
from telemetry.record import Record

GOOD = {
    "route": "smart",
    "target": "openai/gpt-4o",
    "provider": "openai",
    "stream": True,
    "status": 200,
    "attempts": 1,
    "tried": (("openai/gpt-4o", "", 420.0),),
    "usage": Usage(10, 20, 30, 40, 5),
    "cost": 1_500_000_000,
    "total": 700.0,
    "first": 300.0,
    "finish": "stop",
    "bytes_in": 512,
    "bytes_out": 2048,
}


@pytest.fixture
def finished() -> Callable[..., Record]:
    """A good call, but for what is said."""

    def make(**facts: object) -> Record:
        record = Record("req_1", 1_763_632_800.25, endpoint="chat", key="alice", generation="abc123abc123")
        for name, value in {**GOOD, **facts}.items():
            setattr(record, name, value)
        return record

    return make


@pytest.fixture
def meters() -> Meters:
    meters = Meters()
    meters.know(
        routes={"smart", "claude-*"},
        targets={"openai/gpt-4o", "anthropic/claude-opus-5"},
        providers={"openai", "anthropic"},
        keys={"alice", "bob"},
    )
    return meters
