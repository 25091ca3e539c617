"""Who is calling, and may they use this model?"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from config.schema import Key
from core.errors import Refusal

ANYONE: Final = Key(name="", digest=b"")
SCHEME: Final = "bearer "
MOST_REMEMBERED: Final = 10_000


class Keyring:
    """The keys of one generation. Without keys everybody may use everything (the start refuses that off loopback).

    Keys are found by their hash, so looking one up takes the same time however much of it is right.
    """

    __slots__ = ("_allowed", "_by_digest", "_may")

    def __init__(self, keys: Iterable[Key]) -> None:
        self._by_digest: Mapping[bytes, Key] = {key.digest: key for key in keys}
        self._allowed = {key.name: _pattern(key.models) for key in self._by_digest.values()}
        self._may: dict[tuple[str, str], bool] = {}

    def identify(self, authorization: str | None, now: float) -> Key:
        """The key in an `Authorization` header. *now* is unix time."""
        if not self._by_digest:
            return ANYONE
        if not authorization:
            raise _unauthorized("You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.", None)
        if authorization[:7].lower() != SCHEME:
            raise _unauthorized("The Authorization header must read 'Bearer YOUR_KEY'.", None)
        digest = sha256(authorization[7:].strip().encode("utf-8", "surrogateescape")).digest()
        key = self._by_digest.get(digest)
        if key is None:
            raise _unauthorized("Incorrect API key provided.", "invalid_api_key")
        if key.disabled:
            raise _unauthorized("This API key has been disabled.", "invalid_api_key")
        if key.expires is not None and now >= key.expires:
            raise _unauthorized("This API key has expired.", "invalid_api_key")
        return key

    def may_use(self, key: Key, model: str) -> bool:
        """Whether *key* may ask for *model*, by the name it asks with."""
        if not key.models:
            return True
        question = (key.name, model)
        answer = self._may.get(question)
        if answer is None:
            if len(self._may) >= MOST_REMEMBERED:
                self._may.clear()
            answer = self._may[question] = bool(self._allowed[key.name].fullmatch(model))
        return answer


def _pattern(models: Iterable[str]) -> re.Pattern[str]:
    """One expression for a list of names in which `*` stands for anything."""
    return re.compile("|".join(".*".join(map(re.escape, name.split("*"))) for name in models), re.DOTALL)


def _unauthorized(message: str, code: str | None) -> Refusal:
    return Refusal(401, message, code=code, type="invalid_request_error", headers={"www-authenticate": "Bearer"})
