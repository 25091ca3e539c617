"""How many retries this process may have under way, so that an outage isn't multiplied by us."""

_ALWAYS = 3  # with few calls under way a share of them would forbid every retry


class RetryBudget:
    """Counts calls and retries under way. Each *enter* needs its *leave*, each *began* its *ended*."""

    __slots__ = ("calls", "retries")

    def __init__(self) -> None:
        self.calls = 0
        self.retries = 0

    def enter(self) -> None:
        self.calls += 1

    def leave(self) -> None:
        self.calls -= 1

    def began(self) -> None:
        self.retries += 1

    def ended(self) -> None:
        self.retries -= 1

    def allow(self, share: float) -> bool:
        """Whether one more retry may begin, where retries may be *share* (0 to 1) of the calls under way."""
        return self.retries < max(_ALWAYS, share * self.calls)
