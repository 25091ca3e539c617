"""How many retries this process may have under way, so that an outage isn't multiplied by us."""

_ALWAYS = 3  # with few calls under way a share of them would forbid every retry


class RetryBudget:
    """*calls* and *retries* under way, counted by those who begin and end them."""

    __slots__ = ("calls", "retries")

    def __init__(self) -> None:
        self.calls = 0
        self.retries = 0

    def allow(self, share: float) -> bool:
        """Whether one more retry may begin, where retries may be *share* (0 to 1) of the calls under way."""
        return self.retries < max(_ALWAYS, share * self.calls)
