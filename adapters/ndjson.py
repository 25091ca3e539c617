"""JSON objects, one a line: bytes in, however they are cut, whole lines out."""

from core.faults import Failure, Fault, UpstreamError

LIMIT = 8 * 1024 * 1024  # bytes of one line


class Lines:
    """Holds back what isn't a whole line yet. *rest* is only looked at from outside, never changed."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = bytearray()

    def whole(self, data: bytes) -> bytes:
        """Everything up to the last line end; what follows waits for the next bytes. May be empty."""
        rest = self.rest
        end = data.rfind(b"\n") + 1
        if not end:
            rest += data
            _within(len(rest))
            return b""
        whole = bytes(rest) + data[:end] if rest else data[:end]
        rest[:] = data[end:]
        return whole

    def end(self) -> bytes:
        """What is left when the body is over: a line that lacks its end, or half of one."""
        rest = bytes(self.rest).strip()
        self.rest.clear()
        return rest


def next_line(whole: bytes, start: int) -> tuple[bytes, int]:
    """The line of *whole* that begins at *start*, without its end, and where the next one begins. May be empty.

    *whole* ends at a line end.
    """
    end = whole.index(b"\n", start) + 1
    line = whole[start:end].strip()
    _within(len(line))
    return line, end


def _within(size: int) -> None:
    if size > LIMIT:
        raise UpstreamError(Failure(Fault.BROKEN, "a line of the stream is longer than 8 MiB"))
