"""How an error's words and status tell what kind of failure it is: tables, in the order they are asked.

First what a provider's own accent says (adapters.family), then codes, then words, then the status. Numbers
are compared with the status only: in a text, 429 may as well be a token. Money comes before rate limits,
since both are 429; the context's length before content rules and bad requests, since all are 400.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from core.faults import Fault


class Told(NamedTuple):
    """What an error says of itself, as it came.

    *codes* are all its machine-readable names, *text* all of its words in lower case, *status* the HTTP status
    that the body names, *wait* the seconds it asks to wait. *page*: it was a page of markup, whose words mean nothing.
    """

    message: str = ""
    code: str | None = None
    type: str | None = None
    param: str | None = None
    codes: frozenset[str] = frozenset()
    text: str = ""
    status: int | None = None
    wait: float | None = None
    page: bool = False


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
            and (not self.text or re.search(self.text, told.text) is not None)
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
    Signal(Fault.OUT_OF_CREDIT, codes=("insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached")),
    Signal(Fault.CONTEXT_LENGTH, codes=("context_length_exceeded", "exceed_context_size_error")),
    Signal(Fault.CONTENT_POLICY, codes=("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")),
    Signal(Fault.BAD_CREDENTIAL, codes=("invalid_api_key",)),
    Signal(Fault.MODEL_NOT_FOUND, codes=("model_not_found", "DeploymentNotFound", "model_decommissioned")),
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
    """A row of patterns that any provider may use; *but* are statuses for which these words mean nothing."""

    fault: Fault
    pattern: re.Pattern[str]
    but: frozenset[int] = frozenset()


# "Additional properties are not allowed", "invalid token in logit_bias": the caller's mistakes, not our key's.
_CALLER = frozenset({400, 404, 405, 413, 415, 422})
_NOT_CONTENT = frozenset({401, 402, 429, *range(500, 600)})

BY_WORDS: tuple[Words, ...] = (
    Words(
        Fault.OUT_OF_CREDIT,
        re.compile(
            r"insufficient_quota|insufficient balance|insufficient credits|credit balance is too low"
            r"|exceeded your current quota|spending limit|monthly limit|billing|payment required|out of credits"
        ),
    ),
    Words(
        Fault.CONTEXT_LENGTH,
        re.compile(
            r"context_length_exceeded|maximum context length|context window|exceeds the available context"
            r"|exceed context limit|prompt is too long|input is too long|too many (input )?tokens"
            r"|reduce the length of the messages|maximum allowed length|current length is .{1,80} while limit is"
            r"|tokens \+ `?max_new_tokens"
        ),
    ),
    Words(
        Fault.CONTENT_POLICY,
        re.compile(
            r"content_filter|content_policy|responsibleai|content management policy|safety system|flagged"
            r"|moderation|guardrail|usage guidelines|(?<!case[ -])(?<!case)(?<!in)sensitive"
        ),
        _NOT_CONTENT,
    ),
    Words(
        Fault.BAD_CREDENTIAL,
        re.compile(r"invalid api key|incorrect api key|invalid_api_key|no auth credentials"),
    ),
    Words(
        Fault.BAD_CREDENTIAL,
        re.compile(
            r"unauthorized|invalid token|authentication|permission|forbidden|not allowed|access denied"
            r"|do not have access"
        ),
        _CALLER,
    ),
    Words(
        Fault.MODEL_NOT_FOUND,
        re.compile(
            r"model_not_found|model .{0,120}(not found|does not exist|not exist)|unknown model"
            r"|not a valid model id|deploymentnotfound|decommissioned|try pulling"
        ),
    ),
    Words(
        Fault.RATE_LIMITED,
        re.compile(
            r"rate.?limit|too many requests|throttl|resource (has been )?exhausted"
            r"|requests per (second|minute|day)|tokens per minute|concurren"
        ),
    ),
    Words(
        Fault.OVERLOADED,
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
    for words in BY_WORDS:
        if status not in words.but and words.pattern.search(told.text):
            return words.fault
    return None


def fault_by(status: int) -> tuple[Fault, bool]:
    """What a status means by itself, and whether that is but a guess: most of what is wrong with a call is a 4xx."""
    fault = BY_STATUS.get(status)
    if fault is not None:
        return fault, False
    return (Fault.BAD_REQUEST, True) if 400 <= status < 500 else (Fault.BROKEN, False)
