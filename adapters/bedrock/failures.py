"""AWS's errors: a type in a header, in the body or on a message of a stream, and the words of a model behind it."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from adapters.failure import failure
from adapters.signals import Signal
from core.faults import Failure, Fault
from core.wire import Json

_HEADER = "x-amzn-errortype"
_MODEL = frozenset({"ModelErrorException", "ModelStreamErrorException"})
# Account numbers are nobody's business, and a signature that doesn't fit is answered with all that was signed.
_ARN = re.compile(r"arn:aws[\w-]*:[^\s\"']{1,500}")
_SIGNED = re.compile(r"\s*The Canonical String for this request.*", re.DOTALL)

_THROTTLED = (
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "ThrottledException",
)
_UNKNOWN_TO_AWS = (
    "ExpiredTokenException",
    "ExpiredToken",
    "IncompleteSignatureException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)
_INVALID = ("ValidationException",)
SIGNALS: tuple[Signal, ...] = (
    # Before anything else: "Too many tokens, please wait" is no prompt that is too long.
    Signal(Fault.RATE_LIMITED, codes=_THROTTLED),
    Signal(Fault.OUT_OF_CREDIT, codes=("ServiceQuotaExceededException",)),
    Signal(Fault.OUT_OF_CREDIT, "invalid_payment_instrument|valid payment instrument"),
    Signal(Fault.BAD_CREDENTIAL, codes=_UNKNOWN_TO_AWS),
    Signal(Fault.BAD_CREDENTIAL, r"security token included in the request is (?:invalid|expired)"),
    Signal(Fault.OVERLOADED, codes=("ModelNotReadyException", "ServiceUnavailableException")),
    Signal(Fault.TIMEOUT, codes=("ModelTimeoutException",)),
    Signal(Fault.BROKEN, codes=("InternalServerException", "InternalFailure", *_MODEL)),
    Signal(Fault.MODEL_NOT_FOUND, "don't have access to the model|access to this model is"),
    Signal(Fault.BAD_CREDENTIAL, codes=("AccessDeniedException",)),
    Signal(
        Fault.MODEL_NOT_FOUND,
        r"on-demand throughput isn|model identifier is invalid|inference profile .{0,80} isn.t supported",
        statuses=(400, 404),
    ),
    Signal(Fault.MODEL_NOT_FOUND, codes=("ResourceNotFoundException",)),
    Signal(Fault.BAD_CREDENTIAL, r"^operation not allowed", codes=_INVALID),
    Signal(
        Fault.CONTEXT_LENGTH,
        r"input is too long|too many (?:input )?tokens|prompt is too long|expected maxlength|context (?:window|length)",
        codes=_INVALID,
    ),
    Signal(Fault.CONTENT_POLICY, r"content filter(?:ing)? policy", codes=_INVALID),
    Signal(Fault.BAD_REQUEST, codes=_INVALID),
)


def failure_of(status: int, headers: Mapping[str, str], body: bytes) -> Failure:
    """What a response other than 200 means. Header names are lower-case."""
    kind = _kind(headers.get(_HEADER))
    told = _read(body)
    if told is None:
        told = {"message": body[:4000].decode("utf-8", "replace").strip()} if kind else None
    return failure(status, headers, body, signals=SIGNALS) if told is None else _told(status, headers, told, kind)


def failure_inside(answer: Json) -> Failure:
    """What an error means that came with 200."""
    return _told(200, {}, answer, "")


def failure_in_stream(kind: str, payload: bytes, message: str) -> Failure:
    """What a message of a stream means that is no event. *kind* is its own name for that, *message* its words."""
    told = _read(payload) or {}
    # The status is that of the type; AWS's own reader says 400 to all of them.
    return _told(200, {}, {"message": message, **told}, _kind(kind))


def _told(status: int, headers: Mapping[str, str], told: Json, kind: str) -> Failure:
    kind = kind or _kind(told.get("__type")) or _kind(told.get("code"))
    message = told.get("message") or told.get("Message") or told.get("originalMessage") or ""
    words = _ARN.sub("***", _SIGNED.sub("", str(message)))
    original = told.get("originalStatusCode")
    if kind in _MODEL and isinstance(original, int) and original >= 400:
        # A model behind the door failed; its own status says how.
        return failure(original, headers, orjson.dumps({"message": words, "type": kind}))
    return failure(status, headers, orjson.dumps({"message": words, "type": kind or None}), signals=SIGNALS)


def _kind(value: Any) -> str:
    """`ThrottlingException`, be it written small, as `com.amazon#ThrottlingException` or with `:http…` behind it."""
    if not isinstance(value, str):
        return ""
    name = value.partition(":")[0].rpartition("#")[2].strip()
    return name[:1].upper() + name[1:]


def _read(body: bytes) -> Json | None:
    try:
        value = orjson.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
