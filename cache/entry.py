"""An answer as it is kept, and the names that it can be forgotten by."""

from typing import Any, Final, NamedTuple, Self

import orjson

OVERHEAD: Final = 600  # bytes that an entry takes beside its answer, about
APART: Final = 60.0  # seconds by which the clocks of machines may differ


class Labels(NamedTuple):
    """*key* has asked for *model*, by *route*, and *target* has answered. *tags* are the key's and the call's."""

    key: str
    route: str
    model: str
    target: str
    tags: tuple[str, ...] = ()


class Forgetting(NamedTuple):
    """What is to be forgotten: all that every name which isn't empty fits; with none at all, everything.

    *model* may be that which was asked for, or the target that answered.
    """

    key: str = ""
    route: str = ""
    model: str = ""
    tag: str = ""

    def fits(self, labels: Labels) -> bool:
        return (
            self.key in ("", labels.key)
            and self.route in ("", labels.route)
            and self.model in ("", labels.model, labels.target)
            and (not self.tag or self.tag in labels.tags)
        )


class Entry(NamedTuple):
    """*made* is unix time; it is good for *ttl* seconds from then on, and something for *stale* seconds more.

    *whole* is an answer in one piece, its usage included; else *pieces* are the events of a stream without its usage
    and its end, *pauses* the seconds before each. *usage* is a JSON object. *cost* (nano-dollars) is what it saves.
    *dropped* are the names of what its target couldn't be asked.
    """

    labels: Labels
    made: float
    ttl: float
    stale: float
    cost: int
    finish: str | None
    usage: bytes
    whole: bytes = b""
    pieces: tuple[bytes, ...] = ()
    pauses: tuple[float, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        pieces = sum(map(len, self.pieces)) + 60 * len(self.pieces)
        return OVERHEAD + len(self.whole) + len(self.usage) + pieces

    @property
    def worth(self) -> float:
        """Nano-dollars that each byte of it saves. What costs nothing has saved some time at least."""
        return (self.cost + 1_000) / self.size

    @property
    def ends(self) -> float:
        """From when on it is nothing any more."""
        return self.made + self.ttl + self.stale

    def fresh(self, now: float, ttl: float) -> bool:
        """Whether it is good for somebody who wants none older than *ttl*. Nobody knows how old one is that seems to be
        made later than *now*: the clock was put back.
        """
        return self.made - APART <= now < self.made + min(self.ttl, ttl)

    def to_bytes(self) -> bytes:
        head = (
            tuple(self.labels),
            *self[1:6],
            self.pauses,
            self.dropped,
            len(self.whole),
            [len(one) for one in self.pieces],
        )
        return b"%b\n%b\n%b%b" % (orjson.dumps(head), self.usage, self.whole, b"".join(self.pieces))

    @classmethod
    def from_bytes(cls, text: bytes) -> Self | None:
        """None for what another version may have written."""
        try:
            head, usage, rest = text.split(b"\n", 2)
            (key, route, model, target, tags), made, ttl, stale, cost, finish, pauses, dropped, length, lengths = (
                orjson.loads(head)
            )
            if length + sum(lengths) != len(rest):
                return None
            pieces, at = [], int(length)
            for size in lengths:
                pieces.append(rest[at : at + size])
                at += size
            return cls(
                Labels(key, route, model, target, tuple(tags)),
                *_numbers(made, ttl, stale),
                int(cost),
                finish,
                usage,
                rest[:length],
                tuple(pieces),
                tuple(pauses),
                tuple(dropped),
            )
        except (ValueError, TypeError, IndexError):
            return None


def _numbers(*values: Any) -> tuple[float, float, float]:
    made, ttl, stale = map(float, values)
    return made, ttl, stale
