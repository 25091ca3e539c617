"""Adapters and calls that are valid by default."""

import pytest

from adapters import ADAPTERS
from core.call import Call
from core.target import Provider


@pytest.fixture
def adapter():
    def make(dialect="openai", **facts):
        return ADAPTERS[dialect].make(Provider(name=dialect, dialect=dialect, **facts))

    return make


@pytest.fixture
def call():
    def make(endpoint="chat", *, body=None, **facts):
        content = {"chat": {"messages": [{"role": "user", "content": "hi"}]}, "completions": {"prompt": "hi"}}
        said = content.get(endpoint, {"input": "hi"})
        stream = {"stream": True} if facts.get("stream") else {}
        return Call(endpoint, "smart", {"model": "smart", **said, **stream, **(body or {})}, **facts)

    return make
