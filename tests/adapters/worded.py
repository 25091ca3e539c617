"""Requests in a provider's words, and answers understood."""

import orjson
import pytest
from asking import asked

from adapters import ADAPTERS
from core.ask import Abilities
from core.call import Call
from core.target import Provider

HI = [{"role": "user", "content": "hi"}]
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}


class Kept:
    """A memory that holds what it is given."""

    def __init__(self, **states):
        self.states = states

    def recall(self, call_id):
        return self.states.get(call_id)


def adapter_of(dialect, **facts):
    return ADAPTERS[dialect].make(Provider(name=dialect, dialect=dialect, **facts))


def ask_of(model="m", endpoint="chat", *, can=(), flags=None, stream=False, choices=1, include_usage=False, **body):
    """*can* are the model's capabilities. What isn't a fact of the call is the body's; facts of Ask begin with `_`."""
    facts = {name[1:]: body.pop(name) for name in list(body) if name.startswith("_")}
    said = {"chat": {"messages": HI}, "completions": {"prompt": "hi"}, "embeddings": {"input": "hi"}}[endpoint]
    if stream:
        body["stream"] = True
    call = Call(endpoint, "smart", {**said, **body}, stream=stream, choices=choices, include_usage=include_usage)
    return asked(call, f"p/{model}", model=Abilities(capabilities=frozenset(can), flags=flags or {}), **facts)


def sent(dialect, ask, **facts):
    """The body without the model, what was dropped, and the path."""
    request = adapter_of(dialect, **facts).encode(ask)
    body = orjson.loads(request.body)
    body.pop("model")
    return body, request.dropped, request.path


def told(dialect, *messages, model="m", **facts):
    """The messages that go out for *messages*."""
    return sent(dialect, ask_of(model, messages=list(messages), **facts))[0]["messages"]


def understood(dialect, answer, ask=None, **facts):
    """The answer as the client gets it, and all else about it."""
    adapter, ask = adapter_of(dialect, **facts), ask or ask_of()
    completion = adapter.decode(orjson.dumps(answer), ask, adapter.encode(ask))
    return orjson.loads(completion.body), completion


def whole(message, finish="stop", **more):
    return {"choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}], **more}


def calls(*ids, name="f", arguments="{}"):
    return [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}} for id in ids]


def covering(rows, *features):
    """Parameters that begin with a dialect, each marked as showing *features* of it."""
    made = [row if isinstance(row, tuple) else (row,) for row in rows]
    return [pytest.param(*row, marks=pytest.mark.covers(row[0], *features)) for row in made]
