"""How many tokens an image or a sound takes at most, where its provider has published it.

What isn't here has no known weight; then only the model's context is an end. Figures are those of the providers' pages
on images and audio as of 2026-11, as most clients' token counters have them too.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

# platform.openai.com/docs/guides/images-vision. By tiles: a base and so much for each of at most eight (2048 pixels by
# 768, in squares of 512), and the base alone where little detail is asked for. By patches of 32 pixels: at most 1536
# of them, 10,000 from gpt-5.2 on, times a factor of the model. (detail low, everything else)
_OPENAI: Final = tuple(
    (re.compile(pattern), weights)
    for pattern, weights in (
        (r"gpt-4o-mini", (2_833, 2_833 + 8 * 5_667)),
        (r"gpt-4\.1-(?:mini|nano)|o4-mini|gpt-5-(?:mini|nano)", (3_779, 3_779)),  # 1536 times 2.46
        (r"(?:gpt-|\bo)\d.*(?:mini|nano)", (24_600, 24_600)),  # 10,000 times 2.46
        (r"gpt-[34]|chatgpt", (85, 85 + 8 * 170)),
        (r"\bo[13]\b", (75, 75 + 8 * 150)),
        (r"gpt-5(?:\.1)?(?:$|[:-])", (70, 70 + 8 * 140)),
        (r"gpt-|chat-latest|\bo\d", (12_000, 12_000)),  # 10,000 times 1.2
    )
)
# platform.claude.com/docs/en/build-with-claude/vision: 28 by 28 pixels each, 1568 of them; 4784 from Claude 4.7 on.
_CLAUDE, _CLAUDE_OLD = 4_784, 1_568
_CLAUDE_NAME = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
# ai.google.dev/gemini-api/docs/media-resolution: 2240 at the highest resolution. Before Gemini 3, 258 for each tile of
# an image of at most 3072 pixels by 3072, of which there are most (24) where it is 3072 by 384.
_GEMINI, _GEMINI_OLD = 2_240, 24 * 258
_GEMINI_NAME = re.compile(r"gemini-([12])(?:\.|-|$)")
# docs.mistral.ai/capabilities/vision: patches of 16 pixels in 1024 by 1024, an end to each row.
_MISTRAL = 64 * 64 + 64
# docs.x.ai/docs/guides/image-understanding: six tiles and the whole at 256 each.
_XAI = 7 * 256
# docs.cohere.com/docs/image-inputs: twelve tiles and the whole at 256 each.
_COHERE = 13 * 256

_FAMILIES: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "azure": "openai",
    "cohere": "cohere",
    "gemini": "google",
    "google": "google",
    "mistral": "mistral",
    "openai": "openai",
    "xai": "xai",
}
# Whose model it is, at those who pass on to others.
_VENDORS: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "google": "google",
    "mistralai": "mistral",
    "openai": "openai",
    "x-ai": "xai",
}

_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    "anthropic": re.compile(r"claude"),
    "cohere": re.compile(r"command|c4ai|aya|embed"),
    "google": re.compile(r"gemini"),
    "mistral": re.compile(r"[sx]tral"),
    "openai": re.compile(r"gpt-|chat-latest|\bo\d|text-embedding"),
    "xai": re.compile(r"grok"),
}

# Tokens for a second of sound. OpenAI: one for 100 ms (doubled here, since that is said of its realtime models only);
# ai.google.dev/gemini-api/docs/audio: 32.
_HEARD: Final[Mapping[str, int]] = {"openai": 20, "google": 32}
# The fewest bytes for a second: MP3 at 8 kbit/s, 16-bit PCM at 24 kHz.
_SLOWEST: Final[Mapping[str, int]] = {"mp3": 1_000, "mpeg": 1_000, "pcm16": 48_000, "l16": 48_000}
_HEAD = 60  # characters of base64 that hold the head of a WAV file
_PLAIN = frozenset({1, 3, 0xFFFE})  # kinds of WAV whose length follows from their rate
_LEAST_RATE = 2_000  # bytes a second; less is no speech, but somebody's trick


def family(dialect: str, name: str) -> str:
    """Whose rules count for the model *name*; empty where that isn't known.

    A dialect is spoken by others, too, so that the name has to fit.
    """
    if dialect == "openrouter":
        kin = _VENDORS.get(name.partition("/")[0], "")
    else:
        kin = "anthropic" if dialect == "bedrock" else _FAMILIES.get(dialect, "")
    return kin if kin and _NAMES[kin].search(name) else ""


def image(family: str, name: str, detail: str) -> int | None:
    """The most tokens that one image takes, whatever its size."""
    match family:
        case "openai":
            weights = next((weights for pattern, weights in _OPENAI if pattern.search(name)), None)
            return None if weights is None else weights[detail != "low"]
        case "anthropic":
            found = _CLAUDE_NAME.search(name)
            old = found is not None and (int(found[1]), int(found[2] or 0)) < (4, 7)
            return _CLAUDE_OLD if old else _CLAUDE
        case "google":
            return _GEMINI_OLD if _GEMINI_NAME.search(name) else _GEMINI
        case "mistral":
            return _MISTRAL
        case "xai":
            return _XAI
        case "cohere":
            return _COHERE
    return None


def sound(family: str, form: str, data: str) -> int | None:
    """The most tokens that a sound takes; *data* is base64, *form* its format or media type."""
    each = _HEARD.get(family)
    form = form.lower().removeprefix("audio/").partition(";")[0].removeprefix("x-")
    rate = _rate(data) if form in {"wav", "wave"} else _SLOWEST.get(form)
    if each is None or rate is None:
        return None
    return (len(data) * 3 // 4 // rate + 1) * each


def _rate(data: str) -> int | None:
    """Bytes for a second of a WAV file, as its head says."""
    try:
        head = base64.b64decode(data[:_HEAD])
    except binascii.Error:
        return None
    if head[:4] != b"RIFF" or head[8:16] != b"WAVEfmt " or int.from_bytes(head[20:22], "little") not in _PLAIN:
        return None
    samples, frame = int.from_bytes(head[24:28], "little"), int.from_bytes(head[32:34], "little")
    return samples * frame if samples * frame >= _LEAST_RATE else None
