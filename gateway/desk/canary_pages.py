"""What operators see of canaries, and what they do with them."""

from admin.asked import Asked, Row
from core.errors import Refusal, invalid
from gateway.desk.clerk import ROOT
from gateway.watch.canaries import Canaries
from store.contract import StoreDown


class CanaryPages:
    __slots__ = ("_canaries",)

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", f"{ROOT}/canaries", self._shown),
            Row("POST", f"{ROOT}/canaries/{{}}", self._act),
        )

    async def _shown(self, _asked: Asked) -> object:
        try:
            return {"canaries": await self._canaries.shown()}
        except StoreDown:
            raise _down() from None

    async def _act(self, asked: Asked) -> object:
        (route,) = asked.names
        action = asked.only("action").get("action")
        if action != "restart" and action != "stop":  # noqa: PLR1714  (it may be anything, even what has no hash)
            raise invalid("Expected restart or stop.", param="action")
        try:
            known = await self._canaries.act(route, action)
        except StoreDown:
            raise _down() from None
        if not known:
            raise Refusal(404, f"There is no canary at a route {route!r}.", code="canary_not_found", param="route")
        return await self._shown(asked)


def _down() -> Refusal:
    return Refusal(503, "The store can't be reached.", code="store_unavailable", headers={"retry-after": "1"})
