"""In what a provider differs from OpenAI: a value, never a subclass."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adapters.draft import Step
from adapters.ears import EarMaker
from adapters.manners import Manners
from adapters.onward import flagged
from adapters.signals import Signal
from core.ask import Ask, Onward
from core.call import Call

ENDPOINTS = frozenset({"chat", "completions", "embeddings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accent:
    """The defaults are OpenAI itself, and what it may say is passed on untouched.

    Where: *deployments* is Azure's way of naming models in the path. *option_headers* are headers that carry an option
    of the provider, *headers* such as it always gets. *key_header* names the header of the credential and what stands
    before it, *local_key_header* that of a server on one's own machine, if it differs. *listed*: one can ask for its
    models.

    Requests, in the order in which things are done: *nulls* is whether explicit nulls go out; *tidy* is whether what
    only others say in messages stays here, and *manners* how else they must be; *says* are steps of its own; *rename*,
    *takes*, *drop* and *clamp* name top-level fields, where *takes* are all that an endpoint knows (an endpoint that
    isn't there takes any). *stream_options* is whether it takes them. *fetches*: it gets no URLs of images, but the
    images.

    Answers: *finish* renames finish reasons, *keys* renames members of messages and deltas, *hears* makes an Ear for
    what is left. *remembers* is the member of a message that must come back with the results of its tool calls. *cost*
    is the field of `usage` in which the provider bills, with its unit in nano-dollars.

    *limits*: its models are OpenAI's, with their limits and /responses. *onward*: how its models go on with the
    beginning of a chat's answer.
    """

    base_url: str = ""
    needs_key: bool = True
    local: bool = False
    endpoints: frozenset[str] = ENDPOINTS
    options: Mapping[str, str | None] = field(default_factory=dict)
    option_headers: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    key_header: tuple[str, str] = ("authorization", "Bearer ")
    local_key_header: tuple[str, str] | None = None
    deployments: bool = False
    listed: bool = True
    nulls: bool = True
    tidy: bool = True
    manners: Manners | None = None
    says: tuple[Step, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    clamp: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    stream_options: bool = True
    fetches: bool = False
    finish: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    hears: EarMaker | None = None
    remembers: str = ""
    cost: tuple[str, float] | None = None
    signals: tuple[Signal, ...] = ()
    limits: bool = False
    onward: Callable[[Ask], Onward] = flagged

    @property
    def plain(self) -> bool:
        """Whether a request's body needs no change at all, but for what tidy does."""
        return self.nulls and not (self.manners or self.says or self.rename or self.takes or self.drop or self.clamp)

    def owed(self, call: Call) -> int:
        """How many choices there must be: as many as were asked for, unless `n` is not passed on."""
        return call.choices // (call.body.get("n") or 1) if "n" in self.drop else call.choices
