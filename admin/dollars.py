"""Nano-dollars as people and programs read them: never a digit more or less than there is."""

from decimal import Decimal, InvalidOperation
from typing import Final

import orjson

DOLLAR: Final = 1_000_000_000
# Below it, floats lie closer together than nano-dollars do: each of them has one of its own, whose shortest digits
# are the exact ones.
_EXACT: Final = 2**23 * DOLLAR


def number(nanos: int) -> float | orjson.Fragment:
    """What orjson writes as exactly that many dollars."""
    return nanos / DOLLAR if -_EXACT < nanos < _EXACT else orjson.Fragment(exact(nanos))


def exact(nanos: int) -> str:
    """`12.5`, `-0.000000001`, `3`."""
    whole, rest = divmod(abs(nanos), DOLLAR)
    digits = f"{rest:09}".rstrip("0")
    return f"{'-' if nanos < 0 else ''}{whole}{f'.{digits}' if digits else ''}"


def shown(nanos: int) -> str:
    """For people: cents, or more digits where there would be none to see."""
    if 0 < abs(nanos) < 1_000:
        return exact(nanos)
    return f"{Decimal(nanos) / DOLLAR:,.{2 if abs(nanos) >= DOLLAR or not nanos else 6}f}"


def nanos(text: str) -> int:
    """Of an amount as others write it (`$1,234.50`, `0.06`, `6e-7`); raises ValueError where it is none."""
    try:
        amount = Decimal(text.strip().lstrip("$").replace(",", "")) * DOLLAR
        return int(amount.to_integral_value())
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise ValueError(f"{text!r} is not an amount of dollars") from error
