"""The line before a target that is full: three priorities, and within each the keys take turns.

A higher priority goes first, but every so often a place goes to whoever has waited longest, so that nobody waits for
ever. When the line is full, whoever has most in it makes room for those who have less.
"""

from collections import deque
from typing import Final, Protocol

from core.call import PRIORITIES

LOWEST: Final = len(PRIORITIES) - 1
OLDEST: Final = 8  # every so many places go to whoever has waited longest


class Waiting(Protocol):
    """Someone in line. *level* is an index into PRIORITIES; *number* is given by the line."""

    key: str
    level: int
    number: int

    def enter(self) -> None:
        """It is its turn: a place is kept for it."""
        ...

    def leave(self) -> None:
        """Someone else gets its place in the line."""
        ...


Keys = dict[str, deque[Waiting]]


class Line:
    """Of one target. Within a level, the key whose turn it is comes first."""

    __slots__ = ("_levels", "_number", "_turn", "size")

    def __init__(self) -> None:
        self._levels: tuple[Keys, ...] = tuple({} for _ in PRIORITIES)
        self._number = 0
        self._turn = 0
        self.size = 0

    def join(self, who: Waiting, most: int) -> bool:
        """Whether there is a place for *who* in a line of *most*."""
        if self.size >= most and not self._make_room(who):
            return False
        self._number += 1
        who.number = self._number
        self._levels[who.level].setdefault(who.key, deque()).append(who)
        self.size += 1
        return True

    def remove(self, who: Waiting) -> None:
        """*who* waits no longer; harmless for those who aren't in line."""
        keys = self._levels[who.level]
        if who in keys.get(who.key, ()):
            keys[who.key].remove(who)
            self._taken(keys, who.key)

    def next(self) -> Waiting:
        """Take out whose turn it is; the line isn't empty."""
        self._turn += 1
        keys = next(keys for keys in self._levels if keys)
        key = next(iter(keys))
        if self._turn % OLDEST == 0:
            keys, key = self._oldest()
        who = keys[key].popleft()
        keys[key] = keys.pop(key)  # to the end: the next key's turn
        self._taken(keys, key)
        return who

    def ahead(self, key: str, level: int) -> int:
        """How many go before one more of *key*."""
        higher = sum(len(queue) for keys in self._levels[:level] for queue in keys.values())
        keys = self._levels[level]
        own = len(keys.get(key, ()))
        return higher + own + sum(min(len(queue), own + 1) for other, queue in keys.items() if other != key)

    def _oldest(self) -> tuple[Keys, str]:
        places = ((queue[0].number, keys, key) for keys in self._levels for key, queue in keys.items())
        _, keys, key = min(places, key=lambda place: place[0])
        return keys, key

    def _make_room(self, who: Waiting) -> bool:
        """The newest of the key that has most in line leaves: of a lower priority, else one with more than *who*'s."""
        for level in range(LOWEST, who.level - 1, -1):
            keys = self._levels[level]
            if not keys:
                continue
            longest = max(keys, key=lambda key: len(keys[key]))
            if level > who.level or len(keys[longest]) > len(keys.get(who.key, ())) + 1:
                ousted = keys[longest].pop()
                self._taken(keys, longest)
                ousted.leave()
                return True
        return False

    def _taken(self, keys: Keys, key: str) -> None:
        self.size -= 1
        if not keys[key]:
            del keys[key]
