"""Responses of OpenAI's other API, whole and as the events in which it tells them."""

from typing import Any

import orjson
from asking import asked

from adapters import ADAPTERS
from catalog.lookup import Catalog
from core.ask import UNKNOWN
from core.call import Call
from core.target import Provider

MODEL = "gpt-6-sol"
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "of a city", "parameters": {"type": "object", "properties": {}}},
}
HI = [{"role": "user", "content": "hi"}]
USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 20},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 10},
    "total_tokens": 130,
}


def abilities(model):
    """What the catalog knows of one of OpenAI's models."""
    found = Catalog({}).facts("openai", "openai", model)
    return UNKNOWN if found is None else found.abilities


def put(body, model=MODEL, *, known=None, **facts):
    """A call of the chat endpoint, as the target gets it. The tool makes it one for the other API."""
    body = {"model": "smart", "messages": HI, "tools": [TOOL], **body}
    options = body.get("stream_options") or {}
    call = Call(
        "chat", "smart", body, stream=bool(body.get("stream")), include_usage=bool(options.get("include_usage"))
    )
    return asked(call, f"openai/{model}", **{"model": known or abilities(model), **facts})


def openai(dialect="openai", **facts):
    return ADAPTERS[dialect].make(Provider(name=dialect, dialect=dialect, **facts))


def sent(body, model=MODEL, **facts):
    """The body of the request, read."""
    return orjson.loads(openai().encode(put(body, model, **facts)).body)


def answered(answer, body=(), model=MODEL, **facts):
    """A whole answer to such a call: the Completion, and its body, read."""
    adapter, ask = openai(), put(dict(body), model, **facts)
    data = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    completion = adapter.decode(data, ask, adapter.encode(ask))
    return completion, orjson.loads(completion.body)


def decoding(body=(), model=MODEL, **facts):
    adapter, ask = openai(), put({"stream": True, **dict(body)}, model, **facts)
    return adapter.decoder(ask, adapter.encode(ask))


def response(*output, **facts):
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "gpt-6-sol-2026-09-01",
        "output": list(output),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "service_tier": "default",
        "usage": USAGE,
        **facts,
    }


def message(text="It rains.", number=1, *, annotations=(), refusal=None, **facts):
    content: dict[str, Any] = {"type": "output_text", "text": text, "annotations": list(annotations), "logprobs": []}
    if refusal is not None:
        content = {"type": "refusal", "refusal": refusal}
    status = {"status": "completed"}
    return {"type": "message", "id": f"msg_{number}", "role": "assistant", "content": [content], **status, **facts}


def thought(*summaries, number=1, secret="gAAA"):
    summary = [{"type": "summary_text", "text": one} for one in summaries]
    return {"type": "reasoning", "id": f"rs_{number}", "summary": summary, "encrypted_content": secret}


def function(name="weather", arguments='{"city":"Wien"}', number=1):
    ids = {"id": f"fc_{number}", "call_id": f"call_{number}"}
    return {"type": "function_call", **ids, "name": name, "arguments": arguments, "status": "completed"}


def custom(text="ls -l", number=1):
    return {"type": "custom_tool_call", "id": f"ct_{number}", "call_id": f"call_{number}", "name": "sh", "input": text}


def searched(number=1):
    action = {"type": "search", "query": "weather"}
    return {"type": "web_search_call", "id": f"ws_{number}", "status": "completed", "action": action}


def cited(start, end):
    return {"type": "url_citation", "start_index": start, "end_index": end, "title": "T", "url": "https://a.example"}


def told(answer, *, size=4):
    """The events of a response, in pieces of *size* characters."""
    empty = {**answer, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    events = [{"type": f"response.{name}", "response": empty} for name in ("created", "in_progress")]
    for place, item in enumerate(answer["output"]):
        begun = {**item, **({"content": []} if "content" in item else {})}
        for name in ("arguments", "input"):
            if name in begun:
                begun[name] = ""
        if item["type"] == "reasoning":
            begun = {"type": "reasoning", "id": item["id"], "summary": []}
        events.append({"type": "response.output_item.added", "item": begun, "output_index": place})
        events += [{**event, "output_index": place, "item_id": item.get("id")} for event in _inside(item, size)]
        events.append({"type": "response.output_item.done", "item": item, "output_index": place})
    events.append({"type": f"response.{answer['status']}", "response": answer})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def _inside(item, size):
    kind = item["type"]
    for index, part in enumerate(item.get("summary", ())):
        at = {"summary_index": index}
        empty = {"type": "summary_text", "text": ""}
        yield {"type": "response.reasoning_summary_part.added", "part": empty, **at}
        yield from _deltas("response.reasoning_summary_text.delta", part["text"], size, **at)
        yield {"type": "response.reasoning_summary_text.done", "text": part["text"], **at}
        yield {"type": "response.reasoning_summary_part.done", "part": part, **at}
    for index, part in enumerate(item.get("content", ())):
        yield from _part(part, size, content_index=index)
    if kind == "function_call":
        yield from _deltas("response.function_call_arguments.delta", item["arguments"], size)
        done = {"name": item["name"], "arguments": item["arguments"]}
        yield {"type": "response.function_call_arguments.done", **done}
    elif kind == "custom_tool_call":
        yield from _deltas("response.custom_tool_call_input.delta", item["input"], size)
        yield {"type": "response.custom_tool_call_input.done", "input": item["input"]}
    elif kind == "web_search_call":
        yield {"type": "response.web_search_call.in_progress"}
        yield {"type": "response.web_search_call.completed"}


def _part(part, size, **at):
    text = part["type"] == "output_text"
    empty = {**part, **({"text": "", "annotations": []} if text else {"refusal": ""})}
    yield {"type": "response.content_part.added", "part": empty, **at}
    if text:
        yield from _deltas("response.output_text.delta", part["text"], size, logprobs=[], **at)
        for index, one in enumerate(part["annotations"]):
            name = "response.output_text.annotation.added"
            yield {"type": name, "annotation": one, "annotation_index": index, **at}
        yield {"type": "response.output_text.done", "text": part["text"], "logprobs": [], **at}
    elif part["type"] == "refusal":
        yield from _deltas("response.refusal.delta", part["refusal"], size, **at)
        yield {"type": "response.refusal.done", "refusal": part["refusal"], **at}
    yield {"type": "response.content_part.done", "part": part, **at}


def _deltas(kind, text, size, **facts):
    for at in range(0, len(text), size):
        yield {"type": kind, "delta": text[at : at + size], "obfuscation": "xyz", **facts}


def wire(events):
    """As OpenAI frames them."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (one["type"].encode(), orjson.dumps(one)) for one in events)
