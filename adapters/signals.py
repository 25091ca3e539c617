"""How an error's words and status tell what kind of failure it is: tables, in the order they are asked.

First what a provider's own accent says (adapters.family), then codes, then words, then the status. Numbers
are compared with the status only: in a text, 429 may as well be a token. Money comes before rate limits,
since both are 429; the context's length before content rules and bad requests, since all are 400.

Words count for some statuses only, and each row says for which: a refusal of a call quotes what the caller wrote,
and a machine that broke speaks of its own parts. Neither may cost a key its rest, or a model its name.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from core.faults import Blame, Fault


class Told(NamedTuple):
    """What an error says of itself, as it came.

    *codes* are all its machine-readable names, *text* all of its words in lower case, *unquoted* the same without what
    it repeats of the call, *status* the HTTP status that the body names, *wait* the seconds it asks to wait. *page*: it
    was a page of markup, whose words mean nothing.
    """

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    codes: frozenset[str] = frozenset()
    text: str = ""
    unquoted: str = ""
    status: int | None = None
    wait: float | None = None
    page: bool = False

    def words(self, status: int, fault: Fault) -> str:
        """Those that may speak for *fault*: the caller's own, for none that would be blamed on somebody else."""
        repeats = status in _CALL or status in _SERVER
        return self.unquoted if repeats and fault.blame is not Blame.CALLER else self.text


# Whose words an error's are, by its status. What isn't here, means what it means whatever the words are.
_INSIDE = frozenset({200})  # an error inside an answer, without a status
_CALL = frozenset({400, 404, 405, 413, 415, 422})  # repeats what the caller wrote: names of tools, fields, models
_KEY = frozenset({401, 402, 403, 407})
_LIMIT = frozenset({409, 425, 429})
_SERVER = frozenset(range(500, 600))  # speaks of its own parts: a service for billing, a file's permissions
# Names by which an error without a status tells one all the same.
CALLERS = frozenset({"invalid_request_error", "INVALID_ARGUMENT", "ValidationException", "BadRequestError"})
_SERVERS = frozenset({"server_error", "internal_error", "internal_server_error", "InternalServerError"})

# Where a quote may begin, and where it may end; an apostrophe is neither.
_QUOTES = tuple((re.compile(rf"(?<!\w){mark}"), re.compile(rf"{mark}(?!\w)")) for mark in "'\"`")
# The path before a complaint of pydantic's, and what follows "argument supplied:".
_REPEATED = re.compile(
    r"\A.*: (?=extra inputs|field required|input (?:should|tag)|string should)"
    r"|(?<=argument: ).*|(?<=supplied: ).*|(?<=parameter: ).*|(?<=field: ).*|(?<=fields: ).*|(?<=value: ).*",
    re.DOTALL,
)


def unquoted(text: str) -> str:
    """*text*, an error's in lower case, without what it repeats of the call.

    That is all from the first quote to the last: what a client wrote may have quotes in it, to look like ours.
    """
    text = _REPEATED.sub("…", text)
    for opening, closing in _QUOTES:
        if (first := opening.search(text)) is not None:
            ends = [last.end() for last in closing.finditer(text, first.end())]
            text = f"{text[: first.start()]}…{text[ends[-1] :] if ends else ''}"
    return text


class Signal(NamedTuple):
    """A row: *fault* if everything that is given here fits. *text* is a pattern; *waits*: there is a retry-after."""

    fault: Fault
    text: str = ""
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    waits: bool = False

    def fits(self, status: int, told: Told, wait: float | None) -> bool:
        return (
            (not self.statuses or status in self.statuses)
            and (not self.codes or not told.codes.isdisjoint(self.codes))
            and (not self.waits or wait is not None)
            and (not self.text or re.search(self.text, told.words(status, self.fault)) is not None)
        )


