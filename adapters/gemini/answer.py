"""A whole answer of generateContent, as OpenAI writes it."""

from typing import Any

import orjson

from adapters.digits import exact
from adapters.failure import broken, failure_inside, is_error, speaks
from adapters.gemini.calls import Calls
from adapters.gemini.errors import SIGNALS
from adapters.gemini.finish import blocked, finish_of, withheld
from adapters.gemini.functions import Notes
from adapters.gemini.grounding import annotations, searches_of
from adapters.gemini.parts import signed
from adapters.gemini.pieces import joined_sound, logprobs_of, parts_of, picture_of, sound_of, text_of
from adapters.gemini.usage import tier_of, usage_of
from adapters.whole import choice, completion, read
from core.ask import Ask
from core.faults import UpstreamError
from core.usage import Usage
from core.wire import Completion, Json


def answer_of(body: bytes) -> Json:
    """A whole 200 body. Raise UpstreamError for an error in it, which may stand in a list of its own."""
    answer = read(unlisted(body), b'"functionCall"')
    if is_error(answer):
        raise UpstreamError(failure_inside(answer, signals=SIGNALS))
    return answer


def completion_of(answer: Json, ask: Ask, notes: Notes) -> Completion:
    candidates = candidates_of(answer)
    if not answer.get("candidates") and speaks(answer):
        raise UpstreamError(failure_inside(answer, signals=SIGNALS))
    calls = Calls(ask, notes)
    refusal = blocked(answer)
    if refusal is None and candidates and len(candidates) < ask.call.choices:
        raise broken(f"the answer has {len(candidates)} of {ask.call.choices} choices")
    choices = (
        [_choice(candidate, ask, calls) for candidate in candidates]
        if refusal is None
        else [choice("content_filter", text=None, refusal=refusal)]
    )
    usage = usage_in(answer)
    tier = tier_of(answer.get("serviceTier")) if usage is None else usage.tier
    return completion(
        ask,
        sorted(choices, key=lambda one: one["index"]),
        usage,
        id=said(answer, "responseId"),
        model=said(answer, "modelVersion"),
        remember=calls.remember,
        **({"service_tier": tier} if tier else {}),
    )


def usage_in(answer: Json) -> Usage | None:
    """With the searches, which are billed one by one."""
    given = answer.get("candidates")
    candidates = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    searches, tier = sum(map(searches_of, candidates)), tier_of(answer.get("serviceTier"))
    return usage_of(answer.get("usageMetadata"), searches=searches, tier=tier)


def candidates_of(answer: Json) -> list[Json]:
    given = answer.get("candidates") or []
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise broken("the answer has candidates that are none")
    return given


def index_of(candidate: Json) -> int:
    """A zero is left out on the wire."""
    index = candidate.get("index", 0)
    return index if isinstance(index, int) and 0 <= index < 128 else 0


def said(answer: Json, name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""


def wants_wav(ask: Ask) -> bool:
    audio = ask.call.body.get("audio")
    return not isinstance(audio, dict) or (audio.get("format") or "wav") == "wav"


def _choice(candidate: Json, ask: Ask, calls: Calls) -> Json:
    index = index_of(candidate)
    texts: list[str] = []
    thoughts: list[str] = []
    made: list[Json] = []
    images: list[Json] = []
    sounds: list[str] = []
    extra: Json = {}
    for part in parts_of(candidate):
        texts.append("")
        if "functionCall" in part:
            made.append(calls.made(part, index))
        elif "toolCall" in part or "toolResponse" in part:
            calls.before(part, index)
        elif (sound := sound_of(part)) is not None:
            sounds.append(sound)
        elif (url := picture_of(part)) is not None:
            images.append(drawn(part, url))
        elif part.get("thought"):
            thoughts.append(text_of(part))
        else:
            texts[-1] = text_of(part)
            if signature := said(part, "thoughtSignature"):
                extra = signed(signature)
    text = "".join(texts)
    content = bool(text or made or images or sounds)
    reason = candidate.get("finishReason")
    if not isinstance(reason, str) or not reason:
        raise broken("the answer ended without a reason to finish")
    finish = finish_of(reason, content=content, calls=bool(made))
    if made:
        extra["tool_calls"] = made
    if images:
        extra["images"] = images
    if sounds:
        heard = joined_sound(sounds, wav=wants_wav(ask))
        extra["audio"] = {"id": f"audio_{ask.id}", "data": heard, "expires_at": ask.created, "transcript": ""}
    if cited := annotations(candidate, texts):
        extra["annotations"] = cited
    filtered = finish == "content_filter" and not content
    return choice(
        finish,
        text=text if text or not (content or filtered) else None,
        index=index,
        reasoning="".join(thoughts),
        refusal=withheld(candidate, reason) if filtered else None,
        logprobs=logprobs_of(candidate),
        extra=extra,
    )


def drawn(part: Json, url: str) -> Json:
    """An image with its signature, which a model that draws wants to see again."""
    signature = said(part, "thoughtSignature")
    return {"type": "image_url", "image_url": {"url": url}, **(signed(signature) if signature else {})}


def unlisted(body: bytes) -> bytes:
    """The one answer of a list, as the streaming endpoint and some errors give it."""
    if body.lstrip()[:1] != b"[":
        return body
    try:
        listed: Any = exact(orjson.loads(body), body)
    except ValueError:
        return body
    return orjson.dumps(listed[0]) if isinstance(listed, list) and len(listed) == 1 else body
