"""The end of a plan that came to nothing, and what the client is told of it."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from core.errors import Refusal
from core.faults import Blame, Failure, Fault
from core.target import Target
from routing.candidates import Skipped

_LONGEST_WAIT = 3600.0
_RATES = frozenset({Fault.RATE_LIMITED, Fault.LIMITED})
_MOST_NAMED = 20  # targets that were skipped; of more, reasons are told, and how many have them
_MOST_REASONS = 5

_MESSAGES: Final[Mapping[Fault, str]] = {
    Fault.UNREACHABLE: "the model could not be reached",
    Fault.TIMEOUT: "the model did not answer in time",
    Fault.OUT_OF_TIME: "the model did not answer in time",
    Fault.RATE_LIMITED: "the model's rate limit is reached",
    Fault.OVERLOADED: "the model is overloaded",
    Fault.BROKEN: "the model's answer was broken",
    Fault.BAD_CREDENTIAL: "the provider refused this service's credential",
    Fault.OUT_OF_CREDIT: "this service's credit with the provider is used up",
    Fault.MODEL_NOT_FOUND: "the provider doesn't know the model",
    Fault.BUSY: "every target that could take the call is busy",
    Fault.LIMITED: "a limit that this service keeps for the model or its provider is reached",
    Fault.CANCELLED: "the call was cancelled",
}


class Exhausted(Exception):  # noqa: N818  (an outcome of a plan, not a mistake)
    """No target is left to try. *retry_after*: seconds until one may be available again, where known."""

    def __init__(
        self,
        failures: Sequence[tuple[Target, Failure]],
        skipped: Sequence[Skipped],
        *,
        retry_after: float | None = None,
    ) -> None:
        super().__init__("no target is left to try")
        self.failures = failures
        self.skipped = skipped
        self.retry_after = retry_after

    @property
    def failure(self) -> Failure | None:
        """The one that helps the client most; None when nothing was tried."""
        return max((failure for _, failure in self.failures), key=lambda it: it.fault.rank, default=None)


def nobody() -> Sequence[str]:
    return ()


def refusal(exhausted: Exhausted, able: Callable[[], Sequence[str]] = nobody) -> Refusal:
    """What the client is told. *able* names the models that could have taken the call; asked where none here can."""
    failure = exhausted.failure
    extra: dict[str, object] = {
        "attempts": [
            {"target": target.id, "fault": each.fault.code, "message": each.message}
            for target, each in exhausted.failures
        ],
        **_skipped(exhausted.skipped),
    }
    # The official clients would multiply the retries that were made here.
    headers = {"x-should-retry": "false"}
    if failure is not None and failure.fault.blame is Blame.CALLER:
        could = able() if failure.fault is Fault.UNSUPPORTED else ()
        return _callers_own(failure, headers, extra, could)
    if exhausted.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(min(exhausted.retry_after, _LONGEST_WAIT))))
    if failure is None:
        if exhausted.skipped and all(each.unfit for each in exhausted.skipped):
            # Nothing could ever do it: the call is wrong, and didn't just come at a bad time.
            could = able()
            message = _nothing(exhausted) + _who(could)
            extra |= {"could": list(could)}
            return Refusal(400, message, code="unsupported_by_model", headers=headers, extra=extra)
        if _limited(exhausted.skipped):
            return Refusal(429, _nothing(exhausted), code="rate_limit_exceeded", headers=headers, extra=extra)
        return Refusal(503, _nothing(exhausted), code="no_target_available", headers=headers, extra=extra)
    fault = failure.fault
    if fault is Fault.BUSY:
        # Whoever comes back when there is room multiplies nothing.
        del headers["x-should-retry"]
    return Refusal(fault.status, _MESSAGES[fault], code=fault.shown, headers=headers, extra=extra)


def _callers_own(
    failure: Failure, headers: Mapping[str, str], extra: Mapping[str, object], could: Sequence[str]
) -> Refusal:
    """The provider's own words: they say what the caller has to change."""
    fault = failure.fault
    if fault is Fault.UNSUPPORTED:
        extra = {**extra, "could": list(could)}
    return Refusal(
        fault.status,
        failure.message + _who(could),
        code=fault.shown or failure.code,
        param=failure.param,
        headers=headers,
        extra=extra,
        quoted=failure.status is not None,
    )


def _limited(skipped: Sequence[Skipped]) -> bool:
    """Whether rate limits keep all of them away that could ever take the call."""
    faults = {each.fault for each in skipped if each.fault is not None}
    return bool(faults) and faults <= _RATES


def _who(could: Sequence[str]) -> str:
    return f" Models that can: {', '.join(could)}." if could else ""


def _nothing(exhausted: Exhausted) -> str:
    skipped = exhausted.skipped
    if len(skipped) <= _MOST_NAMED:
        reasons = "; ".join(f"{each.target.id}: {each.reason}" for each in skipped)
    else:
        counted = Counter(each.reason for each in skipped).most_common()
        reasons = "; ".join(
            f"{count} target{'s' if count > 1 else ''}: {reason}" for reason, count in counted[:_MOST_REASONS]
        )
        if len(counted) > _MOST_REASONS:
            reasons += f"; and {len(counted) - _MOST_REASONS} other reasons"
    return f"no target can take this call: {reasons or 'its time is up'}"


def _skipped(skipped: Sequence[Skipped]) -> dict[str, object]:
    """Who was skipped and why; of many, the first, and how many there are for each reason."""
    told = [{"target": each.target.id, "reason": each.reason} for each in skipped[:_MOST_NAMED]]
    if len(skipped) <= _MOST_NAMED:
        return {"skipped": told}
    counted = Counter(each.reason for each in skipped).most_common(_MOST_NAMED)
    return {"skipped": told, "skipped_by_reason": dict(counted)}