BY_STATUS: Mapping[int, Fault] = {
    401: Fault.BAD_CREDENTIAL,
    402: Fault.OUT_OF_CREDIT,
    403: Fault.BAD_CREDENTIAL,
    404: Fault.MODEL_NOT_FOUND,
    407: Fault.BAD_CREDENTIAL,
    408: Fault.TIMEOUT,
    409: Fault.RATE_LIMITED,
    410: Fault.MODEL_NOT_FOUND,
    424: Fault.BROKEN,
    425: Fault.RATE_LIMITED,
    429: Fault.RATE_LIMITED,
    446: Fault.CONTENT_POLICY,
    451: Fault.CONTENT_POLICY,
    499: Fault.BROKEN,  # it believes that we have left, and we have not
    503: Fault.OVERLOADED,
    504: Fault.TIMEOUT,
    522: Fault.TIMEOUT,
    524: Fault.TIMEOUT,
    529: Fault.OVERLOADED,
}

BY_CODE: tuple[Signal, ...] = (
    Signal(
        Fault.OUT_OF_CREDIT,
        codes=("insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "billing_not_active"),
    ),
    Signal(Fault.CONTEXT_LENGTH, codes=("context_length_exceeded", "exceed_context_size_error")),
    Signal(Fault.CONTENT_POLICY, codes=("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")),
    Signal(Fault.BAD_CREDENTIAL, codes=("invalid_api_key",)),
    Signal(Fault.MODEL_NOT_FOUND, codes=("model_not_found", "DeploymentNotFound", "model_decommissioned")),
    # Whose words are often an advertisement: "... at https://console.groq.com/settings/billing".
    Signal(Fault.RATE_LIMITED, statuses=(200, 429), codes=("rate_limit_exceeded",)),
    # Google's every 429 speaks of quota, plan and billing, whichever of its APIs it comes from: what tells is whether
    # waiting a minute would help.
    Signal(
        Fault.OUT_OF_CREDIT,
        r"per ?day|limit: 0(?!\d)|credits? (?:are|is) depleted|spending (?:cap|limit)",
        codes=("RESOURCE_EXHAUSTED",),
    ),
    Signal(Fault.RATE_LIMITED, codes=("RESOURCE_EXHAUSTED",)),
    # A field that is too long is not a prompt that is too long, whatever the message's words.
    Signal(
        Fault.BAD_REQUEST,
        statuses=(400, 413, 422),
        codes=(
            "array_above_max_length",
            "integer_above_max_value",
            "invalid_function_parameters",
            "invalid_json_schema",
            "invalid_type",
            "missing_required_parameter",
            "string_above_max_length",
            "unknown_parameter",
            "unsupported_parameter",
            "unsupported_value",
        ),
    ),
)


class Words(NamedTuple):
    """A row of *pattern*, which any provider may use, and the *statuses* for which it means *fault*."""

    fault: Fault
    statuses: frozenset[int]
    pattern: re.Pattern[str]


# Somebody watched over the content, and somebody objected.
_WATCH = r"\b(?:moderation|guardrails?|content.filter(?:s|ing)?)\b"
_OBJECTS = r"\b(?:block|deni|fail|flag|interven|refus|reject|trigger|violat)\w*"

BY_WORDS: tuple[Words, ...] = (
    Words(
        Fault.OUT_OF_CREDIT,
        _KEY | _LIMIT | _INSIDE,
        re.compile(
            r"insufficient_quota|insufficient balance|insufficient credits|credit balance is too low"
            r"|exceeded your current quota|spending limit|monthly limit|payment required|out of credits"
            r"|used all available credits|account is not active|billing_not_active"
        ),
    ),
    # Rate limits advertise with this word: it is for those that speak of nothing but the account.
    Words(Fault.OUT_OF_CREDIT, _KEY, re.compile(r"billing")),
    # Anthropic's 400, wherever it was passed on.
    Words(Fault.OUT_OF_CREDIT, _CALL, re.compile(r"credit balance is too low")),
    Words(
        Fault.CONTEXT_LENGTH,
        frozenset({400, 413, 422, 500}) | _INSIDE,
        re.compile(
            r"context_length_exceeded|max(imum)? context length|context window|exceeds the available context"
            r"|exceed context limit|prompt (is )?too long|input is too long|too many (input )?tokens(?!, please wait)"
            r"|reduce the length of the (messages|input|prompt)|current length is .{1,80} while limit is"
            r"|(input|prompt|tokens?\)?) .{0,60}maximum allowed length|tokens \+ `?max_new_tokens"
            r"|model's context length|(exceed(s|ed)?|longer than) (the )?context (length|size|limit)"
            r"|longer than the maximum model length|maximum prompt length is \d|must have less than \d+ tokens"
            r"|context the overflows|context length of only|token count.{0,40} exceeds the maximum number of tokens"
        ),
    ),
    Words(
        Fault.CONTENT_POLICY,
        frozenset({400, 403, 422}) | _INSIDE,
        re.compile(
            r"content_policy_violation|responsibleai|\b(code|type|reason)\W{1,6}content_(filter|policy)"
            r"|content management policy|safety system|usage guidelines|content exists risk|inappropriate content"
            r"|\b(is|are|was|were|been) flagged\b|\bflagged (as|by|for)\b"
            r"|\b(is|are|was|were|contains?|containing|includes?) (\w+ ){0,3}(?<!case )sensitive\b"
            r"|\bsensitive (words?|content|information|material|topics?)\b"
            rf"|{_OBJECTS}\W.{{0,40}}{_WATCH}|{_WATCH}.{{0,40}}{_OBJECTS}"
        ),
    ),
    Words(
        Fault.BAD_CREDENTIAL,
        _CALL | _KEY | _INSIDE,
        re.compile(r"(?<!\w)(invalid|incorrect) api key|api key (is )?(not valid|expired)|no auth credentials"),
    ),
    Words(
        Fault.BAD_CREDENTIAL,
        _KEY | _INSIDE,
        re.compile(
            r"invalid_api_key|unauthorized|invalid token|authentication|permission|forbidden|not allowed"
            r"|access denied|do not have access"
        ),
    ),
    Words(
        Fault.MODEL_NOT_FOUND,
        _CALL | _KEY | _INSIDE,
        re.compile(
            r"(?<![\w-])model( named| name| id)?:? (\S{1,200} )?((was|is|could|does) )?not (be )?(found|exist)"
            r"|model_not_found|unknown model\b|not a valid model id|deploymentnotfound|\b(been|is) decommissioned"
            r"|try pulling"
        ),
    ),
    Words(
        Fault.RATE_LIMITED,
        frozenset({403}) | _LIMIT | _SERVER | _INSIDE,
        re.compile(
            r"rate.?limit|too many requests|throttl|resource (has been )?exhausted"
            r"|requests per (second|minute|day)|tokens per minute|concurren"
        ),
    ),
    Words(
        Fault.OVERLOADED,
        _LIMIT | _SERVER | _INSIDE,
        re.compile(
            r"overloaded|over capacity|at capacity|capacity exceeded|server busy|queue is full|high traffic"
            r"|currently loading|loading model|engine is currently busy"
        ),
    ),
)


def fault_said(status: int, told: Told, *, own: tuple[Signal, ...], wait: float | None) -> Fault | None:
    """What codes and words say; *own* are the provider's rows. *status* 200 stands for an error inside an answer."""
    for signal in (*own, *BY_CODE):
        if signal.fits(status, told, wait):
            return signal.fault
    status = _named(told) if status in _INSIDE else status
    for words in BY_WORDS:
        if status in words.statuses and words.pattern.search(told.words(status, words.fault)):
            return words.fault
    return None


def _named(told: Told) -> int:
    """The status that an error's names stand for, where it came with none."""
    if not told.codes.isdisjoint(CALLERS):
        return 400
    return 200 if told.codes.isdisjoint(_SERVERS) else 500


def fault_by(status: int) -> tuple[Fault, bool]:
    """What a status means by itself, and whether that is but a guess: most of what is wrong with a call is a 4xx."""
    fault = BY_STATUS.get(status)
    if fault is not None:
        return fault, False
    return (Fault.BAD_REQUEST, True) if 400 <= status < 500 else (Fault.BROKEN, False)
