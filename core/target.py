"""Providers, and the models at them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from core.secret import Secret


class Thresholds(NamedTuple):
    """How many probes in a row must go well to bring a provider's targets back, and fail to take them away."""

    up: int = 2
    down: int = 3


USUAL: Final = Thresholds()


class Concurrency(NamedTuple):
    """How many calls a target takes at a time: *most*, None where nobody says. *learns*: from what it refuses; *slows*:
    and from how much slower it gets.
    """

    most: int | None = None
    learns: bool = False
    slows: bool = False


ADAPTIVE: Final = Concurrency(learns=True)
GRADIENT: Final = Concurrency(learns=True, slows=True)
OFF: Final = Concurrency()


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider as the operator wrote it, every default filled in.

    *base_url* is empty for a dialect that needs no network. *options* are the dialect's own settings
    (organization, site_url, api_version …), *headers* what the operator adds to every request. *discover* and *probe*
    are the seconds between two looks at its list of models, and between two signs of life; 0 for never. *thresholds*
    are those of probes. *concurrency* is how many calls each of its models takes at a time.
    """

    name: str
    dialect: str
    base_url: str = ""
    keys: tuple[Secret, ...] = ()
    needs_key: bool = True
    local: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    verify_tls: bool = True
    discover: float = 0.0
    probe: float = 0.0
    thresholds: Thresholds = USUAL
    concurrency: Concurrency = ADAPTIVE

    @property
    def configured(self) -> bool:
        """Whether calls can go there at all."""
        return bool(self.keys) or not self.needs_key


@dataclass(frozen=True, slots=True)
class Target:
    """One model at one provider."""

    provider: str
    model: str
    weight: float = 1.0
    id: str = field(init=False, compare=False)  # provider/model; read on every call, so made once

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.provider}/{self.model}")
