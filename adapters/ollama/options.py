"""Ollama's `options`: sampling and loading, under its own names and with values of the kinds that it insists on."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from adapters import wishes
from adapters.fields import Fields, unsupported
from core.errors import Refusal, invalid
from core.wire import Json

# OpenAI's fields of these names mean the same. Anything else in `options` Ollama would only note in its log.
_WHOLE = (
    "num_ctx",
    "num_predict",
    "num_keep",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "repeat_last_n",
    "seed",
    "top_k",
    "mirostat",
)
_REAL = (
    "temperature",
    "top_p",
    "min_p",
    "typical_p",
    "tfs_z",
    "repeat_penalty",
    "frequency_penalty",
    "presence_penalty",
    "mirostat_eta",
    "mirostat_tau",
)
_TRUTH = ("use_mmap", "use_mlock", "numa", "low_vram", "penalize_newline")
KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(_WHOLE, "an integer"),
    **dict.fromkeys(_REAL, "a number"),
    **dict.fromkeys(_TRUTH, "a boolean"),
}


class Setting(NamedTuple):
    """What the operator wants of every call to this server: it decides, whatever the client says.

    A model is loaded anew whenever `num_ctx` changes, so that each client's own wish would cost all the others.
    """

    num_ctx: int | str | None = None
    keep_alive: int | str | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> "Setting":
        return cls(_number(options.get("num_ctx")), _number(options.get("keep_alive")))


def options(fields: Fields, setting: Setting, model: str) -> Json:
    """Takes all that belongs there out of *fields*."""
    made = _nested(fields)
    for name in KINDS:
        if name in fields:
            made[name] = _right(name, fields.take(name), name)
    if (most := wishes.limit(fields)) is not None:
        made["num_predict"] = most
    if made.get("num_predict") == 0:
        # To Ollama it means that there is no limit.
        raise unsupported(f"{model} can't give an answer of no tokens.", param="max_tokens")
    if stop := wishes.stops(fields):
        made["stop"] = stop
    if setting.num_ctx is not None:
        if made.get("num_ctx", setting.num_ctx) != setting.num_ctx:
            fields.changed("num_ctx", setting.num_ctx)
        made["num_ctx"] = setting.num_ctx
    return made


def keep_alive(fields: Fields, setting: Setting) -> int | float | str | None:
    """How long the model stays loaded: seconds, or a duration such as `10m`."""
    given = fields.take("keep_alive")
    if given is not None and (isinstance(given, bool) or not isinstance(given, (int, float, str))):
        raise _wrong("keep_alive", "a number of seconds or a duration such as '10m'")
    if setting.keep_alive is None:
        return given
    if given not in {None, setting.keep_alive}:
        fields.changed("keep_alive", setting.keep_alive)
    return setting.keep_alive


def _nested(fields: Fields) -> Json:
    """The client's own `options`, which are Ollama's, so that OpenAI's clients can send them as an extra."""
    given = fields.take("options")
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _wrong("options", "an object")
    made: Json = {}
    for name, value in given.items():
        if value is None:
            continue
        if name in KINDS:
            made[name] = _right(name, value, f"options.{name}")
        elif name == "stop" and (isinstance(value, str) or _texts(value)):
            made["stop"] = [value] if isinstance(value, str) else value
        elif name == "stop":
            raise _wrong("options.stop", "a string or an array of strings")
        else:
            fields.dropped(f"options.{name}")
    return made


def _right(name: str, value: Any, at: str) -> Any:
    kind = KINDS[name]
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind == "a boolean" and isinstance(value, bool):
        return value
    if kind == "a number" and number:
        return value
    if kind == "an integer" and number and value == value // 1:
        return int(value)
    raise _wrong(at, kind)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _number(text: str | None) -> int | str | None:
    return int(text) if text and text.removeprefix("-").isdecimal() else text or None


def _wrong(at: str, expected: str) -> Refusal:
    return invalid(f"Invalid type for '{at}': expected {expected}.", param=at, code="invalid_type")
