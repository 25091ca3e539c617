"""Streams of OpenAI's relatives as they really come, and how their clients hear them."""

import orjson
from api_stream import written
from streams import DONE, FINISH, ROLE, USAGE, chunk, text
from worded import adapter_of, ask_of, calls

COUNTED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def heard(dialect, stream, size=None, **facts):
    """What the client reads, and the decoder."""
    adapter, ask = adapter_of(dialect), ask_of(stream=True, **{"include_usage": True, **facts})
    decoder = adapter.decoder(ask, adapter.encode(ask))
    size = size or len(stream)
    events = [event for at in range(0, len(stream), size) for event in decoder.feed(stream[at : at + size])]
    return written(events + decoder.close(), show_usage=ask.call.include_usage), decoder


def read(data):
    return [orjson.loads(line[5:]) for line in data.split(b"\n\n") if line.startswith(b"data:")]


def deltas(data):
    found = [(choice["delta"], choice["finish_reason"]) for event in read(data) for choice in event["choices"]]
    return [each for each in found if each[0] or each[1]]


def joined(data, name):
    return "".join(delta.get(name) or "" for delta, _ in deltas(data))


def details(*texts):
    return {"reasoning_details": [{"type": "reasoning.text", "text": text} for text in texts]}


def perplexing(words, so_far, finish=None, **more):
    message = {"role": "assistant", "content": so_far}
    choice = {"index": 0, "delta": {"role": "assistant", "content": words}, "message": message, "finish_reason": finish}
    body = {"id": "p", "object": "chat.completion.chunk", "choices": [choice], "usage": COUNTED}
    return b"data: " + orjson.dumps({**body, "citations": ["https://a.example"], **more}) + b"\r\n\r\n"


def finished_with(message, **more):
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return b"data: " + orjson.dumps({"id": "c", "choices": [choice], **more}) + b"\n\n"


CALL = {"tool_calls": [{"index": 0, **calls("abcdefghi")[0]}]}
THOUGHT = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm ä"}]}]
STREAMS = {
    "mistral": ROLE
    + chunk({"content": THOUGHT})
    + text("so ")
    + text("it is")
    + chunk(CALL)
    + chunk({}, "tool_calls", usage=COUNTED)
    + DONE,
    "groq": chunk({"role": "assistant"}, x_groq={"id": "r"})
    + chunk({"reasoning": "hm ä"})
    + text("so ")
    + text("it is")
    + chunk({}, "stop", x_groq={"id": "r", "usage": COUNTED})
    + DONE,
    "minimax": ROLE
    + chunk(details("hm"))
    + chunk(details("hm ä"))
    + text("so ")
    + text("it is")
    + b'data: {"id":"c","choices":[{"index":0,"finish_reason":"stop","message":{"content":"so it is"}}],'
    + b'"usage":'
    + orjson.dumps(COUNTED)
    + b',"base_resp":{"status_code":0}}\n\n',
    "perplexity": perplexing("<th", "<th")
    + perplexing("ink>hm", "<think>hm")
    + perplexing(" ä</think>so ", "x")
    + perplexing("it is", "x")
    + perplexing("", "x", "stop", object="chat.completion.done"),
    "openrouter": b": OPENROUTER PROCESSING\n\n"
    + ROLE
    + chunk({"reasoning": "hm ä", "reasoning_details": [{"type": "reasoning.text", "text": "hm ä", "index": 0}]})
    + text("so ")
    + b": OPENROUTER PROCESSING\n\n"
    + text("it is")
    + FINISH
    + USAGE
    + DONE,
    "vllm": ROLE + chunk({"reasoning": "hm ä"}) + text("so ") + text("it is") + FINISH + USAGE + DONE,
    "deepseek": b": keep-alive\n\n"
    + ROLE
    + chunk({"reasoning_content": "hm ä"})
    + text("so ")
    + text("it is")
    + FINISH
    + USAGE
    + DONE,
    "together": ROLE
    + chunk({"reasoning": "hm ä"})
    + text("so ")
    + text("it is")
    + chunk({}, "eos", usage=COUNTED)
    + DONE,
    "fireworks": ROLE
    + chunk({"reasoning_content": "hm ä"})
    + text("so ")
    + text("it is")
    + chunk({}, "stop", usage=COUNTED)
    + DONE,
    "cerebras": ROLE
    + chunk({"reasoning": "hm ä"})
    + text("so ")
    + text("it is")
    + chunk({}, "stop", usage=COUNTED)
    + DONE,
    "xai": ROLE + chunk({"reasoning_content": "hm ä"}) + text("so ") + text("it is") + FINISH + USAGE + DONE,
}
