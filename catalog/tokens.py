"""How many tokens a call's prompt probably has: by a tokenizer where the model's is known, else by its bytes.

The tokenizer is OpenAI's, whose ranks lie beside this file; it needs the package tiktoken, and without it everything
goes by bytes. It takes a third of a second and 85 MB when it is first used, and counts 25 MB a second: nothing for an
event loop.
"""

import importlib
import lzma
import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple, Protocol

import orjson

from catalog.pieces import pieces
from catalog.weights import family, image, sound
from core.call import Call

PATH: Final = Path(__file__).with_name("o200k_base.xz")
ENCODING: Final = "o200k_base"
BY_TOKENIZER: Final = f"tokenizer {ENCODING}"
BY_BYTES: Final = "bytes"

_RANKS = 199_998
_WORDS = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}",
    r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    r"\s*[\r\n]+",
    r"\s+(?!\S)",
    r"\s+",
)
# Who counts by o200k_base: everything of OpenAI's since GPT-4o, its open models included.
_COUNTED: Final = re.compile(r"gpt-4o|gpt-4\.|gpt-[5-9]|gpt-oss|gpt-audio|chat-latest|chatgpt|(?:^|/)o\d(?:-|$)")
_OPENAIS: Final = frozenset({"openai", "azure", "openrouter", "groq", "together", "fireworks", "cerebras", "bedrock"})

# A run of more characters is a panic in tiktoken's native code; one of so many costs a token at most where it is cut.
_LONGEST = 100_000

# Tokens for a hundred of four bytes each, against o200k_base. Claude's newer tokenizers are not public.
_FACTORS: Final = (
    (re.compile(r"claude"), 125),
    (re.compile(r"llama-?2|mixtral|mistral-7b|open-mi"), 135),
    (re.compile(r"mistral|codestral|ministral|devstral|magistral|pixtral|voxtral"), 110),
)
_ANY_FACTOR = 105
# Identifiers, hashes and base64 have few words in them: 1.5 bytes a token.
_DENSE: Final = re.compile(rb"[A-Za-z0-9+/_=-]{40,}")

_reading: Final = Lock()
_MESSAGE, _REPLY = 4, 3  # tokens that frame a message, and that begin the answer
_TYPICAL = 1_500  # of a file or an image of which nothing is published


class Encoding(Protocol):
    def encode_ordinary(self, text: str) -> list[int]: ...


class Counted(NamedTuple):
    """*source* is BY_TOKENIZER or BY_BYTES."""

    tokens: int
    source: str


def counted(call: Call, dialect: str, name: str) -> Counted:
    """The tokens of *call*'s prompt for the model *name*. Reads the ranks when it is first needed: off the loop."""
    tool = encoding() if dialect in _OPENAIS and _COUNTED.search(name) else None
    said = list(_texts(call))
    if tool is None:
        tokens = sum(by_bytes(text.encode(errors="replace"), name) for text in said)
    else:
        tokens = sum(exact(tool, text) for text in said)
    messages = call.body.get("messages")
    if isinstance(messages, list):
        tokens += _MESSAGE * len(messages) + _REPLY + _media(call, dialect, name)
    return Counted(tokens, BY_BYTES if tool is None else BY_TOKENIZER)


def seen_by_bytes(call: Call, dialect: str, name: str, each: int) -> int:
    """The same for what needn't be exact: its body has *each* bytes a token, but what is no text has a weight."""
    if not call.needs:
        return call.size // each
    data = sum(piece.size for piece in pieces("openai", call.body))
    return max(0, call.size - data) // each + _media(call, dialect, name)


def encoding() -> Encoding | None:
    """None where tiktoken isn't installed. Whoever comes while it is being read waits for it."""
    with _reading:
        return loaded()


@cache
def loaded() -> Encoding | None:
    try:
        tiktoken = importlib.import_module("tiktoken")
    except ImportError:
        return None
    made: Encoding = tiktoken.Encoding(ENCODING, pat_str="|".join(_WORDS), mergeable_ranks=ranks(), special_tokens={})
    return made


def ranks() -> dict[bytes, int]:
    """Packed as the lengths of all tokens and then the tokens, in the order of their ranks."""
    data = lzma.decompress(PATH.read_bytes())
    ends = accumulate(data[:_RANKS], initial=_RANKS)
    return {data[start:end]: rank for rank, (start, end) in enumerate(pairwise(ends))}


def exact(tool: Encoding, text: str) -> int:
    """By *tool*, in pieces that it can stand."""
    if len(text) <= _LONGEST:
        return len(tool.encode_ordinary(text))
    return sum(len(tool.encode_ordinary(piece)) for piece in _cut(text))


def by_bytes(text: bytes, name: str) -> int:
    """Four bytes a token, which is even for prose, code and Chinese alike; less where there are no words."""
    factor = next((factor for pattern, factor in _FACTORS if pattern.search(name.lower())), _ANY_FACTOR)
    dense = sum(len(run) for run in _DENSE.findall(text))
    return -(-((len(text) - dense) * 3 + dense * 8) * factor // 1_200)


def _cut(text: str) -> Iterator[str]:
    start = 0
    while start < len(text):
        end = start + _LONGEST
        if end < len(text) and (line := text.rfind("\n", start, end)) > start:
            end = line + 1
        yield text[start:end]
        start = end


def _texts(call: Call) -> Iterator[str]:
    body = call.body
    for message in body.get("messages") or ():
        content = message.get("content")
        yield from _strings(content)
        for field in ("name", "tool_calls", "function_call", "refusal"):
            if message.get(field):
                yield _json(message[field])
    for field in ("prompt", "input"):
        yield from _strings(body.get(field))
    for field in ("tools", "functions", "response_format"):
        if body.get(field):
            yield _json(body[field])


def _strings(content: Any) -> Iterator[str]:
    """A text, a list of texts, or what is text among parts."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            text = part.get("text", part.get("refusal")) if isinstance(part, dict) else part
            if isinstance(text, str):
                yield text


def _json(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _media(call: Call, dialect: str, name: str) -> int:
    """What is no text, in OpenAI's words as the client sent it, weighs what it weighs at most."""
    kin = family(dialect, name)
    total = 0
    for piece in pieces("openai", call.body):
        weight = image(kin, name, piece.detail) if piece.kind == "image" else None
        if piece.kind == "sound":
            weight = sound(kin, piece.form, piece.data)
        total += _TYPICAL if weight is None else weight
    return total
