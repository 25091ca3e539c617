"""What is written on the board about health, and how it is read: bytes there, facts here.

Whatever else may hang there (of another version, of somebody's own) is read as nothing.
"""

from hashlib import sha256
from typing import Final, NamedTuple

import orjson

from core.faults import BY_CODE, Failure, Fault
from core.target import Provider
from gateway.watch.sightings import Look

HEALTH: Final = "health/"
BREAKER: Final = f"{HEALTH}breaker/"
PROBE: Final = f"{HEALTH}probe/"
ROUND: Final = "probing/"  # not looked at, only won
LONGEST: Final = 86_400.0  # seconds that anything here is believed


class Change(NamedTuple):
    """A breaker has opened, for *left* seconds more at unix time *at*, or has closed (*cause* None).

    *by* is the process that says so.
    """

    by: str
    at: float
    left: float = 0.0
    cause: Fault | None = None
    strikes: int = 0


class Probed(NamedTuple):
    """What came of a probe; *failure* None if it went well."""

    by: str
    look: Look
    failure: Failure | None


def mark(provider: Provider) -> str:
    """Differs where another provider of that name may be meant, or another account at it."""
    who = [provider.dialect, provider.base_url, provider.verify_tls, sorted(provider.options.items())]
    opens = [sorted(provider.headers.items()), [key.reveal() for key in provider.keys]]
    return sha256(orjson.dumps([who, opens])).hexdigest()[:16]


def changed(change: Change) -> bytes:
    cause = change.cause.code if change.cause else None
    return orjson.dumps([change.by, change.at, change.left, cause, change.strikes])


def read_change(notice: bytes) -> Change | None:
    try:
        by, at, left, cause, strikes = orjson.loads(notice)
        fault = None if cause is None else BY_CODE[cause]
        return Change(str(by), float(at), min(float(left), LONGEST), fault, min(int(strikes), 100))
    except (ValueError, TypeError, KeyError):
        return None


def probed(by: str, look: Look, failure: Failure | None) -> bytes:
    said = (failure.message[:500], failure.status) if failure else ("", None)
    return orjson.dumps([by, look.at, look.seconds, look.fault, *said])


def read_probed(notice: bytes) -> Probed | None:
    try:
        by, at, seconds, fault, message, status = orjson.loads(notice)
        look = Look(float(at), float(seconds), BY_CODE[fault].code if fault else "")
        if not fault:
            return Probed(str(by), look, None)
        said = None if status is None else int(status)
        return Probed(str(by), look, Failure(BY_CODE[fault], str(message), status=said))
    except (ValueError, TypeError, KeyError):
        return None
