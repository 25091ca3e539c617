"""Keys that are made, changed and revoked at run time: what comes back is JSON, what can't be had is a Refusal."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from config.keys import digest
from config.problems import ConfigErrors
from config.schema import Config, Key
from config.stored import Names, examined
from config.units import duration
from core.errors import Refusal, invalid
from store.contract import Store, StoredKey, StoreDown, Taken

PREFIX: Final = "sk-sy-"
GRACE: Final = 86400.0  # seconds for which a key goes on after its rotation
LONGEST_GRACE: Final = 366 * 86400.0
LONGEST_NAME: Final = 64
USUAL_PAGE: Final = 100
LARGEST_PAGE: Final = 1000
TRIES: Final = 5  # at changing a key that others change at the same time
PAGE: Final = "import"  # which stands where the name of a key would
OURS: Final = ("name", "key", "sha256")  # of what is said about a key, what is none of its fields

Json = dict[str, Any]


class Locksmith:
    """*config* is asked for the configuration of the moment; *random* for 32 bytes as 43 characters that fit a URL."""

    def __init__(
        self,
        store: Store,
        config: Callable[[], Config],
        *,
        clock: Callable[[], float] = time.time,
        random: Callable[[], str] = secrets.token_urlsafe,
    ) -> None:
        self.store = store
        self.config = config
        self.clock = clock
        self._random = random

    async def create(self, wish: Mapping[str, Any]) -> Json:
        """A new key; `key` in what comes back is its secret, which nobody can ever read again.

        With `sha256` in *wish* its holder has the secret already, and none comes back.
        """
        name = name_of(wish.get("name"))
        if wish.get("key") is not None:
            raise invalid("A key's secret is made here; to bring one along, send its sha256.", param="key")
        secret = None if wish.get("sha256") is not None else PREFIX + self._random()
        hashed = hash_of(wish["sha256"]) if secret is None else sha256(secret.encode()).digest()
        fields = {field: value for field, value in wish.items() if field not in OURS and value is not None}
        warnings = self.read(name, hashed, fields)
        self.refuse_written(name, hashed)
        now = self.clock()
        with reachable(writing=True):
            try:
                made = await self.store.put_key(StoredKey(name, hashed, fields, now, now))
            except Taken:
                raise await self._taken(name) from None
        told = self.shown(made)
        if secret is not None:
            told = {"name": name, "key": secret, **told}
        return {**told, "warnings": list(warnings)} if warnings else told

    async def page(self, after: str = "", limit: int = USUAL_PAGE) -> Json:
        """Some of all keys, in the order of their names; `next` is what *after* says for those that follow."""
        if not 1 <= limit <= LARGEST_PAGE:
            raise invalid(f"Expected a whole number from 1 to {LARGEST_PAGE}.", param="limit")
        with reachable():
            found = await self.store.keys(after, limit + 1)
        more = len(found) > limit
        page = [self.shown(key) for key in found[:limit]]
        return {"object": "list", "data": page, "has_more": more, "next": page[-1]["name"] if more else None}

    async def show(self, name: str) -> Json:
        return self.shown(await self._named(name))

    async def change(self, name: str, patch: Mapping[str, Any]) -> Json:
        """*patch* is merged into the fields, as a JSON Merge Patch (RFC 7396): null removes, lists are replaced."""
        for field in OURS:
            if field in patch and not (field == "name" and patch[field] == name):
                raise invalid(f"A key's {field} can't be changed.", param=field)
        changes = {field: value for field, value in patch.items() if field not in OURS}
        told: list[str] = []

        def merge(key: StoredKey) -> StoredKey:
            fields = merged(spelled(key.fields), changes)
            # Whatever else is wrong with a key, it can be disabled.
            told[:] = () if changes == {"disabled": True} else self.read(name, key.digest, fields)
            return key._replace(fields=fields)

        shown = self.shown(await self._rewrite(name, merge))
        return {**shown, "warnings": told} if told else shown

    async def rotate(self, name: str, grace: object = None) -> Json:
        """A new secret for *name*. The one until now goes on for *grace* (`24h`); the one before it ends."""
        seconds = grace_of(grace)
        secret = PREFIX + self._random()
        hashed = sha256(secret.encode()).digest()

        def turn(key: StoredKey) -> StoredKey:
            if seconds <= 0:
                return key._replace(digest=hashed, former=b"", former_until=0.0)
            return key._replace(digest=hashed, former=key.digest, former_until=self.clock() + seconds)

        return {"name": name, "key": secret, **self.shown(await self._rewrite(name, turn))}

    async def revoke(self, name: str) -> Json:
        """It stops on every process within a second, and its name is free again."""
        with reachable(writing=True):
            if not await self.store.drop_key(name):
                raise missing(name)
        return {"object": "key", "name": name, "deleted": True}

    def read(self, name: str, hashed: bytes, fields: Mapping[str, Any]) -> tuple[str, ...]:
        """What the operator should know of such a key; what is wrong with it is a Refusal."""
        if (empty := nothing_in(fields)) is not None:
            # A file may say nothing by an empty variable. Here it would be a budget that was meant, and isn't kept.
            raise invalid(f"{empty}: is null.", param=empty)
        try:
            return examined(name, hashed, fields, Names.of(self.config()))[1]
        except ConfigErrors as errors:
            raise faulty(errors) from None

    def refuse_written(self, name: str, hashed: bytes) -> None:
        """What the configuration says already can't be said again."""
        config = self.config()
        if name in config.keys:
            raise exists(f"A key called {name!r} stands in the configuration.", "name")
        if config.admin_key and hashed == digest(config.admin_key):
            raise exists("This is the admin key, whose holder would be an operator.", "sha256")
        if any(key.digest == hashed for key in config.keys.values()):
            raise exists("This key stands in the configuration under another name.", "sha256")

    def shown(self, key: StoredKey) -> Json:
        """A key as it is told of: never its secret, and of the hash no more than tells it from others."""
        now = self.clock()
        state: Json = {}
        try:
            read, _ = examined(key.name, key.digest, key.fields, Names.of(self.config()))
            state["state"] = _state(read, now)
        except ConfigErrors as errors:
            state = {"state": "unusable", "problems": [str(problem).removeprefix(": ") for problem in errors.problems]}
        if key.former and key.former_until > now:
            state["former_key_until"] = when(key.former_until)
        times = {"created_at": when(key.created), "changed_at": when(key.changed)}
        return {"object": "key", "name": key.name, **key.fields, "hash": key.digest.hex()[:12], **state, **times}

    async def _named(self, name: str) -> StoredKey:
        with reachable():
            found = await self.store.key_named(name)
        if found is None:
            raise missing(name, written=name in self.config().keys)
        return found

    async def _rewrite(self, name: str, change: Callable[[StoredKey], StoredKey]) -> StoredKey:
        """What *change* makes of the key as it is, even if somebody else changes it at the same time."""
        for _ in range(TRIES):
            key = change(await self._named(name))
            with reachable(writing=True):
                try:
                    return await self.store.put_key(key._replace(changed=self.clock()))
                except Taken:
                    continue
        raise Refusal(409, f"The key {name!r} is being changed by somebody else.", code="key_changed")

    async def _taken(self, name: str) -> Refusal:
        if await self.store.key_named(name) is not None:
            return exists(f"There is a key called {name!r} already.", "name")
        return exists("This key exists under another name.", "sha256")


