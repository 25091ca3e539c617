"""Who may operate: the holder of the admin key, and nobody without one."""

from hmac import compare_digest

from core.errors import Refusal
from core.secret import Secret


def holds(key: Secret | None, authorization: str | None) -> bool:
    """Whether an `Authorization` header carries *key*; never where there is none."""
    if not key or authorization is None or authorization[:7].lower() != "bearer ":
        return False
    given = authorization[7:].strip().encode("utf-8", "surrogateescape")
    return compare_digest(given, key.reveal().encode())


def demand(key: Secret | None, authorization: str | None) -> None:
    """Refuse whoever doesn't hold the admin key."""
    if not key:
        raise Refusal(403, "Set admin.key in the configuration to use this.", code="admin_key_not_set")
    if not holds(key, authorization):
        raise Refusal(401, "This needs the admin key.", code="invalid_api_key", headers={"www-authenticate": "Bearer"})
