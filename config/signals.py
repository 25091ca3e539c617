"""What is told to the outside, as values: traces, metrics that are sent, and alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from core.secret import Secret

KINDS: Final = ("budget", "run_out", "provider", "breaker", "error_rate", "debt", "store", "config", "canary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Otel:
    """Spans and metrics go to *endpoint* by OTLP/HTTP, if there is one. *headers* are secrets. *service* is what we are
    called there, *interval* the seconds between two reports of metrics. *content*: prompts and answers go along.
    """

    endpoint: Secret | None = None
    headers: Mapping[str, Secret] = field(default_factory=dict)
    service: str = "switchyard"
    traces: bool = True
    metrics: bool = True
    content: bool = False
    interval: float = 30.0
    timeout: float = 10.0


NO_OTEL: Final = Otel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """*trace*: `traceparent` is taken over and sent on. *sample* is the share of traces begun here that are recorded.
    *exemplars*: histograms of latency name a call for each bucket.
    """

    trace: bool = False
    sample: float = 1.0
    exemplars: bool = False
    otel: Otel = NO_OTEL

    @property
    def tracing(self) -> bool:
        """Whether calls have a trace; a collector is told of them by theirs."""
        return self.trace or bool(self.otel.endpoint)


SILENT: Final = Telemetry()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """A route of whose calls more than *above* (0 to 1) fail *over* so many seconds, of *minimum* calls at least."""

    above: float = 0.2
    over: float = 300.0
    minimum: int = 20


USUAL_RATE: Final = ErrorRate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """*webhook* is told of what is *on*, in the words of *format* (json, slack); *secret* signs it.

    *at* are the shares of a budget. *breaker* is how many seconds a breaker may be open before it is worth a word,
    *settle* how long all has to be well until it is said so.
    """

    webhook: Secret | None = None
    at: tuple[float, ...] = (0.8,)
    secret: Secret | None = None
    format: str = "json"
    on: tuple[str, ...] = KINDS
    error_rate: ErrorRate = USUAL_RATE
    breaker: float = 120.0
    settle: float = 30.0


USUAL_ALERTS: Final = Alerts()
