"""Who answers questions at the office: what every page there goes by, and who is asking."""

import time
from collections.abc import Callable
from typing import Final

from admin.access import holds
from admin.asked import Asked
from config.schema import Key
from core.errors import Refusal
from core.secret import Secret
from gateway.current import Current
from gateway.treasury import Treasury
from quota.keys import ANYONE
from store.contract import StoreDown
from store.ledger import Ledger

ROOT: Final = "/api/v1"


class Clerk:
    """*admin_key* is asked for that of the moment."""

    __slots__ = ("_admin_key", "_current", "_treasury")

    def __init__(self, current: Current, treasury: Treasury, admin_key: Callable[[], Secret | None]) -> None:
        self._admin_key = admin_key
        self._current = current
        self._treasury = treasury

    async def _client(self, asked: Asked) -> Key | None:
        """The key of a client that asks; None where it is the operator."""
        if holds(self._admin_key(), asked.authorization):
            return None
        return await self._current.generation.keyring.recognise(asked.authorization, time.time())

    async def _caller(self, asked: Asked) -> Key:
        """Who would call; the operator may ask for anybody (`?key=NAME`), or for nobody in particular."""
        key = await self._client(asked)
        if key is not None:
            return key
        name = asked.query.get("key")
        return await self._named(name) if name else ANYONE

    async def _named(self, name: str) -> Key:
        """A key by its name, wherever it was made."""
        key = self._current.generation.config.keys.get(name)
        if key is not None:
            return key
        try:
            key = await self._treasury.stored.named(name)
        except StoreDown:
            raise down("store", code="store_unavailable") from None
        if key is None:
            raise Refusal(404, f"There is no key {name}.", code="key_not_found", param="key")
        return key

    def _ledger(self) -> Ledger:
        if self._treasury.ledger is None:
            raise Refusal(404, "No ledger is kept here (`ledger: off`).", code="no_ledger")
        return self._treasury.ledger


def down(what: str, *, code: str) -> Refusal:
    return Refusal(503, f"The {what} can't be reached.", code=code, headers={"retry-after": "1"})
