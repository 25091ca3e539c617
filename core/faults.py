"""What can go wrong with an attempt, and the one table of what follows from it.

Everybody who has to decide after a failure reads this table: the plan (try the same target again,
go to the next), the breaker (whose fault was it), the client's answer (which status), the metrics
(which label) and the YAML (`on:` speaks of the same codes).
"""

from dataclasses import dataclass, field
from enum import Enum, unique
from typing import Final


@unique
class Blame(Enum):
    """Who has to change something before this can work."""

    TARGET = "target"
    US = "us"
    CALLER = "caller"
    NOBODY = "nobody"


@unique
class Fault(Enum):
    """A kind of failure. *rank* orders failures by how much they help the client (higher is better)."""

    #                 code              status  blame         retry  next   rank  what the client reads as `code`
    UNREACHABLE = ("unreachable", 502, Blame.TARGET, True, True, 5, "upstream_unreachable")
    TIMEOUT = ("timeout", 504, Blame.TARGET, False, True, 8, "upstream_timeout")
    OUT_OF_TIME = ("out_of_time", 504, Blame.NOBODY, False, True, 7, "upstream_timeout")
    RATE_LIMITED = ("rate_limited", 429, Blame.TARGET, True, True, 3, "rate_limit_exceeded")
    OVERLOADED = ("overloaded", 503, Blame.TARGET, True, True, 9, "server_is_overloaded")
    BROKEN = ("broken", 502, Blame.TARGET, True, True, 6, "upstream_error")
    BAD_CREDENTIAL = ("bad_credential", 502, Blame.US, False, True, 2, "upstream_authentication")
    OUT_OF_CREDIT = ("out_of_credit", 502, Blame.US, False, True, 1, "upstream_out_of_credit")
    MODEL_NOT_FOUND = ("model_not_found", 502, Blame.US, False, True, 0, "upstream_model_not_found")
    BUSY = ("busy", 503, Blame.NOBODY, False, True, 10, "all_targets_busy")
    LIMITED = ("limited", 429, Blame.NOBODY, False, True, 4, "rate_limit_exceeded")
    UNSUPPORTED = ("unsupported", 400, Blame.CALLER, False, True, -1, None)
    CONTEXT_LENGTH = ("context_length", 400, Blame.CALLER, False, True, 13, "context_length_exceeded")
    CONTENT_POLICY = ("content_policy", 400, Blame.CALLER, False, False, 12, "content_filter")
    BAD_REQUEST = ("bad_request", 400, Blame.CALLER, False, False, 11, None)
    CANCELLED = ("cancelled", 499, Blame.NOBODY, False, False, -2, None)

    def __init__(  # noqa: PLR0917  (a row of the table above)
        self, code: str, status: int, blame: Blame, retry_same: bool, next_target: bool, rank: int, shown: str | None
    ) -> None:
        self.code = code
        self.status = status
        self.blame = blame
        self.retry_same = retry_same
        self.next_target = next_target
        self.rank = rank
        self.shown = shown


@unique
class Reach(Enum):
    """What a rate limit concerns: the model for which it was met, all that is asked with that API key, or everybody who
    asks this provider from here.
    """

    MODEL = "model"
    CREDENTIAL = "credential"
    PROVIDER = "provider"


BY_CODE: Final = {fault.code: fault for fault in Fault}


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure of one attempt.

    *message* is clean of secrets and URLs. *status*, *code*, *type* and *param* are the provider's own,
    where it gave any. *retry_after* is in seconds, *reach* is that of a rate limit. *guessed*: nothing in the
    provider's error said what it means.
    """

    fault: Fault
    message: str
    status: int | None = None
    code: str | None = None
    type: str | None = None
    param: str | None = None
    retry_after: float | None = None
    reach: Reach = Reach.MODEL
    guessed: bool = field(default=False, compare=False)


class UpstreamError(Exception):
    """Raised inside an attempt; carries the Failure that the plan will be told."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure
