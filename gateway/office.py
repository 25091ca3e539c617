"""What operators are served: who they are, and the pages below /api/v1."""

from collections.abc import Iterator

from admin.asked import Row
from admin.first_key import admin_key
from admin.key_pages import key_pages
from admin.keys import Locksmith
from admin.told.everything import queries
from config.schema import Config
from core.secret import Secret
from gateway.current import Current
from gateway.desk.accounts import Accounts
from gateway.desk.alert_pages import AlertPages
from gateway.desk.budgets import Budgets
from gateway.desk.cache_pages import CachePages
from gateway.desk.calls import Calls
from gateway.desk.canary_pages import CanaryPages
from gateway.desk.completing import Completions
from gateway.desk.config_pages import ConfigPages
from gateway.desk.description import Description
from gateway.desk.desk import Desk
from gateway.desk.estimate import Estimates
from gateway.desk.event_pages import EventPages
from gateway.desk.explain import Explanations
from gateway.desk.feedback import Feedback
from gateway.desk.model_pages import ModelPages
from gateway.desk.monitoring import Monitoring
from gateway.desk.target_pages import TargetPages
from gateway.graph.door import Graph
from gateway.treasury import Treasury
from gateway.watch.alerts import Bells
from gateway.watch.benches import Hand
from gateway.watch.lately import Lately


class Office:
    """*config* is that of the start."""

    __slots__ = ("_bells", "_current", "_made", "_treasury", "completions", "desk", "graph")

    def __init__(self, config: Config, current: Current, treasury: Treasury, bells: Bells) -> None:
        self._current = current
        self._treasury = treasury
        self._bells = bells
        self._made = None if config.admin_key else admin_key(config)
        self.completions = Completions(current, treasury, self.key)
        self.desk = Desk(self._rows(), lambda: current.generation.config.server, self.key, queries())
        self.graph = Graph(current, treasury, self.desk, self.completions)

    def key(self) -> Secret | None:
        """The admin key of the moment; once none is configured any more, the one that a start would make, or find."""
        config = self._current.generation.config
        if config.admin_key:
            return config.admin_key
        if self._made is None:
            self._made = admin_key(config)
        return self._made.secret

    def _sights(self, lately: Lately) -> Iterator[Row]:
        """What there is, and how it does."""
        yield from ModelPages(self._current, self._treasury, self.key, lately).rows()
        hand = Hand(self._current.shared, self._treasury.board)
        yield from TargetPages(self._current, hand, lately).rows()
        yield from ConfigPages(self._current, lately).rows()
        yield from Monitoring(self._current, self._treasury).rows()

    def _rows(self) -> Iterator[Row]:
        yield from key_pages(Locksmith(self._treasury.store, lambda: self._current.generation.config))
        yield from Accounts(self._current, self._treasury, self.key).rows()
        yield from Budgets(self._current, self._treasury, self.key).rows()
        yield from CanaryPages(self._current.shared.canaries).rows()
        yield from EventPages(self._current.shared.newsroom).rows()
        yield from Estimates(self._current, self._treasury, self.key).rows()
        yield from self._sights(Lately(self._current.shared))
        yield from Feedback(self._current, self._treasury, self.key).rows()
        yield from Explanations(self._current, self._treasury, self.key).rows()
        yield from CachePages(self._current).rows()
        yield from self.completions.rows()
        yield from Calls(self._current, self._treasury, self.key).rows()
        yield from AlertPages(self._bells).rows()
        yield from Description(self._current, self._treasury, self.key).rows()
