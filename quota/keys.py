"""Who is calling, and may they use this model?"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from config.schema import Key
from core.errors import Refusal
from quota.stored_keys import UNKNOWN, StoredKeys

ANYONE: Final = Key(name="", digest=b"")
SCHEME: Final = "bearer "
MOST_REMEMBERED: Final = 10_000


class Stranger(Exception):  # noqa: N818  (says who it is)
    """Somebody whose key isn't known here, and may be known by the store: `Keyring.ask` finds out."""

    def __init__(self, digest: bytes) -> None:
        super().__init__()
        self.digest = digest


class Keyring:
    """The keys of one generation, and beside them those that were made at run time (*stored*).

    Without any key everybody may use everything (the start refuses that off loopback), unless *guarded*. Keys are found
    by their hash, so looking one up takes the same time however much of it is right.
    """

    __slots__ = ("_allowed", "_by_digest", "_guarded", "_may", "_stored")

    def __init__(self, keys: Iterable[Key], stored: StoredKeys | None = None, *, guarded: bool = False) -> None:
        self._by_digest: Mapping[bytes, Key] = {key.digest: key for key in keys}
        self._stored = stored
        self._guarded = guarded or bool(self._by_digest)
        self._allowed: dict[tuple[str, ...], re.Pattern[str]] = {}
        self._may: dict[tuple[tuple[str, ...], str], bool] = {}

    def identify(self, authorization: str | None, now: float, digest: bytes = b"") -> Key:
        """The key in an `Authorization` header, at once. *now* is unix time. Raises Stranger where it takes a read.

        *digest* is that of the key which was found by the very same header before, if somebody remembers it.
        """
        stored = self._stored
        if not self._guarded and (stored is None or not stored.demanded):
            return ANYONE
        digest = digest or _digest_in(authorization)
        key = self._by_digest.get(digest)
        if key is None and stored is not None:
            found = stored.known(digest)
            if found is UNKNOWN:
                raise Stranger(digest)
            key = found
        if key is not None and key.expires is None and not key.disabled:
            return key
        return _good(key, now)

    async def ask(self, stranger: Stranger, now: float) -> Key:
        """Whose key it is, by one read of the store."""
        return _good(await self._stored.find(stranger.digest) if self._stored is not None else None, now)

    async def recognise(self, authorization: str | None, now: float) -> Key:
        """As `identify`, waiting for the store where need be."""
        try:
            return self.identify(authorization, now)
        except Stranger as stranger:
            return await self.ask(stranger, now)

    def allows(self, models: tuple[str, ...], model: str) -> bool:
        """Whether *model*, as a client calls it, is one of *models*, in which `*` stands for anything; all if empty."""
        if not models:
            return True
        question = (models, model)
        answer = self._may.get(question)
        if answer is None:
            if len(self._may) >= MOST_REMEMBERED:
                self._may.clear()
            answer = self._may[question] = bool(self._pattern(models).fullmatch(model))
        return answer

    def _pattern(self, models: tuple[str, ...]) -> re.Pattern[str]:
        pattern = self._allowed.get(models)
        if pattern is None:
            if len(self._allowed) >= MOST_REMEMBERED:
                self._allowed.clear()
            pattern = self._allowed[models] = _pattern(models)
        return pattern


def _digest_in(authorization: str | None) -> bytes:
    if not authorization:
        raise _unauthorized("You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.", None)
    if authorization[:7].lower() != SCHEME:
        raise _unauthorized("The Authorization header must read 'Bearer YOUR_KEY'.", None)
    return sha256(authorization[7:].strip().encode("utf-8", "surrogateescape")).digest()


def _good(key: Key | None, now: float) -> Key:
    if key is None:
        raise _unauthorized("Incorrect API key provided.", "invalid_api_key")
    if key.disabled:
        raise _unauthorized("This API key has been disabled.", "invalid_api_key")
    if key.expires is not None and now >= key.expires:
        raise _unauthorized("This API key has expired.", "invalid_api_key")
    return key


def _pattern(models: Iterable[str]) -> re.Pattern[str]:
    """One expression for a list of names in which `*` stands for anything."""
    return re.compile("|".join(".*".join(map(re.escape, name.split("*"))) for name in models), re.DOTALL)


def _unauthorized(message: str, code: str | None) -> Refusal:
    return Refusal(401, message, code=code, type="invalid_request_error", headers={"www-authenticate": "Bearer"})
