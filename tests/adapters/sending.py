"""What an adapter sends, and what it refuses to send."""

import orjson
import pytest
from asking import asked

from core.errors import Refusal


def sender(adapter, call, dialect, target):
    """A maker of requests' bodies; *dropped* is asserted on the way."""

    def make(body=None, endpoint="chat", *, dropped=(), target=target, options=None, stream=False, **facts):
        one = adapter(dialect, options=options or {})
        request = one.encode(asked(call(endpoint, body=body or {}, stream=stream), target, **facts))
        assert tuple(dropped) == request.dropped
        return orjson.loads(request.body)

    return make


def refuser(sent):
    """A maker of refusals: status, param and code."""

    def make(body=None, endpoint="chat", **facts):
        with pytest.raises(Refusal) as caught:
            sent(body, endpoint, **facts)
        return caught.value.status, caught.value.param, caught.value.code

    return make
