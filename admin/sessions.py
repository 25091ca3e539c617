"""Operators in a browser: who has shown the admin key is known for a while by a cookie, and by a token beside it."""

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from core.errors import Refusal
from core.secret import Secret

COOKIE: Final = "switchyard_session"
TOKEN: Final = "x-csrf-token"  # noqa: S105  (a header's name)
LASTS: Final = 12 * 3600  # seconds
SAFE: Final = frozenset({"GET", "HEAD"})
TRIES: Final = 5  # wrong keys from one address within WHILE seconds
WHILE: Final = 60.0
ADDRESSES: Final = 1000  # remembered at most
MOST: Final = 8  # cookies of our name that are looked at


class Session(NamedTuple):
    """*token* has to come with everything that changes something; no other site's page can know it."""

    cookie: str
    token: str
    ends: int  # unix time


class Sessions:
    """A cookie is signed with the admin key: any worker knows it, and it ends with that key.

    *admin_key* is asked for that of the moment. *random* makes what tells sessions apart.
    """

    def __init__(
        self,
        admin_key: Callable[[], Secret | None],
        *,
        clock: Callable[[], float] = time.time,
        random: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self._admin_key = admin_key
        self._clock = clock
        self._random = random
        self._ended: dict[str, int] = {}  # cookies that were given back here, with their ends
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def begin(self, given: str, address: str) -> Session:
        """For whoever shows the admin key; raises Refusal, and to those who guess before it looks at the key."""
        key = self._admin_key()
        if not key:
            raise Refusal(403, "Set admin.key in the configuration to use this.", code="admin_key_not_set")
        self._hold_back(address)
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), key.reveal().encode()):
            self._note(address)
            raise Refusal(401, "This is not the admin key.", code="invalid_api_key")
        self._wrong.pop(address, None)
        ends = int(self._clock()) + LASTS
        return self._session(key, f"{ends}.{self._random()}")

    def of(self, headers: Mapping[str, str]) -> Session | None:
        """The session that a request belongs to, if it is a good one."""
        key = self._admin_key()
        if not key:
            return None
        found = (self._good(key, cookie) for cookie in _cookies(headers.get("cookie", "")))
        return next((session for session in found if session is not None), None)

    def _good(self, key: Secret, cookie: str) -> Session | None:
        named, _, _ = cookie.rpartition(".")
        ends = named.partition(".")[0]
        if not (ends.isascii() and ends.isdigit() and len(ends) < 12):
            return None
        session = self._session(key, named)
        same = hmac.compare_digest(cookie.encode("utf-8", "surrogatepass"), session.cookie.encode())
        return session if same and session.ends > self._clock() and cookie not in self._ended else None

    def authorization(self, method: str, headers: Mapping[str, str]) -> str | None:
        """The header that this session stands for; None without one. Raises Refusal for a change without its token."""
        if "cookie" not in headers:
            return None
        session, key = self.of(headers), self._admin_key()
        if session is None or not key:
            return None
        if method not in SAFE:
            guard(session, headers)
        return f"Bearer {key.reveal()}"

    def end(self, session: Session) -> None:
        """Its cookie is worth nothing any more in this process."""
        now = self._clock()
        self._ended = {cookie: ends for cookie, ends in self._ended.items() if ends > now}
        self._ended[session.cookie] = session.ends

    def _session(self, key: Secret, named: str) -> Session:
        return Session(
            f"{named}.{_mac(key, 'session', named)}", _mac(key, "token", named), int(named.partition(".")[0])
        )

    def _hold_back(self, address: str) -> None:
        now = self._clock()
        wrong = [at for at in self._wrong.get(address, ()) if at > now - WHILE]
        if len(wrong) >= TRIES:
            wait = max(int(wrong[0] + WHILE - now) + 1, 1)
            message = f"Too many wrong keys from this address. Try again in {wait} s."
            raise Refusal(429, message, code="too_many_logins", headers={"retry-after": str(wait)})

    def _note(self, address: str) -> None:
        now = self._clock()
        kept = [at for at in self._wrong.pop(address, ()) if at > now - WHILE]
        self._wrong[address] = [*kept, now]
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)


def guard(session: Session, headers: Mapping[str, str]) -> None:
    """Refuse a change that another site's page might have sent."""
    given = headers.get(TOKEN, "")
    if foreign(headers) or not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), session.token.encode()):
        message = f"With the session's cookie this needs the session's token, in {TOKEN}."
        raise Refusal(403, message, code="csrf_token_invalid")


def foreign(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that another site's page asks."""
    return headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


def _mac(key: Secret, purpose: str, named: str) -> str:
    return hmac.digest(key.reveal().encode(), f"switchyard {purpose} {named}".encode(), "sha256").hex()


def _cookies(header: str) -> list[str]:
    """The first of that name. Others may hold anything: browsers send those of all that is served on this host, on
    whatever port.
    """
    pairs = (part.partition("=") for part in header.split(";"))
    return [value.strip().strip('"') for name, _, value in pairs if name.strip() == COOKIE][:MOST]
