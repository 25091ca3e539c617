"""What the parts of an answer say besides plain text: code, media, probabilities."""

import base64
import binascii
import struct
from typing import Any

from adapters.failure import broken
from core.wire import Json

RATE = 24_000  # samples of two bytes in a second, which is what Gemini speaks with


def parts_of(candidate: Json) -> list[Json]:
    content = candidate.get("content") or {}
    parts = (content.get("parts") or []) if isinstance(content, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise broken("the answer has content that is none")
    return parts


def text_of(part: Json) -> str:
    """Text, or code and what came of it as fenced text, or where a file lies."""
    text = part.get("text")
    if isinstance(text, str):
        return text
    if text is not None:
        raise broken("the answer has a text that is none")
    if isinstance(code := part.get("executableCode"), dict):
        return f"\n```{str(code.get('language') or '').lower()}\n{code.get('code') or ''}\n```\n"
    if isinstance(result := part.get("codeExecutionResult"), dict):
        return f"\n```\n{result.get('output') or result.get('outcome') or ''}\n```\n"
    return f"\n{file[1]}\n" if (file := _file_of(part)) is not None else ""


def sound_of(part: Json) -> str | None:
    """Base64."""
    inline = _inline_of(part)
    return inline[1] if inline is not None and inline[0].startswith("audio/") else None


def picture_of(part: Json) -> str | None:
    """The address of an image: one with all of it inside, or where it lies."""
    if (inline := _inline_of(part)) is not None:
        return f"data:{inline[0]};base64,{inline[1]}"
    file = _file_of(part)
    return file[1] if file is not None and file[0].startswith("image/") else None


def joined_sound(pieces: list[str], *, wav: bool) -> str:
    """Base64 of all *pieces* of PCM; with the head of a WAV file in front if that is what was asked for."""
    data = b"".join([_bytes(piece) for piece in pieces])
    if wav and not data.startswith(b"RIFF"):
        form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * 2, 2, 16)
        head = struct.pack("<4sI4s", b"RIFF", len(data) + 36, b"WAVE")
        data = b"".join((head, form, struct.pack("<4sI", b"data", len(data)), data))
    return base64.b64encode(data).decode("ascii")


def logprobs_of(candidate: Json) -> Json | None:
    """The probabilities of the tokens, as OpenAI writes them."""
    result = candidate.get("logprobsResult")
    if not isinstance(result, dict) or not isinstance(chosen := result.get("chosenCandidates"), list):
        return None
    tops = result.get("topCandidates")
    tops = tops if isinstance(tops, list) else []
    content = []
    for position, one in enumerate(chosen):
        top = tops[position] if position < len(tops) else None
        others = top.get("candidates") if isinstance(top, dict) else None
        listed = [_token(other) for other in others] if isinstance(others, list) else []
        content.append({**_token(one), "top_logprobs": listed})
    return {"content": content, "refusal": None}


def _token(given: Any) -> Json:
    given = given if isinstance(given, dict) else {}
    token = given.get("token")
    token = token if isinstance(token, str) else ""
    return {
        "token": token,
        "logprob": given.get("logProbability") or 0.0,
        "bytes": list(token.encode()),
    }


def _inline_of(part: Json) -> tuple[str, str] | None:
    """Kind and base64 of a part with bytes in it."""
    inline = part.get("inlineData")
    if inline is None:
        return None
    kind, data = (inline.get("mimeType"), inline.get("data")) if isinstance(inline, dict) else (None, None)
    if not (isinstance(kind, str) and isinstance(data, str)):
        raise broken("the answer has bytes that are none, or of no kind")
    return (kind, data) if data else None


def _file_of(part: Json) -> tuple[str, str] | None:
    """Kind and address."""
    file = part.get("fileData")
    if file is None:
        return None
    kind, url = (file.get("mimeType"), file.get("fileUri")) if isinstance(file, dict) else (None, None)
    if not (isinstance(url, str) and url):
        raise broken("the answer has a file that is nowhere")
    return kind if isinstance(kind, str) else "", url


def _bytes(piece: str) -> bytes:
    try:
        return base64.b64decode(piece)
    except (binascii.Error, ValueError):
        raise broken("the answer has a sound that is no base64") from None
