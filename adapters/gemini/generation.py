"""How the answer shall be made: `generationConfig`."""

from collections.abc import Mapping
from typing import Any

from adapters.fields import Fields, unsupported
from adapters.gemini.schema import json_schema, openapi
from adapters.gemini.thinking import thinking
from adapters.gemini.traits import Traits
from core.ask import Ask
from core.errors import invalid
from core.wire import Json

MOST_CHOICES = 8
_SEED = 0x7FFF_FFFF
_MOST_LOGPROBS = 20
_BOUNDS: Mapping[str, tuple[str, float, float]] = {
    "temperature": ("temperature", 0, 2),
    "top_p": ("topP", 0, 1),
    "presence_penalty": ("presencePenalty", -2, 2),
    "frequency_penalty": ("frequencyPenalty", -2, 2),
}
# Voices of OpenAI that Gemini has no like of; it has its own default.
_THEIRS = frozenset(
    {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"}
)


def generation(fields: Fields, ask: Ask, traits: Traits) -> Json:
    made: Json = {}
    _sampling(made, fields, traits)
    _amounts(made, fields, ask)
    _probabilities(made, fields)
    _format(made, fields, traits)
    _modalities(made, fields, ask)
    if (config := thinking(fields, traits)) is not None:
        made["thinkingConfig"] = config
    return made


def _sampling(made: Json, fields: Fields, traits: Traits) -> None:
    if not traits.sampling:
        fields.drop("temperature", "top_p", "top_k")
    if traits.third:
        fields.drop("presence_penalty", "frequency_penalty")
    for name, (theirs, least, most) in _BOUNDS.items():
        if (value := fields.take(name)) is not None:
            made[theirs] = fields.clamped(name, value, least, most)
    if (top := fields.take("top_k")) is not None:
        made["topK"] = top
    if (seed := fields.take("seed")) is not None:
        made["seed"] = folded = seed & _SEED
        if folded != seed:
            fields.changed("seed", folded)


def _amounts(made: Json, fields: Fields, ask: Ask) -> None:
    named = "max_completion_tokens" if "max_completion_tokens" in fields else "max_tokens"
    long, short = fields.take("max_completion_tokens"), fields.take("max_tokens")
    most = short if long is None else long
    if most is not None:
        limit = ask.model.max_output
        made["maxOutputTokens"] = most if limit is None else fields.clamped(named, most, 0, limit)
    stop = fields.take("stop")
    if words := [word for word in ([stop] if isinstance(stop, str) else stop or ()) if word]:
        made["stopSequences"] = words
    choices = fields.take("n") or 1
    if choices > MOST_CHOICES:
        raise unsupported(f"This model gives at most {MOST_CHOICES} choices.", param="n")
    if choices > 1:
        made["candidateCount"] = choices


def _probabilities(made: Json, fields: Fields) -> None:
    if not fields.take("logprobs"):
        fields.drop("top_logprobs")
        return
    made["responseLogprobs"] = True
    if top := fields.take("top_logprobs"):
        made["logprobs"] = fields.clamped("top_logprobs", top, 0, _MOST_LOGPROBS)


def _format(made: Json, fields: Fields, traits: Traits) -> None:
    wanted = fields.take("response_format")
    kind = "text" if wanted is None else wanted.get("type")
    if kind == "text":
        return
    if kind not in ("json_object", "json_schema"):
        raise invalid(f"Invalid value for 'response_format.type': '{str(kind)[:64]}'.", param="response_format.type")
    made["responseMimeType"] = "application/json"
    if kind == "json_object":
        return
    at = "response_format.json_schema"
    given = wanted.get("json_schema")
    schema = given.get("schema") if isinstance(given, dict) else None
    if schema is None:
        return
    if not isinstance(schema, dict):
        raise invalid(f"Invalid type for '{at}.schema': expected an object.", param=f"{at}.schema", code="invalid_type")
    if traits.json_schema:
        made["responseJsonSchema"] = json_schema(schema, f"{at}.schema")
    else:
        made["responseSchema"] = openapi(schema, f"{at}.schema")


def _modalities(made: Json, fields: Fields, ask: Ask) -> None:
    """Gemini speaks, or writes and draws; it doesn't speak and write at once."""
    wanted = fields.take("modalities") or []
    audio = fields.take("audio")
    if unknown := next((one for one in wanted if one not in {"text", "image", "audio"}), None):
        raise unsupported(f"This model can't answer in '{unknown[:64]}'.", param="modalities")
    if "audio" in wanted:
        if len(wanted) > 1:
            fields.changed("modalities", "audio")
        made["responseModalities"] = ["AUDIO"]
        _voice(made, fields, ask, audio or {})
    elif "image" in wanted:
        made["responseModalities"] = [one.upper() for one in wanted]


def _voice(made: Json, fields: Fields, ask: Ask, audio: Json) -> None:
    format = audio.get("format") or "wav"
    # What comes is PCM at 24 kHz; a whole answer can get the head of a WAV file, a stream can't.
    if format != "pcm16" and (format != "wav" or ask.call.stream):
        raise unsupported(f"This model can't answer in '{str(format)[:64]}'.", param="audio.format")
    voice: Any = audio.get("voice")
    if not isinstance(voice, str) or not voice:
        return
    if voice.lower() in _THEIRS:
        fields.dropped("audio.voice")
        return
    made["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