def name_of(name: object) -> str:
    if name is None:
        raise invalid("A key needs a name.", param="name", code="missing_required_parameter")
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise invalid(f"A key's name is 1 to {LONGEST_NAME} characters that can be printed.", param="name")
    if "/" in name or name in {".", ".."}:
        # It has to stand in a path, and accounts are named after it.
        raise invalid("A key's name holds no slash, and is more than dots.", param="name")
    if name == PAGE:
        raise invalid(f"No key can be called {PAGE}: a page is.", param="name")
    return name


def hash_of(text: object) -> bytes:
    try:
        found = bytes.fromhex(text) if isinstance(text, str) and len(text) == 64 else b""
    except ValueError:
        found = b""
    if len(found) != 32:
        raise invalid("Expected the sha256 of the key, as 64 hex digits.", param="sha256")
    return found


def grace_of(grace: object) -> float:
    """Seconds, of `24h`, `0s` or a number."""
    if grace is None:
        return GRACE
    try:
        seconds = duration(str(grace)) if isinstance(grace, str | int | float) and grace is not True else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_GRACE:
        raise invalid("Expected a duration such as 24h or 0s, up to 366d.", param="grace")
    return seconds


def spelled(fields: Mapping[str, Any]) -> Json:
    """*fields* with a budget written at length, so that a part of it can be changed."""
    budget = fields.get("budget")
    if not isinstance(budget, str) or "/" not in budget:
        return dict(fields)
    usd, _, per = budget.partition("/")
    return {**fields, "budget": {"usd": usd.strip(), "per": per.strip()}}


def merged(fields: Mapping[str, Any], patch: Mapping[str, Any]) -> Json:
    """RFC 7396."""
    result = dict(fields)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            below = result.get(name)
            result[name] = merged(below if isinstance(below, Mapping) else {}, value)
        else:
            result[name] = value
    return result


def nothing_in(value: Any, path: str = "") -> str | None:
    """Where the first null stands in it."""
    if value is None:
        return path
    if isinstance(value, Mapping):
        inner = ((f"{path}.{name}" if path else str(name), one) for name, one in value.items())
    elif isinstance(value, list):
        inner = ((f"{path}[{at}]", one) for at, one in enumerate(value))
    else:
        return None
    return next((found for at, one in inner if (found := nothing_in(one, at)) is not None), None)


def when(time: float) -> str:
    """ISO 8601, in UTC and whole seconds."""
    return datetime.fromtimestamp(int(time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def reachable(*, writing: bool = False) -> Iterator[None]:
    """The store's silence as an answer."""
    try:
        yield
    except StoreDown:
        doubt = "; whether it was done is unknown" if writing else ""
        message = f"The store can't be reached at the moment{doubt}."
        raise Refusal(503, message, code="store_unavailable", headers={"retry-after": "1"}) from None


def faulty(errors: ConfigErrors) -> Refusal:
    """All that is wrong with the fields; `param` names the first."""
    said = "; ".join(str(problem).removeprefix(": ") for problem in errors.problems)
    return invalid(f"{said}.", param=errors.problems[0].path or None)


def missing(name: str, *, written: bool = False) -> Refusal:
    where = " among those made at run time; it stands in the configuration" if written else ""
    return Refusal(404, f"There is no key called {name!r}{where}.", code="key_not_found", param="name")


def exists(message: str, param: str) -> Refusal:
    return Refusal(409, message, code="key_exists", param=param)


def _state(key: Key, now: float) -> str:
    if key.disabled:
        return "disabled"
    return "expired" if key.expires is not None and now >= key.expires else "active"
