"""What operators see of alerts, and the test of their way out."""

from admin.asked import Asked, Row
from core.errors import Refusal
from gateway.desk.clerk import ROOT
from gateway.watch.alerts import Bells


class AlertPages:
    __slots__ = ("_bells",)

    def __init__(self, bells: Bells) -> None:
        self._bells = bells

    def rows(self) -> tuple[Row, ...]:
        return (
            Row("GET", f"{ROOT}/alerts", self._shown),
            Row("POST", f"{ROOT}/alerts/test", self._test),
        )

    async def _shown(self, _asked: Asked) -> object:
        return {"object": "list", "data": await self._bells.shown()}

    async def _test(self, _asked: Asked) -> object:
        why = await self._bells.test()
        if why is None:
            raise Refusal(409, "There is nobody to tell: `alerts.webhook` is empty.", code="no_webhook")
        if why:
            raise Refusal(502, f"The webhook did not take the test: {why}.", code="webhook_failed")
        return {"delivered": True}
