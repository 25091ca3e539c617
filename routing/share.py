"""Who belongs to a share of something: drawn by a hash, so that every process and every day draws the same."""

from hashlib import blake2b
from typing import Final

_FRACTION: Final = 1 << 53  # what a float between 0 and 1 can tell apart


def lot(who: str, salt: str) -> float:
    """From 0 up to, but not including, 1. Under another *salt* the same *who* draws another lot."""
    text = f"{salt}\0{who}".encode("utf-8", "surrogatepass")
    return (int.from_bytes(blake2b(text, digest_size=8).digest(), "big") >> 11) / _FRACTION


def drawn(who: str, salt: str, share: float) -> bool:
    """Whether *who* is among that *share*. Whoever is in a small one is in every larger one, too."""
    return lot(who, salt) < share
