"""What an attempt sets aside before it is sent, and gives back or pays when its cost is known.

Every attempt has a hold of its own, since an attempt that timed out may have been billed all the same. Today one
account is held: the calls that a provider may have under way at once (`limits.concurrent`). Money, requests and
tokens are accounts of the same kind and join here.
"""

from collections.abc import Iterable, Mapping

from config.schema import NO_LIMITS, Allowance
from core.target import Target


class Slots:
    """The calls under way at one provider; *most* None means as many as there are."""

    __slots__ = ("most", "taken")

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.taken = 0

    @property
    def full(self) -> bool:
        return self.most is not None and self.taken >= self.most


class Hold:
    """Taken before an attempt is sent. Settled or released exactly once, on every way out."""

    __slots__ = ("_slots",)

    def __init__(self, slots: Slots) -> None:
        self._slots: Slots | None = slots
        slots.taken += 1

    def release(self) -> None:
        """The attempt is over. Harmless when said twice."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.taken -= 1


class Accounts:
    """All that can run out, by name; outlives a reload."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: dict[str, Slots] = {}

    def adopt(self, providers: Iterable[str], allowances: Mapping[str, Allowance]) -> None:
        """Take over the limits of a new generation; what is held stays held."""
        for name in providers:
            self.of(name).most = allowances.get(f"provider/{name}", NO_LIMITS).limits.concurrent

    def of(self, provider: str) -> Slots:
        slots = self._slots.get(provider)
        if slots is None:
            slots = self._slots[provider] = Slots(None)
        return slots

    def hold(self, target: Target) -> Hold | None:
        """Everything that an attempt at *target* needs, at once; nothing if something has run out."""
        slots = self._slots.get(target.provider) or self.of(target.provider)
        return None if slots.most is not None and slots.full else Hold(slots)
