"""Objects of a JSON array that comes in pieces, which is how Gemini streams without server-sent events."""

import re

from core.faults import Failure, Fault, UpstreamError

LIMIT = 8 * 1024 * 1024  # bytes of one object

_MARK = re.compile(rb'["{}\[\]]')
_STRING_END = re.compile(rb'\\.|"', re.DOTALL)


class Objects:
    """Counts braces to find where each object ends. *closed*: the array has ended, or an object without an array.

    *rest* is of an object that isn't whole yet; it is only looked at from outside, never changed.
    """

    __slots__ = ("_at", "_depth", "_listed", "_quoted", "_start", "closed", "rest")

    def __init__(self) -> None:
        self.closed = False
        self.rest = bytearray()
        self._at = 0  # up to where *rest* has been looked at
        self._start = 0  # where the object that is open begins
        self._depth = 0
        self._quoted = False
        self._listed = False

    def feed(self, data: bytes) -> list[bytes]:
        """Whole objects."""
        self.rest += data
        found: list[bytes] = []
        while (mark := self._next()) is not None:
            at = self._at - 1
            if mark == b"{":
                self._start = self._start if self._depth else at
                self._depth += 1
            elif mark == b"}":
                self._depth -= 1
                if not self._depth:
                    found.append(bytes(self.rest[self._start : self._at]))
                    self.closed = not self._listed
            elif not self._depth:
                self._listed = True
                self.closed = mark == b"]"
        kept = self._start if self._depth else self._at
        del self.rest[:kept]
        self._at -= kept
        self._start = 0
        if len(self.rest) > LIMIT:
            raise UpstreamError(Failure(Fault.BROKEN, "an object of the stream is longer than 8 MiB"))
        return found

    def _next(self) -> bytes | None:
        """The next brace or bracket outside of strings; *_at* is behind it then."""
        while True:
            match = (_STRING_END if self._quoted else _MARK).search(self.rest, self._at)
            if match is None:
                # Half an escape must be looked at again.
                half = self._quoted and self.rest.endswith(b"\\", self._at)
                self._at = len(self.rest) - half
                return None
            self._at = match.end()
            mark = match[0]
            if mark == b'"':
                self._quoted = not self._quoted
            elif len(mark) == 1:
                return mark
