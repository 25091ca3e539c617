"""What happens, told as it happens to an operator who watches."""

from collections.abc import Iterator

from admin.asked import Asked, Flowing, Row
from core.errors import invalid
from gateway.desk.clerk import ROOT
from gateway.watch.events import KINDS, Newsroom


class EventPages:
    __slots__ = ("_newsroom",)

    def __init__(self, newsroom: Newsroom) -> None:
        self._newsroom = newsroom

    def rows(self) -> Iterator[Row]:
        yield Row("GET", f"{ROOT}/events", self._events)

    async def _events(self, asked: Asked) -> object:
        named = [kind.strip() for kind in asked.query.get("kinds", "").split(",")]
        kinds = [kind for kind in named if kind]
        if any(kind not in KINDS for kind in kinds):
            raise invalid(f"Kinds of events are {', '.join(KINDS)}.", param="kinds")
        return Flowing(self._newsroom.listen(kinds or KINDS))
