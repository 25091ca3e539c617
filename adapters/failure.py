"""From a provider's error, in whatever shape, to a Failure.

The same procedure serves responses other than 200, errors inside a 200 body, and errors inside a stream.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from adapters.clean import clean
from adapters.reach import reach
from adapters.signals import CALLERS, Signal, Told, fault_by, fault_said, unquoted
from adapters.waits import duration, reset_after, retry_after
from core.faults import Failure, Fault, Reach, UpstreamError
from core.wire import Json

_SPOKEN = ("message", "detail", "error", "msg", "status_msg", "errors")  # where a message hides, best first
_NAMES = ("code", "type", "error_type", "error_code", "status", "limit_source", "reason", "status_code", "quotaId")
_STATUSES = ("code", "status_code", "http_status_code", "status", "statusCode")
_DEEPEST = 4


def failure(status: int, headers: Mapping[str, str], body: bytes, *, signals: tuple[Signal, ...] = ()) -> Failure:
    """What a response means. Header names are lower-case; *signals* are the provider's own rows."""
    told = _probe(body)
    return _classified(status, headers, told, signals) if told else _faceless(status, headers, body, signals)


def failure_inside(body: Json, *, signals: tuple[Signal, ...] = ()) -> Failure:
    """What an error inside an answer means."""
    return _classified(200, {}, read(body), signals)


def is_error(body: Json) -> bool:
    """Whether a body that came with 200 is an error all the same."""
    if body.get("error") or body.get("object") == "error":
        return True
    if "base_resp" not in body:
        return "choices" not in body and _is_flat(body)
    base = body["base_resp"]  # MiniMax
    return isinstance(base, dict) and base.get("status_code") not in {0, None}


def speaks(body: Json) -> bool:
    """Whether a body that is no answer has words to say why, however it says them."""
    return bool(_text(_error_of(body)))


def instead(body: Json, message: str, *, signals: tuple[Signal, ...] = ()) -> UpstreamError:
    """What to raise for a *body* that is no answer: what its own words mean, or *message* where it has none."""
    return UpstreamError(failure_inside(body, signals=signals)) if speaks(body) else broken(message)


def broken(message: str) -> UpstreamError:
    return UpstreamError(Failure(Fault.BROKEN, message))


def read(body: Json) -> Told:
    """Message, codes and waiting time of an error, from the first shape that fits."""
    error = _error_of(body)
    inner = _objects(error, ("metadata", "availability", "innererror", "inner_error", "details"))
    nested = [error, *inner, *_listed(error)]
    metadata = error.get("metadata")
    keys = [key for key, value in metadata.items() if value] if isinstance(metadata, dict) else []
    names = [name for part in (*nested, body) for name in _strings(part)]
    message = _text(error) or _text(body)
    words = message[:4000].lower()
    return Told(
        message=message,
        code=_code(error, body),
        type=_string(error.get("type", body.get("error_type"))),
        param=_string(error.get("param")),
        codes=frozenset((*names, *keys)),
        text=" ".join((words, *names)).lower(),
        unquoted=" ".join((unquoted(words), *names)).lower(),
        status=next((status for name in _STATUSES if (status := _status(error.get(name)))), None),
        wait=_wait((*nested, body)),
    )


def _probe(body: bytes) -> Told | None:
    """A JSON body, whatever its content type says."""
    if body.lstrip()[:1] not in {b"{", b"["}:
        return None
    try:
        value = orjson.loads(body)
    except ValueError:
        return None
    if isinstance(value, list):
        value = value[0] if value else None
    return read(value) if isinstance(value, dict) else None


def _faceless(status: int, headers: Mapping[str, str], body: bytes, signals: tuple[Signal, ...]) -> Failure:
    """Plain text is a message. A page of markup comes from some edge, and its words mean nothing."""
    start = body[:4000].strip()
    if start.startswith(b"<"):
        return _classified(status, headers, Told(message=f"HTTP {status} with an HTML page", page=True), signals)
    message = start.decode("utf-8", "replace")
    words = message[:500].lower()
    return _classified(status, headers, Told(message=message, text=words, unquoted=unquoted(words)), signals)


def _classified(status: int, headers: Mapping[str, str], told: Told, signals: tuple[Signal, ...]) -> Failure:
    known = told.status if status == 200 else status
    wait = retry_after(headers, body=told.wait, text=told.text)
    fault, guessed = fault_said(known or 200, told, own=signals, wait=wait), False
    if fault is None:
        fault, guessed = fault_by(known or 200)
        # Such a name says no more than that the call is wrong, but does say that.
        guessed = guessed and told.codes.isdisjoint(CALLERS)
    if wait is None and fault is Fault.RATE_LIMITED:
        wait = reset_after(headers)
    return Failure(
        fault,
        clean(told.message) or (f"HTTP {known} without an explanation" if known else "an error without an explanation"),
        status=known,
        code=told.code and clean(told.code),
        type=told.type and clean(told.type),
        param=told.param and clean(told.param),
        retry_after=wait,
        reach=reach(told) if fault is Fault.RATE_LIMITED else Reach.MODEL,
        guessed=guessed,
    )


def _is_flat(body: Json) -> bool:
    """Whether it is an error with nothing around it: words, and a status or a type that only errors have."""
    if not (body.get("message") or body.get("detail") or body.get("errors")):
        return False
    kind = body.get("type")
    return (isinstance(kind, str) and "error" in kind) or any(_status(body.get(name)) for name in _STATUSES)


def _error_of(body: Json) -> Json:
    for name in ("error", "base_resp"):
        value = body.get(name)
        if isinstance(value, dict) and value:
            return value
    errors = _objects_in(body.get("errors"))
    return errors[0] if errors else body


def _objects(error: Json, names: Iterable[str]) -> list[Json]:
    return [value for name in names if isinstance(value := error.get(name), dict)]


def _listed(error: Json) -> list[Json]:
    """google.rpc's list of details, and the quotas that were exceeded in it."""
    details = _objects_in(error.get("details"))
    return [*details, *(violation for detail in details for violation in _objects_in(detail.get("violations")))]


def _objects_in(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _code(error: Json, body: Json) -> str | None:
    code, name = _string(error.get("code", body.get("code"))), error.get("status")
    # google.rpc repeats the HTTP status as the code and has the name beside it.
    return name if code and code.isdigit() and isinstance(name, str) and name and not name.isdigit() else code


def _strings(part: Json) -> list[str]:
    return [text for name in _NAMES if (text := _string(part.get(name)))]


def _string(value: Any) -> str | None:
    """Codes come as strings or numbers; OpenAI's clients read strings."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value[:200] or None if isinstance(value, str) else None


def _status(value: Any) -> int | None:
    text = _string(value)
    return int(text) if text and text.isascii() and text.isdigit() and 400 <= int(text) < 600 else None


def _text(value: Any, depth: int = _DEEPEST) -> str:
    """The first words found in *value*: a string, an object with a message, or a list of such."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and depth:
        return "; ".join(filter(None, (_text(item, depth - 1) for item in value[:3])))
    if isinstance(value, dict) and depth:
        return next(filter(None, (_text(value.get(name), depth - 1) for name in _SPOKEN)), "")
    return ""


def _wait(parts: Iterable[Json]) -> float | None:
    for part in parts:
        for name in ("retry_after", "estimated_time"):
            value = part.get(name)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                return float(value)
        delay = part.get("retryDelay")  # google.rpc.RetryInfo: "45.837906927s"
        if isinstance(delay, str) and (seconds := duration(delay)) is not None:
            return seconds
    return None
