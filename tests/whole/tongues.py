"""What providers of every dialect say, as they are held on file for the adapters, to be played to the whole gateway."""

import sys
from pathlib import Path
from typing import NamedTuple

import orjson

from adapters import ADAPTERS
from tests.whole.provider import DONE, Play, chunked, piece, sends, usage_event

sys.path.append(str(Path(__file__).parent.parent / "adapters"))

from converse import event

FILES = Path(__file__).parent.parent / "adapters" / "golden"
MODELS = {
    "openai": "gpt-4o",
    "anthropic": "claude-opus-5-5",
    "bedrock": "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "command-a-03-2025",
    "google": "gemini-3.8-flash",
    "ollama": "qwen3:8b",
}
TONGUES = [name for name in MODELS if name in ADAPTERS]
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("weather", "now")
]
_KINDS = {"bedrock": "application/vnd.amazon.eventstream", "ollama": "application/x-ndjson"}


class Heard(NamedTuple):
    """A stream as it goes over the wire: the head of the response, and its body in the pieces that belong together."""

    head: bytes
    events: list[bytes]

    @property
    def half(self) -> list[bytes]:
        """Until there was some content, and more was to come."""
        return self.events[: len(self.events) * 2 // 3]


def heard(dialect: str) -> Heard:
    """Thoughts or words, then two calls of tools, as far as the dialect has them."""
    kind = _KINDS.get(dialect, "text/event-stream")
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    return Heard(head, list(_events(dialect)))


def streamed(said: Heard, *, cut: bool = False) -> Play:
    """*cut*: the connection is closed in the middle."""
    if cut:
        return sends(said.head + b"".join(map(chunked, said.half)), close=True)
    return sends(said.head + b"".join(map(chunked, said.events)) + b"0\r\n\r\n")


def answered(dialect: str) -> bytes:
    """A whole answer."""
    if dialect == "openai":
        call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
        message = {"role": "assistant", "content": "Hm.", "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
        return orjson.dumps(
            {"id": "c", "object": "chat.completion", "model": "real-model", "choices": [choice], "usage": usage}
        )
    return (FILES / dialect / "provider_answer.json").read_bytes()


def configured(dialect: str, url: str, *, more: str = "") -> str:
    """A gateway with the route `m` to a provider of *dialect* at *url*."""
    root = url if dialect == "openai" else url.removesuffix("/v1")
    return f"""
providers:
  a: {{dialect: {dialect}, api_key: secret-of-the-provider, base_url: "{root}"}}
  b: {{dialect: openai, api_key: k, base_url: "http://127.0.0.1:9/v1"}}
defaults: {{retry: {{attempts: 1}}}}
routes: {{m: "a/{MODELS[dialect]}"}}
{more}"""


def _events(dialect: str) -> list[bytes]:
    if dialect == "openai":
        return [*_words(), *_calls(), piece({}, "tool_calls"), usage_event(9, 7), DONE]
    if dialect == "bedrock":
        lines = (FILES / dialect / "provider_stream.jsonl").read_bytes().splitlines()
        return [event(name, **payload) for name, payload in map(orjson.loads, lines)]
    (file,) = (FILES / dialect).glob("provider_stream.*")
    return file.read_bytes().replace(b"\r\n", b"\n").splitlines(keepends=True)


def _words() -> list[bytes]:
    return [piece({"role": "assistant", "content": ""}), *(piece({"content": text}) for text in ("I'll ", "look", "."))]


def _calls() -> list[bytes]:
    def call(index: int, **facts: object) -> bytes:
        return piece({"tool_calls": [{"index": index, **facts}]})

    def begun(index: int, name: str) -> bytes:
        return call(index, id=f"call_{index}", type="function", function={"name": name, "arguments": ""})

    def goes_on(index: int, text: str) -> bytes:
        return call(index, function={"arguments": text})

    return [begun(0, "weather"), goes_on(0, '{"city":'), goes_on(0, ' "Oslo"}'), begun(1, "now"), goes_on(1, "{}")]
