"""Durations, sizes, rates, shares and money as people write them. Each raises ValueError for what it can't read."""

import re
from decimal import Decimal

from config.schema import Rate

NANOS = 10**9

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?(ms|s|m|h|d|)")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([kKMG]i?B|B|)")
_RATE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kM]?) ?/ ?(s|min|h|day)")
_MONEY = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")

_SECONDS = {
    unit: Decimal(seconds)
    for unit, seconds in (("ms", "0.001"), ("", 1), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400))
}
_BYTES = {
    "": 1,
    "B": 1,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "kiB": 2**10,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_TIMES = {"": 1, "k": 10**3, "M": 10**6}
DAY = 86400.0  # seconds
_PER = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": DAY}


def duration(text: str) -> float:
    """Seconds: `30s`, `500ms`, `5m`, `2h`, `1d`, or a bare number."""
    number, unit = _parts(_DURATION, text)
    return float(Decimal(number) * _SECONDS[unit])


def size(text: str) -> int:
    """Bytes: `32MiB`, `20MB`, `1GiB`, or a bare number."""
    number, unit = _parts(_SIZE, text)
    return _whole(Decimal(number) * _BYTES[unit])


def rate(text: str) -> Rate:
    """`60/min`, `100k/min`, `5/s`."""
    number, times, per = _parts(_RATE, text)
    return Rate(_whole(Decimal(number) * _TIMES[times]), _PER[per])


def money(text: str) -> int:
    """Nano-dollars of an amount in dollars, to the last digit."""
    if _MONEY.fullmatch(text) is None:
        raise ValueError(text)
    return _whole(Decimal(text) * NANOS)


def share(text: str) -> float:
    """`80%` or `0.8`, above 0 and up to 1."""
    number = text.removesuffix("%").rstrip()
    found = money(number) / NANOS / (1 if number == text else 100)
    if not 0 < found <= 1:
        raise ValueError(text)
    return found


def _parts(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return found.groups()


def _whole(amount: Decimal) -> int:
    if amount != int(amount):
        raise ValueError(amount)
    return int(amount)
