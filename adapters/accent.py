"""In what a provider differs from OpenAI: a value, never a subclass."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.signals import Signal
from core.faults import Fault

ENDPOINTS = frozenset({"chat", "completions", "embeddings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accent:
    """The defaults are OpenAI itself, and what it may say is passed on untouched.

    Requests: *rename*, *drop* and *clamp* name top-level fields; *nulls* is whether a request goes out as it came,
    explicit nulls included (with any of the three it doesn't); *stream_options* whether the provider takes them;
    *deployments* is Azure's way of naming models in the path. *option_headers* are headers
    that carry an option of the provider. Answers: *finish* renames finish reasons, *fatal* are those that mean
    the answer failed, *keys* renames members of messages and deltas. *cost* is the field of `usage` in which the
    provider bills, with its unit in nano-dollars. *limits*: its models are OpenAI's, with their limits and /responses.
    """

    base_url: str = ""
    needs_key: bool = True
    local: bool = False
    endpoints: frozenset[str] = ENDPOINTS
    options: Mapping[str, str | None] = field(default_factory=dict)
    option_headers: Mapping[str, str] = field(default_factory=dict)
    key_header: tuple[str, str] = ("authorization", "Bearer ")
    deployments: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    clamp: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    nulls: bool = True
    stream_options: bool = True
    finish: Mapping[str, str] = field(default_factory=dict)
    fatal: Mapping[str, Fault] = field(default_factory=lambda: {"error": Fault.BROKEN})
    keys: Mapping[str, str] = field(default_factory=dict)
    cost: tuple[str, float] | None = None
    signals: tuple[Signal, ...] = ()
    limits: bool = False

    @property
    def plain(self) -> bool:
        """Whether a request's body needs no change at all."""
        return self.nulls and not (self.rename or self.drop or self.clamp)

    @property
    def verbatim(self) -> bool:
        """Whether the events of its streams need no look inside."""
        return not self.finish
