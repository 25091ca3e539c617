"""Calls to Bedrock, and what becomes of them."""

import pytest
from asking import asked
from converse import accepted

from adapters import ADAPTERS
from core.call import Call
from core.errors import Refusal
from core.target import Provider

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS_46 = "us.anthropic.claude-opus-4-6-v1"
OPUS_5 = "global.anthropic.claude-opus-5"
OPUS_55 = "anthropic.claude-opus-5-5"
SONNET_55 = "anthropic.claude-sonnet-5-5"
OLD = "anthropic.claude-3-5-sonnet-20240620-v1:0"
NOVA = "amazon.nova-pro-v1:0"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
LLAMA = "meta.llama3-3-70b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-2407-v1:0"
GPT_OSS = "openai.gpt-oss-120b-1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123def456"
PNG = "iVBORw0KGgoAAAANSUhEUg=="
PDF = "JVBERi0xLjQK"
TOOL = {
    "type": "function",
    "function": {"name": "weather", "description": "Of a city", "parameters": {"type": "object"}},
}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}],
}
RESULT = {"role": "tool", "tool_call_id": "t1", "content": "rain"}


class Recalled(dict):
    """A memory that holds just this."""

    def recall(self, call_id):
        return self.get(call_id)


FACTS = ("strict", "model", "media", "memory")


def asked_of(target=CLAUDE, *, stream=False, include_usage=False, **body):
    """A call to *target*; fields of Ask may stand among those of its body."""
    facts = {name: body.pop(name) for name in FACTS if name in body}
    said = {"model": "smart", "messages": [user("hi")], **({"stream": True} if stream else {}), **body}
    return asked(Call("chat", "smart", said, stream=stream, include_usage=include_usage), f"bedrock/{target}", **facts)


def bedrock(**options):
    return ADAPTERS["bedrock"].make(Provider(name="bedrock", dialect="bedrock", options=options))


def encode(target=CLAUDE, *, options=None, **body):
    """The request for such a call."""
    return bedrock(**(options or {})).encode(asked_of(target, **body))


def sent(target=CLAUDE, **body):
    """The body that goes out, as AWS accepts it."""
    return accepted(encode(target, **body), target, stream=body.get("stream", False))


def refused(target=CLAUDE, **body):
    with pytest.raises(Refusal) as caught:
        encode(target, **body)
    return caught.value


def user(*parts):
    return {"role": "user", "content": list(parts) if parts and not isinstance(parts[0], str) else parts[0]}


def text(words, **more):
    return {"type": "text", "text": words, **more}


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def file(data, name=None, kind="application/pdf"):
    return {"type": "file", "file": {"file_data": f"data:{kind};base64,{data}", **({"filename": name} if name else {})}}
