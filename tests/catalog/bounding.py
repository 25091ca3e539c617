"""Calls as clients make them, as an adapter writes them, and the most that they can cost."""

import base64
import struct

import orjson

from adapters import ADAPTERS
from api import ENDPOINTS
from catalog.bound import bound, ruled
from catalog.lookup import NOTHING_KNOWN, Catalog, Model
from catalog.price import Price
from core.ask import Abilities, Ask, Media
from core.target import Provider, Target

PUBLISHED = Catalog({})
CHEAP = {"input": 1_000_000_000, "output": 2_000_000_000}  # a dollar and two
BASE = {"azure": "https://mine.openai.azure.com", "bedrock": "https://bedrock-runtime.us-east-1.amazonaws.com"}
TOOL = {"type": "function", "function": {"name": "f", "description": "does", "parameters": {"type": "object"}}}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3_000)).decode()
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
FAR = {"type": "image_url", "image_url": {"url": "https://a.example/a.png"}}
PDF = base64.b64encode(b"%PDF-1.7" + bytes(6_000)).decode()
PAPER = {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF}"}}
OPTIONS = {"bedrock": {"region": "us-east-1"}}


def call_of(endpoint="chat", **body):
    """Parsed by the endpoint's own parser; valid by default."""
    said = {"chat": {"messages": [{"role": "user", "content": "hi"}]}, "completions": {"prompt": "hi"}}
    return ENDPOINTS[endpoint].parse(orjson.dumps({"model": "smart", **said.get(endpoint, {"input": "hi"}), **body}))


def model_of(price=CHEAP, *, most=4_096, context=128_000, can=(), flags=None, vouched=False):
    made = None if price is None else Price.of(price)
    return Model(made, Abilities(context, most, frozenset(can), flags or {}), None, "test", vouched)


def written(call, dialect, name="m", model=None, *, media=()):
    """The body that goes to the provider; *media* are addresses that were fetched, with what was found there."""
    provider = Provider(name=dialect, dialect=dialect, base_url=BASE.get(dialect, ""), options=OPTIONS.get(dialect, {}))
    adapter = ADAPTERS[dialect].make(provider)
    fetched = {url: Media(kind, data) for url, kind, data in media}
    abilities = (model or NOTHING_KNOWN).abilities
    return adapter.encode(Ask(call, Target(dialect, name), abilities, id="r", media=fetched)).body


def bound_of(dialect="openai", name="m", model=None, *, endpoint="chat", media=(), **body):
    """Of a call through all that it goes through."""
    model = model_of() if model is None else model
    call = call_of(endpoint, **body)
    return bound(call, written(call, dialect, name, model, media=media), ruled(model, dialect, name))


def published(provider, name):
    return PUBLISHED.facts(provider, provider, name)


def text(said="hi"):
    return {"type": "text", "text": said}


def user(*parts):
    return [{"role": "user", "content": list(parts)}]


def wav(seconds, *, rate=16_000, width=2, kind=1):
    head = b"RIFF" + bytes(4) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, kind, 1, rate, rate * width, width, 8 * width)
    return base64.b64encode(head + b"data" + bytes(4) + bytes(int(seconds * rate * width))).decode()


def heard(data, format="wav"):
    return {"type": "input_audio", "input_audio": {"data": data, "format": format}}
