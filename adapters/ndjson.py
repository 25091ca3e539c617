"""JSON objects, one a line: bytes in, however they are cut, whole lines out."""

from core.faults import Failure, Fault, UpstreamError

LIMIT = 8 * 1024 * 1024  # bytes of one line


class Lines:
    """Holds back what isn't a whole line yet."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Whole lines without their ends; empty ones are left out."""
        end = data.rfind(b"\n") + 1
        if not end:
            self._rest += data
            _within(len(self._rest))
            return []
        whole = bytes(self._rest) + data[:end] if self._rest else data[:end]
        self._rest[:] = data[end:]
        lines = [line for line in map(bytes.strip, whole.split(b"\n")) if line]
        for line in lines:
            _within(len(line))
        return lines

    def end(self) -> bytes:
        """What is left when the body is over: a line that lacks its end, or half of one."""
        rest = bytes(self._rest).strip()
        self._rest.clear()
        return rest


def _within(size: int) -> None:
    if size > LIMIT:
        raise UpstreamError(Failure(Fault.BROKEN, "a line of the stream is longer than 8 MiB"))
