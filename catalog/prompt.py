"""How many tokens a request's prompt has at most.

No tokenizer makes more tokens than a text has bytes in UTF-8, and JSON only adds to them: its quotes, its escapes, the
names of its members, which are more than what a provider frames a message with. So the body's length is an end to all
that is text, and costs nothing to find. What is no text is taken out, and put in by its provider's formula.
"""

import re
import unicodedata
from typing import Any, Final

import orjson

from catalog.pieces import Piece, pieces
from catalog.rule import Rule
from catalog.verdict import Unbounded
from catalog.weights import image, sound
from core.call import Call

# Some tokenizers (SentencePiece with NFKC, Qwen's with NFC) rewrite a text first, and a few characters get longer by
# it: one of three bytes becomes eighteen letters. These ranges hold all of them (Unicode 15).
_GROWING: Final = (
    *((0xA8, 0xBE), (0x13F, 0x149), (0x1C4, 0x1C6), (0x2D8, 0x2DD), (0x344, 0x385), (0x587, 0x587), (0x675, 0x678)),
    *((0x958, 0x95F), (0x9DC, 0x9DF), (0xA33, 0xA5E), (0xB5C, 0xB5D), (0xE33, 0xE33), (0xEB3, 0xEDD), (0xF43, 0xFB9)),
    *((0x1FC1, 0x1FEE), (0x2033, 0x2057), (0x2150, 0x2189), (0x222C, 0x2230), (0x247D, 0x2487), (0x2A0C, 0x2A0C)),
    *((0x2ADC, 0x2ADC), (0x309B, 0x309F), (0x30FF, 0x30FF), (0x3200, 0x327D), (0x32C0, 0x33FE), (0xFA6C, 0xFA6C)),
    *((0xFACF, 0xFB4F), (0xFBDD, 0xFDFC), (0xFE71, 0xFE7F), (0xFEF5, 0xFEFC), (0x1D15E, 0x1D164), (0x1D1BB, 0x1D1C0)),
    *((0x1F12A, 0x1F12A), (0x1F200, 0x1F248)),
)

# Who shows tools to the model about as they came. Elsewhere a template writes them as it likes: with indents, with
# blanks, with \u00e9 for each letter that is not ASCII, which takes twice and three times the bytes at worst.
_AS_IT_CAME: Final = frozenset({"openai", "anthropic"})
_TOOL = 64  # tokens to introduce one
_TEXT = 16  # tokens to frame a text that stands by itself

_TALK: Final = frozenset({"text", "refusal", "input_text", "output_text"})


def spoken(call: Call) -> bool:
    """Whether a chat's messages are nothing but text. Most are, and it has to be seen fast."""
    for message in call.body["messages"]:
        content = message.get("content")
        if content.__class__ is str and len(message) == 2:
            continue
        if "images" in message or "audio" in message:
            return False
        if content.__class__ is list:
            for part in content:
                if part["type"] not in _TALK:
                    return False
    return True


def grown(body: bytes) -> int:
    """By how much the text of *body* may get longer before it is cut into tokens."""
    text = body.decode()
    if unicodedata.is_normalized("NFKC", text) or _GROWS.search(text) is None:
        return 0
    return max(0, len(unicodedata.normalize("NFKC", text).encode()) - len(body))


def length(call: Call, body: bytes, rule: Rule) -> tuple[int, bool] | Unbounded:
    """The most tokens of the prompt, and whether any of it may be sound."""
    tokens = len(body) + rule.hidden + _framed(call) + _tools(call, rule, plain=body.isascii())
    if not body.isascii():
        tokens += grown(body)
    if call.endpoint != "chat" or spoken(call):
        return tokens, False
    context, hears = rule.model.abilities.context, False
    endless = False
    for piece in pieces(rule.dialect, orjson.loads(body)):
        tokens -= piece.size
        hears = hears or piece.kind != "image"
        weight = _weight(piece, rule)
        endless = endless or weight is None
        tokens += weight or 0
    if not endless or rule.free:
        return tokens, hears
    if context is None:
        return Unbounded("how many tokens a file, an image or a sound takes of this model isn't known", "messages")
    # A prompt that is longer than the model's context is refused, and costs nothing.
    return max(tokens, context), hears


def _weight(piece: Piece, rule: Rule) -> int | None:
    if piece.kind == "image":
        return image(rule.family, rule.name, piece.detail)
    return sound(rule.family, piece.form, piece.data) if piece.kind == "sound" else None


def _framed(call: Call) -> int:
    """For texts that stand without a frame in the body, and get one from the provider."""
    return 0 if call.endpoint == "chat" else _TEXT * max(1, call.choices)


def _tools(call: Call, rule: Rule, *, plain: bool) -> int:
    if call.endpoint != "chat":
        return 0
    body = call.body
    told: list[Any] = [*(body.get("tools") or ()), *(body.get("functions") or ())]
    frames = _TOOL * len(told)
    if rule.family in _AS_IT_CAME:
        return frames
    told += [message["tool_calls"] for message in body["messages"] if message.get("tool_calls")]
    return frames + (len(orjson.dumps(told)) * (1 if plain else 2) if told else 0)


def _growing() -> str:
    return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _GROWING) + "]"


_GROWS: Final = re.compile(_growing())
