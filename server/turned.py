"""An answer on its way to somebody who wants it in another form than a call gives it."""

from server.reply import Driver, Reply


class Turned(Reply):
    """Goes out in the place of *outer*, which nothing has been written to, and leaves it as if it had written itself.

    Subclasses turn what is written; connection, backpressure and the client's leaving are those of *outer*.
    """

    __slots__ = ("_outer",)

    def __init__(self, outer: Reply) -> None:
        super().__init__(outer._line, outer._loop, old=outer.old, keep_alive=outer.keep_alive)  # noqa: SLF001
        self._outer = outer
        outer.turned = self
        self.common = outer.common
        self.driver: Driver | None = outer.driver
        self.id = outer.id

    def leave(self) -> None:
        """It is over: *outer* is what this has become."""
        outer = self._outer
        outer.status, outer.sent, outer.opened = self.status, self.sent, self.opened
        outer.keep_alive = self.keep_alive
        outer.turned = None
