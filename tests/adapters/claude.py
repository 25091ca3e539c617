"""Calls to Anthropic's models as the catalog knows them, and what its API answers: written as its own SDK reads it."""

from itertools import count

import orjson
import pytest
from asking import asked

from adapters import ADAPTERS
from catalog.lookup import Catalog
from core.ask import UNKNOWN
from core.call import Call
from core.errors import Refusal
from core.target import Provider
from core.wire import Report, Verbatim

CATALOG = Catalog({})
OPUS, SONNET, OLD = "claude-opus-5-5", "claude-sonnet-4-6", "claude-sonnet-4-5"
HI = [{"role": "user", "content": "hi"}]
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
CUSTOM = {"type": "custom", "custom": {"name": "run", "description": "Runs code."}}


def speaker(**options):
    return ADAPTERS["anthropic"].make(Provider(name="p", dialect="anthropic", options=options))


def ask(body=None, model=OPUS, *, known=True, **facts):
    """A call with *body* put to *model*. *known*: the catalog's facts come with it."""
    body = {"model": "smart", "messages": HI, **(body or {})}
    found = CATALOG.facts("anthropic", "anthropic", model) if known else None
    call = {name: facts.pop(name) for name in ("include_usage",) if name in facts}
    made = Call("chat", "smart", body, stream=bool(body.get("stream")), **call)
    return asked(made, f"p/{model}", **{"model": found.abilities if found else UNKNOWN, **facts})


def sent(body=None, model=OPUS, *, options=None, **facts):
    """The request, and its body as JSON."""
    request = speaker(**(options or {})).encode(ask(body, model, **facts))
    return request, orjson.loads(request.body)


def refused(body=None, model=OPUS, **facts):
    """The field that a refusal names, and its code."""
    with pytest.raises(Refusal) as caught:
        sent(body, model, **facts)
    assert 400 == caught.value.status
    return caught.value.param, caught.value.code


def said(role, content=None, **more):
    return {"role": role, "content": content, **more}


def calls(*ids, name="f", arguments="{}"):
    return [{"id": id, "type": "function", "function": {"name": name, "arguments": arguments}} for id in ids]


def result(id, content="done", **more):
    return {"role": "tool", "tool_call_id": id, "content": content, **more}


def texts(content):
    return [block.get("text", block["type"]) for block in content]


def message(*content, stop="end_turn", usage=None, **more):
    """A whole answer."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-opus-5-5",
        "content": list(content),
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage or {"input_tokens": 7, "output_tokens": 5},
        **more,
    }


def text(words, **more):
    return {"type": "text", "text": words, "citations": None, **more}


def use(id="toolu_1", name="f", **given):
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def thought(words="Hm.", signature="c2ln"):
    return {"type": "thinking", "thinking": words, "signature": signature}


def answered(answer, body=None, model=OPUS, *, request=None, **facts):
    """The completion, and its body as JSON."""
    adapter, question = speaker(), ask(body, model, **facts)
    completion = adapter.decode(orjson.dumps(answer), question, request or adapter.encode(question))
    return completion, orjson.loads(completion.body)


def event(kind, **facts):
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps({"type": kind, **facts}) + b"\n\n"


def streamed(*blocks, stop="end_turn", start=None, end=None, details=None, whole=True):
    """A stream of *blocks*: pairs of what a block begins with and its deltas."""
    usage = start or {"input_tokens": 7, "output_tokens": 1}
    number = count()
    pieces = [event("message_start", message=message(stop=None, usage=usage)), event("ping")]
    for raw, *deltas in blocks:
        index = next(number)
        pieces.append(event("content_block_start", index=index, content_block=raw))
        pieces += [event("content_block_delta", index=index, delta=delta) for delta in deltas]
        pieces.append(event("content_block_stop", index=index))
    if whole:
        delta = {"stop_reason": stop, "stop_sequence": None, **({"stop_details": details} if details else {})}
        pieces.append(event("message_delta", delta=delta, usage=end or {"output_tokens": 5}))
        pieces.append(event("message_stop"))
    return b"".join(pieces)


def words(*texts):
    return (text(""), *({"type": "text_delta", "text": one} for one in texts))


def using(*fragments, id="toolu_1", name="f"):
    return (use(id, name), *({"type": "input_json_delta", "partial_json": one} for one in fragments))


def thinking(*texts, signature="c2ln"):
    deltas = [{"type": "thinking_delta", "thinking": one} for one in texts]
    return (thought("", ""), *deltas, {"type": "signature_delta", "signature": signature})


def decoder(body=None, model=OPUS, **facts):
    adapter, question = speaker(), ask({"stream": True, **(body or {})}, model, **facts)
    return adapter.decoder(question, adapter.encode(question))


def played(stream, body=None, model=OPUS, **facts):
    """The decoder at the end of *stream*, and all that it told, parsed."""
    reader = decoder(body, model, **facts)
    events = [*reader.feed(stream), *reader.close()]
    return reader, parsed(events)


def parsed(events):
    told = b"".join(one.data for one in events if isinstance(one, Verbatim))
    chunks = [orjson.loads(line[6:]) for line in told.decode().split("\n\n") if line]
    return chunks + [one.body for one in events if isinstance(one, Report)]


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


def finish(chunks):
    return [one for chunk in chunks for choice in chunk["choices"] if (one := choice["finish_reason"])]


def arguments(chunks, number=0):
    pieces = [call for delta in deltas(chunks) for call in delta.get("tool_calls", ()) if call["index"] == number]
    return "".join(piece.get("function", {}).get("arguments", "") for piece in pieces)


RICH = streamed(
    thinking("Hm", ".\n\n ä😀"),
    words('Hel"', "lo\u2028 ", "wörld"),
    using("", '{"a"', ':"\\u00e4 \\n"}'),
    using(id="toolu_2", name="g"),
    stop="tool_use",
    start={"input_tokens": 3, "output_tokens": 1, "cache_read_input_tokens": 2},
    end={"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}},
)
