"""Calls to Gemini, and what it gets of them."""

import orjson
from asking import asked

from adapters import ADAPTERS
from core.ask import Abilities
from core.call import Call
from core.target import Provider
from core.wire import Verbatim

BUDGET = {"thinking_control": "thinkingBudget", "thought_signature_required": False, "function_call_ids": False}
LEVEL = {"thinking_control": "thinkingLevel", "thought_signature_required": True, "function_call_ids": True}
FLAGS = {
    "gemini-4-argon": {**LEVEL, "effort_minimal": False},
    "gemini-3.8-flash": {**LEVEL, "effort_minimal": False, "sampling_params": False},
    "gemini-3.5-flash": LEVEL,
    "gemini-3.1-pro-preview": LEVEL,
    "gemini-2.5-pro": BUDGET,
    "gemini-2.5-flash": BUDGET,
}
USER = {"role": "user", "content": "hi"}


def gemini(**options):
    return ADAPTERS["google"].make(Provider(name="google", dialect="google", options=options))


def ask_of(model="gemini-3.8-flash", *, endpoint="chat", stream=False, usage=False, facts=None, **body):
    """A call as the target *model* gets it; *facts* are fields of Ask."""
    content = {"input": "hi"} if endpoint == "embeddings" else {"messages": [USER]}
    said = {"model": "smart", **content, **body}
    call = Call(endpoint, "smart", said, stream=stream, include_usage=usage, choices=body.get("n") or 1)
    abilities = Abilities(flags=FLAGS.get(model, {}))
    return asked(call, f"google/{model}", **{"model": abilities, **(facts or {})})


def encoded(model="gemini-3.8-flash", **body):
    return gemini().encode(ask_of(model, **body))


def sent(model="gemini-3.8-flash", **body):
    """The body that goes out."""
    return orjson.loads(encoded(model, **body).body)


def contents(*messages, model="gemini-3.8-flash", **facts):
    return sent(model, messages=list(messages), facts=facts)["contents"]


def config(model="gemini-3.8-flash", **body):
    return sent(model, **body).get("generationConfig", {})


def calls(*made, **more):
    """An assistant's message with tool calls: pairs of id and name, or whole calls."""
    whole = [
        one
        if isinstance(one, dict)
        else {"id": one[0], "type": "function", "function": {"name": one[1], "arguments": "{}"}}
        for one in made
    ]
    return {"role": "assistant", "content": None, "tool_calls": whole, **more}


def result(id, content="ok"):
    return {"role": "tool", "tool_call_id": id, "content": content}


def tool(name="f", **function):
    return {"type": "function", "function": {"name": name, **function}}


def candidate(*parts, reason="STOP", **more):
    """Parts that are strings are text."""
    made = [{"text": part} if isinstance(part, str) else part for part in parts]
    content = {"content": {"role": "model", "parts": made}} if made else {}
    return {**content, **({"finishReason": reason} if reason else {}), **more}


def function(name="f", args=None, **more):
    """A part with a function call; *more* stands beside it, `id` inside."""
    id = {"id": more.pop("id")} if "id" in more else {}
    return {"functionCall": {**id, "name": name, **({} if args is None else {"args": args})}, **more}


def answer(*candidates, **more):
    return {"candidates": list(candidates), "modelVersion": "gemini-3.8-flash", "responseId": "r1", **more}


def counts(prompt=0, answer=0, total=None, **more):
    total = prompt + answer if total is None else total
    return {"promptTokenCount": prompt, "candidatesTokenCount": answer, "totalTokenCount": total, **more}


def decoded(given, model="gemini-3.8-flash", **body):
    """A Completion of what Gemini answers."""
    ask = ask_of(model, **body)
    made = gemini()
    return made.decode(given if isinstance(given, bytes) else orjson.dumps(given), ask, made.encode(ask))


def choice(*parts, reason="STOP", body=None, **more):
    return orjson.loads(decoded(answer(candidate(*parts, reason=reason, **more)), **(body or {})).body)["choices"][0]


def decoder(model="gemini-3.8-flash", **body):
    ask = ask_of(model, stream=True, **body)
    made = gemini()
    return made.decoder(ask, made.encode(ask))


def sse(*events):
    return b"".join(b"data: " + orjson.dumps(one) + b"\r\n\r\n" for one in events)


def chunks(events):
    """What the client reads, usage included."""
    found = []
    for one in events:
        if isinstance(one, Verbatim):
            found += [orjson.loads(line[6:]) for line in one.data.split(b"\n\n") if line]
        else:
            found.append(one.body)
    return found


def streamed(*events, **body):
    """Chunks of a whole stream."""
    one = decoder(**body)
    return chunks(one.feed(sse(*events)) + one.close())


def deltas(told, index=0):
    return [choice["delta"] for one in told for choice in one["choices"] if choice["index"] == index]
